"""What a frame costs the render thread, beside panda3d-openxr 0.1.2 on the same runtime and the same scene.

    tests/openxr/shell --compositor none -- python -m benchmarks.frame            # the table, three rounds each
    tests/openxr/shell --compositor window -- python -m benchmarks.frame          # at a headset's pace
    tests/openxr/shell --compositor none -- python -m benchmarks.frame --minutes 10   # the collector and the memory

Both draw the same room with the same body and its shadow into eyes of 16 x 16 without multisampling. Ours does
everything a session does: it locates both hands, mirrors, smooths, runs a task, records every frame to a recorder
process. The peer draws a body that keeps still, and nothing else: no hands, no task, no record.

A software driver works through a scene's vertices on the thread that draws, and waits there for each level of the
shadow map's mipmaps, which a graphics card does not. So the table has two halves: as it is, and with every mesh of
the scene cut to one triangle and the shadow map to one pixel on both sides, which leaves what the render thread of a
machine with a graphics card does. Every draw call, state and pass is still made.

The null compositor paces at 20 frames a second, the one with a window at 60 (and composes on the other processor
meanwhile). A headset wants 72 to 120. What a frame costs depends on it: after 48 ms of sleep nothing that it needs is
in the caches of the processor, nor is that awake.

CPU is `time.thread_time_ns` of the render thread, from frame to frame; the wait for the runtime is in it, which sleeps.

    ... python -m benchmarks.frame --card     # what only a graphics card can do: a headset's own eyes, in full detail
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
EYE = (16, 16)
#: A Quest 3's.
HEADSET_EYE = (2064, 2208)
WARM_UP_FRAMES = 60


class Timed:
    """A display that notes the render thread's CPU and wall time at each frame's begin and end.

    Written so that it costs a frame next to nothing: arrays of their full length, and no call that goes through this.
    """

    def __init__(self, display, frames: int) -> None:  # type: ignore[no-untyped-def]
        self._wait = display.wait
        self.draw, self.read_clocks, self.keys_pressed = display.draw, display.read_clocks, display.keys_pressed
        self._display = display
        self._frames = WARM_UP_FRAMES + frames
        self._cpu_ns, self._wall_ns = (array("q", bytes(16 * (self._frames + 1))) for _ in range(2))
        self.frame = 0

    def wait(self):  # type: ignore[no-untyped-def]
        at, self.frame = 2 * self.frame, self.frame + 1
        self._cpu_ns[at], self._wall_ns[at] = time.thread_time_ns(), time.perf_counter_ns()
        frame = self._wait()
        self._cpu_ns[at + 1], self._wall_ns[at + 1] = time.thread_time_ns(), time.perf_counter_ns()
        return frame if self.frame <= self._frames else None

    @property
    def submitted_ns(self) -> int:
        return self._display.submitted_ns

    def figures(self) -> dict[str, list[float]]:
        """Microseconds a frame, warm."""
        (waited, began), (wall_waited, wall_began) = (
            np.array(each, float).reshape(-1, 2)[WARM_UP_FRAMES:].T / 1e3 for each in (self._cpu_ns, self._wall_ns)
        )
        return {
            "cpu": np.diff(began).tolist(),
            "busy_cpu": (waited[1:] - began[:-1]).tolist(),
            "busy_wall": (wall_waited[1:] - wall_began[:-1]).tolist(),
            "period": np.diff(wall_began).tolist(),
        }


class Drawing:
    """How much of a frame's CPU is drawing: Panda3D's traversal of the scene and its draw calls, and below them the
    driver's work on them, which a software driver does on this very thread.
    """

    def __init__(self, frames: int) -> None:
        from vrrehab.stage.displays.headset import HeadsetDisplay
        from vrrehab.stage.engine import Engine

        #: For each frame, by its number less one.
        self.cpu_ns = array("q", bytes(8 * (WARM_UP_FRAMES + frames + 1)))
        self._frame = self._upcall_ns = 0
        render, both = Engine.render_frame, HeadsetDisplay._draw_both
        clock = time.thread_time_ns

        def rendering(engine: Engine) -> None:
            self._ours_ns = 0
            began = clock()
            render(engine)
            if self._frame < len(self.cpu_ns):
                self.cpu_ns[self._frame] = clock() - began - self._ours_ns

        def calling(display: HeadsetDisplay, call) -> None:  # type: ignore[no-untyped-def]
            # All of the callback is ours but the drawing that it asks for.
            self._call, self._frame = call, display._number - 1
            began, self._upcall_ns = clock(), 0
            both(display, self)  # type: ignore[arg-type]
            self._ours_ns = clock() - began - self._upcall_ns

        Engine.render_frame, HeadsetDisplay._draw_both = rendering, calling  # type: ignore[method-assign]

    def upcall(self) -> None:
        began = time.thread_time_ns()
        self._call.upcall()
        self._upcall_ns = time.thread_time_ns() - began


def ours(frames: int, cut: bool, *, full: bool = False) -> dict[str, list[float]]:
    """A whole session on the headset, its movement coming from another process; `full`: as a patient sees it."""
    from telemetry.messages import LimbLoss, Profile
    from telemetry.motion import FrameLayout
    from telemetry.sender import Sender
    from vrrehab.body.skeleton import JOINTS
    from vrrehab.cli.demo import recorder_process
    from vrrehab.session.loop import run
    from vrrehab.session.plan import make_plan
    from vrrehab.session.programme import load_programme
    from vrrehab.session.sitting import Sitting
    from vrrehab.sources.openxr import OpenXRSource
    from vrrehab.stage.displays.headset import HeadsetDisplay
    from vrrehab.stage.material import Tier
    from vrrehab.stage.stage import Stage
    from vrrehab.xr.headset import Headset

    profile = Profile(code="BENCH", limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),))
    plan = make_plan(profile, load_programme(str(HERE / "open_close_forever.toml")), None, "person", 1)
    mover = subprocess.Popen([sys.executable, "-m", "benchmarks.frame", "--part", "mover"])
    drawing = Drawing(frames)
    collections: list[int] = []
    resident: list[int] = []
    with tempfile.TemporaryDirectory() as folder, recorder_process(Path(folder)) as address:
        headset = Headset()
        stage = Stage("therapy_room", Tier.FULL) if full else _stage(cut)
        size, samples = (HEADSET_EYE, 4) if full else (EYE, 0)
        display = HeadsetDisplay(stage, headset, multisamples=samples, spectator=False, eye_size=size)
        timed = Timed(display, frames)
        sender = Sender(Path(folder) / "spool", plan.session_id, address, FrameLayout(JOINTS))
        sitting = Sitting(plan, OpenXRSource(headset), sender, "benchmark")
        stages = array("q")
        keep = sitting.keep

        def noting(times_ns: tuple[int, ...]) -> None:
            if timed.frame == WARM_UP_FRAMES:
                gc.callbacks.append(lambda phase, _: collections.append(timed.frame) if phase == "start" else None)
            if timed.frame in (WARM_UP_FRAMES, WARM_UP_FRAMES + frames - 2):
                resident.append(_resident_kb())
            if timed.frame % 4 == 0:  # a sample of them, for the medians
                stages.extend(times_ns)
            keep(times_ns)

        sitting.keep = noting  # type: ignore[method-assign]
        run(sitting, timed, tuple)
        sender.close(5.0)
        display.close()
    mover.terminate()
    mover.wait()
    figures = timed.figures()
    drawn = np.array(drawing.cpu_ns, float)[WARM_UP_FRAMES : WARM_UP_FRAMES + frames] / 1e3
    return {
        **figures,
        "drawing_cpu": drawn.tolist(),
        "other_cpu": (np.array(figures["busy_cpu"]) - drawn[: len(figures["busy_cpu"])]).tolist(),
        "stages": (np.median(np.array(stages).reshape(-1, 5)[WARM_UP_FRAMES // 4 :], axis=0) / 1e3).tolist(),
        "collections": [float(n) for n in collections],
        "resident_kb": [float(n) for n in resident],
    }


def card(frames: int, _cut: bool) -> dict[str, list[float]]:
    """The session as a patient sees it: a headset's own eyes, multisampled, in full detail."""
    return ours(frames, False, full=True)


