"""Which counts stand for the values of an input: as the user says, or as calibration data show.

Values that are evenly spaced, as those of images of 8 bits that were normalised are, get a count each:
nothing is lost. Others are rounded to the levels of an image of 8 bits, or fewer where the input of the
target takes fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bounds import Bounds
from snnc.errors import Diagnostic, Severity, UserError, counted, fail
from snnc.ir import Encoding, Graph, InputGrid, LimitName, Shape, Target
from snnc.ir.relays import LARGEST_PAYLOAD
from snnc.passes import Pipeline
from snnc.passes.encode_input import EncodeInput
from snnc.passes.match_delays import MatchDelays
from snnc.passes.scale_input import no_offset, why_no_offset

from .input_values import InputOptions, grid_text
from .lattice import lattice

LEVELS = 255
"""Of an image of 8 bits. More make larger counts, and leave less room for weights."""

USUAL_STEPS = 16
"""Steps of a frame where nobody says otherwise: with binary spikes, the most that a count can be."""

NARROW = 8
"""A channel whose range is so many times narrower than all channels' is lost in a common scale."""

FARTHEST = 2**53
"""Counts up to here are exact as floats; no input carries as many."""

SCALE, OFFSET = Bounds(1e-12, 1e12), Bounds(-1e12, 1e12)


@dataclass(frozen=True)
class Span:
    """What a target's input can carry: counts from ``low`` to ``high``, and whether 0 must mean 0."""

    low: int
    high: int
    fixed: tuple[str, str, str] | None

    @property
    def signed(self) -> bool:
        """Whether it takes negative counts."""
        return self.low < 0


def span_of(target: Target, graph: Graph, pipeline: Pipeline) -> Span:
    """What the input of a target can carry, before there is a program (:func:`snnc.ir.input_range`).

    Args:
        target: of the compile.
        graph: as read.
        pipeline: as asked for; what it leaves open, its passes choose later.
    """
    fixed = why_no_offset(graph)
    named = [p.code for p in pipeline.passes if isinstance(p, EncodeInput) and p.code is not None]
    possible = {Encoding(code) for code in named} or set(target.encodings)
    if possible == {Encoding.SPREAD}:
        asked = [p.steps_per_frame for p in pipeline.passes if isinstance(p, MatchDelays)]
        steps = next((each for each in asked if each is not None), graph.trained_steps)
        if graph.frame_is_step:
            steps = 1
        return Span(0, steps or USUAL_STEPS, fixed)
    most, least = target.limit(LimitName.INPUT_SPIKES), target.limit(LimitName.LEAST_INPUT)
    high = LARGEST_PAYLOAD if most is None else min(most, LARGEST_PAYLOAD)
    return Span(-LARGEST_PAYLOAD if least is None else max(least, -LARGEST_PAYLOAD), high, fixed)


