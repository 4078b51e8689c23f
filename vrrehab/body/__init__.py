"""The body: which joints there are, what was seen of them, and what the virtual body makes of that.

Pure numpy; knows no engine, no headset and no file.
"""
