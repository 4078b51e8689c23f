"""vrrehab: a virtual-reality environment for people with phantom limb pain.

The packages, from the person outwards: `sources` say where the joints are, `body` makes the virtual body from
them, `tasks` count the movement, `session` conducts programme, ratings and safety, `stage` draws, `xr` speaks to
the headset. What happened is handed to the separate package `telemetry`, which knows nothing of this one.
"""

__version__ = "0.1.0"