def given_numbers(text: str | None, option: str, bounds: Bounds, shape: Shape) -> NDArray[Any] | None:
    """A number, or one for each channel, from the user's text; a number may be a fraction, ``1/255``.

    Raises:
        UserError: D650 it is none, or not as many as there are channels; D305 outside the bounds.
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    try:
        found = [_number(part) for part in parts]
    except (ValueError, ZeroDivisionError, OverflowError):
        raise fail(
            "D650",
            f"{option} {text!r:.60} is not a number, nor a list of numbers",
            where=option,
            why="value = scale * count + offset",
            help="give a number, a fraction such as 1/255, or one for each channel: 0.1,0.2,0.3",
        ) from None
    for each in found:
        bounds.check(each, option)
    if len(found) not in (1, *shape[:1]):
        channels = shape[0] if shape else 0
        raise fail(
            "D650",
            f"{option} has {counted(len(found), 'number')}, the input has "
            f"{counted(channels, 'channel')}",
            where=option,
            why=f"a frame has shape {shape}; its first axis are the channels",
            help=f"give one number, or {channels}",
        )
    return np.array(found)


def _number(text: str) -> float:
    above, slash, below = text.partition("/")
    return float(above) / float(below) if slash else float(above)


def find_grid(
    values: NDArray[Any] | None, shape: Shape, span: Span, options: InputOptions, where: str
) -> tuple[InputGrid, str]:
    """The grid of an input, and where it comes from, in words.

    Args:
        values: calibration data, (samples, frames, \\*shape); None where there are none. Of a type that
            has whole numbers only, they are counts.
        shape: of a frame.
        span: what the target's input takes.
        options: what the user says.
        where: what messages call the data.

    Raises:
        UserError: D650 a wrong number, D651 values that the target's counts cannot reach, D652 an
            offset that the network cannot have, D655 nothing to derive a scale from.
    """
    scale = given_numbers(options.scale, "--input-scale", SCALE, shape)
    offset = given_numbers(options.offset, "--input-offset", OFFSET, shape)
    if offset is not None and np.any(offset) and span.fixed:
        raise no_offset(span.fixed)
    if values is None or values.dtype.kind != "f":
        if scale is None:
            raise _no_scale(values)
        zero = np.zeros(1) if offset is None else offset
        low, high = span.low, span.high
        if values is not None:
            low, high = min(int(values.min()), 0), max(int(values.max()), 0)
        return _grid(scale, zero, low, high), "as given"
    _refuse_huge(values, where)
    if scale is not None:
        zero, how = np.zeros(1) if offset is None else offset, "as given"
    elif offset is not None:
        scale, zero, how = *_above(values, offset, span), "the offset is given, the scale derived"
    else:
        scale, zero, how = _derived(values, span)
    counts = _grid(scale, zero, -FARTHEST, FARTHEST).counts(values)
    low, high = int(counts.min()), int(counts.max())
    _refuse_beyond(low, high, span, values, where)
    return _grid(scale, zero, min(low, 0), max(high, 0)), how


def _no_scale(values: NDArray[Any] | None) -> UserError:
    lacking = "there are no calibration data to derive it from"
    if values is not None:
        lacking = f"the calibration data have type {values.dtype}, they are counts already"
    return fail(
        "D655",
        f"no scale of the input: {lacking}",
        where="--input-offset",
        help="give --input-scale as well, or --calibration FILE.npz with floats",
    )


def _refuse_huge(values: NDArray[Any], where: str) -> None:
    farthest = max(abs(float(values.min())), abs(float(values.max())))
    if farthest > OFFSET.high:
        raise fail(
            "D651",
            f"values are as far from 0 as {farthest:.6g}, the limit is {OFFSET.high:g}",
            where=where,
            why="beyond it, floats leave nothing of what counts would mean",
            help="scale the data and the network's first layer",
        )


def _grid(scale: NDArray[Any], offset: NDArray[Any], low: int, high: int) -> InputGrid:
    return InputGrid(tuple(map(float, scale)), tuple(map(float, offset)), low, high)


def _refuse_beyond(low: int, high: int, span: Span, values: NDArray[Any], where: str) -> None:
    """Refuse counts that no input of the target can carry."""
    if span.low <= low and high <= span.high:
        return
    smallest, largest = float(values.min()), float(values.max())
    if low < span.low and not span.signed:
        cure = f"use --input-offset {smallest:.6g}, or leave --input-scale and --input-offset out"
        if span.fixed:
            cure = "use a target that takes negative counts (loihi), or train on values of 0 or more"
    else:
        room = max(span.high, 1)
        cure = f"use --input-scale {(largest - min(smallest, 0.0)) / room:.6g} or more"
    raise fail(
        "D651",
        f"values of {smallest:.6g} to {largest:.6g} become counts of {low} to {high}, "
        f"the target's input takes {span.low} to {span.high}",
        where=where,
        why="value = scale * count + offset" + (f"; no offset: {span.fixed[0]}" if span.fixed else ""),
        help=cure,
    )


def _above(values: NDArray[Any], offset: NDArray[Any], span: Span) -> tuple[NDArray[Any], NDArray[Any]]:
    """The scale under which the values above an offset fill the levels."""
    channels = len(offset)
    highs = [float(part.max()) for part in _parts(values, channels)]
    room = [high - float(at) for high, at in zip(highs, offset, strict=True)]
    widest = max(max(room), 0.0)
    scale = np.array([(each if each > 0 else widest) or 1.0 for each in room]) / _levels(span)
    return scale, offset


def _levels(span: Span) -> int:
    return min(LEVELS, span.high)


def _parts(values: NDArray[Any], channels: int) -> list[NDArray[Any]]:
    """All values, or those of each channel, (samples, frames, ...)."""
    return [values] if channels == 1 else [values[:, :, c] for c in range(channels)]


def _derived(values: NDArray[Any], span: Span) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Scale and offset from the values: their own even steps, of all or of each channel, or a range."""
    channels = values.shape[2] if values.ndim > 2 else 1
    for groups in dict.fromkeys((1, channels)):
        found = [_even(part, span, alone=groups == 1) for part in _parts(values, groups)]
        whole = [each for each in found if each is not None]
        if len(whole) == groups:
            scale, offset = (np.array(part) for part in zip(*whole, strict=True))
            each = "" if groups == 1 else " in each channel"
            return scale, offset, f"derived from calibration data, whose values are evenly spaced{each}"
    groups = channels if _unlike(values, channels) else 1
    pairs = [_ranged(part, span) for part in _parts(values, groups)]
    scale, offset = (np.array(part) for part in zip(*pairs, strict=True))
    each = "" if groups == 1 else " of each channel"
    return scale, offset, f"derived from the range{each} of the calibration data"


