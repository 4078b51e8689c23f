"""The headset, through OpenXR: what it sees of head and hands, and the images it wants drawn.

`headset` is the door; the other modules are one OpenXR idea each. Nothing in here knows an engine or a scene.
"""
