"""The picture: the room, the virtual body, the boards and the displays that show them. Panda3D lives here only.

A session hands a `View` to a `Display`; the display lets the `Stage` take it over and draws. Session space is the
scene graph's world: the same axes (OpenXR's), metres, no conversion anywhere.
"""
