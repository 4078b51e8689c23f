"""Movement tasks: what counts as one repetition, when a task is done, what is shown meanwhile.

A task is data (`scenes/tasks/*.toml`, see `definition`) performed by one of a few mechanics (`repetition`,
`reach`). Pure numpy on the virtual body; knows no engine, no headset and no file but the definitions.
"""
