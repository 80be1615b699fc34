"""Data files: ``x`` (samples, frames, ...) of integer event counts, and optionally ``y`` (samples,)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import Diagnostic, UserError, counted, fail, number
from snnc.files import Budget, Kind, parse_npz, read_bytes
from snnc.files.arrays import NPY_MAGIC
from snnc.ir import Encoding, LimitName, Program, Shape, Target, input_range, relays_payloads
from snnc.ir.counts import broken_counts, refuse_fractions, refuse_strange

from .axes import channels_moved

SHOWN_NAMES = 5
READ = ("x", "y")
INT64 = 8

FILE = Kind(
    "D501",
    "this is not a readable .npz file",
    "save the data with numpy.savez(FILE, x=data)",
    absent="the data file cannot be read",
)

LARGEST_LABEL = 2**31 - 1
"""No model has more answers."""

MAX_COUNT = 2**23 - 1
"""Largest magnitude of a count: a graded spike's payload has 24 bits.

Source: lava-nc 0.10.0, lava/networks: num_message_bits.
"""


STILL_IMAGES = (
    "for still images, compile with --repeat 1, or --repeat N for a network that needs N frames"
)
"""What to do with x without an axis of frames."""


@dataclass(frozen=True)
class Data:
    """What a network runs on.

    Attributes:
        x: event counts, int64 (samples, frames, \\*input shape).
        y: labels, int64 (samples,), if any.
        values: what the counts were made of, likewise shaped, any kind of number: a network that was
            trained on values takes these. None where it takes the counts.
        counted: whether the user gave the counts of such a network, not the values.
    """

    x: NDArray[np.int64]
    y: NDArray[np.int64] | None
    values: NDArray[Any] | None = None
    counted: bool = False

    @property
    def meant(self) -> NDArray[Any]:
        """What the network as it was trained takes: the values, or the counts."""
        return self.x if self.values is None else self.values

    def first(self, samples: int) -> Data:
        """The first samples, ``samples`` at most."""
        return self.part(slice(samples))

    def part(self, which: slice | NDArray[Any]) -> Data:
        """Some of the samples, by numbers, by truth values or as a slice."""
        y, values = self.y, self.values
        return Data(
            self.x[which],
            None if y is None else y[which],
            None if values is None else values[which],
            self.counted,
        )


@dataclass(frozen=True)
class Values:
    """Numbers as the user gives them, before they are counts.

    Attributes:
        x: finite numbers of any type, (samples, frames, \\*input shape); of still images perhaps
            (samples, \\*input shape).
        y: labels, int64 (samples,), if any.
    """

    x: NDArray[Any]
    y: NDArray[np.int64] | None

    @property
    def are_counts(self) -> bool:
        """Whether they are counts wherever they go: numbers of a type that has whole ones only."""
        return self.x.dtype.kind != "f"

    def as_counts(self, where: str, cure: str = "") -> Data:
        """Taken for event counts.

        Args:
            where: what messages call them.
            cure: of fractions, where none can become counts; empty where a compile makes them counts.

        Raises:
            UserError: D506 numbers that are not whole, D507 too large ones.
        """
        if cure and broken_counts(self.x):
            raise _with_cure(self.x, where, cure)
        return Data(_whole(self.x, where), self.y)


@dataclass(frozen=True, eq=False)
class DataSource:
    """Data as the user gives them: a file, or arrays in Python.

    Attributes:
        path: the file; None for arrays.
        arrays: by name, ``x`` and perhaps ``y``; None for a file.
        name: what messages call the arrays.
    """

    path: Path | None = None
    arrays: Mapping[str, NDArray[Any]] | None = None
    name: str = ""

    @property
    def where(self) -> str:
        """What messages call them."""
        return self.name if self.path is None else str(self.path)

    def read(self) -> Data:
        """The data, checked (:func:`read_data`).

        Raises:
            UserError: D501 to D507.
        """
        return self.values().as_counts(self.where)

    def values(self, least_axes: int = 3) -> Values:
        """The data as they are, finite numbers of any kind.

        Args:
            least_axes: 2 where still images may lack the axis of frames.

        Raises:
            UserError: D501 to D506.
        """
        arrays = (self.arrays or {}) if self.path is None else _read_arrays(self.path)
        return check_values(arrays, self.where, least_axes)


def read_data(path: Path) -> Data:
    """Read a data file and check everything about it that needs no model.

    Raises:
        UserError: missing, not an ``.npz`` archive, no ``x``, empty, not whole finite numbers, labels
            that do not fit.
    """
    return check_data(_read_arrays(path), str(path))


def check_data(arrays: Mapping[str, NDArray[Any]], where: str) -> Data:
    """Check everything about arrays that needs no model.

    Args:
        arrays: by name; ``x`` (samples, frames, \\*input shape), numbers that are whole; ``y``
            (samples,), integers of 0 or more, may be left out.
        where: what messages call them.

    Raises:
        UserError: D502 to D507.
    """
    return check_values(arrays, where).as_counts(where)


def check_values(arrays: Mapping[str, NDArray[Any]], where: str, least_axes: int = 3) -> Values:
    """As :func:`check_data`, of numbers that need not be whole.

    Args:
        arrays, where: likewise.
        least_axes: 2 where still images may lack the axis of frames.

    Raises:
        UserError: D502 to D506.
    """
    if "x" not in arrays:
        raise fail(
            "D502",
            f"no array 'x', found {_some(sorted(arrays))}",
            where=where,
            help="save the data with numpy.savez(FILE, x=data), x: (samples, frames, ...); "
            f"{STILL_IMAGES}",
        )
    x = arrays["x"]
    if x.ndim < least_axes:
        raise fail(
            "D503",
            f"x has shape {x.shape}",
            where=where,
            why="its axes must be samples, frames and those of the model's input",
            help=STILL_IMAGES,
        )
    if x.size == 0:
        raise fail("D504", f"x is empty, shape {x.shape}", where=where)
    refuse_strange(x, where)
    y = arrays.get("y")
    if y is not None and (y.ndim != 1 or len(y) != len(x) or y.dtype.kind not in "iu"):
        raise fail(
            "D505",
            f"y has shape {y.shape} and type {y.dtype}, x has {counted(len(x), 'sample')}",
            where=where,
            help="give one whole number a sample, or leave y out",
        )
    if y is not None:
        _refuse_strange_labels(y, where)
    return Values(x, None if y is None else y.astype(np.int64))


def _refuse_strange_labels(y: NDArray[Any], where: str) -> None:
    """Refuse labels that can be no class of any model; those beyond a model's are found with it."""
    outside = y[(y < 0) | (y > LARGEST_LABEL)]
    if outside.size:
        raise fail(
            "D505",
            f"{outside.size} of {y.size} labels in y are outside "
            f"0..{LARGEST_LABEL}, such as {outside[0]}",
            where=where,
            why="a label is the number of a class, from 0",
            help="number the classes from 0; leave samples without a label out, or leave out y",
        )


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    data = read_bytes(path, FILE)
    if data.startswith(NPY_MAGIC):
        raise FILE.wrong(str(path), "a single array (.npy), not an archive of named ones")
    budget = Budget(str(path))
    arrays = parse_npz(data, str(path), FILE, budget)
    for name in READ:
        if name in arrays:  # its numbers become int64
            budget.take(INT64 * arrays[name].size, f"{path}: {name} as int64")
    return arrays


