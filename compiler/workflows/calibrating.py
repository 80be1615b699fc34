"""Which calibration samples are used for what: some to calibrate, others to judge by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data, DataSource, Values, refuse_other_shape
from snnc.bundle.still_images import REPEAT, repeated
from snnc.errors import Diagnostic, Severity, fail
from snnc.frontend import Model
from snnc.ir import InputGrid, Target
from snnc.ir.counts import broken_counts
from snnc.passes import Pipeline

from .input_grids import Span, find_grid, grid_note, span_of
from .input_values import InputOptions, counted_note, data_of

SEED = 0
ENOUGH = 128
"""Samples that calibration uses by default: more change little (``balance-thresholds{samples}``)."""

MOST_ASIDE = 192
LEAST_ASIDE = 4
"""With fewer to set aside, all samples calibrate, and the same ones are judged by, which is said."""


def in_order(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The samples in an order drawn once, with seed 0: any few of them are from all over the file.

    A file may be sorted by class, or have its classes in turn: neither its beginning nor every n-th
    sample would do.

    Args:
        counts: (samples, frames, \\*input shape).
    """
    return np.asarray(counts[drawn_order(len(counts))], np.int64)


def drawn_order(samples: int) -> NDArray[np.int64]:
    """Numbers of the samples in that order."""
    return np.random.default_rng(SEED).permutation(samples)


def set_aside(samples: int) -> int:
    """How many of so many samples, the last in that order, passes do not see.

    A quarter, or all that passes would not look at anyway, at most 192.
    """
    aside = min(max(samples // 4, samples - ENOUGH), MOST_ASIDE)
    return aside if aside >= LEAST_ASIDE else 0


@dataclass(frozen=True, eq=False)
class Calibrating:
    """What a network is calibrated with.

    Attributes:
        data: counts, with labels if any, and values where the input takes these; None without data.
        origin: as the manifest has it.
        where: what messages call the data.
        grid: which values the counts stand for; None where data are counts.
        notes: what was said of that.
    """

    data: Data | None
    origin: str
    where: str
    grid: InputGrid | None = None
    notes: tuple[Diagnostic, ...] = ()

    @property
    def rounding(self) -> float:
        """The largest rounding error of the values, in counts."""
        if self.grid is None or self.data is None:
            return 0.0
        return self.grid.misfit(self.data.meant).rounding


def _are_values(values: Values, span: Span) -> bool:
    """Whether floats are no counts: some are not whole, or negative where no count can be."""
    if values.are_counts:
        return False
    negative = float(values.x.min()) < 0 and not span.signed and span.fixed is None
    return negative or bool(broken_counts(values.x))


def _refuse_values(model: Model, where: str) -> None:
    """Refuse values for a network that takes whole numbers only.

    Raises:
        UserError: D658.
    """
    if model.whole_type is not None:
        raise fail(
            "D658",
            f"the input of this network is of type {model.whole_type}, and numbers between whole ones "
            "are given for it",
            where=where,
            why="PyTorch would cut them down to whole numbers before the network sees them",
            help=f"give x as whole numbers, x.astype(numpy.{model.whole_type}); or export the network "
            "with an example of floats",
        )


def _whole_note(data: Data, values: Values, where: str) -> Diagnostic:
    """N784: floats that could have been values as well."""
    return Diagnostic(
        "N784",
        f"numbers of type {values.x.dtype} that are all whole are taken as counts of {data.x.min()} to "
        f"{data.x.max()}",
        where,
        "a network that takes whole numbers loses nothing by it",
        "if they are values between which others lie: --input-scale, --input-offset",
        Severity.NOTE,
    )


def calibration_data(
    model: Model,
    given: DataSource | None,
    target: Target,
    options: InputOptions,
    pipeline: Pipeline,
) -> Calibrating:
    """Calibration data, from the user or from the model, and what their numbers become.

    Values that are not whole become counts, as the user says (``--input-scale``) or as they show
    themselves; whole ones are counts unless the user says otherwise. Numbers of a type that has whole
    ones only are always counts: a scale says what they mean to the network.

    Args:
        model: as read.
        given: the user's data; None for those of the model, if any.
        target: says which counts its input takes.
        options: of the input.
        pipeline: as asked for.

    Raises:
        UserError: the data cannot be read, or do not fit the model or the options.
    """
    shape = model.graph.input.shape
    scaled = options.scale is not None or options.offset is not None
    span = span_of(target, model.graph, pipeline)
    values, where = None, "" if given is None else given.where
    if given is not None:
        origin = "array" if given.path is None else "file"
        values = given.values(options.least_axes)
    elif model.calibration is not None:
        origin, where = "archive", "the archive's calibration data"
        values = Values(np.asarray(model.calibration), None)
    else:
        origin = "unneeded" if model.graph.frame_is_step else "none"
    if values is not None:
        values = repeated(values, shape, options.repeat, where, must=True)
        refuse_other_shape(values.x.shape, shape, where)
        scaled = scaled or _are_values(values, span)
    of_file = model.input_grid
    scaled = scaled or (of_file is not None and (values is None or not values.are_counts))
    REPEAT.check(options.repeat, "--repeat")
    if not scaled:
        if values is None:
            return Calibrating(None, origin, where)
        data = values.as_counts(where)
        notes = () if values.are_counts else (_whole_note(data, values, where),)
        return Calibrating(data, origin, where, notes=notes)
    _refuse_values(model, where or "--input-scale")
    x = None if values is None else values.x
    if of_file is not None and options.scale is None and options.offset is None:
        options = replace(options, scale=repr(float(of_file.scale)))
        grid, _ = find_grid(x, shape, span, options, where)
        within = min(max(grid.low, of_file.low), 0), max(min(grid.high, of_file.high), 0)
        grid, how = replace(grid, low=within[0], high=within[1]), "as the file quantizes its input"
    else:
        grid, how = find_grid(x, shape, span, options, where)
    if values is None:
        return Calibrating(None, origin, where, grid)
    data = data_of(values, grid, where)
    note = counted_note(data, grid, where) if data.counted else grid_note(grid, values.x, how, where)
    return Calibrating(data, origin, where, grid, (note,))
