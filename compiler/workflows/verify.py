"""From a bundle to evidence: run it on its target's engine, on a simulator of ours, and compare."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends import Backend, Emitted, Engine, called, find_backend
from snnc.bounds import SAMPLES, TIME_LIMIT
from snnc.bundle.data import Data, check_counts, check_shape, read_data
from snnc.bundle.folder import Bundle, checked_files, read_bundle
from snnc.cost.ann_operations import read_ann
from snnc.cost.energy import Cost, cost
from snnc.errors import Diagnostic, Severity, UserError, blamed, counted, fail
from snnc.files import Budget, Kind, open_zip, read_bytes, resolved, share_of_memory
from snnc.files.enclosing import refuse_inside_bundle
from snnc.files.writing import write_file
from snnc.ir import Integers, Measured, Trace, pack_arrays
from snnc.progress import Report, quiet
from snnc.sim import FAST, REFERENCE, check_simulator, simulator_for, tally
from snnc.verify import Comparison, PopulationResult

from .claimed import beyond_proof
from .comparing import Runs, check_potentials, compare_runs
from .data_warnings import beyond_calibration, outside_classes

RESULTS = Kind("D119", "the output exists and cannot be read")

RANDOM_SEED = 0
RANDOM_FRAMES = 8
RANDOM_DENSITY = 0.05
DRAWN_BYTES = 24
"""A count that is drawn: a random number, its place in the histogram, and the count."""


DEFAULT_SAMPLES = 20


def random_data(bundle: Bundle, samples: int) -> Data:
    """Counts drawn independently from the calibration's histogram, with a fixed seed.

    Without calibration data, one event with probability 0.05.

    Raises:
        UserError: D154 they would take too much memory.
    """
    entry = bundle.manifest["calibration"]
    counts = np.array(entry.get("counts", [[0, 1 - RANDOM_DENSITY], [1, RANDOM_DENSITY]]))
    frames = entry.get("frames", RANDOM_FRAMES)
    shape = (samples, frames, *bundle.program.input.shape)
    needed = DRAWN_BYTES * math.prod(shape)
    if needed > share_of_memory():
        raise fail(
            "D154",
            f"random input of {samples} samples with {counted(frames, 'frame')} each takes {needed} "
            f"bytes, the limit is {share_of_memory()}",
            where="--samples",
            why="frames are as many as in the calibration data; a quarter of the memory may be used",
            help="use fewer --samples, or give --data FILE.npz",
        )
    generator = np.random.default_rng(RANDOM_SEED)
    weights = counts[:, 1] / counts[:, 1].sum()
    return Data(generator.choice(counts[:, 0].astype(np.int64), size=shape, p=weights), None)


def load_input(bundle: Bundle, data: Path | None, samples: int | None) -> Data:
    """The first samples of a data file that fits the bundle (None: all), or random ones.

    Raises:
        UserError: the file cannot be used.
    """
    SAMPLES.check(samples, "--samples", "D510")
    if data is None:
        return random_data(bundle, DEFAULT_SAMPLES if samples is None else samples)
    read = read_data(data)
    check_shape(read, bundle.program.input.shape, str(data))
    target = find_backend(str(bundle.manifest["target"]), where=str(bundle.folder)).target
    check_counts(read, bundle.program, target, str(data))
    return read if samples is None else read.first(samples)


@dataclass(frozen=True)
class Verified:
    """What ``verify`` found."""

    bundle: Bundle
    engine: Engine
    simulator: str
    data: Data
    random: bool
    comparison: Comparison
    payload_differences: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]
    measured: tuple[Measured, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``verify --json``."""
        return {
            "engine": self.engine.name,
            "engine_version": self.engine.version,
            "simulator": self.simulator,
            "input": "random" if self.random else "data",
            **self.comparison.as_json(),
            "payload_differences": list(self.payload_differences),
            "measured": [asdict(each) for each in self.measured],
            "warnings": [warning.as_json() for warning in self.warnings],
        }


