"""From a model to a bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from snnc.backends import Emitted, find_backend
from snnc.bundle.data import DataSource
from snnc.bundle.manifest import Manifest
from snnc.bundle.output import refuse_output
from snnc.bundle.still_images import frame_shape
from snnc.errors import Diagnostic, Interrupted, UserError
from snnc.frontend import ModelSource
from snnc.ir import Graph, Program, Shape, size
from snnc.passes import Pass, Pipeline
from snnc.progress import Report, quiet

from .attempt import Attempt
from .calibrating import calibration_data, set_aside
from .choosing import Choice, choose
from .data_warnings import labels_outside
from .describing import (
    calibration_entry,
    describe,
    input_entry,
    model_entry,
    refuse_odd_names,
    relative,
)
from .input_cures import with_input_cures
from .input_values import InputOptions
from .integers import compile_integers
from .live_network import with_live_comparison
from .nir_effects import doubts, with_measured_effects
from .options import AUTO, CompileOptions
from .pipelines import build_pipeline
from .retraining import Retraining
from .ways import FINER, Candidate, candidates
from .writing import write_bundle

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
    given = options.calibration
    data_shape = None if given is None else partial(_frame_shape, given, options.input)
    if (ready := source.load_integers(data_shape)) is not None:
        manifest = compile_integers(
            ready, source, options, output, backend, report, printing=after_pass is not None
        )
        return Compiled(output, manifest, ready.program, manifest.notes)
    report("load", 0, len(asked.passes) + MORE_STEPS)
    model = source.load(data_shape)
    ready_data = calibration_data(model, given, backend.target, options.input, asked)
    data = ready_data.data
    model = with_live_comparison(with_measured_effects(model, data), data)
    if ready_data.grid is not None:
        options = replace(options, pipeline=replace(options.pipeline, scaled=True))
        asked = build_pipeline(backend, options.pipeline)
    model = replace(model, step=None)  # it has every weight once more, for the ladder
    attempt = Attempt.of(
        model, backend, ready_data, options.pipeline.allow_overflow, after_pass, report
    )
    model = attempt.model
    if ready_data.grid is None:  # training takes counts
        retraining = Retraining(source, given, options.input.repeat, options.target)
        attempt = replace(attempt, retraining=retraining)
    try:
        choice = _chosen(attempt, options, asked)
    except Interrupted:
        raise
    except UserError as refused:  # a time step that does not fit is often why
        found = with_input_cures(refused.diagnostics, model.graph, ready_data.grid)
        raise UserError(*found, *doubts(model)) from None
    notes = (*choice.lowered.notes, *choice.notes)
    program = choice.lowered.program
    if data is not None and (classes := size(program.readout.shape)) > 1:
        notes += tuple(labels_outside(data, classes))
    stages = len(choice.pipeline.passes) + MORE_STEPS
    report("emit", stages - 2, stages)
    path = None if given is None or given.path is None else relative(given.path, output)
    calibration = calibration_entry(attempt, ready_data.origin, choice, path)
    fed = input_entry(choice.lowered.graph, ready_data, options.input.repeat)
    entry = model_entry(source, model, choice.lowered.graph.name, output)

    def manifest_of(emitted: Emitted) -> Manifest:
        return describe(attempt, choice, emitted, calibration, entry, fed, (*notes, *emitted.notes))

    manifest = write_bundle(output, backend, program, data, manifest_of)
    report("done", stages, stages)
    return Compiled(output, manifest, program, manifest.notes)


def _frame_shape(calibration: DataSource, given: InputOptions) -> Shape:
    """The shape of one frame of the data."""
    return frame_shape(calibration.values(given.least_axes), given.repeat)


def _chosen(attempt: Attempt, options: CompileOptions, asked: Pipeline) -> Choice:
    """The code that was asked for, or that ``auto`` takes (:func:`choose`)."""
    pipeline, judged = options.pipeline, 0
    if attempt.data is not None:
        judged = set_aside(len(attempt.data.x))

    def pipeline_of(candidate: Candidate) -> Pipeline:
        changed = replace(pipeline, changes=(*pipeline.changes, *candidate.changes))
        if candidate.code is not None:
            steps = candidate.steps_per_frame
            changed = replace(changed, steps_per_frame=steps, code=candidate.code)
        return build_pipeline(attempt.backend, changed)

    def ways(steps: int | None) -> tuple[Candidate, ...]:
        if pipeline.passes is not None:
            return ()
        return candidates(attempt.backend.target, attempt.model.graph, steps, judged)

    spikes = pipeline.passes is None and attempt.model.graph.frame_is_step
    cures = FINER if spikes else ways(None)
    return choose(
        attempt,
        asked,
        ways(pipeline.steps_per_frame),
        cures,
        pipeline_of,
        automatic=pipeline.code == AUTO,
        keep=options.keep,
    )
