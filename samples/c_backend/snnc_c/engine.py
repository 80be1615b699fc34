"""Compiles a bundle's C code and runs it on this computer, in child processes with a time limit."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.backends import Engine, Environment, Progress
from snnc.backends.c_code import stage
from snnc.backends.child import run_process
from snnc.backends.engine_messages import no_engine, not_installed
from snnc.errors import fail
from snnc.ir import Integers, Measured, Program, Target, Trace, size

from .checks import check_numbers
from .emit import FOLDER, payload_files
from .target import NAME

CC, FLAGS = "CC", "CFLAGS"
"""Environment variables, as make has them: the compiler, and more options for it."""

STRICT = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror")
HOST, ZIG = "cc", "zig"
ZIG_ENVIRONMENT = Environment("c-zig", (("ziglang==0.13.0.post1",),), "import ziglang", "ziglang")
LARGEST = 2**31 - 1


def compiler() -> list[str]:
    """The command that compiles C here."""
    return shlex.split(os.environ.get(CC, "cc")) or ["cc"]


@cache
def _version(command: tuple[str, ...]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.splitlines()[0].strip() if done.returncode == 0 and done.stdout else ""


def engines() -> tuple[Engine, ...]:
    """The computer's own compiler, and one that pip can install where there is none."""
    version = _version(tuple(compiler()))
    cure = f"apt-get install gcc, or set {CC} to a C compiler, or use the engine {ZIG}"
    host = Engine(HOST, version, bool(version), "" if version else cure, potentials=True)
    return (host, Engine.inside(ZIG_ENVIRONMENT, ZIG, NAME, potentials=True))


def _command(engine: str) -> list[str]:
    """How an engine compiles.

    Raises:
        UserError: D604 there is no such engine, D601 it is not installed.
    """
    found = {e.name: e for e in engines()}
    if engine not in found:
        raise no_engine(NAME, engine, found)
    if not found[engine].installed:
        what = f"engine {engine}: no C compiler is there"
        raise not_installed(what, found[engine].how_to_install)
    if engine == HOST:
        return compiler()
    # What zig makes goes into the job's folder: in a common one, two that compile at once collide.
    variable = "ZIG_LOCAL_CACHE_DIR=zig-cache"
    return ["env", variable, str(ZIG_ENVIRONMENT.interpreter), "-m", "ziglang", "cc"]


def run(
    engine: str,
    folder: Path,
    spikes: Integers,
    target: Target,
    *,
    time_limit: float,
    progress: Progress | None = None,
    potentials: bool = False,
) -> Trace:
    """Run a bundle from disk; see ``snnc.backends.base.Backend.run``."""
    command = _command(engine)
    largest = int(np.abs(spikes).max(initial=0))
    if largest > LARGEST:
        what = f"input payload {largest} exceeds {LARGEST}"
        raise fail("D520", what, where="input", why="the input is int32_t", help="use smaller counts")
    deadline = time.monotonic() + time_limit
    samples, steps = spikes.shape[:2]
    with tempfile.TemporaryDirectory(prefix="snnc-c-") as name:
        job = Path(name)
        program, files = stage(
            folder, FOLDER, job, check_numbers, lambda made_of: payload_files(made_of, target)
        )
        sources = [name for name in files if name.endswith(".c")]
        whole = spikes.reshape(samples, -1).astype(np.int32)
        (job / "input").write_bytes(np.array([samples, steps], np.int32).tobytes() + whole.tobytes())
        flags = shlex.split(os.environ.get(FLAGS, ""))
        asked = ["potentials"] if potentials else []
        for words, done in (
            ([*command, *STRICT, *flags, "-o", "network", *sources], None),
            (["./network", "input", "output", *asked], progress),
        ):
            run_process(
                words,
                engine=engine,
                folder=job,
                samples=samples,
                time_limit=max(0.001, deadline - time.monotonic()),
                progress=done,
            )
        found: NDArray[np.int32] = np.fromfile(job / "output", np.int32)
        return _collect(program, found, spikes, engine, potentials)


def _collect(
    program: Program, found: NDArray[np.int32], spikes: Integers, engine: str, hidden: bool
) -> Trace:
    """The program's numbers as a trace; the input's spikes are what went in."""
    samples, steps = spikes.shape[:2]
    source = f"{engine} on this computer, mean of {samples * steps} steps"
    seconds = float(found[-1]) * 1e-6 / max(1, samples * steps) if found.size else 0.0
    trace = Trace(measured=(Measured("time of a step", seconds, "s", source),))
    trace.spikes[program.input.name] = spikes.astype(np.int32)
    heard = [p for p in program.populations if p.neuron is not None and p is not program.readout]
    kept = [trace.spikes, trace.potentials] if hidden else [trace.spikes]
    # In the order in which main.c writes them.
    order = [(p, into) for p in heard for into in kept]
    order.append((program.readout, trace.potentials))
    counts = [size(p.shape) for p, _ in order]
    wanted = samples * steps * sum(counts) + 1
    if found.size != wanted:
        what = f"engine {engine} wrote {found.size} numbers, not {wanted}"
        raise fail("D608", what, where=engine, help="please report this with the bundle")
    numbers = found[:-1].reshape(samples, steps, sum(counts))
    parts = np.split(numbers, np.cumsum(counts)[:-1], axis=2)
    for (p, into), part in zip(order, parts, strict=True):
        into[p.name] = np.ascontiguousarray(part).reshape(samples, steps, *p.shape)
    return trace