LEAST_OF_CHANNEL = 8
"""Different values from which a channel's own spacing is believed: few have some spacing by chance."""


def _even(values: NDArray[Any], span: Span, *, alone: bool) -> tuple[float, float] | None:
    """Scale and offset of evenly spaced values; None of others, and where they cannot be used."""
    found = lattice(values, _levels(span), 2 if alone else LEAST_OF_CHANNEL)
    if found is None:
        return None
    begin, step, count = found
    places = begin / step
    from_zero = abs(places - round(places)) < 1e-3
    first = round(places)
    if from_zero and first >= 0 and first + count <= _levels(span):
        return step, 0.0
    if span.fixed is None:
        return step, begin
    within = span.signed and max(-first, first + count) <= _levels(span)
    return (step, 0.0) if from_zero and within else None


def _unlike(values: NDArray[Any], channels: int) -> bool:
    """Whether most channels that vary are so narrow that a common scale would lose them."""
    if channels == 1:
        return False
    ranges = np.array([float(np.ptp(part)) for part in _parts(values, channels)])
    varied = ranges[ranges > 0]
    return bool(varied.size and np.mean(varied < float(np.ptp(values)) / NARROW) > 0.5)


def _ranged(values: NDArray[Any], span: Span) -> tuple[float, float]:
    """Scale and offset under which a range of values takes the levels.

    Where the target takes negative counts, 0 stays 0: what is padded with zeros, or silent, means it.
    """
    low, high, levels = float(values.min()), float(values.max()), _levels(span)
    most = max(abs(low), abs(high))
    wide = high - low > most / 2
    if span.fixed is None and ((low < 0 and not span.signed) or (not wide and high > low)):
        return ((high - low) or 1.0) / levels, low
    if low < 0:
        return most / (min(levels, -span.low) if span.signed else levels), 0.0
    return (high or 1.0) / levels, 0.0


def grid_note(grid: InputGrid, values: NDArray[Any], how: str, where: str) -> Diagnostic:
    """N784: what the counts of an input stand for, and what rounding to them costs.

    Args:
        grid: of the input.
        values: calibration data.
        how: where the grid comes from.
        where: what messages call the data.
    """
    found = grid.misfit(values)
    spread = float(values.max()) - float(values.min())
    share = [each / spread if spread else 0.0 for each in (found.largest, found.mean)]
    rounded = (
        "without rounding"
        if found.rounding < 1e-3
        else (f"rounded by {share[0]:.2%} of their range at most, {share[1]:.2%} on average")
    )
    return Diagnostic(
        "N784",
        f"values are taken as counts of {grid.low} to {grid.high}, {rounded}",
        where,
        f"{grid_text(grid)}, {how}",
        "to choose it yourself: --input-scale, --input-offset",
        Severity.NOTE,
    )
