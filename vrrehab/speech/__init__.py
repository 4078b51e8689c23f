"""Spoken cues: what a session wants said is handed to a process of its own, which speaks with what the platform has.

`voice` is the session's end, `engine` finds and drives what speaks, `python -m vrrehab.speech LANGUAGE` is the process.
"""
