"""``snnc tune``: from a model file and data to the whole front."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from snnc.backends import find_backend
from snnc.bounds import SAMPLES, WORKERS
from snnc.bundle.data import check_shape, read_data
from snnc.errors import UserError, counted
from snnc.files.pictures import need_matplotlib, refuse_format, refuse_result
from snnc.files.writing import write_file
from snnc.frontend import Given, load_model
from snnc.progress import Report, quiet
from snnc.workflows.calibrating import calibration_data, set_aside

from .front import Front, parse_costs
from .judging import about, judged_on, unseen
from .measure import Bench
from .plot import plot_front
from .pool import cores, measure_all
from .settings import Grid


def tune_model(
    model_path: Path,
    target: str,
    data: Path,
    *,
    codes: str | None = None,
    steps_per_frame: str | None = None,
    weight_bits: str | None = None,
    costs: str | None = None,
    samples: int | None = None,
    calibration: Path | None = None,
    workers: int | None = None,
    plot: Path | None = None,
    allow_overflow: bool = False,
    dt: float | None = None,
    discretize: str | None = None,
    input_shape: str | None = None,
    module: str | None = None,
    changes: Iterable[str] = (),
    report: Report = quiet,
) -> Front:
    """Compile a model in many ways, run each on the same data, and say what each keeps and costs.

    Nothing is written but the plot. Rows are judged on samples that calibration has not seen.

    Args:
        model_path, target, allow_overflow, dt, discretize, input_shape, module, changes: as for
            ``compile_model``.
        data: event counts, with labels where the network decides; without them rows are judged by the
            float network's decisions, and a network of a single output by its error.
        codes, steps_per_frame, weight_bits: lists as text; None for what is worth trying
            (:meth:`Grid.settings`).
        costs: a list of names in ``COSTS``, by which the front is drawn.
        samples: the first so many that are left to judge by; all where None.
        calibration: data file; where None the archive's own, and without any the data themselves, of
            which the samples set aside judge.
        workers: processes, which import the caller's main module; one a core where None.
        plot: file to draw; its ending says the format.
        report: progress.

    Raises:
        UserError: the model, the data or an option cannot be used, or no setting compiles; nothing was
            written. D790 nothing to judge by.
    """
    grid, named = Grid.parse(codes, steps_per_frame, weight_bits), parse_costs(costs)
    changes, backend = tuple(changes), find_backend(target)
    _refuse(workers, samples, plot, (model_path, data, calibration))
    report("load", 0, 1)
    read = read_data(data)
    shape = read.x.shape[2:]
    given = Given(input_shape, module, lambda: shape)
    model = load_model(model_path, dt=dt, discretize=discretize, given=given)
    check_shape(read, model.graph.input.shape, str(data))
    settings = grid.settings(backend.target, model.graph, changes, allow_overflow)
    calibrating, origin = calibration_data(model, calibration)
    counts = None if calibrating is None else calibrating.x
    options: tuple[str, ...] = () if calibration is None else ("--calibration", str(calibration))
    if origin == "none":
        counts, origin, options = read.x, "data", ("--calibration", str(data))
    kept, notes = unseen(read, counts, str(data))
    kept = kept if samples is None else kept.first(samples)
    judged = judged_on(model, kept, data)
    processes = min(cores() if workers is None else workers, len(settings))
    where = {"file": f"{calibration}", "data": f"{data}"}.get(origin, "the archive's calibration data")
    threads = max(1, cores() // processes)
    bench = Bench(
        replace(model, step=None), target, counts, where, changes, allow_overflow, judged, threads
    )
    rows = measure_all(bench, settings, processes, report)
    compiled = [row for row in rows if row.refused is None]
    if not compiled:
        raise UserError(*(row.refused for row in rows[:1] if row.refused is not None))
    blind = any(row.first is None for row in compiled)
    options += _others(allow_overflow, dt, discretize, input_shape, module, changes)
    found = Front(
        str(model_path),
        target,
        rows,
        judged.measure,
        named,
        len(kept.x),
        kept.x.shape[1],
        None if judged.answers is None else judged.accuracy(judged.answers.argmax(-1)),
        _calibrated(None if counts is None else len(counts), where),
        options,
        (*model.notes, *notes, *about(model, judged, counts, blind)),
    )
    if plot is not None:
        write_file(plot, plot_front(found, plot.suffix.lower()[1:]))
    return found


def _refuse(
    workers: int | None, samples: int | None, plot: Path | None, read: Iterable[Path | None]
) -> None:
    """Refuse options that cannot be, before any work is done."""
    WORKERS.check(workers, "--workers")
    SAMPLES.check(samples, "--samples", "D510")
    if plot is not None:
        beginnings = refuse_format(plot)
        refuse_result("--plot", plot, [path for path in read if path is not None], beginnings)
        need_matplotlib(str(plot), "--json has the same numbers")


def _calibrated(samples: int | None, where: str) -> str:
    if samples is None:
        return "not calibrated"
    used = samples - set_aside(samples)
    return f"calibrated on {used} of {counted(samples, 'sample')} of {where}"


def _others(
    allow_overflow: bool,
    dt: float | None,
    discretize: str | None,
    input_shape: str | None,
    module: str | None,
    changes: Iterable[str],
) -> tuple[str, ...]:
    """The options that a compile of any row needs as well."""
    found = ["--allow-overflow"] if allow_overflow else []
    for name, value in (
        ("--dt", None if dt is None else f"{dt:g}"),
        ("--discretize", discretize),
        ("--input-shape", input_shape),
        ("--module", module),
    ):
        found += [] if value is None else [name, value]
    for change in changes:
        found += ["--set", change]
    return tuple(found)