def _some(names: list[str]) -> str:
    """The first names of a list that may be long."""
    shown = ", ".join(names[:SHOWN_NAMES]) or "nothing"
    return f"{shown} and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else shown


def _whole(x: NDArray[Any], where: str) -> NDArray[np.int64]:
    """Event counts as int64, refused where that would change them, or where they are too large."""
    refuse_fractions(x, where)
    least, most = x.min().item(), x.max().item()
    if most > MAX_COUNT:
        raise fail("D507", f"a count of {number(most)} exceeds {MAX_COUNT}", where=where)
    if least < -MAX_COUNT:
        raise fail("D507", f"a count of {number(least)} is below {-MAX_COUNT}", where=where)
    return x.astype(np.int64)


def _with_cure(x: NDArray[Any], where: str, cure: str) -> UserError:
    """D506 of fractions, with another cure than a compile that makes counts of them."""
    try:
        refuse_fractions(x, where)
    except UserError as refused:
        return UserError(*(replace(d, help=cure if d.help else "") for d in refused.diagnostics))
    raise AssertionError("no fractions")


def check_shape(data: Data, shape: Shape, where: str) -> None:
    """Refuse data that do not fit the model's input.

    Raises:
        UserError: with both shapes.
    """
    refuse_other_shape(data.x.shape, shape, where)


