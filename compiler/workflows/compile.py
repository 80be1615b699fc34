"""From a model to a bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.backends import called, find_backend
from snnc.bundle.data import Data, DataSource
from snnc.bundle.folder import seal, unsound
from snnc.bundle.manifest import Manifest
from snnc.bundle.output import refuse_output, staged
from snnc.errors import CompilerBug, Diagnostic, blamed
from snnc.frontend import ModelSource
from snnc.ir import Graph, Integers, Program, Shape, size, write_program
from snnc.passes import Pass, Pipeline
from snnc.progress import Report, quiet
from snnc.sim import encode

from .attempt import Attempt
from .calibrating import calibration_data, set_aside
from .choosing import Candidate, Choice, candidates, choose
from .data_warnings import labels_outside
from .describing import calibration_entry, describe, model_entry, refuse_odd_names, relative
from .options import AUTO, CompileOptions
from .pipelines import build_pipeline

EXAMPLE_SAMPLES, EXAMPLE_STEPS, RANDOM_DENSITY = 4, 32, 0.05
EXAMPLE_VALUES = 2**26
"""Most values of the example, 512 MiB: with more, it has fewer frames, and then fewer samples."""

MORE_STEPS = 3
"""Of the progress that is reported, beside one a pass: loading, emitting, done."""


@dataclass(frozen=True)
class Compiled:
    """What a compile gave.

    Attributes:
        folder: the bundle.
        manifest: what it says of itself.
        program: the integers that run.
        notes: every named effect.
    """

    folder: Path
    manifest: Manifest
    program: Program
    notes: tuple[Diagnostic, ...]


def compile_model(
    source: ModelSource,
    options: CompileOptions,
    output: Path,
    *,
    after_pass: Callable[[Pass, Graph], None] | None = None,
    report: Report = quiet,
) -> Compiled:
    """Compile a model to a bundle.

    Args:
        source: the model.
        options: target, passes, calibration data.
        output: the bundle's folder; replaced where it is a bundle already.
        after_pass: called after each pass with the pass and the graph that it gave.
        report: progress.

    Raises:
        UserError: anything about the input that cannot work; nothing was written.
    """
    backend = find_backend(options.target)
    asked = build_pipeline(backend, options.pipeline)
    refuse_output(output)
    refuse_odd_names(source, options.calibration, output)
    report("load", 0, len(asked.passes) + MORE_STEPS)
    given = options.calibration
    model = source.load(None if given is None else partial(_frame_shape, given))
    data, origin = calibration_data(model, given)
    where = "the archive's calibration data" if given is None else given.where
    allowed = options.pipeline.allow_overflow
    attempt = Attempt(model, backend, data, where, allowed, after_pass, report)
    choice = _chosen(attempt, options, asked)
    notes = (*choice.lowered.notes, *choice.notes)
    program = choice.lowered.program
    if data is not None and (classes := size(program.readout.shape)) > 1:
        notes += tuple(labels_outside(data, classes))
    stages = len(choice.pipeline.passes) + MORE_STEPS
    report("emit", stages - 2, stages)
    path = None if given is None or given.path is None else relative(given.path, output)
    calibration = calibration_entry(attempt, origin, choice, path)
    entry = model_entry(source, model, choice.lowered.graph.name, output)
    with staged(output) as folder:
        for name, content in write_program(program).items():
            (folder / name).write_bytes(content)
        with blamed(called(backend), "emitting the payload"):
            emitted = backend.emit(program, folder, _example(program, data))
        notes = (*notes, *emitted.notes)
        manifest = describe(attempt, choice, emitted, calibration, entry, notes)
        manifest = seal(folder, manifest)
        if wrong := unsound(folder):
            raise CompilerBug(called(backend), wrong)
    report("done", stages, stages)
    return Compiled(output, manifest, program, notes)


def _frame_shape(calibration: DataSource) -> Shape:
    """The shape of one frame of the data."""
    return calibration.read().x.shape[2:]


def _chosen(attempt: Attempt, options: CompileOptions, asked: Pipeline) -> Choice:
    """The code that was asked for, or that ``auto`` takes (:func:`choose`)."""
    pipeline, judged = options.pipeline, 0
    if attempt.data is not None:
        judged = set_aside(len(attempt.data.x))

    def pipeline_of(candidate: Candidate) -> Pipeline:
        changed = replace(
            pipeline,
            changes=(*pipeline.changes, *candidate.changes),
            steps_per_frame=candidate.steps_per_frame,
            code=candidate.code,
        )
        return build_pipeline(attempt.backend, changed)

    def ways(steps: int | None) -> tuple[Candidate, ...]:
        if pipeline.passes is not None:
            return ()
        return candidates(attempt.backend.target, attempt.model.graph, steps, judged)

    return choose(
        attempt,
        asked,
        ways(pipeline.steps_per_frame),
        ways(None),
        pipeline_of,
        automatic=pipeline.code == AUTO,
        keep=options.keep,
    )


def _example(program: Program, data: Data | None) -> Integers:
    """A few inputs for what a back end measures: of the calibration data, else one event in 20."""
    if data is None:
        shape = (EXAMPLE_SAMPLES, EXAMPLE_STEPS // program.steps_per_frame + 1, *program.input.shape)
        counts: NDArray[np.int64] = (np.random.default_rng(0).random(shape) < RANDOM_DENSITY).astype(
            np.int64
        )
    else:
        counts = data.x
    room = EXAMPLE_VALUES // (size(program.input.shape) * program.steps_per_frame)
    frames = max(1, min(counts.shape[1], room // EXAMPLE_SAMPLES))
    samples = max(1, min(EXAMPLE_SAMPLES, room // frames))
    return encode(program, counts[:samples, :frames])
