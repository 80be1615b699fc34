"""From a model file to a bundle, and from a bundle to evidence: the only file that knows every part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends import Backend, Emitted, Engine, find_backend
from snnc.passes import Context, Fact, Pass, Pipeline, registered

from .bundle import Bundle, digest, read_bundle, refuse_output, seal, staged
from .data import Data, check_counts, check_shape, read_data
from .errors import Diagnostic, UserError, fail
from .frontend import Model, load_model
from .ir import Encoding, Graph, Integers, Program, pack_arrays, write_program
from .lowering import lower
from .sim import answers, encode, simulate
from .verify import Comparison, compare

Report = Callable[[str, int, int], None]
"""Progress: what is being done, how much of it is done, out of how much."""

LOWERABLE = frozenset(
    {
        Fact.SINGLE_OPS,
        Fact.DELAYS_MATCHED,
        Fact.INPUT_ENCODED,
        Fact.UNIT_THRESHOLDS,
        Fact.QUANTIZED,
    }
)
"""What must hold of a graph before it can become a program."""

RANDOM_SEED = 0
RANDOM_FRAMES = 8
RANDOM_DENSITY = 0.05


@dataclass(frozen=True)
class Compiled:
    """What a compile gave."""

    folder: Path
    manifest: dict[str, Any]
    program: Program
    notes: tuple[Diagnostic, ...]


def _quiet(what: str, done: int, total: int) -> None:
    pass


def build_pipeline(
    backend: Backend,
    passes: str | None = None,
    changes: Iterable[str] = (),
    steps_per_frame: int | None = None,
    weight_bits: int | None = None,
) -> Pipeline:
    """The target's pipeline, or the user's, with the command line's options put in.

    ``changes`` are texts ``name{option=value,...}`` that change options of passes in it.

    Raises:
        UserError: unknown passes or options, an order that cannot work.
    """
    pipeline = Pipeline.parse(backend.pipeline() if passes is None else passes)
    for change in changes:
        pipeline = pipeline.with_text(change)
    if steps_per_frame is not None:
        pipeline = pipeline.with_option("match-delays", steps_per_frame=steps_per_frame)
    if weight_bits is not None:
        pipeline = pipeline.with_option("quantize-weights", bits=weight_bits)
    lacking = LOWERABLE - pipeline.check_order({Fact.SHAPED})
    if lacking:
        makers = [n for n, k in registered().items() if k.establishes & lacking]
        raise fail(
            "D313",
            "the passes end before the network can run",
            where="--passes",
            why="nothing makes sure that " + "; that ".join(sorted(f.value for f in lacking)),
            help=f"add {', '.join(makers)}; the target's own passes are {backend.pipeline()}",
        )
    return pipeline


def _calibration(model: Model, path: Path | None) -> tuple[NDArray[np.int64] | None, str]:
    """Calibration counts and where they are from: a file, the archive, or nothing."""
    shape = model.graph.input.shape
    if path is not None:
        data = read_data(path)
        check_shape(data, shape, str(path))
        return data.x, "file"
    if model.calibration is not None:
        counts = np.asarray(model.calibration, dtype=np.int64)
        check_shape(Data(counts, None), shape, "the archive's calibration data")
        return counts, "archive"
    return None, "none"


def compile_model(
    model_path: Path,
    target: str,
    output: Path,
    *,
    calibration: Path | None = None,
    steps_per_frame: int | None = None,
    weight_bits: int | None = None,
    passes: str | None = None,
    changes: Iterable[str] = (),
    after_pass: Callable[[Pass, Graph], None] | None = None,
    report: Report = _quiet,
) -> Compiled:
    """Compile a model file to a bundle in ``output``.

    Args:
        model_path: a ``torch.export`` archive of one step.
        target: a name that ``snnc targets`` lists.
        output: the bundle's folder; replaced when it is a bundle already.
        calibration: data file; the archive's own calibration data where None.
        steps_per_frame, weight_bits: options of match-delays and quantize-weights.
        passes: pipeline text; the target's own where None.
        changes: texts ``name{option=value,...}`` that change options in it.
        after_pass: called after each pass.
        report: progress.

    Raises:
        UserError: anything about the input that cannot work; nothing was written.
    """
    backend = find_backend(target)
    pipeline = build_pipeline(backend, passes, changes, steps_per_frame, weight_bits)
    refuse_output(output)
    stages = len(pipeline.passes) + 3
    report("load", 0, stages)
    model = load_model(model_path)
    counts, origin = _calibration(model, calibration)
    context = Context(backend.target, counts)
    done = 1

    def step(a_pass: Pass, graph: Graph) -> None:
        nonlocal done
        report(a_pass.name, done, stages)
        done += 1
        if after_pass is not None:
            after_pass(a_pass, graph)

    graph = pipeline.run(model.graph, context, step)
    program = lower(graph, backend.target)
    if counts is not None:
        where = str(calibration) if calibration else "the archive's calibration data"
        encoding = program.input.encoding
        check_counts(Data(counts, None), encoding, program.steps_per_frame, where)
    broken = list(backend.check(program))
    errors = [d for d in broken if d.severity.value == "error"]
    if errors:
        raise UserError(*errors)
    report("emit", stages - 2, stages)
    notes = (*context.notes, *broken)
    with staged(output) as folder:
        for name, content in write_program(program).items():
            (folder / name).write_bytes(content)
        emitted = backend.emit(program, folder)
        notes = (*notes, *emitted.notes)
        manifest = _manifest(model, backend, pipeline, graph, emitted, notes)
        manifest["calibration"] = _calibration_entry(counts, origin)
        seal(folder, manifest)
    report("done", stages, stages)
    return Compiled(output, manifest, program, notes)


def _manifest(
    model: Model,
    backend: Backend,
    pipeline: Pipeline,
    graph: Graph,
    emitted: Emitted,
    notes: tuple[Diagnostic, ...],
) -> dict[str, Any]:
    readout = graph.readout
    assert readout.grid is not None and graph.steps_per_frame is not None
    # The potential of one frame is the sum over its steps of what the float readout is per frame.
    units = readout.grid.scale * 2**readout.grid.input_shift * graph.steps_per_frame
    return {
        "target": backend.name,
        "versions": {name: version(name) for name in ("snnc", "numpy", "scipy", "networkx")},
        "model": {"name": graph.name, "sha256": model.digest},
        "passes": str(pipeline),
        "steps_per_frame": graph.steps_per_frame,
        "payload": {"program": emitted.program, "weights": emitted.weights},
        "input": {"shape": list(graph.input.shape), "encoding": _encoding(graph.input.encoding)},
        "readout": {
            "name": readout.name,
            "shape": list(readout.shape),
            "accumulate": readout.accumulate,
            "potential_of_one": units,
        },
        "notes": [note.as_json() for note in notes],
    }


def _encoding(encoding: Encoding | None) -> str | None:
    return None if encoding is None else encoding.value


def _calibration_entry(counts: NDArray[np.int64] | None, origin: str) -> dict[str, Any]:
    """What the manifest says of calibration; the histogram is what random input is drawn from."""
    if counts is None:
        return {"origin": origin}
    values, numbers = np.unique(counts, return_counts=True)
    return {
        "origin": origin,
        "sha256": digest(pack_arrays({"x": counts})),
        "samples": len(counts),
        "frames": counts.shape[1],
        "counts": [[int(v), int(n)] for v, n in zip(values, numbers, strict=True)],
    }


def random_data(bundle: Bundle, samples: int) -> Data:
    """Counts drawn independently from the calibration's histogram, with a fixed seed.

    Without calibration data, one event with probability 0.05.
    """
    entry = bundle.manifest.get("calibration", {})
    counts = np.array(entry.get("counts", [[0, 1 - RANDOM_DENSITY], [1, RANDOM_DENSITY]]))
    frames = int(entry.get("frames", RANDOM_FRAMES))
    shape = (samples, frames, *bundle.program.input.shape)
    generator = np.random.default_rng(RANDOM_SEED)
    weights = counts[:, 1] / counts[:, 1].sum()
    return Data(generator.choice(counts[:, 0].astype(np.int64), size=shape, p=weights), None)


def load_input(bundle: Bundle, data: Path | None, samples: int) -> Data:
    """The first samples of a data file that fits the bundle, or random ones.

    Raises:
        UserError: the file cannot be used.
    """
    if samples < 1:
        raise fail("D510", f"{samples} samples", where="--samples", help="use at least 1")
    if data is None:
        return random_data(bundle, samples)
    read = read_data(data)
    check_shape(read, bundle.program.input.shape, str(data))
    program = bundle.program
    check_counts(read, program.input.encoding, program.steps_per_frame, str(data))
    return read.first(samples)


@dataclass(frozen=True)
class Verified:
    """What ``verify`` found."""

    bundle: Bundle
    engine: Engine
    data: Data
    random: bool
    comparison: Comparison
    warnings: tuple[Diagnostic, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``verify --json``."""
        return {
            "engine": self.engine.name,
            "engine_version": self.engine.version,
            "input": "random" if self.random else "data",
            **self.comparison.as_json(),
            "warnings": [warning.as_json() for warning in self.warnings],
        }


