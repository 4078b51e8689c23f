"""Where the picture is seen: the headset, a desktop window, or nowhere but in memory.

Each implements `vrrehab.session.frame.Display`: it paces the session and draws one `View` a frame. None of them decides
what is in the picture.
"""
