"""A process that has imported everything and forks one child a case; limits on time and memory."""

from __future__ import annotations

import ctypes
import functools
import gc
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer.main

from . import case
from .plan import Plan

MEGABYTE = 2**20
SHOWN = 20_000
"""Characters of output that are kept."""


@dataclass(frozen=True)
class Limits:
    """What a case may take.

    Attributes:
        seconds: of wall time.
        patience: a case that takes more is tried once again with so many times as much: other processes
            of the machine may have slowed it down.
        room: megabytes that it can map, on top of what the server has: its machine, so to say. What
            reads files goes by it (``snnc.files``).
    """

    seconds: float = 20.0
    patience: float = 4.0
    room: int = 2048

    @property
    def memory(self) -> int:
        """Megabytes that it may take: a file may fill a quarter, which is held up to three times."""
        return self.room * 3 // 4


@dataclass(frozen=True)
class Ran:
    """What one case did.

    Attributes:
        code: exit code; negative: the signal that ended it.
        seconds: of wall time.
        hang: whether it was ended.
        memory: megabytes at the most, on top of what the server has.
        executed: whether code of a file was executed.
        left: what is in its folders that was not there before, or is another file.
        processes: how many of its children were still there.
        about: what :func:`tests.fuzz.case.prepare` says.
    """

    code: int
    seconds: float
    hang: bool
    memory: int
    executed: bool
    left: tuple[str, ...]
    processes: int
    out: str
    err: str
    about: dict[str, Any] = field(default_factory=dict)


class Server:
    """Forks cases. Nothing in it may have started a thread.

    Args:
        templates: the folder that :func:`tests.fuzz.templates.build` filled, or fills here.
        limits: of each case.
    """

    def __init__(self, templates: Path, limits: Limits) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        self.templates, self.limits = templates, limits
        _load()
        if not templates.exists():
            self._in_child(self._build)
        _warm(templates)
        # A process that outlives its parent comes to us, and is counted.
        ctypes.CDLL(None).prctl(36, 1)
        gc.collect()
        gc.freeze()
        assert len(list(Path("/proc/self/task").iterdir())) == 1

    def _build(self) -> None:
        from .templates import build

        self.templates.mkdir(parents=True)
        build(self.templates)

    def _in_child(self, work: Any) -> None:
        """Run something whose threads and memory are not wanted here."""
        pid = os.fork()
        if not pid:
            try:
                work()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError("the templates could not be made")

    def run(self, plan: Plan, keep: Path | None = None) -> Ran:
        """Run one case; once again, with more time, where it took too long.

        Args:
            plan: the case.
            keep: a folder that gets the damaged files and what was printed.
        """
        ran = self._once(plan, self.limits.seconds, keep)
        if ran.hang and not ran.about.get("without_end"):
            ran = self._once(plan, self.limits.seconds * self.limits.patience, keep)
        return ran

    def _once(self, plan: Plan, seconds: float, keep: Path | None) -> Ran:
        root = Path(tempfile.mkdtemp(prefix="snnc-fuzz-"))
        try:
            room = case.make_room(root, self.templates)
            begun = time.monotonic()
            pid = os.fork()
            if not pid:
                case.run(plan, room, self.templates, self.limits.room * MEGABYTE)
            status, usage, hang = _wait(pid, seconds)
            taken = time.monotonic() - begun
            others = _reap()
            ran = self._judged(room, status, usage, hang, taken, others)
            if keep is not None:
                _keep(room, keep, ran)
            return ran
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def _judged(
        self, room: case.Room, status: int, usage: Any, hang: bool, seconds: float, others: int
    ) -> Ran:
        about: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            about = json.loads(room.about.read_text())
        before, after = about.pop("listing", {}), room.listing()
        own = about.pop("pages", 0) * resource.getpagesize() // 1024
        changed = [name for name, what in after.items() if before.get(name) != what]
        left = tuple(
            os.path.relpath(name, room.root) for name in [*changed, *sorted(before.keys() - after)]
        )
        code = os.waitstatus_to_exitcode(status)
        memory = max(0, usage.ru_maxrss - own) // 1024
        out, err = (_read(room.root / name) for name in ("stdout", "stderr"))
        return Ran(code, seconds, hang, memory, room.marker.exists(), left, others, out, err, about)


def _read(path: Path) -> str:
    try:
        return path.read_bytes()[-SHOWN:].decode("utf-8", "replace")
    except OSError:
        return ""


def _wait(pid: int, seconds: float) -> tuple[int, Any, bool]:
    """Wait for a child; end it and its group when its time is over."""
    descriptor = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([descriptor], [], [], seconds)
        if not ready:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        return status, usage, not ready
    finally:
        os.close(descriptor)


def _reap() -> int:
    """End what a case has left running; how many processes."""
    found = 0
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    for text in children.read_text().split():
        running = os.waitpid(int(text), os.WNOHANG)[0] == 0
        if running:
            time.sleep(0.2)  # one that is just ending is none
            running = os.waitpid(int(text), os.WNOHANG)[0] == 0
        if running:
            found += 1
            os.kill(int(text), signal.SIGKILL)
            os.waitpid(int(text), 0)
    return found


def _keep(room: case.Room, keep: Path, ran: Ran) -> None:
    shutil.rmtree(keep, ignore_errors=True)
    keep.mkdir(parents=True)
    for name in ("stdout", "stderr"):
        (keep / name).write_text(ran.out if name == "stdout" else ran.err)
    shutil.copytree(room.work, keep / "work", symlinks=True, ignore=_only_small)


def _only_small(folder: str, names: list[str]) -> set[str]:
    """Pipes and large files are not kept."""
    paths = {name: Path(folder) / name for name in names}
    return {
        name
        for name, path in paths.items()
        if not path.is_symlink()
        and not path.is_dir()
        and not (path.is_file() and path.stat().st_size < 2**26)
    }


def _load() -> None:
    """Import what commands import, so that a fork has it."""
    import h5py  # noqa: F401
    import nir  # noqa: F401
    import scipy.sparse  # noqa: F401
    import torch

    from snnc.backends import registered_backends
    from snnc.passes import registered

    torch.set_num_threads(1)
    # What it prepares at its first call takes seconds.
    torch.export.export(torch.nn.Sequential(torch.nn.Linear(1, 1)).eval(), (torch.zeros(1, 1),))
    registered_backends()
    registered()
    sys.stdout.flush()


WARMING = (
    ("inspect", "archive-dense/model.pt"),
    ("inspect", "nir-lif/model.nir", "--dt", "0.1"),
    ("inspect", "nir-lif/nothing.nir"),
    *(
        ("inspect", f"bundle-{name}/bundle")
        for name in ("akida", "loihi", "loihi1", "nir", "sanafe", "xylo")
    ),
    *(
        ("run", f"bundle-{name}/bundle", "--data", "data/data.npz", "--operations")
        for name in ("reference", "nir")
    ),
    ("verify", "bundle-reference/bundle", "--data", "data/data.npz"),
)


def _warm(templates: Path) -> None:
    """Run some commands, so that whatever they import or prepare once is there in every fork."""
    # Parameters of all commands are worked out anew at each start, a third of a short command.
    typer.main.get_command = functools.cache(typer.main.get_command)
    before, argv, output = Path.cwd(), sys.argv, [os.dup(1), os.dup(2)]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.chdir(templates)
        sys.stdout.flush()
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        for arguments in WARMING:
            case.command(list(arguments))
    finally:
        os.chdir(before)
        sys.argv = argv
        for number, descriptor in enumerate(output, 1):
            os.dup2(descriptor, number)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