def peer(frames: int, cut: bool) -> dict[str, list[float]]:
    """panda3d-openxr with the same room, its two faults on this runtime mended from outside."""
    from panda3d import core

    core.load_prc_file_data("", "window-type offscreen\nwin-size 16 16\naudio-library-name null\ngl-version 3 3")
    import logging

    import p3dopenxr.instance
    import p3dopenxr.system
    from p3dopenxr.p3dopenxr import P3DOpenXR

    logging.disable(logging.CRITICAL)
    from direct.showbase.ShowBase import ShowBase

    from vrrehab.session.view import View
    from vrrehab.stage.engine import engine

    # What our engine sets for its own frames is not the peer's doing: it has what Panda3D has by itself.
    core.load_prc_file_data("", "transform-cache 1\ngarbage-collect-states-rate 1")
    base = ShowBase(windowType="none")
    base.pipe = engine().pipe
    base.open_main_window(type="offscreen")
    stage = _stage(cut)
    # Its debug callback raises on every message.
    p3dopenxr.instance.Instance.debug_callback_py = lambda *_: True
    xr = P3DOpenXR(base)
    properties = xr.create_default_fb_props()
    properties.set_alpha_bits(8)  # it asks for GL_SRGB8, which no runtime here has
    p3dopenxr.system.ConfigurationView = _small(p3dopenxr.system.ConfigurationView)
    xr.init(root=base.render, fb_props=properties)
    stage.root.reparent_to(base.render)
    stage.shadow.draw_before(xr.buffers[0])
    stage.update(View(_seated()))
    cpu_ns, wall_ns = [], []
    while len(cpu_ns) < frames + WARM_UP_FRAMES:
        began, wall_began = time.thread_time_ns(), time.perf_counter_ns()
        base.task_mgr.step()
        if xr.session.session_active():
            cpu_ns.append(time.thread_time_ns() - began)
            wall_ns.append(time.perf_counter_ns() - wall_began)
    sys.stdout.flush()
    return {name: (np.array(ns[WARM_UP_FRAMES:]) / 1e3).tolist() for name, ns in (("cpu", cpu_ns), ("period", wall_ns))}


