"""A session: the programme conducted frame by frame, what the participant is shown, and what is recorded of
it.

Knows no engine, no headset and no wire: a source, a display and a record are handed in.
"""
