"""Runs a bundle's hardware on Verilator and on Icarus Verilog, in child processes with a time limit."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from snnc.backends.base import Engine, Progress
from snnc.backends.child import run_process
from snnc.backends.engine_messages import no_engine, not_installed, refuse_payloads
from snnc.backends.payload_files import results_of
from snnc.files import read_bytes
from snnc.files.memory import machine_memory
from snnc.files.writing import PrivateFolder
from snnc.ir import FRAME_LATENCY, Integers, Measured, Program, Target, Trace, size

from . import building
from .emit import FIT, FOLDER, NETWORK, SOURCES, bench
from .fit import ENVIRONMENT, SYNTHESIZED, read_fit, synthesize
from .layout import Layout
from .staging import Asked, stage
from .stimulus import REPORT, Seen, beats, collect, lost, restart_beat
from .target import NAME

VERILATOR, ICARUS, NETLIST = "verilator", "icarus", "netlist"
CURES = {
    VERILATOR: "apt-get install verilator g++ (5.006 or newer)",
    ICARUS: "apt-get install iverilog (11 or newer)",
}
RESULT = "result"


class Do(Protocol):
    """Runs a command in a folder, within the run's time; told how many samples are done."""

    def __call__(self, command: list[str], place: Path, told: Progress | None = None) -> None: ...


@cache
def _version(program: str, question: str) -> str:
    """What a program calls itself, empty where it is not there."""
    if shutil.which(program) is None:
        return ""
    try:
        done = subprocess.run([program, question], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"(?:Verilator|Icarus Verilog version) (\S+)", done.stdout + done.stderr)
    return found.group(1) if found else ""


def engines() -> tuple[Engine, ...]:
    """Verilator, which compiles the hardware, and Icarus, which interprets it: for small networks.

    The third runs what Yosys made of the hardware on Verilator: logic of four inputs, and memories.
    """
    compiled = _version("verilator", "--version") if shutil.which("g++") else ""
    found = {VERILATOR: compiled, ICARUS: _version("iverilog", "-V") if shutil.which("vvp") else ""}
    netlist = Engine.inside(ENVIRONMENT, NETLIST, NAME, potentials=True)
    if netlist.installed and not compiled:
        netlist = replace(netlist, installed=False, how_to_install=CURES[VERILATOR])
    return (
        *(
            Engine(name, version, bool(version), "" if version else CURES[name], potentials=True)
            for name, version in found.items()
        ),
        netlist,
    )


def run(
    engine: str,
    folder: Path,
    spikes: Integers,
    *,
    target: Target,
    asked: Asked,
    time_limit: float,
    progress: Progress | None = None,
    potentials: bool = False,
) -> Trace:
    """Run a bundle from disk; see ``snnc.backends.base.Backend.run``."""
    found = {e.name: e for e in engines()}
    if engine not in found:
        raise no_engine(NAME, engine, found)
    if not found[engine].installed:
        raise not_installed(f"engine {engine} is not installed", found[engine].how_to_install)
    stated = folder / FOLDER / FIT
    megahertz = read_fit(stated).megahertz if stated.is_file() else None
    deadline = time.monotonic() + time_limit
    with PrivateFolder("snnc-fpga-") as name:
        job = Path(name)
        program, layout = stage(folder, job, target, asked)
        if layout.payload_bits > 1:
            refuse_payloads(
                spikes,
                layout.input.low,
                layout.input.high,
                "the stream carries",
                f"a payload of the stream has {layout.payload_bits} bits, sign included",
                f"compile with a larger {NAME}{{input-bits}}, or use smaller counts",
            )

        def do(command: list[str], place: Path, told: Progress | None = None) -> None:
            run_process(
                command,
                engine=engine,
                folder=place,
                samples=len(spikes),
                time_limit=max(0.001, deadline - time.monotonic()),
                progress=told,
            )

        if engine == ICARUS:
            seen = _interpreted(job, layout, spikes, do, progress)
        else:
            version = found[VERILATOR].version
            seen = _compiled(engine, version, job, layout, spikes, do, progress)
    trace = collect(program, layout, spikes, seen, engine, potentials)
    measured = (*_measured(program, seen, engine), *_timed(program, seen, megahertz))
    return Trace(trace.spikes, trace.potentials, measured)


def _compiled(
    engine: str,
    version: str,
    job: Path,
    layout: Layout,
    spikes: Integers,
    do: Do,
    progress: Progress | None,
) -> Seen:
    """On Verilator: the hardware, or what Yosys made of it."""
    sources = [*SOURCES, NETWORK]
    if engine == NETLIST:
        synthesize(job, sources, do)
        sources = [SYNTHESIZED]
    root = building.verilator_root()
    if root is None:
        raise not_installed("Verilator's own C++ files are missing", CURES[VERILATOR])
    built = building.simulator(job, sources, layout.parameters["POTENTIAL"], version, root, do)
    _write_words(job / "stimulus", layout, spikes)
    do([str(built), "stimulus", RESULT], job, progress)
    return _read_words(job / RESULT, layout, spikes, engine)