def verify_bundle(
    folder: Path,
    *,
    data: Path | None = None,
    samples: int = DEFAULT_SAMPLES,
    engine: str | None = None,
    allow_altered: bool = False,
    time_limit: float = 600.0,
    simulator: str | None = None,
    potentials: bool = False,
    report: Report = quiet,
) -> Verified:
    """Run a bundle from disk on its target's engine and on a simulator of ours, and compare.

    The simulator runs the bundle's ``program.json`` and ``weights.npz``, what the compiler gave; the
    engine runs the target's payload, what is deployed.

    Args:
        folder: the bundle.
        data: data file; random input at the calibrated density where None.
        samples: the first so many samples.
        engine: one of the target's engines; the first where None.
        allow_altered: go on when files differ from the manifest.
        time_limit: seconds that the engine may take.
        simulator: ``fast`` or ``reference``; where None the fast one, but the plain one for an engine
            that is the fast one itself.
        potentials: also compare the potentials of hidden populations, where the engine can show them.
        report: progress.

    Raises:
        UserError: the bundle, the data, the simulator or the engine cannot be used.
    """
    check_time_limit(time_limit)
    bundle, warnings = read_bundle(folder, allow_altered=allow_altered)
    backend = find_backend(str(bundle.manifest["target"]), where=str(folder))
    with checked_files(bundle) as files:
        different = payload_differences(backend, bundle, files, allow_altered)
        chosen = choose_engine(backend, engine)
        if potentials:
            check_potentials(backend, chosen)
        if simulator is None:
            simulator = REFERENCE if chosen.name == FAST else FAST
        check_simulator(simulator)
        simulator = simulator_for(bundle.program, simulator)
        given = load_input(bundle, data, samples)
        warnings += [*beyond_calibration(bundle, given), *outside_classes(bundle, given)]
        warnings += beyond_proof(bundle, given.x, backend.target)
        runs = Runs(
            backend,
            chosen,
            files,
            payload(bundle),
            simulator,
            potentials,
            time_limit,
            altered=bool(different),
        )
        comparison, measured, more = compare_runs(bundle.program, given, runs, report)
    warnings += more
    warnings += about_comparison(comparison, chosen)
    return Verified(
        bundle,
        chosen,
        simulator,
        given,
        data is None,
        comparison,
        tuple(different),
        tuple(warnings),
        measured,
    )


def on_engine(
    backend: Backend,
    engine: Engine,
    bundle: Bundle,
    files: Path,
    spikes: Integers,
    time_limit: float,
    report: Report,
) -> Trace:
    """Run the payload on its engine.

    Args:
        backend, engine: the bundle's target's.
        bundle: it was read.
        files: what was checked of it (:func:`checked_files`).
        spikes: (samples, steps, \\*input shape).
        time_limit: seconds.
        report: progress.

    Raises:
        UserError: the engine cannot be used, failed, or ran out of time.
    """
    report(engine.name, 0, len(spikes))
    with blamed(called(backend), f"running the engine {engine.name}"):
        return backend.run(
            engine.name,
            files,
            payload(bundle),
            spikes,
            time_limit=time_limit,
            progress=lambda n: report(engine.name, n, len(spikes)),
        )


def check_time_limit(seconds: float) -> None:
    """Make sure that it is a time that passes.

    Raises:
        UserError: D305.
    """
    TIME_LIMIT.check(seconds, "--time-limit")


def payload(bundle: Bundle) -> Emitted:
    """What the manifest says the payload consists of."""
    return Emitted(dict(bundle.manifest["payload"]))


def payload_differences(
    backend: Backend, bundle: Bundle, files: Path, allow_altered: bool
) -> list[str]:
    """What the payload has otherwise than the program; refused unless the user goes on.

    Args:
        backend: the bundle's target.
        bundle: it was read.
        files: what was checked of it (:func:`checked_files`).
        allow_altered: whether the user does.

    Raises:
        UserError: D114 the payload cannot be read, D120 it is not what was compiled.
    """
    where = str(bundle.folder)
    try:
        different = backend.differences(bundle.program, files, payload(bundle))
    except UserError:  # which says what is wrong where
        raise
    except Exception as problem:  # whatever a damaged file makes a parser raise
        raise fail(
            "D114",
            f"its payload cannot be read: {type(problem).__name__}: {problem}",
            where=where,
            help="compile again",
        ) from problem
    if different and not allow_altered:
        raise fail(
            "D120",
            f"what would be deployed is not what was compiled: {different[0]}",
            where=where,
            why=f"{len(different)} arrays or structures of the payload differ from the program",
            help="compile again, or go on at your own risk with --allow-altered",
        )
    return different


def about_comparison(comparison: Comparison, engine: Engine) -> list[Diagnostic]:
    """Warnings on what a comparison shows: N726 an engine that cannot be equal, N711 silence."""
    expected = bool(comparison.mismatches and engine.if_different)
    silent = [_silent(row.population) for row in comparison.populations if _is_silent(row)]
    return [*([_expected_difference(engine)] if expected else []), *silent]


def _is_silent(row: PopulationResult) -> bool:
    return row.quantity == "spikes" and not row.spikes


def _expected_difference(engine: Engine) -> Diagnostic:
    return Diagnostic(
        "N726",
        f"the engine {engine.name} does not follow all of this bundle",
        "--engine",
        help=engine.if_different,
        severity=Severity.WARNING,
    )


def _silent(population: str) -> Diagnostic:
    return Diagnostic(
        "N711",
        "not one spike: nothing was compared but silence",
        population,
        help="verify with other or more --data",
        severity=Severity.WARNING,
    )


