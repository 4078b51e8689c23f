"""What a frame of the body costs, from what was seen to the matrices that bend the skin; what bending the skin costs
whatever draws; and what it costs to load.

    .venv/bin/python -m benchmarks.body [--frames 5000]

Both arms, both hands and both legs move.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from panda3d import core

from telemetry.messages import Appearance, Measures
from vrrehab import geometry
from vrrehab.body.build import Build
from vrrehab.body.hands import hand_pose
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.mirror import reflect
from vrrehab.body.rig import BONE_COUNT, ArmRig
from vrrehab.body.skeleton import HAND, HEAD, LEG, Body, Provenance, Side
from vrrehab.body.smoothing import Smoother
from vrrehab.body.tracking import Tracker
from vrrehab.body.trunk import TRUNK_COUNT, TrunkRig
from vrrehab.stage.avatar import Avatar, body_model, build_of, rest_arm, rest_trunk
from vrrehab.stage.engine import engine, framebuffer
from vrrehab.stage.glb import Mesh, Model
from vrrehab.stage.material import Light, Materials, Tier

PERIOD_S = 1 / 90
WARM_UP_FRAMES = 200
SOMEBODY = Appearance(sex=0.2, age_years=62.0, weight=0.8, muscle=0.4, proportions=0.6)


def movement(build: Build, frames: int) -> list[Body]:
    """What a headset and two ankle trackers see of a person who sits and moves everything, one second over and over."""
    out = []
    for i in range(min(frames, 90)):
        swing = np.sin(2 * np.pi * i / 90)
        seen = Body.unseen()
        seen.poses[HEAD] = geometry.pose((0.02 * swing, 1.2, 0.0), geometry.yaw(0.2 * swing))
        hips = np.array([0.0, 1.2 - build.shoulders_above_hips - build.neck_above_shoulders - 0.075, 0.08])
        for side, outward in ((Side.LEFT, -1.0), (Side.RIGHT, 1.0)):
            wrist = geometry.pose((0.2 * outward, 0.9 + 0.1 * swing, -0.3), geometry.yaw(0.4 * swing))
            seen.poses[HAND[side]] = geometry.compose(wrist, hand_pose(side, 0.5 + 0.5 * swing))
            steps = [(0.09 * outward, 0, 0), (0.03 * outward, 0.05 * swing, -0.4), (0, -0.39, 0.1 * swing)]
            leg = hips + np.cumsum([*steps, (0.02 * outward, -0.06, -0.13)], axis=0)
            seen.poses[LEG[side]] = [geometry.pose(place) for place in leg]
        for joints in (HEAD, *HAND.values(), *LEG.values()):
            seen.provenance[joints] = Provenance.MEASURED
        out.append(seen)
    return out


class Frame:
    """The steps from one frame's sight to its picture, in their order."""

    def __init__(self, model: Model, frames: int) -> None:
        build = build_of(model)
        self._seen = movement(build, frames)
        self._tracker, self._smoother = Tracker(1.2, build), Smoother()
        self._tracked, self._steady, self._virtual = Body.unseen(), Body.unseen(), Body.unseen()
        self._arms, self._trunk = ArmRig(rest_arm(model)), TrunkRig(rest_trunk(model))
        self._palette = np.zeros((2 * BONE_COUNT + TRUNK_COUNT, 4, 4), np.float32)
        self._trunk_palette = self._palette[2 * BONE_COUNT :]
        self._number = 0
        self.steps: dict[str, Callable[[], object]] = {
            "tracking: lost is held, unseen inferred": self._track,
            "smoothing": self._smooth,
            "mirror": self._mirror,
            "arms' matrices": self._bend_arms,
            "trunk's and legs' matrices": self._bend_trunk,
        }

    def _track(self) -> None:
        self._number += 1
        self._now_s = self._number * PERIOD_S
        self._tracker.update(self._seen[self._number % len(self._seen)], self._tracked, self._now_s)

    def _smooth(self) -> None:
        self._smoother.smooth(self._tracked, self._steady, self._now_s)

    def _mirror(self) -> None:
        self._virtual.copy_from(self._steady)
        reflect(self._steady, Limb(Chain.ARM, Side.RIGHT), self._virtual)

    def _bend_arms(self) -> None:
        assert self._arms.pose(self._virtual.poses, self._palette) == (True, True)

    def _bend_trunk(self) -> None:
        assert self._trunk.pose(self._virtual.poses, self._trunk_palette)


def per_frame(frames: int) -> None:
    frame = Frame(body_model(SOMEBODY, Measures(stature_m=1.66)), frames)
    took_us = np.empty((frames, len(frame.steps)))
    for i in range(-WARM_UP_FRAMES, frames):
        for column, step in enumerate(frame.steps.values()):
            began_ns = time.perf_counter_ns()
            step()
            took_us[i, column] = (time.perf_counter_ns() - began_ns) / 1e3
    print(f"{'us a frame':42} median    p99")
    for name, column in zip(frame.steps, took_us.T, strict=True):
        print(f"{name:42} {np.median(column):6.0f} {np.percentile(column, 99):6.0f}")
    for name, columns in (("tracked body to posed avatar", took_us[:, 2:]), ("all of it", took_us)):
        total = columns.sum(axis=1)
        print(f"{name:42} {np.median(total):6.0f} {np.percentile(total, 99):6.0f}")


