"""The person: MakeHuman's base mesh displaced by weighted shape targets.

`base.obj` alone is nobody. Each target is weighted by the product of its axes' coefficients, linear between the
anchors of each axis. Facial, genital and breast targets are left out: clothes hide them or there is no head.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models.bake.source import Wheel

_RACES = ("african", "asian", "caucasian")
_GENDERS = {"female": 0.0, "male": 1.0}
_AGES = {"baby": 0.0, "child": 0.1875, "young": 0.5, "old": 1.0}

#: The axes along which adults differ, in the order of the corners' indices, each with the values of its anchors.
#: Height is no axis: MakeHuman's ends at 1.36 and 2.45 m, and people of one build differ in size more than in shape.
ADULT_AXES: Mapping[str, tuple[float, ...]] = {
    "gender": (0.0, 1.0),
    "age": (0.5, 1.0),
    "muscle": (0.0, 0.5, 1.0),
    "weight": (0.0, 0.5, 1.0),
    "proportions": (0.0, 0.5, 1.0),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A place on MakeHuman's axes; the default is the average adult between the sexes and of all origins.

    gender: 0 female, 1 male. age: 0.5 is a young adult, 1 old. muscle, weight, height, proportions: 0 least, 0.5
    average, 1 most.
    """

    gender: float = 0.5
    age: float = 0.5
    muscle: float = 0.5
    weight: float = 0.5
    height: float = 0.5
    proportions: float = 0.5


def corners() -> Iterator[tuple[tuple[int, ...], Shape]]:
    """The adults at all anchors. A target's weight is linear between the anchors of each axis, so that every other
    adult is exactly the mean of corners, weighted by the products of the axes' coefficients.
    """
    for index in np.ndindex(*(len(anchors) for anchors in ADULT_AXES.values())):
        at = {name: anchors[i] for (name, anchors), i in zip(ADULT_AXES.items(), index, strict=True)}
        yield index, Shape(**at)


def _between(anchors: dict[str, float], value: float) -> dict[str, float]:
    """The coefficient of each anchor at `value`: one or two are above 0 and they sum to 1."""
    names, at = list(anchors), list(anchors.values())
    unit = np.eye(len(at))
    weights = {name: float(np.interp(value, at, unit[i])) for i, name in enumerate(names)}
    return {name: weight for name, weight in weights.items() if weight > 0.0}


def _axis(name: str, value: float, low: str, high: str) -> dict[str, float]:
    return _between({low + name: 0.0, "average" + name: 0.5, high + name: 1.0}, value)


def weighted_targets(shape: Shape) -> Iterator[tuple[str, float]]:
    """The names of the targets that make `shape`, each with its weight."""
    genders, ages = _between(_GENDERS, shape.gender), _between(_AGES, shape.age)
    muscles = _axis("muscle", shape.muscle, "min", "max")
    weights = _axis("weight", shape.weight, "min", "max")
    heights = _axis("height", shape.height, "min", "max")
    proportions = _axis("proportions", shape.proportions, "uncommon", "ideal")
    for (gender, g), (age, a) in product(genders.items(), ages.items()):
        for race in _RACES:
            yield f"macrodetails/{race}-{gender}-{age}", g * a / len(_RACES)
        for (muscle, m), (weight, w) in product(muscles.items(), weights.items()):
            build = f"{gender}-{age}-{muscle}-{weight}"
            yield f"macrodetails/universal-{build}", g * a * m * w
            for height, h in heights.items():
                yield f"macrodetails/height/{build}-{height}", g * a * m * w * h
            for proportion, p in proportions.items():
                yield f"macrodetails/proportions/{build}-{proportion}", g * a * m * w * p


def shaped_points(wheel: Wheel, base: NDArray[np.float64], shape: Shape) -> NDArray[np.float64]:
    """The vertices (n, 3) of the person, still in MakeHuman's axes and decimetres."""
    points = base.copy()
    for name, weight in weighted_targets(shape):
        # The average of height and of proportions has no file: it is the absence of a target.
        if wheel.has_target(name):
            points += weight * wheel.target(name, len(base))
    return points
