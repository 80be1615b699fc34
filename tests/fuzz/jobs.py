"""Commands that are killed, and what a folder may look like after one."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests import plugin_packages

from .templates import build

SNNC = Path(sys.executable).with_name("snnc")
"""The installed script: what users start."""

UNFINISHED = (".partial", ".part", ".tmp")

PLUGIN = """
from snnc.backends import Engine, Environment
from snnc.backends.reference import ReferenceBackend

ENVIRONMENT = Environment("fake", (), "import json", "pip")


class Fake(ReferenceBackend):
    name = "fake"

    def engines(self):
        return (Engine.inside(ENVIRONMENT, "fake", "fake"),)
"""


@dataclass(frozen=True)
class Job:
    """A command, and the output that it may have left: none, what was there before, or all of it.

    Attributes:
        name: of the command.
        template: the folder it works in is a copy of this.
        arguments: of ``snnc``.
        outputs: names of files and folders that it makes, the last one the last.
        kept: names that may stay unfinished by documentation, and are gone on from.
    """

    name: str
    template: str
    arguments: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


FINETUNE = (
    *("finetune", "model.pt", "--method", "stdb", "--data", "data.npz", "--steps", "2", "--batch", "1"),
    *("--epochs", "3", "--checkpoint", "run.ckpt", "--curve", "curve.csv", "-o", "tuned.pt"),
)
JOBS = (
    Job(
        "compile", "archive-dense", ("compile", "model.pt", "--target", "loihi", "-o", "out"), ("out",)
    ),
    Job(
        "compile over", "over", ("compile", "model.pt", "--target", "reference", "-o", "out"), ("out",)
    ),
    Job("verify", "bundle-loihi", ("verify", "bundle", "--samples", "2", "--engine", "lava-inprocess")),
    Job("run", "bundle-reference", ("run", "bundle", "--data", "data.npz", "-o", "a.npz"), ("a.npz",)),
    Job("finetune", "finetune", FINETUNE, ("tuned.pt",), ("run.ckpt", "curve.csv")),
    Job("install", "empty", ("targets", "install", "fake")),
)
JOBS_BY_NAME = {job.name: job for job in JOBS}


def make_templates(folder: Path) -> None:
    """Valid files, and folders for jobs of their own."""
    build(folder)
    (folder / "empty").mkdir()
    over = shutil.copytree(folder / "archive-dense", folder / "over")
    shutil.copytree(folder / "bundle-nir" / "bundle", over / "out")
    tuning = shutil.copytree(folder / "checkpoint", folder / "finetune")
    (tuning / "run.ckpt").unlink()
    plugin_packages.install(
        folder / "plugin", "snnc-fake", {"snnc.backends": {"fake": "snnc_fake:Fake"}}, PLUGIN
    )


@dataclass(frozen=True)
class Place:
    """Where a job works: its folder, and what the system gives to it alone."""

    root: Path
    templates: Path
    wrap: tuple[str, ...] = ()
    limits: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def work(self) -> Path:
        """The current folder."""
        return self.root / "work"

    @property
    def temp(self) -> Path:
        """For temporary files."""
        return self.root / "temp"

    @property
    def engines(self) -> Path:
        """For environments."""
        return self.root / "engines"

    def make(self, job: Job) -> None:
        """Begin anew."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.temp.mkdir(parents=True)
        shutil.copytree(self.templates / job.template, self.work)

    def start(self, job: Job) -> subprocess.Popen[str]:
        """Start the command in a session of its own."""
        environment = {
            **os.environ,
            "TMPDIR": str(self.temp),
            "SNNC_ENGINES": str(self.engines),
            "PYTHONPATH": str(self.templates / "plugin"),
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "200",
            "NO_COLOR": "1",
        }
        return subprocess.Popen(
            [*self.wrap, str(SNNC), *job.arguments],
            cwd=self.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=self._begin,
        )

    def _begin(self) -> None:
        """In the child: signals as a foreground job has them, wherever the tests were started."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if self.limits is not None:
            self.limits()

    def contents(self, job: Job) -> dict[str, str]:
        """Digest of each output that is there."""
        return {name: digest(self.work / name) for name in job.outputs if (self.work / name).exists()}

    def unfinished(self) -> list[str]:
        """Whatever is there under a name of something unfinished, and all temporary files."""
        found = [p for p in self.root.rglob("*") if p.name.endswith(UNFINISHED)]
        # torch makes an empty folder for all processes of a user.
        found += [p for p in self.temp.iterdir() if not p.name.startswith("torchinductor_")]
        return sorted({str(p.relative_to(self.root)) for p in found})


def digest(path: Path) -> str:
    """Of a file, or of all files of a folder and their names."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    total = hashlib.sha256()
    for file in files:
        total.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def processes_of(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found
