"""Compiles and links a project with GCC for its cores, in child processes; its memory by the linker."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from snnc.backends.base import Progress
from snnc.backends.child import run_process
from snnc.errors import UserError
from snnc.files.writing import PrivateFolder

from .board import Board, Tools
from .checks import over
from .memory import Sizes, linked, overflowed
from .options import LINK, OPTIMIZE

ENGINE = "qemu"

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror")

TIME_LIMIT = 600.0
"""Seconds for a build without a run."""


@cache
def version_of(command: str) -> str:
    """The first line of ``command --version``; empty where it does not work."""
    if shutil.which(command) is None:
        return ""
    try:
        done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.splitlines()[0].strip() if done.returncode == 0 and done.stdout else ""


@dataclass(frozen=True)
class Job:
    """One build, or a run with it: where it is done, for what, and until when.

    Attributes:
        folder: a private folder with the project's files.
        board: the project's.
        samples: of the run, for messages.
        deadline: of the monotonic clock, seconds.
    """

    folder: Path
    board: Board
    samples: int
    deadline: float

    def run(self, words: list[str], progress: Progress | None = None) -> None:
        """Run a command in the folder.

        Raises:
            UserError: D606 the time is over, D607 it does not start, D608 it failed.
        """
        run_process(
            words,
            engine=ENGINE,
            folder=self.folder,
            samples=self.samples,
            time_limit=max(0.001, self.deadline - time.monotonic()),
            progress=progress,
            cure=f"apt-get install {self.board.tools.packages}; if that does not help, please report "
            "this with the bundle",
        )

    def link(self, output: str, names: tuple[str, ...]) -> None:
        """Compile and link some files as the Makefile does, warnings being errors.

        Raises:
            UserError: as :meth:`run`; D471, D472 a memory of the board is too small.
        """
        tools = self.board.tools
        compiler = [f"{tools.prefix}gcc", *self.board.flags, *STRICT, *OPTIMIZE]
        compiler += [*LINK, *tools.linking, "-T", "link.ld"]
        try:
            self.run([*compiler, "-o", output, *names, "-lc"])
        except UserError:
            errors = (self.folder / "stderr.txt").read_text(errors="replace")
            beyond = overflowed(errors)
            if not beyond:
                raise
            raise _too_small(beyond, self.board, output) from None


def _too_small(beyond: Mapping[str, int], board: Board, program: str) -> UserError:
    there = {"flash": board.flash, "RAM": board.ram}
    why = "counted by the linker, stack included"
    return UserError(
        *(over(name, there[name] + number, board, program, why) for name, number in beyond.items())
    )


def sizes_of(folder: Path, tools: Tools) -> Sizes:
    """What the linked program takes."""
    words = [f"{tools.prefix}size", "network.elf"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    return linked(done.stdout)


def has_compiler(tools: Tools) -> bool:
    """Whether the family's GCC is there."""
    return all(version_of(f"{tools.prefix}{name}") for name in ("gcc", "size"))


def built(files: Mapping[str, bytes], board: Board) -> Sizes:
    """Compile and link a project's files, for their sizes alone.

    Raises:
        UserError: D471, D472 a memory of the board is too small; D606 to D608 the compiler failed.
    """
    with PrivateFolder(f"snnc-{board.tools.target}-") as name:
        job = Job(Path(name), board, 0, time.monotonic() + TIME_LIMIT)
        for file, content in files.items():
            (job.folder / file).write_bytes(content)
        job.link("network.elf", board.sources)
        return sizes_of(job.folder, board.tools)