def verify_bundle(
    folder: Path,
    *,
    data: Path | None = None,
    samples: int = 20,
    engine: str | None = None,
    allow_altered: bool = False,
    time_limit: float = 600.0,
    report: Report = _quiet,
) -> Verified:
    """Run a bundle from disk on its target's engine and on the reference simulator, and compare.

    The reference simulator runs the bundle's ``program.json`` and ``weights.npz``, what the compiler
    gave; the engine runs the target's payload, what is deployed.

    Args:
        folder: the bundle.
        data: data file; random input at the calibrated density where None.
        samples: the first so many samples.
        engine: one of the target's engines; the first where None.
        allow_altered: go on when files differ from the manifest.
        time_limit: seconds that the engine may take.
        report: progress.

    Raises:
        UserError: the bundle, the data or the engine cannot be used.
    """
    bundle, warnings = read_bundle(folder, allow_altered=allow_altered)
    backend = find_backend(str(bundle.manifest["target"]))
    chosen = _engine(backend, engine)
    given = load_input(bundle, data, samples)
    spikes = encode(bundle.program, given.x)
    total = len(given.x)
    report("reference simulator", 0, total)
    expected = simulate(
        bundle.program, spikes, progress=lambda n: report("reference simulator", n, total)
    )
    report(chosen.name, 0, total)
    payload = bundle.manifest["payload"]
    actual = backend.run(
        chosen.name,
        folder,
        Emitted(payload["program"], payload["weights"]),
        spikes,
        time_limit=time_limit,
        progress=lambda n: report(chosen.name, n, total),
    )
    comparison = compare(bundle.program, expected, actual)
    return Verified(bundle, chosen, given, data is None, comparison, tuple(warnings))


