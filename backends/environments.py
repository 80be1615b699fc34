"""Environments of their own for engines: vendor tools need packages that conflict with each other.

One folder for each, made by ``venv`` and ``pip``, found again by a digest of what is in it, so that
a new snnc that asks for other versions makes a new one. A file that is written last says that it is
whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from snnc.errors import fail
from snnc.files.user_cache import user_cache
from snnc.files.writing import write_file
from snnc.stopping import undivided

from . import session

FOLDER = "SNNC_ENGINES"
"""Environment variable: the folder that holds the environments."""

FINISHED = "snnc-finished.txt"
TEMPORARY = "snnc-temporary"
"""In the environment, while it is made: the place for temporary files of venv and pip."""

SHOWN_LINES = 8
WORKS = "snnc: it works"
PROBE_SECONDS = 300.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Licence:
    """Under which terms a vendor's package is, where its user has to accept them first.

    Attributes:
        name: of the agreement.
        about: the terms that a user runs into first, in a line; the whole text is the vendor's.
        where: it can be read.
    """

    name: str
    about: str
    where: str


class State(Enum):
    """How an environment is."""

    MISSING = "missing"
    READY = "ready"
    DAMAGED = "damaged"


def environments_folder() -> Path:
    """``$SNNC_ENGINES``, or ``snnc/engines`` in the user's cache.

    Raises:
        FileNotFoundError: neither that nor a home directory is there.
    """
    given = os.environ.get(FOLDER)
    return Path(given).absolute() if given else user_cache() / "snnc" / "engines"


def _quiet(_: str) -> None:
    pass


@dataclass(frozen=True)
class Environment:
    """What an engine needs, in a virtual environment of its own.

    Attributes:
        name: of the folder; one environment may serve several engines.
        steps: arguments of one ``pip install`` after the other, with exact versions.
        probe: a Python statement that succeeds where the environment works (``import nengo_loihi``).
        shows: the distribution whose version ``snnc targets`` shows.
        needs: programs that must be on the PATH to install it, e.g. ``c++``.
        licence: that the user has to accept, of packages that are not free; None for all others.
    """

    name: str
    steps: tuple[tuple[str, ...], ...]
    probe: str
    shows: str
    needs: tuple[str, ...] = ()
    licence: Licence | None = None

    @property
    def folder(self) -> Path:
        """Where it is or would be; another one for other steps and for another Python."""
        about = repr((self.steps, self.probe, self.shows, sys.version_info[:2]))
        return environments_folder() / f"{self.name}-{hashlib.sha256(about.encode()).hexdigest()[:12]}"

    @property
    def interpreter(self) -> Path:
        """Its Python, whether it is there or not."""
        return self.folder / "bin" / "python"

    def state(self) -> State:
        """What can be seen without starting it."""
        try:
            if not self.folder.exists():
                return State.MISSING
        except OSError:  # there is no place for any
            return State.MISSING
        whole = (self.folder / FINISHED).is_file() and self.interpreter.exists()
        return State.READY if whole else State.DAMAGED

    def python(self) -> Path | None:
        """Its interpreter, None where it is not installed or damaged."""
        return self.interpreter if self.state() is State.READY else None

    def version(self) -> str:
        """The version of ``shows`` in it, empty where it is not installed."""
        if self.state() is not State.READY:
            return ""
        with contextlib.suppress(OSError):  # somebody makes it again at this moment
            return (self.folder / FINISHED).read_text(encoding="utf-8", errors="replace").strip()
        return ""

    def install(self, say: Say = _quiet) -> bool:
        """Make it, or make it again where it is damaged or its probe fails; several may ask at once.

        Args:
            say: told what is done, a line at a time.

        Returns:
            Whether anything had to be done.

        Raises:
            UserError: D616 pip, venv or the probe failed, D617 a program is missing, D618 the folder
                cannot be written.
        """
        with self._alone():
            if self.state() is State.READY and self._works() == "":
                return False
            for program in self.needs:
                if shutil.which(program) is None:
                    what = (
                        f"the environment {self.name} needs the program {program}, which was not found"
                    )
                    raise fail("D617", what, where=self.name, help=f"install {program} and try again")
            try:
                self._make(say)
            except OSError as problem:
                what = f"cannot write: {problem.strerror or problem}"
                raise fail(
                    "D618", what, where=str(self.folder), help=f"set {FOLDER} to another folder"
                ) from problem
            return True

    def _make(self, say: Say) -> None:
        say(f"making the environment {self.name} in {self.folder}")
        with undivided():
            shutil.rmtree(self.folder, ignore_errors=True)
        try:
            self._fill(say)
        except BaseException:
            with undivided():
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _fill(self, say: Say) -> None:
        # Whatever is unpacked on the way is inside, too, and goes with it.
        (self.folder / TEMPORARY).mkdir(parents=True)
        self._do("venv", [sys.executable, "-m", "venv", str(self.folder)])
        pip = [str(self.interpreter), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        for step in self.steps:
            say(f"pip install {' '.join(step)}")
            self._do("pip", [*pip, *step])
        problem = self._works()
        if problem:
            raise self._failed(f"its test ({self.probe})", problem)
        code = f"from importlib.metadata import version; print(version({self.shows!r}))"
        found = self._do("python", [str(self.interpreter), "-I", "-c", code])
        shutil.rmtree(self.folder / TEMPORARY)
        write_file(self.folder / FINISHED, found.encode())

    def _do(self, what: str, command: list[str]) -> str:
        """Run a program to its end, or end it and all that it has started; returns what it printed."""
        place, lines = self.folder / TEMPORARY, list[str]()
        errors = place / "stderr.txt"
        status = session.run(
            command,
            folder=place,
            environment={**os.environ, "TMPDIR": str(place)},
            errors=errors,
            time_limit=math.inf,
            line=lines.append,
        )
        if status:
            said = errors.read_text(encoding="utf-8", errors="replace")
            raise self._failed(what, said or "\n".join(lines))
        return "\n".join(lines) + "\n"

    def _works(self) -> str:
        """Empty where the probe succeeds, else what it printed."""
        # A word at the end: an exit in the middle counts as a failure, whatever its status.
        command = [str(self.interpreter), "-I", "-c", f"{self.probe}\nprint({WORKS!r})"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=PROBE_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return str(problem)
        if done.returncode == 0 and done.stdout.endswith(f"{WORKS}\n"):
            return ""
        return done.stderr or f"it stopped early, with exit status {done.returncode}"

    def _failed(self, what: str, output: str) -> Exception:
        lines = [line for line in output.splitlines() if line.strip()][-SHOWN_LINES:]
        return fail(
            "D616",
            f"the environment {self.name} cannot be installed: {what} failed",
            where=str(self.folder),
            why="\n       ".join(lines),
            help="nothing was installed: remove the cause and try again",
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process makes environments in this folder at a time."""
        place = Path("~/.cache/snnc/engines")
        try:
            place = environments_folder()
            place.mkdir(parents=True, exist_ok=True)
            lock = (place / f"{self.name}.lock").open("w")
        except OSError as problem:
            what = f"cannot write: {problem.strerror or problem}"
            raise fail(
                "D618", what, where=str(place), help=f"set {FOLDER} to another folder"
            ) from problem
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
