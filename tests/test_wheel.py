"""The wheel, installed in an empty environment far from the checkout, has everything that the demo needs.

What it depends on comes through pip; where pip reaches no index, these tests say loudly that they did not run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = ("scenes/programmes/demo.toml", "scenes/places/therapy_room.toml", "scenes/tasks/open_close_hand.toml")
READ = """
import telemetry
store = telemetry.open_store("demo-data")
print(store.tasks()["rating_status"].tolist())
"""


def run(command: Sequence[object], folder: Path, limit_s: float = 300.0) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "PYTHONPATH", "VRREHAB_DATA")}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=kept,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], folder)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment with nothing but the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("environment")
    made = run([sys.executable, "-m", "venv", folder], folder)
    assert made.returncode == 0, made.stderr
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    install = run([*pip, "--constraint", ROOT / "constraints.txt", wheel], folder)
    if install.returncode:
        message = f"NOT RUN: pip could not install what the wheel asks for:\n{install.stderr}"
        if os.environ.get("CI") == "true" or "connection" not in install.stderr.lower():
            pytest.fail(message)
        pytest.skip(message)
    return programs


def test_the_wheel_holds_the_packages_and_their_data_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "scenes", "models", "telemetry", "vrrehab"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert not {name for name in tracked if name not in names and (ROOT / name).exists()}
    assert names.issuperset(DATA)
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"vrrehab", "telemetry", "scenes", "models", next(top for top in tops if top.endswith(".dist-info"))}


def test_the_installed_demo_runs_anywhere_and_its_store_opens_in_three_lines(installed: Path, tmp_path: Path) -> None:
    demo = run([installed / "python", "-m", "vrrehab.testing.small_pictures", "demo", "--offscreen"], tmp_path)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stderr == ""
    read = run([installed / "python", "-W", "error", "-c", READ], tmp_path)
    assert read.stdout == "['given', 'given', 'given']\n", read.stderr
    where = run([installed / "python", "-c", "import vrrehab, scenes, models; print(models.__file__)"], tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(installed.parent), where.stderr
    verify = run([installed / "vrrehab", "verify", "demo-data"], tmp_path)
    assert verify.returncode == 0, verify.stdout
