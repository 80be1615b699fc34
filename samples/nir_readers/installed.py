"""The readers: what is installed for each, in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NIR = "nir==1.0.8"
NIRTORCH = "nirtorch==2.6"
TORCH = "torch==2.13.0"


@dataclass(frozen=True)
class Reader:
    """A tool that reads NIR.

    Attributes:
        name, version: of its package on PyPI.
        adapter: the script in this folder that runs inside its environment.
        steps: arguments of one ``pip install`` after the other.
    """

    name: str
    version: str
    adapter: str
    steps: tuple[tuple[str, ...], ...]

    @property
    def package(self) -> str:
        """As pip takes it."""
        return f"{self.name}=={self.version}"


READERS = (
    # sinabs 3.1.3 declares nir <= 1.0.4 and runs on 1.0.8, which alone reads what 1.0.8 writes.
    Reader(
        "sinabs",
        "3.1.3",
        "read_sinabs.py",
        ((TORCH, "sinabs==3.1.3"), ("--no-deps", NIR, NIRTORCH)),
    ),
    Reader("norse", "1.1.0", "read_norse.py", ((TORCH, "norse==1.1.0", NIR, NIRTORCH),)),
    Reader(
        "spikingjelly",
        "2.0.0",
        "read_spikingjelly.py",
        ((TORCH, "spikingjelly==2.0.0", NIR, NIRTORCH),),
    ),
    Reader("snntorch", "1.0.0", "read_snntorch.py", ((TORCH, "snntorch==1.0.0", NIR, NIRTORCH),)),
    Reader("spyx", "1.0.0", "read_spyx.py", (("spyx==1.0.0", NIR),)),
    Reader("snn-mlir", "1.0.0", "read_snn_mlir.py", (("snn-mlir==1.0.0",),)),
)
BY_NAME = {reader.name: reader for reader in READERS}


class InstallationError(Exception):
    """A reader could not be installed; the message is pip's last line."""


def environment(reader: Reader, folder: Path) -> Path:
    """The Python of a reader's environment, which is made where it is missing.

    Args:
        reader: which one.
        folder: holds one environment for each reader.

    Raises:
        InstallationError: pip failed.
    """
    place = (folder / reader.name).absolute()
    python, finished = place / "bin" / "python", place / f"{reader.package}.installed"
    if finished.exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
    for step in reader.steps:
        pip = (str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check")
        command = [*pip, *step]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            raise InstallationError(lines[-1] if lines else "pip failed")
    finished.touch()
    return python
