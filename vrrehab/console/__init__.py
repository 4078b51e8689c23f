"""The therapist's console: web pages on the session's and the recorder's sockets.

A server's thread answers everything that has to work at any time (login, Stop, the picture); the pages themselves are
NiceGUI's and live on a loop of their own, so that a page that is busy holds up nothing of that.
"""

#: Where it listens unless it is told otherwise.
DEFAULT_PORT = 8765