def _engine(backend: Backend, name: str | None) -> Engine:
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
    """What ``run`` gave: the readout's potential after each frame, and how much fired."""

    bundle: Bundle
    data: Data
    potential: NDArray[np.int32]
    spike_counts: dict[str, NDArray[np.int64]]

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


def run_bundle(folder: Path, data: Path, *, samples: int | None = None, report: Report = _quiet) -> Ran:
    """Run a bundle's program on the reference simulator.

    Raises:
        UserError: the bundle or the data cannot be used.
    """
    bundle, _ = read_bundle(folder)
    read = load_input(bundle, data, 2**62 if samples is None else samples)
    program, total = bundle.program, len(read.x)
    potentials, counts = [], []
    chunk = 64
    for first in range(0, total, chunk):
        spikes: Integers = encode(program, read.x[first : first + chunk])
        trace = simulate(program, spikes)
        potentials.append(answers(program, trace.potentials[program.readout.name]))
        counts.append({n: s.sum(axis=(0, 1), dtype=np.int64) for n, s in trace.spikes.items()})
        report("run", min(first + chunk, total), total)
    spikes_by_name = {name: np.asarray(sum(part[name] for part in counts)) for name in counts[0]}
    return Ran(bundle, read, np.concatenate(potentials), spikes_by_name)


def write_results(ran: Ran, output: Path) -> None:
    """Write what ``run`` gave as ``.npz``.

    ``potential`` (samples, frames, \\*readout shape) int32, ``prediction`` (samples, frames) int64,
    and the number of spikes of each neuron over all samples as ``spikes.NAME`` (\\*shape) int64.

    Raises:
        UserError: the file cannot be written.
    """
    arrays = {f"spikes.{name}": counts for name, counts in ran.spike_counts.items()}
    content = pack_arrays({"potential": ran.potential, "prediction": ran.prediction, **arrays})
    try:
        output.write_bytes(content)
    except OSError as problem:
        raise fail("D112", f"cannot write: {problem.strerror}", where=str(output)) from problem
