"""Movement tasks: what counts as one repetition, when a task is done, what is shown meanwhile.

A task is data (`scenes/tasks/*.toml`, see `definition` and `rules`) performed by the mechanic of its kind (`making`).
Pure numpy on the virtual body; knows no engine, no headset and no file but the definitions.
"""
