"""``snnc tune``: from a model file and data to the whole front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snnc.backends import Backend, find_backend
from snnc.bounds import SAMPLES
from snnc.bundle.data import Data, Values, refuse_other_shape
from snnc.bundle.still_images import frame_shape, repeated
from snnc.distributing import Piece, Place, Work, carry_out, cores
from snnc.errors import UserError, counted
from snnc.files.pictures import need_matplotlib, refuse_format, refuse_result
from snnc.files.writing import write_file
from snnc.frontend import Model, ModelSource
from snnc.progress import Report, quiet
from snnc.workflows.calibrating import Calibrating, calibration_data, set_aside
from snnc.workflows.input_values import data_of, misfits
from snnc.workflows.options import PipelineOptions
from snnc.workflows.pipelines import build_pipeline

from .front import Front, Row, parse_costs
from .judging import about, judged_on, unseen
from .measure import Bench, row
from .options import TuneOptions
from .plot import plot_front
from .settings import Grid, Setting

TRYING = "try settings"
"""The phase that progress is reported of."""


def tune_model(source: ModelSource, options: TuneOptions, *, report: Report = quiet) -> Front:
    """Compile a model in many ways, run each on the same data, and say what each keeps and costs.

    Nothing is written but the plot. Rows are judged on samples that calibration has not seen.

    Args:
        source: the model.
        options: what is tried, and on which data.
        report: progress.

    Raises:
        UserError: the model, the data or an option cannot be used, or no setting compiles; nothing was
            written. D513 nothing to judge by.
    """
    grid = Grid.parse(options.codes, options.steps_per_frame, options.weight_bits)
    named = parse_costs(options.costs)
    backend = find_backend(options.target)
    _refuse(source, options)
    report("load", 0, 1)
    data, given = options.data, options.data.values(options.input.least_axes)
    model = source.load(lambda: frame_shape(given, options.input.repeat))
    settings = grid.settings(backend.target, model.graph, options.changes, options.allow_overflow)
    read, calibrating, said = _calibrating(model, options, given, backend, settings)
    counts = None if calibrating.data is None else calibrating.data.x
    kept, notes = unseen(read, counts, data.where)
    kept = kept if options.samples is None else kept.first(options.samples)
    judged = judged_on(model, kept, data.where)
    bench = Bench(
        replace(model, step=None),
        options.target,
        calibrating,
        options.changes,
        options.allow_overflow,
        judged,
        _threads(options.place, len(settings)),
    )
    rows = measure_all(bench, settings, options.place, report)
    compiled = _compiled(rows)
    found = Front(
        str(source.path),
        options.target,
        rows,
        judged.measure,
        named,
        len(kept.x),
        kept.x.shape[1],
        None if judged.answers is None else judged.accuracy(judged.answers.argmax(-1)),
        _calibrated(None if counts is None else len(counts), calibrating.where),
        (*said, *_others(source, options)),
        (
            *model.notes,
            *calibrating.notes,
            *misfits(kept, calibrating.grid, calibrating.rounding, data.where),
            *notes,
            *about(model, judged, counts, any(row.first is None for row in compiled)),
        ),
    )
    if options.plot is not None:
        write_file(options.plot, plot_front(found, options.plot.suffix.lower()[1:]))
    return found


def measure_all(
    bench: Bench, settings: Sequence[Setting], place: Place, report: Report
) -> tuple[Row, ...]:
    """A row for each setting, in their order; one process a core where the user named no place.

    Raises:
        UserError: as :func:`snnc.distributing.carry_out`.
    """
    pieces = [Piece(" ".join(setting.options), setting) for setting in settings]
    return carry_out(Work(row, bench, TRYING), pieces, place, report, usual=cores())


def _threads(place: Place, settings: int) -> int:
    """Of the simulator: what a worker has of this machine; one where others say how many there are."""
    return 1 if place.scheduler else max(1, cores() // place.processes(settings, cores()))


def _compiled(rows: tuple[Row, ...]) -> list[Row]:
    """The rows that were not refused.

    Raises:
        UserError: all were: why the first was.
    """
    found = [row for row in rows if row.refused is None]
    if not found:
        raise UserError(*(row.refused for row in rows[:1] if row.refused is not None))
    return found


def _calibrating(
    model: Model,
    options: TuneOptions,
    given: Values,
    backend: Backend,
    settings: Sequence[Setting],
) -> tuple[Data, Calibrating, tuple[str, ...]]:
    """The data as counts, what calibrates, and the options of ``compile`` that name that.

    Where nothing else calibrates, the data do. Values become counts that the setting with the fewest
    steps can carry.
    """
    fewest = min((s.steps_per_frame for s in settings if s.steps_per_frame), default=None)
    asked = build_pipeline(backend, PipelineOptions(changes=options.changes, steps_per_frame=fewest))
    where, shape, input_ = options.data.where, model.graph.input.shape, options.input
    given = repeated(given, shape, input_.repeat, where, must=True)
    refuse_other_shape(given.x.shape, shape, where)
    named = options.calibration
    found = calibration_data(model, named, backend.target, input_, asked)
    if found.origin == "none":
        named = options.data
        found = calibration_data(model, named, backend.target, input_, asked)
    said = () if named is None else ("--calibration", named.where)
    return data_of(given, found.grid, where), found, (*said, *input_.as_options)


def _refuse(source: ModelSource, options: TuneOptions) -> None:
    """Refuse options that cannot be, before any work is done."""
    options.place.check()
    SAMPLES.check(options.samples, "--samples")
    plot = options.plot
    if plot is not None:
        beginnings = refuse_format(plot)
        sources = (options.data, options.calibration)
        read = [source.file, *(None if each is None else each.path for each in sources)]
        refuse_result("--plot", plot, [path for path in read if path is not None], beginnings)
        need_matplotlib(str(plot), "--json has the same numbers")


def _calibrated(samples: int | None, where: str) -> str:
    if samples is None:
        return "not calibrated"
    used = samples - set_aside(samples)
    return f"calibrated on {used} of {counted(samples, 'sample')} of {where}"


def _others(source: ModelSource, options: TuneOptions) -> tuple[str, ...]:
    """The options that a compile of any row needs as well."""
    found = ["--allow-overflow"] if options.allow_overflow else []
    found += source.options
    for change in options.changes:
        found += ["--set", change]
    return tuple(found)
