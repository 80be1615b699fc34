"""One case in a process of its own: makes the damaged file, runs the command, ends with its code."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import tomllib
import traceback
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from snnc.files import memory as files_memory

from . import changes
from .kinds import BY_NAME, Kind
from .on_pickle import MARKER
from .plan import Plan

UNMADE, DISAGREE, CRASHED_AFTER = 201, 202, 203
"""Exit codes that no command has: the file could not be made; what the simulators showed."""


@dataclass(frozen=True)
class Room:
    """The folders of a case.

    Attributes:
        root: holds the others, the files outside, and what the command printed.
    """

    root: Path

    @property
    def work(self) -> Path:
        """The current folder of the command."""
        return self.root / "work"

    @property
    def marker(self) -> Path:
        """Appears when code of a file is executed."""
        return self.root / "executed"

    @property
    def about(self) -> Path:
        """What the case says of itself before the command runs."""
        return self.root / "about.json"

    def watched(self) -> list[Path]:
        """Folders in which a command that fails may leave nothing."""
        return [self.root / name for name in ("work", "temp", "cache", "home")]

    def listing(self) -> dict[str, list[int]]:
        """Everything in these folders: kind, size, time of change."""
        found = {}
        for folder in self.watched():
            for place, folders, files in os.walk(os.fsencode(folder)):
                for name in (*folders, *files):
                    path = os.path.join(place, name)  # noqa: PTH118  names may be no UTF-8
                    about = os.lstat(path)
                    is_folder = os.path.isdir(path)  # noqa: PTH112
                    changed = (
                        [about.st_mode]
                        if is_folder
                        else [about.st_mode, about.st_size, about.st_mtime_ns]
                    )
                    if name != b"__pycache__" and b"/__pycache__/" not in path:
                        found[os.fsdecode(path).encode("utf-8", "backslashreplace").decode()] = changed
        return found


def make_room(root: Path, templates: Path) -> Room:
    """The folders, and files outside that nothing may read."""
    room = Room(root)
    for folder in room.watched():
        folder.mkdir(parents=True)
    for name in ("secret.bin", "secret.h5"):
        shutil.copy(templates / "outside" / name, root / name)
    os.mkfifo(root / "pipe")
    return room


def prepare(plan: Plan, room: Room, templates: Path) -> dict[str, Any]:
    """Copy a template into the room and change it.

    Returns:
        What has to be known of it: the command, whether it may be accepted.
    """
    kind = BY_NAME[plan.kind]
    name = kind.templates[plan.template % len(kind.templates)]
    shutil.copytree(templates / name, room.work, dirs_exist_ok=True)
    other = kind.templates[(plan.template // 61) % len(kind.templates)]
    stranger = kind.subject(templates / other, plan.template // 7)
    path = kind.subject(room.work, plan.command // 101)
    command = list(kind.commands[plan.command % len(kind.commands)])
    before = _content(path)
    for change in plan.changes:
        # An earlier change may have taken away or broken what a later one works on.
        with contextlib.suppress(OSError, ValueError, KeyError, RecursionError):
            changes.apply(path, change, stranger)
    sealed = any(c.name in changes.SEALS for c in plan.changes) or _resealed(kind, before, path)
    altered = path.is_dir() and _content(path) != before
    must = altered and not sealed and "--allow-altered" not in command
    return {
        "command": command,
        "must_refuse": must or changes.reaches_out(path),
        "without_end": asks_for_much(room.work / "train.toml"),
    }


MANY_EPOCHS = 50


def asks_for_much(path: Path) -> bool:
    """Whether a configuration asks for a training that no limit of time leaves room for: no fault."""
    try:
        stages = tomllib.loads(path.read_text())["stage"]
        return any(stage.get("epochs", 0) > MANY_EPOCHS for stage in stages)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _content(path: Path) -> dict[str, bytes | None]:
    """All regular files, and the names of whatever else there is, but for folders."""
    paths = sorted(path.rglob("*")) if path.is_dir() and not path.is_symlink() else [path]
    return {
        os.fsencode(p).hex(): p.read_bytes()
        if p.is_file() and not p.is_symlink() and p.stat().st_size < 2**30
        else None
        for p in paths
        if not p.is_dir() or p.is_symlink()
    }


def _resealed(kind: Kind, before: dict[str, bytes | None], path: Path) -> bool:
    """Whether a change wrote a new manifest, which some do on a throw of dice."""
    manifest = path / "manifest.json"
    if not path.is_dir() or not manifest.is_file() or manifest.is_symlink():
        return False
    try:
        files = json.loads(manifest.read_bytes())["files"]
        old = json.loads(before[os.fsencode(manifest).hex()] or b"{}")["files"]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(files != old)


def enter(room: Room) -> None:
    """Make the room the process's world: folders, environment, output."""
    os.chdir(room.work)
    for variable, folder in (("TMPDIR", "temp"), ("XDG_CACHE_HOME", "cache"), ("HOME", "home")):
        os.environ[variable] = str(room.root / folder)
    os.environ["SNNC_ENGINES"] = str(room.root / "cache" / "engines")
    os.environ[MARKER] = str(room.marker)
    os.environ.update(COLUMNS="200", NO_COLOR="1", PYTHONDONTWRITEBYTECODE="1")
    sys.dont_write_bytecode = True
    tempfile.tempdir = None
    for number, name in ((1, "stdout"), (2, "stderr")):
        descriptor = os.open(room.root / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
        os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)


