"""From a model file to a bundle. This and ``evidence`` are the only files that know every part."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends import Backend, Emitted, called, find_backend
from snnc.bundle.data import read_data
from snnc.bundle.folder import seal, unsound
from snnc.bundle.output import refuse_output, staged
from snnc.cost.ann_operations import count_ann
from snnc.errors import CompilerBug, Diagnostic, blamed, fail
from snnc.files import resolved
from snnc.frontend import Given, Model, load_model
from snnc.ir import Code, Encoding, Graph, Integers, Program, size, write_program
from snnc.passes import Fact, Pass, Pipeline, registered
from snnc.progress import Report, quiet
from snnc.settings import text_of
from snnc.sim import encode

from .attempt import Attempt
from .calibrating import calibration_data, set_aside
from .choosing import AUTO, KEEP, Candidate, candidates, choose
from .contradictions import refuse_contradictions, refuse_short
from .data_warnings import labels_outside
from .sources import counts_digest
from .stages import potential_of_one

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


EXAMPLE_SAMPLES, EXAMPLE_STEPS, RANDOM_DENSITY = 4, 32, 0.05
EXAMPLE_VALUES = 2**26
"""Most values of the example, 512 MiB: with more, it has fewer frames, and then fewer samples."""


@dataclass(frozen=True)
class Compiled:
    """What a compile gave."""

    folder: Path
    manifest: dict[str, Any]
    program: Program
    notes: tuple[Diagnostic, ...]


def build_pipeline(
    backend: Backend,
    passes: str | None = None,
    changes: Iterable[str] = (),
    steps_per_frame: int | None = None,
    weight_bits: int | None = None,
    code: str | None = None,
    allow_overflow: bool = False,
) -> Pipeline:
    """The target's pipeline, or the user's, with the command line's options put in.

    ``changes`` are texts ``name{option=value,...}`` that change options of passes in it.

    Raises:
        UserError: unknown passes or options, an order that cannot work; D320 an option is given two
            values.
    """
    changes = list(changes)
    short = {"steps_per_frame": steps_per_frame, "weight_bits": weight_bits, "code": code}
    refuse_contradictions(passes, changes, short, allow_overflow)
    refuse_short(short)
    pipeline = Pipeline.parse(backend.pipeline() if passes is None else passes)
    for change in changes:
        pipeline = pipeline.with_text(change)
    if steps_per_frame is not None:
        pipeline = pipeline.with_option("match-delays", steps_per_frame=steps_per_frame)
    if code is not None:
        pipeline = pipeline.with_option("choose-code", code=code)
    if allow_overflow:
        pipeline = pipeline.with_option("quantize-weights", ranges=False)
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


def _frame_shape(calibration: Path) -> tuple[int, ...]:
    """The shape of one frame of a data file."""
    return read_data(calibration).x.shape[2:]


def compile_model(
    model_path: Path,
    target: str,
    output: Path,
    *,
    calibration: Path | None = None,
    steps_per_frame: int | None = None,
    weight_bits: int | None = None,
    code: str | None = None,
    keep: float = KEEP,
    allow_overflow: bool = False,
    dt: float | None = None,
    discretize: str | None = None,
    input_shape: str | None = None,
    module: str | None = None,
    passes: str | None = None,
    changes: Iterable[str] = (),
    after_pass: Callable[[Pass, Graph], None] | None = None,
    report: Report = quiet,
) -> Compiled:
    """Compile a model file to a bundle in ``output``.

    Args:
        model_path: what :func:`snnc.frontend.load_model` reads.
        target: a name that ``snnc targets`` lists, with options: ``name{option=value,...}``.
        output: the bundle's folder; replaced when it is a bundle already.
        calibration: data file; the archive's own calibration data where None.
        steps_per_frame, weight_bits, code: options of match-delays, quantize-weights, choose-code.
            ``auto`` takes the first code, in the order of their cost, that keeps enough decisions.
        keep: fraction of the float network's decisions that integers should keep.
        allow_overflow: go on where sums can leave their registers.
        dt, discretize: time step in seconds and rule, for NIR files.
        input_shape, module: ``2,16,16`` and ``package.module:factory``, for files of ``torch.save``;
            the shape is the calibration file's where None.
        passes: pipeline text; the target's own where None.
        changes: texts ``name{option=value,...}`` that change options in it.
        after_pass: called after each pass.
        report: progress.

    Raises:
        UserError: anything about the input that cannot work; nothing was written.
    """
    backend = find_backend(target)
    options = (passes, list(changes), steps_per_frame, weight_bits)
    asked = build_pipeline(backend, *options, None if code == AUTO else code, allow_overflow)
    refuse_output(output)
    for read in (model_path, calibration):
        if read is not None:
            _refuse_odd_name(read, output)
    report("load", 0, len(asked.passes) + 3)
    shape = None if calibration is None else partial(_frame_shape, calibration)
    given = Given(input_shape, module, shape)
    model = load_model(model_path, dt=dt, discretize=discretize, given=given)
    data, origin = calibration_data(model, calibration)
    counts = None if data is None else data.x
    where = str(calibration) if calibration else "the archive's calibration data"
    judged = 0 if counts is None else set_aside(len(counts))
    attempt = Attempt(model, backend, data, where, allow_overflow, after_pass, report)

    def pipeline_of(candidate: Candidate) -> Pipeline:
        steps, named = candidate.steps_per_frame, [*options[1], *candidate.changes]
        return build_pipeline(
            backend, passes, named, steps, weight_bits, candidate.code, allow_overflow
        )

    def ways(steps: int | None) -> tuple[Candidate, ...]:
        return candidates(backend.target, model.graph, steps, judged) if passes is None else ()

    choice = choose(
        attempt,
        asked,
        ways(steps_per_frame),
        ways(None),
        pipeline_of,
        automatic=code == AUTO,
        keep=keep,
    )
    lowered, pipeline = choice.lowered, choice.pipeline
    graph, program, ranges = lowered.graph, lowered.program, lowered.ranges
    culprit = called(backend)
    stages = len(pipeline.passes) + 3
    report("emit", stages - 2, stages)
    notes = (*lowered.notes, *choice.notes)
    if data is not None and (classes := size(program.readout.shape)) > 1:
        notes += tuple(labels_outside(data, classes))
    with staged(output) as folder:
        for name, content in write_program(program).items():
            (folder / name).write_bytes(content)
        with blamed(culprit, "emitting the payload"):
            emitted = backend.emit(program, folder, _example(program, counts))
        notes = (*notes, *emitted.notes)
        source = {
            "path": _relative(model_path, output),
            "dt": dt,
            "discretize": discretize,
            "input_shape": input_shape,
            "module": module,
        }
        manifest = _manifest(model, backend, pipeline, graph, emitted, notes, source)
        manifest["calibration"] = _calibration_entry(counts, origin, pipeline, graph)
        if origin == "none":
            manifest["calibration"]["thresholds"] = _uncalibrated(model.graph, graph.code)
        if calibration is not None:
            manifest["calibration"]["path"] = _relative(calibration, output)
        manifest["ranges"] = ranges
        manifest["kept"] = None if choice.kept is None else choice.kept.as_json()
        manifest["tried"] = [tried.as_json() for tried in choice.tried]
        seal(folder, manifest)
        if wrong := unsound(folder):
            raise CompilerBug(culprit, wrong)
    report("done", stages, stages)
    return Compiled(output, manifest, program, notes)


def _refuse_odd_name(path: Path, folder: Path) -> None:
    """Refuse a file whose place the manifest cannot say.

    Raises:
        UserError: D146.
    """
    try:
        _relative(path, folder).encode("utf-8")
    except UnicodeEncodeError:
        raise fail(
            "D146",
            "the name of the file, or of a folder on the way to it, is no text in UTF-8",
            where=str(path).encode("utf-8", "backslashreplace").decode(),
            why="the manifest, which is JSON in UTF-8, says from which files the bundle was compiled",
            help="rename it",
        ) from None


def _relative(path: Path, folder: Path) -> str:
    """Where a file was, as seen from the bundle: ``verify --ladder`` looks for it there."""
    try:
        return Path(os.path.relpath(resolved(path), resolved(folder))).as_posix()
    except ValueError:  # another drive
        return resolved(path).as_posix()


def _example(program: Program, counts: NDArray[np.int64] | None) -> Integers:
    """A few inputs for what a back end measures: of the calibration data, else one event in 20."""
    if counts is None:
        shape = (EXAMPLE_SAMPLES, EXAMPLE_STEPS // program.steps_per_frame + 1, *program.input.shape)
        counts = (np.random.default_rng(0).random(shape) < RANDOM_DENSITY).astype(np.int64)
    room = EXAMPLE_VALUES // (size(program.input.shape) * program.steps_per_frame)
    frames = max(1, min(counts.shape[1], room // EXAMPLE_SAMPLES))
    samples = max(1, min(EXAMPLE_SAMPLES, room // frames))
    return encode(program, counts[:samples, :frames])


def _manifest(
    model: Model,
    backend: Backend,
    pipeline: Pipeline,
    graph: Graph,
    emitted: Emitted,
    notes: tuple[Diagnostic, ...],
    source: dict[str, Any],
) -> dict[str, Any]:
    readout = graph.readout
    return {
        "target": text_of(backend.name, backend),
        "versions": {name: version(name) for name in ("snnc", "numpy", "scipy", "networkx")},
        "model": {"name": graph.name, "sha256": model.digest, **source},
        "passes": str(pipeline),
        "code": graph.code.value,
        "steps_per_frame": graph.steps_per_frame,
        "payload": emitted.files,
        "input": {"shape": list(graph.input.shape), "encoding": _encoding(graph.input.encoding)},
        "readout": {
            "name": readout.name,
            "shape": list(readout.shape),
            "accumulate": readout.accumulate,
            "potential_of_one": potential_of_one(graph),
        },
        "ann": None if graph.frame_is_step else count_ann(model.graph, graph).as_json(),
        "notes": [note.as_json() for note in notes],
    }


def _encoding(encoding: Encoding | None) -> str | None:
    return None if encoding is None else encoding.value


def _uncalibrated(graph: Graph, code: Code) -> str:
    """Where thresholds come from without calibration data, in words.

    Args:
        graph: as the model has it.
        code: in an exact code, a ceiling is all that a neuron without levels needs.
    """
    if not graph.neurons:
        return "not needed"
    bare = [p for p in graph.neurons if p.levels is None]
    if not bare:
        return "the levels that were trained"
    if code.exact:
        return "levels up to the model's own ceilings"
    if len(bare) < len(graph.neurons):
        return "trained levels, elsewhere a data-free bound"
    return "a data-free bound"


def _calibration_entry(
    counts: NDArray[np.int64] | None, origin: str, pipeline: Pipeline, graph: Graph
) -> dict[str, Any]:
    """What the manifest says of calibration; the histogram is what random input is drawn from.

    No thresholds come from it where the network spiked already: there, no sample is ``used``.
    """
    if counts is None:
        return {"origin": origin}
    limits = [n for p in pipeline.passes if (n := getattr(p, "samples", 0))]
    values, numbers = np.unique(counts, return_counts=True)
    return {
        "origin": origin,
        "sha256": counts_digest(counts),
        "samples": len(counts),
        "used": 0 if graph.frame_is_step else min([len(counts) - set_aside(len(counts)), *limits]),
        "frames": counts.shape[1],
        "counts": [[int(v), int(n)] for v, n in zip(values, numbers, strict=True)],
    }