def floor(frames: int, _cut: bool) -> dict[str, list[float]]:
    """Our display with nothing in its scene and no session: what is left of a frame that does nothing."""
    from panda3d import core

    from vrrehab.body.skeleton import Body
    from vrrehab.session.view import View
    from vrrehab.stage.displays.headset import HeadsetDisplay
    from vrrehab.xr.headset import Headset

    class Nothing:
        root, calm_colour = core.NodePath("nothing"), (0.0, 0.0, 0.0)

        def update(self, _view: View) -> None: ...
        def draw_before(self, _host: core.GraphicsOutput) -> None: ...

    nothing = Nothing()
    nothing.shadow = nothing  # type: ignore[attr-defined]
    display = HeadsetDisplay(nothing, Headset(), multisamples=0, spectator=False, eye_size=EYE)  # type: ignore[arg-type]
    timed, view = Timed(display, frames), View(Body.unseen())
    while (frame := timed.wait()) is not None:
        timed.draw(frame, view)
    return timed.figures()


def mover() -> None:
    """Opens and closes the right hand, moves it and the head about, until it is ended; it holds nothing, and a left one
    is never seen.
    """
    from vrrehab import geometry
    from vrrehab.body.skeleton import Side
    from vrrehab.testing.remote_device import RemoteDevice

    with RemoteDevice() as device:
        device.lose(Side.LEFT)
        began = time.monotonic()
        while True:
            now = time.monotonic() - began
            device.head(geometry.pose((0.02 * np.sin(now), 1.2, 0.0), geometry.yaw(0.1 * np.sin(0.5 * now))))
            place = (0.2 + 0.05 * np.sin(now), 0.95 + 0.05 * np.sin(1.3 * now), -0.35)
            curl = 0.5 - 0.5 * np.cos(2.0 * now)
            device.hand(Side.RIGHT, geometry.pose(place), curl, holding=False)
            time.sleep(1 / 100)


def _seated():  # type: ignore[no-untyped-def]
    """A body with both arms, as a session shows it."""
    from vrrehab.body.drives import MirrorDrive
    from vrrehab.body.limb import Chain, Limb
    from vrrehab.body.skeleton import Body, Side
    from vrrehab.body.tracking import Tracker
    from vrrehab.testing.participant import ScriptedParticipant

    seen, tracked, virtual = Body.unseen(), Body.unseen(), Body.unseen()
    ScriptedParticipant(1, Side.RIGHT).locate(0, seen)
    Tracker(1.2).update(seen, tracked, 0.0)
    MirrorDrive([Limb(Chain.ARM, Side.LEFT)]).drive(tracked, virtual, 0.0)
    return virtual


def _stage(cut: bool):  # type: ignore[no-untyped-def]
    """The room; `cut`: one triangle of every mesh, hidden ones too, and one pixel of shadow."""
    from panda3d import core

    from vrrehab.stage.material import Tier
    from vrrehab.stage.stage import Stage

    if not cut:
        return Stage("therapy_room", Tier.LOW)
    Tier.shadow_size = property(lambda tier: 1)  # type: ignore[assignment, method-assign]
    stage = Stage("therapy_room", Tier.LOW)
    for path in stage.root.find_all_matches("**/+GeomNode;+h+s"):
        for geom in path.node().modify_geoms():
            triangle = core.GeomTriangles(core.Geom.UH_static)
            triangle.add_vertices(0, 1, 2)
            geom.clear_primitives()
            geom.add_primitive(triangle)
    return stage


def _small(view_class):  # type: ignore[no-untyped-def]
    def make(index, config):  # type: ignore[no-untyped-def]
        config.recommended_image_rect_width, config.recommended_image_rect_height = EYE
        return view_class(index, config)

    return make