def refuse_other_shape(found: Shape, shape: Shape, where: str) -> None:
    """Refuse an array (samples, frames, \\*axes of a frame) whose frames have another shape.

    Raises:
        UserError: D508.
    """
    if found[2:] != shape:
        cure = STILL_IMAGES if found[1:] == shape else channels_moved(found, 2, shape)
        if not cure and (moved := channels_moved(found, 1, shape)):
            cure = f"{moved}; {STILL_IMAGES}"
        raise fail(
            "D508",
            f"x has frames of shape {found[2:]}, the model takes {shape}",
            where=where,
            why=f"x is (samples, frames, ...) and has shape {found}",
            help=cure,
        )


def check_counts(data: Data, program: Program, target: Target, where: str, passes: bool = True) -> None:
    """Refuse counts that the input's spikes cannot carry on a target (``snnc.ir.input_range``).

    What compiles, verifies and runs asks here, of calibration data as of any other.

    Args:
        data: counts of the input's shape.
        program: as compiled.
        target: its limits "input spikes" and "least input".
        where: the data's file.
        passes: whether passes made the program; otherwise no option of theirs is advised.

    Raises:
        UserError: D509 ``spread`` with negative counts or more than one event a step, D511 negative
            payloads that would have to pass relays, D520 or D470 more or less than the target takes.
    """
    low, high = input_range(program, target)
    over, under = int(np.count_nonzero(data.x > high)), int(np.count_nonzero(data.x < low))
    if program.input.encoding is Encoding.SPREAD:
        found = [_not_spread(data, program, target, over + under, passes)] if over or under else []
    else:
        found = [_above(data, target, over)] if over else []
        if under:
            relayed = relays_payloads(program)
            fewer = passes and program.steps_per_frame > 1
            found.append(_relayed(data, under, fewer) if relayed else _below(data, target, under))
    if found:
        raise UserError(*(replace(each, where=where) for each in found))


def _not_spread(data: Data, program: Program, target: Target, outside: int, passes: bool) -> Diagnostic:
    steps, largest, smallest = program.steps_per_frame, int(data.x.max()), int(data.x.min())
    cures = []
    framed = program.step_seconds is None  # the frames of a NIR network are steps
    if passes and smallest >= 0 and framed:
        cures.append(f"compile with --steps-per-frame {largest}")
    if Encoding.GRADED in target.encodings:
        most, least = (
            target.limits.get(LimitName.INPUT_SPIKES),
            target.limits.get(LimitName.LEAST_INPUT),
        )
        fits = (most is None or largest <= most.value) and (least is None or smallest >= least.value)
        option = next((limit.cure for limit in (most, least) if limit is not None), "")
        if fits or option:
            graded = GRADED_INPUT if passes else "give the program's input the encoding graded"
            cures.append(graded if fits else f"{graded}, and {option}")
    if not cures or not passes:
        cures.append(f"use counts of 0 to {steps}")
    return Diagnostic(
        "D509",
        f"{outside} of {data.x.size} counts are outside 0..{steps}, "
        + (f"largest {largest}" if largest > steps else f"smallest {smallest}"),
        why="the input code 'spread' sends one binary spike a step at the most",
        help=", or ".join(cures),
    )


def _above(data: Data, target: Target, over: int) -> Diagnostic:
    limit = target.limits[LimitName.INPUT_SPIKES]
    cut = f"cut counts at {limit.value}, and train with such counts; or use shorter frames"
    return Diagnostic(
        "D520",
        f"{over} of {data.x.size} counts exceed {limit.value}, largest {data.x.max()}",
        why=f"{target.name} takes {limit.value} {limit.unit} (stated by {limit.source})",
        help=limit.cure or cut,
    )


def _below(data: Data, target: Target, under: int) -> Diagnostic:
    limit = target.limits[LimitName.LEAST_INPUT]
    return Diagnostic(
        "D470",
        f"{under} of {data.x.size} counts are below {limit.value}, smallest {data.x.min()}",
        why=f"{target.name} takes {limit.value} {limit.unit} (stated by {limit.source})",
        help=limit.cure or f"use counts of {limit.value} or more, such as events of each sign apart",
    )


GRADED_INPUT = "compile with --set 'encode-input{code=graded}'"
FEWER_STEPS = "compile with fewer steps a frame: --set 'match-delays{relays=false}' says how many"


def _relayed(data: Data, under: int, fewer: bool) -> Diagnostic:
    """A relay counts up from 0: it would swallow a negative payload without a word."""
    return Diagnostic(
        "D511",
        f"{under} of {data.x.size} counts are negative, smallest {data.x.min()}",
        why="a delay of the input is longer than a connection's, and its relay neurons carry no "
        "negative payloads",
        help=FEWER_STEPS if fewer else "use counts of 0 or more",
    )