def choose_engine(backend: Backend, name: str | None) -> Engine:
    """One of the target's engines, the first where none is named.

    Raises:
        UserError: D610 there is no such engine, D611 it is not installed.
    """
    engines = {engine.name: engine for engine in backend.engines()}
    if name is None:
        chosen = next(iter(engines.values()))
    elif name in engines:
        chosen = engines[name]
    else:
        raise fail(
            "D610",
            f"target {backend.name} has no engine {name!r}",
            where="--engine",
            help=f"use one of {', '.join(engines)}",
        )
    if not chosen.installed:
        raise fail(
            "D611",
            f"engine {chosen.name} is not installed",
            where="--engine" if name else "",
            help=chosen.how_to_install,
        )
    return chosen


@dataclass(frozen=True)
class Ran:
    """What ``run`` gave: the readout's potential after each frame, and how much fired.

    ``spike_counts`` sums payloads, ``events`` counts spikes; both over all samples.
    """

    bundle: Bundle
    data: Data
    potential: NDArray[np.int32]
    spike_counts: dict[str, NDArray[np.int64]]
    events: dict[str, NDArray[np.int64]]
    warnings: tuple[Diagnostic, ...]

    @property
    def prediction(self) -> NDArray[np.int64]:
        """The largest readout after each frame: (samples, frames)."""
        flat = self.potential.reshape(*self.potential.shape[:2], -1)
        return np.asarray(flat.argmax(axis=-1))

    @property
    def accuracy(self) -> NDArray[np.float64] | None:
        """Fraction of right answers after each frame, where there are labels."""
        if self.data.y is None:
            return None
        return np.asarray((self.prediction == self.data.y[:, None]).mean(axis=0))


def run_bundle(
    folder: Path,
    data: Path,
    *,
    samples: int | None = None,
    allow_altered: bool = False,
    simulator: str = FAST,
    report: Report = quiet,
) -> Ran:
    """Run a bundle's program on a simulator of ours.

    Args:
        folder: the bundle.
        data: data file.
        samples: the first so many samples; all where None.
        allow_altered: go on when files differ from the manifest.
        simulator: ``fast`` or ``reference``, which give the same.
        report: progress.

    Raises:
        UserError: the bundle, the data or the simulator cannot be used.
    """
    check_simulator(simulator)
    bundle, warnings = read_bundle(folder, allow_altered=allow_altered)
    backend = find_backend(str(bundle.manifest["target"]), where=str(folder))
    with checked_files(bundle) as files:
        payload_differences(backend, bundle, files, allow_altered)
    read = load_input(bundle, data, samples)
    warnings += [*beyond_calibration(bundle, read), *outside_classes(bundle, read)]
    warnings += beyond_proof(bundle, read.x, backend.target)
    total = len(read.x)
    found = tally(
        bundle.program, read.x, simulator=simulator, progress=lambda n: report("run", n, total)
    )
    return Ran(bundle, read, found.potential, found.spikes, found.events, tuple(warnings))


def cost_of(ran: Ran) -> Cost:
    """Operations and estimated energy of a run, beside those of the ANN (``docs/energy.md``)."""
    manifest = ran.bundle.manifest
    ann = None if manifest["ann"] is None else read_ann(manifest["ann"])
    return cost(ran.bundle.program, ann, ran.data.x, ran.events)


def refuse_results(output: Path, bundle: Path, data: Path) -> None:
    """Refuse to write results over anything but earlier results, before any work is done.

    Raises:
        UserError: the output lies in the bundle, is the data file, or is some other file.
    """
    refuse_inside_bundle(output)
    if resolved(output) == resolved(bundle):
        what = "the output is the bundle"
    elif resolved(output) == resolved(data):
        what = "the output is the data file"
    elif output.exists() and not _is_results(output):
        what = "the output exists and holds no earlier answers; it will not be overwritten"
    elif not resolved(output).parent.is_dir():
        folder = str(output.parent)
        raise fail("D112", f"cannot write: no folder {folder}", where=str(output), help="make it")
    else:
        return
    raise fail("D119", what, where=str(output), help="choose another file with -o")


def _is_results(path: Path) -> bool:
    """By its names alone; it may be any file, or a device without end."""
    try:
        archive = open_zip(read_bytes(path, RESULTS), str(path), RESULTS, Budget(str(path)))
    except UserError:
        return False
    return {"potential.npy", "prediction.npy"} <= set(archive.names)


def write_results(ran: Ran, output: Path) -> None:
    """Write what ``run`` gave as ``.npz``.

    ``potential`` (samples, frames, \\*readout shape) int32, ``prediction`` (samples, frames) int64,
    and the number of spikes of each neuron over all samples as ``spikes.NAME`` (\\*shape) int64.

    Raises:
        UserError: the file cannot be written.
    """
    arrays = {f"spikes.{name}": counts for name, counts in ran.spike_counts.items()}
    content = pack_arrays({"potential": ran.potential, "prediction": ran.prediction, **arrays})
    write_file(output, content)