def limit(memory: int) -> None:
    """Bound what the process may map on top of what it has, and forbid core files."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    total = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (total, total))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def be_on_a_small_machine(folder: Path, memory: int) -> None:
    """What reads files goes by a share of the machine (``snnc.files``): let it be of one size.

    The limit on what is mapped, which would be taken for the machine's, counts what the server has as
    well, and the server grows by some kilobytes a case.
    """
    folder.mkdir()
    (folder / "memory.max").write_text(str(memory))
    (folder / "own").write_text("0::/")
    files_memory.CGROUPS, files_memory.OWN_CGROUP = folder, folder / "own"


def _resident() -> int:
    """Pages of memory that this process has; a fork begins with fewer than its parent has."""
    return int(Path("/proc/self/statm").read_text().split()[1])


def forget_peak() -> None:
    """Begin anew with the peak of memory: making the file may have taken some."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def die_with_parent() -> None:
    """The kernel ends this process when its parent ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run(plan: Plan, room: Room, templates: Path, memory: int) -> NoReturn:
    """The whole of a case, in a fresh child process; ends it."""
    code = UNMADE
    try:
        os.setsid()
        die_with_parent()
        enter(room)
        limit(memory)  # what makes the file may take no more, either
        be_on_a_small_machine(room.root / "machine", memory)
        about = prepare(plan, room, templates)
        room.about.write_text(json.dumps({**about, "listing": room.listing(), "pages": _resident()}))
        forget_peak()
        code = command(about["command"])
        kind = BY_NAME[plan.kind]
        if code == 0 and kind.lies:
            code = both_simulators(room)
        atexit._run_exitfuncs()
    except BaseException:
        traceback.print_exc()
        code = code if code in (UNMADE, CRASHED_AFTER) else CRASHED_AFTER
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def command(arguments: list[str]) -> int:
    """``snnc ARGUMENTS``, as the installed script runs it; its exit code."""
    (script,) = entry_points(group="console_scripts", name="snnc")
    main = script.load()
    sys.argv = ["snnc", *arguments]
    try:
        main()
    except SystemExit as ending:
        if ending.code is None:
            return 0
        return ending.code if isinstance(ending.code, int) else 1
    return 0


def both_simulators(room: Room) -> int:
    """Whether a bundle that was accepted gives the same on both simulators, and how they disagree."""
    from snnc.bundle.folder import read_bundle
    from snnc.errors import UserError
    from snnc.sim import FAST, REFERENCE, encode, simulate
    from tests.traces import differences

    try:
        program = read_bundle(room.work / "bundle")[0].program
        frames = np.random.default_rng(0).poisson(0.8, (2, 3, *program.input.shape))
        spikes = encode(program, frames)
        ours, theirs = (simulate(program, spikes, simulator=name) for name in (REFERENCE, FAST))
    except UserError:
        return 0  # the command did not look at it, or took other data
    if found := differences(ours, theirs):
        sys.stderr.write(f"the simulators disagree: {found}\n")
        return DISAGREE
    return 0
