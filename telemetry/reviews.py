"""At which sessions of a course to look back: whether it helps, and whether to go on as it is."""

from __future__ import annotations

#: Griffin et al. 2017 saw relief by session 7, 14 and 21 for low, medium and high pain; Finn et al. 2017 by 10.
REVIEWS = (7, 10, 14, 21)
