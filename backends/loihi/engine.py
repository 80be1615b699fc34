"""Runs a bundle on Lava: one child process, with files in between (``lava_child`` is its side)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.backends.base import Emitted, Progress
from snnc.backends.child import REPORT, run_process
from snnc.backends.engine_messages import no_engine, not_installed
from snnc.backends.payload_files import read_results
from snnc.errors import fail
from snnc.files.writing import PrivateFolder
from snnc.ir import Integers, Kind, Program, Trace, size

from .installed import ENGINES, INSTALL, INTERPRETER, LAVA_VERSION, lava_interpreter, lava_version
from .layout import population_places
from .potentials import hidden_potentials
from .stage import stage
from .target import PAYLOAD_BITS

BOOT = (
    "import pathlib, sys; sys.path.append(sys.argv[1]); "
    "from lava_child.main import main; main(pathlib.Path(sys.argv[2]))"
)


def run(
    engine: str,
    folder: Path,
    emitted: Emitted,
    spikes: Integers,
    *,
    time_limit: float,
    progress: Progress | None = None,
    potentials: bool = False,
    populations: frozenset[str] | None = None,
) -> Trace:
    """Run a bundle from disk; see ``snnc.backends.base.Backend.run``."""
    _check_request(engine, spikes)
    with PrivateFolder("snnc-lava-") as name:
        job = Path(name)
        program, package, stock = stage(folder / Path(emitted.files["program"]).parent, job)
        flat = spikes.reshape(*spikes.shape[:2], -1).astype(np.int32)
        np.save(job / "spikes.npy", flat)
        wanted = program.by_name if populations is None else populations
        kept, unread = hidden_potentials(program, stock) if potentials else ({}, {})
        kept, unread = ({n: x for n, x in found.items() if n in wanted} for found in (kept, unread))
        asked = {
            "engine": engine,
            "package": str(package),
            "probes": list(kept.values()),
            "populations": None if populations is None else sorted(populations),
        }
        (job / "job.json").write_text(json.dumps(asked))
        _run_child(engine, job, len(flat), time_limit, progress)
        return replace(collect(program, job, spikes, kept, populations), unread=unread)


def _check_request(engine: str, spikes: Integers) -> None:
    if engine not in ENGINES:
        raise no_engine("loihi", engine, ENGINES)
    version = lava_version()
    if version != LAVA_VERSION:
        what = f"lava-nc {version} is installed" if version else "Lava is not installed"
        how = f"{INSTALL}\n       or set {INTERPRETER} to a Python that has it"
        needed = f"{what}, engine {engine} needs lava-nc {LAVA_VERSION}"
        raise not_installed(needed, how, lava_interpreter())
    largest = int(np.abs(spikes).max(initial=0))
    if largest >= 2 ** (PAYLOAD_BITS.value - 1):
        raise fail(
            "D520",
            f"input payload {largest} exceeds {2 ** (PAYLOAD_BITS.value - 1) - 1}",
            where="input",
            why=f"a graded spike carries {PAYLOAD_BITS.value} bits, sign included "
            f"({PAYLOAD_BITS.source})",
            help="use smaller event counts",
        )


def _run_child(
    engine: str, job: Path, samples: int, time_limit: float, progress: Progress | None
) -> None:
    run_process(
        [lava_interpreter(), "-c", BOOT, str(Path(__file__).parent), str(job)],
        engine=engine,
        folder=job,
        samples=samples,
        time_limit=time_limit,
        progress=progress,
        faster="allow more time, run fewer samples, or use the engine lava-inprocess",
    )


def collect(
    program: Program,
    job: Path,
    spikes: Integers,
    hidden: dict[str, str],
    populations: frozenset[str] | None = None,
) -> Trace:
    """The child's files as a trace; the input's spikes are what went in.

    ``hidden``: names of the potentials that were recorded, by population; ``populations``: the hidden
    ones that were recorded, None for all.
    """
    samples, steps = spikes.shape[:2]
    trace = Trace(spikes={program.input.name: spikes.astype(np.int32)})
    places = zip(program.populations, population_places(program), strict=True)
    kept: list[tuple[str, NDArray[np.int32]]] = []
    for population, place in places:
        if population.kind is Kind.INPUT:
            continue
        recorded = populations is None or population.name in populations
        if population.kind is Kind.NEURONS and not recorded:
            continue
        values = np.zeros((samples, steps, size(population.shape)), np.int32)
        kept.append((place.port, values))
        whole = trace.potentials if population.kind is Kind.READOUT else trace.spikes
        whole[population.name] = values.reshape(samples, steps, *population.shape)
        if population.name in hidden:
            values = np.zeros_like(values)
            kept.append((hidden[population.name], values))
            trace.potentials[population.name] = values.reshape(samples, steps, *population.shape)
    for number in range(samples):
        sample = read_results(job / f"sample_{number}.npz", "lava", REPORT)
        for port, values in kept:
            values[number] = sample[port]
    return trace
