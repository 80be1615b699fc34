"""Environments of the libraries: ``python -m samples.spiking_libraries.environments [LIBRARY ...]``.

Each library is installed into a folder of its own, in the version below, and is found in front of
what the running environment has: torch, numpy and snnc are shared, the libraries never meet. They
are installed without what they declare: sinabs 3.1.3 asks for nir <= 1.0.4 and a simulator of its
chips, lava-dl 0.6.0 for Python 3.10 and torch < 2.4, SpikingJelly 2.0.0 for torchaudio and
tensorboard; none of that is imported by what is used here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build" / "spiking_libraries" / "environments"
WHOLE = "whole"
"""A file that is written last."""

LIBRARIES = {
    "snntorch": ("snntorch==1.0.0",),
    "spikingjelly": ("spikingjelly==2.0.0", "loguru==0.7.3", "tqdm==4.67.1"),
    # A source archive: pip builds it apart, with the setuptools_scm that its version comes from.
    "norse": ("norse==1.1.0", "nirtorch==2.6"),
    "sinabs": ("sinabs==3.1.3", "nirtorch==2.6", "pbr==7.0.3"),
    # `lava` is a namespace, so that lava.lib.dl of this folder and lava.proc of lava-nc are found side
    # by side. Its slayer imports its object detection, hence torchvision, OpenCV and requests;
    # torchvision 0.28.0 fails on import beside torch without CUDA, 0.16.2 does not.
    "slayer": (
        "--ignore-requires-python",
        "lava-dl==0.6.0",
        "torchvision==0.16.2",
        "opencv-python-headless==4.14.0.94",
        "requests==2.34.2",
        "urllib3==2.8.0",
        "idna==3.20",
        "charset-normalizer==3.5.3",
        "certifi==2026.10.19.post1",
    ),
}
"""By library, what pip installs, without dependencies."""


class NotInstalledError(Exception):
    """Why a library could not be installed."""


def folder_of(library: str) -> Path:
    """The folder of a library, named by what is in it."""
    wanted = " ".join((sys.version.split()[0], *LIBRARIES[library]))
    return PLACE / f"{library}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"


def environment(library: str) -> dict[str, str]:
    """The environment variables with which a Python process has the library, which is installed first.

    Raises:
        NotInstalledError: PyPI is out of reach, or pip fails.
    """
    folder = folder_of(library)
    if not (folder / WHOLE).exists():
        _install(library, folder)
    paths = (str(folder), str(ROOT), os.environ.get("PYTHONPATH", ""))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "1"}


def _install(library: str, folder: Path) -> None:
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    try:
        done = subprocess.run(
            [*pip, "--target", str(half), *LIBRARIES[library]],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            raise NotInstalledError(done.stderr.strip().splitlines()[-1:] or done.returncode)
        # lava-dl 0.6.0 brings a package `tests`, which would be found in front of snnc's.
        shutil.rmtree(half / "tests", ignore_errors=True)
        (half / WHOLE).touch()
        try:
            half.rename(folder)
        except OSError:  # another process was faster
            if not (folder / WHOLE).exists():
                raise
    except subprocess.TimeoutExpired as late:
        raise NotInstalledError("pip took more than ten minutes") from late
    finally:
        shutil.rmtree(half, ignore_errors=True)


if __name__ == "__main__":
    for name in sys.argv[1:] or LIBRARIES:
        environment(name)
        print(folder_of(name))