def _resident_kb() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _part(name: str, frames: int, cut: bool) -> dict[str, list[float]]:
    """Run one side in a process of its own and take its figures."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [sys.executable, "-m", "benchmarks.frame", "--part", name, "--frames", str(frames), "--out", out.name]
        if cut:
            command.append("--cut")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60 + frames)
        return json.loads(Path(out.name).read_text())


@contextmanager
def _awake() -> Iterator[None]:
    """Every processor kept from sleeping, by loops at the idle priority, which yield to whatever else wants to run.

    A processor that a virtual machine's host puts to sleep between two frames comes back with cold caches and at its
    lowest clock, and takes a frame's Python twice as long. One that draws a headset's frames does not get to sleep.
    """
    spin = "import os\nos.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\nwhile True: pass"
    spinning = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()


def _row(what: str, values: list[float]) -> str:
    return f"| {what} | {np.median(values):,.0f} | {np.percentile(values, 99):,.0f} |"


def _compare(frames: int, rounds: int, cut: bool) -> None:
    pairs = [(_part("ours", frames, cut), _part("peer", frames, cut)) for _ in range(rounds)]
    names = ("cpu", "busy_cpu", "busy_wall", "drawing_cpu", "other_cpu")
    mine = {name: [us for ours, _ in pairs for us in ours[name]] for name in names}
    print(HEAD)
    print(_row("vrrehab: CPU a frame", mine["cpu"]))
    print(_row("vrrehab: CPU a frame outside the wait", mine["busy_cpu"]))
    print(_row("vrrehab: of it drawing, the driver's work in it", mine["drawing_cpu"]))
    print(_row("vrrehab: the rest, what a frame costs outside drawing", mine["other_cpu"]))
    print(_row("vrrehab: wall time a frame outside the wait", mine["busy_wall"]))
    print(_row("panda3d-openxr 0.1.2: CPU a frame", [us for _, peer in pairs for us in peer["cpu"]]))
    print(
        _row(
            "vrrehab's display with nothing in it: CPU a frame outside the wait",
            _part("floor", frames, cut)["busy_cpu"],
        )
    )
    ratios = [np.median(ours["cpu"]) / np.median(peer["cpu"]) for ours, peer in pairs]
    rates = [round(1e6 / np.median([us for pair in pairs for us in pair[side]["period"]])) for side in (0, 1)]
    print("\nframes a second (vrrehab, panda3d-openxr):", rates)
    print("ratio of the medians (vrrehab / panda3d-openxr), round by round:", [round(float(r), 2) for r in ratios])
    stages = np.median([ours["stages"] for ours, _ in pairs], axis=0)
    print(
        "stages, us of wall time (locate, drive, task, draw, submit):", [round(float(us)) for us in stages], flush=True
    )


HEAD = "\n| render thread, us | median | p99 |\n| --- | ---: | ---: |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--part", choices=["ours", "peer", "floor", "card", "mover"], help="one alone, figures as JSON to --out"
    )
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cut", action="store_true", help="only with every mesh cut to one triangle")
    parser.add_argument("--card", action="store_true", help="a headset's own eyes in full detail, on a graphics card")
    parser.add_argument("--minutes", type=float, help="how long to watch the collector and the memory")
    parser.add_argument("--sleepy", action="store_true", help="let the processors sleep between frames")
    parser.add_argument("--out")
    given = parser.parse_args()
    if given.part == "mover":
        mover()
    if given.part:
        figures = {"ours": ours, "peer": peer, "floor": floor, "card": card}[given.part](given.frames, given.cut)
        Path(given.out).write_text(json.dumps(figures))
        # Neither side's drivers are owed a tidy farewell, and a hang in one would spoil the run.
        os._exit(0)
    with nullcontext() if given.sleepy else _awake():
        _tables(given)


def _tables(given: argparse.Namespace) -> None:
    if given.card:
        mine = _part("card", given.frames, cut=False)
        print(f"Eyes of {HEADSET_EYE[0]} x {HEADSET_EYE[1]}, four samples a pixel, full detail:")
        print(HEAD)
        print(_row("vrrehab: CPU a frame outside the wait", mine["busy_cpu"]))
        print(_row("vrrehab: wall time a frame outside the wait", mine["busy_wall"]))
        return
    if given.minutes:
        frames = int(given.minutes * 60 * 20)  # this compositor paces at 20 frames a second
        mine = _part("ours", frames, cut=True)
        print(f"{frames} frames: {len(mine['collections'])} collections, at frames {mine['collections'][:20]}")
        print("resident at the start and at the end, MB:", [round(kb / 1024, 1) for kb in mine["resident_kb"]])
        print(HEAD)
        print(_row("CPU a frame outside the wait", mine["busy_cpu"]))
        return
    print("Every mesh cut to one triangle:")
    _compare(given.frames, given.rounds, cut=True)
    if given.cut:
        return
    print("\nThe whole scene, its vertices on the drawing thread:")
    _compare(given.frames, given.rounds, cut=False)


if __name__ == "__main__":
    main()