def _interpreted(
    job: Path, layout: Layout, spikes: Integers, do: Do, progress: Progress | None
) -> Seen:
    """On Icarus Verilog."""
    (job / "bench.sv").write_text(bench(layout), encoding="utf-8")
    given = ["-g2012", "-o", "network.vvp", "-s", "bench", "bench.sv", *SOURCES, NETWORK]
    do(["iverilog", *given], job)
    _write_text(job / "stimulus.txt", layout, spikes)
    do(["vvp", "-n", "network.vvp"], job, progress)
    return _read_text(job / f"{RESULT}.txt", layout, spikes, ICARUS)


def _measured(program: Program, seen: Seen, engine: str) -> Iterator[Measured]:
    """Cycles of steps and frames; exact, and the same on every device."""
    samples, steps = seen.cycles.shape
    source = f"counted by {engine}, {samples} x {steps} steps, input included"
    yield Measured("cycles of a step, mean", float(seen.cycles.mean()), "", source)
    yield Measured("cycles of a step, most", float(seen.cycles.max()), "", source)
    frame = int(program.steps_per_frame)
    frames = steps // frame
    if frame > 1 and frames:
        whole = seen.cycles[:, : frames * frame].reshape(samples, frames, frame).sum(axis=2)
        yield Measured("cycles of a frame, mean", float(whole.mean()), "", source)
        yield Measured("cycles of a frame, most", float(whole.max()), "", source)


def _timed(program: Program, seen: Seen, megahertz: float | None) -> Iterator[Measured]:
    """Seconds of a frame, at the frequency that the placer stated when the bundle was compiled."""
    if megahertz is not None:
        each = float(seen.cycles.mean()) * int(program.steps_per_frame)
        source = f"these cycles at {megahertz:g} MHz, which the bundle's {FIT} states"
        yield Measured("time of a frame, mean", each / megahertz * 1e-6, "s", source, FRAME_LATENCY)


def _counted(layout: Layout) -> int:
    return sum(size(p.shape) for p in layout.order[1:])


def _write_words(path: Path, layout: Layout, spikes: Integers) -> None:
    samples, steps = spikes.shape[:2]
    head = np.array([samples, steps, _counted(layout), restart_beat(layout)], np.uint64)
    steps_of = (np.uint64(len(w)).tobytes() + w.tobytes() for w in beats(layout, spikes))
    path.write_bytes(b"".join((head.tobytes(), *steps_of)))


def _read_words(path: Path, layout: Layout, spikes: Integers, engine: str) -> Seen:
    samples, steps = spikes.shape[:2]
    count = samples * steps * _counted(layout)
    data = _results(path, engine)
    if len(data) < count * 8 + samples * steps * 8:
        raise lost(engine, f"it wrote {len(data)} bytes, too few")
    neurons = np.frombuffer(data, np.int32, count * 2).reshape(samples, steps, -1, 2)
    cycles = np.frombuffer(data, np.int64, samples * steps, count * 8).reshape(samples, steps)
    return Seen(neurons, cycles, np.frombuffer(data, np.uint64, -1, count * 8 + cycles.nbytes))


def _results(path: Path, engine: str) -> bytes:
    return read_bytes(path, results_of(engine, REPORT), most=machine_memory())


def _write_text(path: Path, layout: Layout, spikes: Integers) -> None:
    samples, steps = spikes.shape[:2]
    lines = [f"{samples:x} {steps:x} {restart_beat(layout):x}"]
    for words in beats(layout, spikes):
        lines.append(f"{len(words):x}")
        lines += [f"{int(word) & (2**63 - 1):x} {int(word) >> 63}" for word in words]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _read_text(path: Path, layout: Layout, spikes: Integers, engine: str) -> Seen:
    samples, steps = spikes.shape[:2]
    neurons, cycles, sent = list[int](), list[int](), list[int]()
    for line in _results(path, engine).decode("ascii", "replace").splitlines():
        words = line.split()
        try:
            if words[0] == "m":
                sent.append(int(words[1], 16) << 63 | int(words[2], 16))
            elif words[0] == "c":
                cycles.append(int(words[1]))
            else:
                neurons += [int(words[0]), int(words[1])]
        except (ValueError, IndexError):
            raise lost(engine, f"it wrote {line!r:.60}, which it should not") from None
    if len(neurons) != samples * steps * _counted(layout) * 2 or len(cycles) != samples * steps:
        raise lost(engine, f"it wrote {len(neurons) // 2} values and {len(cycles)} steps, too few")
    return Seen(
        np.array(neurons, np.int32).reshape(samples, steps, -1, 2),
        np.array(cycles, np.int64).reshape(samples, steps),
        np.array(sent, np.uint64),
    )
