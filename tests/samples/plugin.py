"""The sample ``samples/c_backend`` installed as a user installs it, into a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "c_backend"


def install(folder: Path, work: Path, sample: Path = SAMPLE) -> None:
    """Install it with pip into ``folder``, from a copy in ``work``: nothing is built here.

    Needs no network.
    """
    copy = shutil.copytree(
        sample, work / "c_backend", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    )
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder)]
    done = subprocess.run([*pip, *offline, str(copy)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Shell:
    """Runs Python where the sample is installed, or, with ``site`` None, where it is not."""

    site: Path | None
    work: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def python(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """``python ARGUMENTS`` in a child process, with these environment variables on top."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CC", "CFLAGS")}
        # No engine of the user's own: the tests must not depend on what was installed.
        ours = {"SNNC_ENGINES": str(self.work / "engines"), "COLUMNS": "200", "NO_COLOR": "1"}
        path = {} if self.site is None else {"PYTHONPATH": str(self.site)}
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.work,
            env={**kept, **ours, **path, **self.variables, **variables},
            capture_output=True,
            text=True,
        )

    def snnc(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """``snnc ARGUMENTS``."""
        return self.python("-m", "snnc", *arguments, **variables)
