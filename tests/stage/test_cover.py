"""The cloth over a virtual limb: it holds all of it, at every level of loss, and nothing of the fingers shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from vrrehab.body.hands import RELAXED
from vrrehab.body.loss import ARM_LEVELS, LEG_LEVELS, Loss
from vrrehab.body.skeleton import Side
from vrrehab.stage.avatar import Avatar, body_model
from vrrehab.stage.cover import cloth
from vrrehab.stage.picture import seated
from vrrehab.stage.stage import Stage
from vrrehab.stage.stump import LimbLine

from .conftest import Eye

MODEL = body_model()


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("limb", "at"), [("arm", at) for at in ARM_LEVELS.values()] +
                         [("leg", at) for at in LEG_LEVELS.values()])  # fmt: skip
def test_at_rest_the_cloth_holds_the_limb_at_every_level(limb: str, at: float, side: Side) -> None:
    line = getattr(LimbLine, limb)(MODEL, side)
    mesh = MODEL.meshes[f"{side}_{limb}_low"]
    end_m = float(line.metres(at))
    hand = MODEL.bones.index(f"{side}_{'wrist' if limb == 'arm' else 'foot'}")
    made = cloth(MODEL, mesh, line, end_m, hand, 0, 0).mesh
    assert np.isfinite(made.points).all()
    np.testing.assert_allclose(made.weights.sum(axis=1), 1.0, atol=1e-5)
    moving = {MODEL.bones[bone] for bone in np.unique(made.joints[made.weights > 0.0])}
    assert not any("proximal" in name or "distal" in name for name in moving), "no finger moves it"
    # Every vertex beyond the end has cloth further out than itself, seen from the middle of the cloth's nearest ring.
    beyond = mesh.points[line.along(mesh) > end_m]
    middles = made.points.reshape(-1, 32, 3).mean(axis=1)
    nearest = middles[np.linalg.norm(beyond[:, None] - middles, axis=2).argmin(axis=1)]
    out = beyond - nearest
    length = np.linalg.norm(out, axis=1)
    way = out / np.maximum(length, 1e-9)[:, None]
    furthest = np.einsum("nc,npc->np", way, made.points[None] - nearest[:, None]).max(axis=1)
    # The heel may press against it; what is wholly covered is not drawn beneath.
    assert (furthest - length).min() > -0.006


@pytest.fixture
def covered(stage: Stage) -> Iterator[Avatar]:
    avatar = Avatar(stage.movers, stage.materials, losses=[Loss(Side.LEFT, "wrist")], model=MODEL)
    yield avatar
    avatar.root.remove_node()


def test_a_fist_and_an_open_hand_look_the_same_under_it(stage: Stage, covered: Avatar) -> None:
    eye = Eye(stage)
    at = (0.15, stage.place.table.top_m + 0.045, -0.40)

    def seen(closure: float, cover: float) -> np.ndarray:
        view = seated(-40.0, left=(at, closure, 14.0), right=(at, RELAXED, 14.0))
        view.opacity[Side.LEFT] = 0.0
        own = view.virtual.provenance.copy()
        covered.pose(view.virtual, {Side.LEFT: 1.0 - cover, Side.RIGHT: 1.0}, cover=cover)
        view.virtual.provenance[:] = own
        return eye.draw(view)

    bare = np.abs(seen(0.05, 0.0) - seen(0.95, 0.0)).max(axis=2) > 12
    hidden = np.abs(seen(0.05, 1.0) - seen(0.95, 1.0)).max(axis=2) > 12
    eye.display.close()
    assert bare.sum() > 300
    assert hidden.sum() < 0.02 * bare.sum()