class Picture:
    """The body alone in a picture of 16 x 16, which leaves next to nothing to colour: what it costs is its vertices."""

    def __init__(self, tier: Tier, model: Model) -> None:
        light = Light(np.array([0.0, 1.0, 0.0]), np.ones(3), np.ones((6, 3)), np.zeros(3), np.ones(2), np.ones(3), 0.7)
        root = core.NodePath("session space")
        materials = Materials(tier, light)
        materials.share(root)
        self.avatar = Avatar(root, materials, model=model)
        # What Shadow would share: no shadow falls from anywhere.
        root.set_shader_input("shadow_map", core.Texture())
        root.set_shader_input("shadow_from_world", core.LMatrix4f.ident_mat())
        output = engine().output("vertices", (16, 16), framebuffer())
        # Read back, so that a frame has an end that can be waited for.
        output.add_render_texture(core.Texture(), core.GraphicsOutput.RTM_copy_ram)
        lens = core.PerspectiveLens()
        lens.set_near_far(0.05, 10.0)
        camera = root.attach_new_node(core.Camera("eye", lens))
        camera.set_pos(0.0, 1.0, -2.5)
        camera.look_at(core.LPoint3(0.0, 0.7, 0.0), core.LVector3(0, 1, 0))
        output.make_display_region().set_camera(camera)

    def draw(self) -> tuple[float, float]:
        """Milliseconds on the clock and of the processor, of all threads."""
        began_ns, spent_ns = time.perf_counter_ns(), time.process_time_ns()
        engine().graphics.render_frame()
        return (time.perf_counter_ns() - began_ns) / 1e6, (time.process_time_ns() - spent_ns) / 1e6


def skinned(mesh: Mesh, palette: np.ndarray) -> np.ndarray:
    """The same in numpy: each vertex moved by the weighted mean of its bones' matrices."""
    matrices = np.einsum("nk,nkij->nij", mesh.weights, palette[mesh.joints])
    return np.einsum("ni,nij->nj", np.column_stack([mesh.points, np.ones(len(mesh.points), np.float32)]), matrices)


def skinning(frames: int = 150) -> None:
    """A body that moves against one that is hidden, frame about frame, for one eye and without its shadow.

    With a software driver the processor bends the skin, which a graphics card does with other units; what is left there
    is the driver's call. A headset draws both eyes from one such pass, and the shadow in another.
    """
    model = body_model(SOMEBODY, Measures(stature_m=1.66))
    print(f"\n{'ms to bend and place the skin':42} clock  processor  numpy   ({engine().renderer()})")
    for tier in Tier:
        picture = Picture(tier, model)
        seen, body, tracker = movement(build_of(model), 90), Body.unseen(), Tracker(1.2, build_of(model))
        took_ms = np.empty((2, frames, 2))
        for i in range(-10, frames):
            tracker.update(seen[i % len(seen)], body, i * PERIOD_S)
            picture.avatar.pose(body, dict.fromkeys(Side, 1.0))
            for shown in (0, 1):
                picture.avatar.root.show() if shown else picture.avatar.root.hide()
                took_ms[shown, i] = picture.draw()
        clock, processor = np.median(took_ms[1], axis=0) - np.median(took_ms[0], axis=0)
        meshes = [mesh for name, mesh in model.meshes.items() if name.endswith(f"_{tier.name.lower()}")]
        began_ns = time.perf_counter_ns()
        for mesh in meshes:
            skinned(mesh, picture.avatar.palette)
        numpy_ms = (time.perf_counter_ns() - began_ns) / 1e6
        name = f"{tier.name.lower()}: {sum(len(mesh.points) for mesh in meshes):,} vertices"
        print(f"{name:42} {clock:5.2f} {processor:10.2f} {numpy_ms:6.1f}")


def loading(runs: int = 15) -> None:
    print(f"\n{'ms to load the body':42} median    max")
    for name, load in (
        ("as it was baked", body_model),
        ("as a person's", lambda: body_model(SOMEBODY, Measures(stature_m=1.66))),
    ):
        took_ms = []
        for _ in range(runs):
            began_ns = time.perf_counter_ns()
            load()
            took_ms.append((time.perf_counter_ns() - began_ns) / 1e6)
        print(f"{name:42} {np.median(took_ms):6.1f} {max(took_ms):6.1f}")


def first_frame() -> None:
    """From the command to the first picture of a person's body in a room, with all that is imported on the way."""
    code = (
        "from telemetry.messages import Appearance, Measures\n"
        "from vrrehab.stage.displays.offscreen import OffscreenDisplay\n"
        "from vrrehab.stage.material import Tier\n"
        "from vrrehab.stage.picture import seated\n"
        "from vrrehab.stage.stage import Stage\n"
        "look, size = Appearance(sex=0.2, age_years=62.0, weight=0.8), Measures(stature_m=1.66)\n"
        "stage = Stage('therapy_room', Tier.LOW, appearance=look, measures=size)\n"
        "display, view = OffscreenDisplay(stage, (640, 480)), seated(-30.0)\n"
        "stage.update(view)\n"
        "display.draw(display.wait(), view)\n"
        "assert display.picture().any()\n"
    )
    took_s, spent_s = [], []
    for _ in range(3):
        began_ns, before = time.perf_counter_ns(), os.times()
        subprocess.run([sys.executable, "-c", code], check=True)
        after = os.times()
        took_s.append((time.perf_counter_ns() - began_ns) / 1e9)
        spent_s.append(after.children_user + after.children_system - before.children_user - before.children_system)
    print(f"\nfrom a new process to the body's first frame: {min(took_s):.1f} s at best, {min(spent_s):.1f} s of CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=5000)
    per_frame(parser.parse_args().frames)
    skinning()
    loading()
    first_frame()


if __name__ == "__main__":
    main()
