"""Builds a bundle's project with GCC for its cores and runs its network in QEMU, in child processes."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.backends.base import Engine, Progress
from snnc.backends.c_code import lay_out, stage
from snnc.backends.engine_messages import no_engine, not_installed, refuse_payloads
from snnc.errors import fail
from snnc.files.writing import PrivateFolder
from snnc.ir import Integers, Program, Target, Trace, size

from .board import Board, Tools
from .building import ENGINE, Job, sizes_of, version_of
from .checks import check_numbers
from .cycles import Mix, mix
from .emit import project_files
from .measured import instructions, measured

COUNTING = "counting.h"
"""How the harness counts instructions and reaches QEMU, on a family's cores."""

HARNESS = files(__package__).joinpath("harness", "verify.c")
LOGGED = 10**6
"""Instructions that are looked at one by one, for the estimate of cycles; so many take a second."""


def engine(tools: Tools) -> Engine:
    """QEMU's model of a family's boards, with GCC."""
    found = [version_of(f"{tools.prefix}{name}") for name in ("gcc", "size")]
    found.insert(0, version_of(tools.qemu))
    version = f"{_number(found[0])}, GCC {_number(found[1])}" if all(found) else ""
    cure = "" if version else f"apt-get install {tools.packages}"
    return Engine(ENGINE, version, bool(version), cure, potentials=True)


def _number(line: str) -> str:
    """The version in a line such as ``QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)``."""
    plain = re.sub(r"\(.*?\)", "", line)
    found = re.search(r"\d+(\.\d+)+", plain)
    return found[0] if found else line


_engine = engine  # the protocol calls an argument of ``run`` engine, too


def run(
    engine: str,
    folder: Path,
    spikes: Integers,
    board: Board,
    target: Target,
    *,
    time_limit: float,
    progress: Progress | None = None,
    potentials: bool = False,
) -> Trace:
    """Run a bundle from disk; see ``snnc.backends.base.Backend.run``."""
    tools = board.tools
    only = _engine(tools)
    if engine != only.name:
        raise no_engine(tools.target, engine, [only.name])
    if not only.installed:
        what = f"engine qemu: {tools.qemu} or {tools.prefix}gcc is not there"
        raise not_installed(what, only.how_to_install)
    with PrivateFolder(f"snnc-{tools.target}-") as name:
        job = Job(Path(name), board, len(spikes), time.monotonic() + time_limit)

        def made(program: Program) -> dict[str, bytes]:
            return project_files(program, board, target)

        program, _ = stage(folder, tools.target, job.folder, check_numbers, made)
        refuse_payloads(
            spikes,
            *lay_out(program, target).payloads,
            "the code takes",
            f"registers are as wide as was proved for {tools.target}{{least=...,counts=...}}",
            f"compile with larger {tools.target}{{counts}} or smaller {{least}}, or use smaller counts",
        )
        (job.folder / HARNESS.name).write_bytes(HARNESS.read_bytes())
        (job.folder / COUNTING).write_bytes(tools.files.joinpath(COUNTING).read_bytes())
        job.link("network.elf", board.sources)
        sizes = sizes_of(job.folder, tools)
        job.link("verify.elf", ("network.c", HARNESS.name, *board.startup))
        _write_input(job.folder / "input", spikes, potentials)
        job.run(_machine(board), progress)
        found: NDArray[np.int32] = np.fromfile(job.folder / "output", np.int32)
        trace, ticks = _collect(program, found, spikes, potentials)
        counted = instructions(ticks, board)
        seen = _mix(job, spikes, counted)
    return replace(trace, measured=tuple(measured(counted, program, board, sizes, seen)))


def _mix(job: Job, spikes: Integers, counted: Integers) -> Mix | None:
    """What was executed in the first steps of the first sample; None where no manual states cycles.

    Args:
        job: whose program is built.
        spikes: the input.
        counted: instructions of every step, (samples, steps).
    """
    steps = int(np.count_nonzero(np.cumsum(counted[0]) <= LOGGED)) if len(counted) else 0
    if not job.board.cycles or not steps:
        return None
    _write_input(job.folder / "input", spikes[:1, :steps], False)
    job.run([*_machine(job.board), "-d", "exec,nochain,in_asm", "-D", "log"])
    with (job.folder / "log").open(encoding="utf-8", errors="replace") as lines:
        return mix(lines, job.board.core)


def _machine(board: Board) -> list[str]:
    """QEMU, whose clock is the number of instructions."""
    semihosting = ["-semihosting-config", "enable=on,target=native,chardev=said"]
    semihosting += ["-chardev", "stdio,id=said"]
    quiet = ["-display", "none", "-monitor", "none", "-serial", "none"]
    count = ["-icount", f"shift={board.shift},align=off,sleep=off"]
    return [board.tools.qemu, *board.machine, *quiet, *semihosting, *count, "-kernel", "verify.elf"]


def _write_input(path: Path, spikes: Integers, potentials: bool) -> None:
    """Events of every step, as ``verify.c`` reads them."""
    samples, steps = spikes.shape[:2]
    flat = spikes.reshape(samples * steps, -1)
    parts = [np.array([samples, steps, potentials], np.int32)]
    for row in flat:
        (elements,) = np.nonzero(row)
        events = np.stack([elements, row[elements]], axis=1).astype(np.int32)
        parts += [np.array([len(elements)], np.int32), events.ravel()]
    path.write_bytes(b"".join(part.tobytes() for part in parts))


def _collect(
    program: Program, found: NDArray[np.int32], spikes: Integers, hidden: bool
) -> tuple[Trace, Integers]:
    """The harness's numbers as a trace, and its ticks; the input's spikes are what went in."""
    samples, steps = spikes.shape[:2]
    trace = Trace()
    heard = [p for p in program.populations if p.neuron is not None and p is not program.readout]
    kept = [trace.spikes, trace.potentials] if hidden else [trace.spikes]
    order = [(p, into) for p in heard for into in kept]
    order.append((program.readout, trace.potentials))
    counts = [int(size(p.shape)) for p, _ in order]
    wanted = samples * steps * (sum(counts) + 1)
    if found.size != wanted:
        what = f"engine {ENGINE} wrote {found.size} numbers, not {wanted}"
        raise fail("D608", what, where=ENGINE, help="please report this with the bundle")
    numbers = found.reshape(samples, steps, sum(counts) + 1)
    *parts, ticks = np.split(numbers, np.cumsum(counts), axis=2)
    trace.spikes[program.input.name] = spikes.astype(np.int32)
    for (p, into), part in zip(order, parts, strict=True):
        into[p.name] = np.ascontiguousarray(part).reshape(samples, steps, *p.shape)
    return trace, ticks[:, :, 0].astype(np.int64)
