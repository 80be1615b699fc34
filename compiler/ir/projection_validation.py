"""Whether a projection's operation fits what it connects, and its weights their grid."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from snnc.errors import fail

from .convolution import Conv2d
from .dynamics import STANDARD, Encoding
from .fixed_point import SignMode, on_grid, weight_range, weight_step
from .ops import Array, Identity, Linear, Op, Shape, SparseLinear, size
from .program import Program, ProgramPopulation, ProgramProjection
from .ranged import in_range

OWNER = "ProgramProjection"
DIGITS = 31
"""Widest weights of one sign: 32 bits keep 31 digits."""


def check_projection(program: Program, number: int, projection: ProgramProjection) -> None:
    """Make sure that every engine can follow a projection; its source and target are there.

    Raises:
        UserError: D133 to D137; see :func:`snnc.ir.validate`.
    """
    where = f"projection {number}, {projection.label}"
    for field in ("weight_bits", "exponent", "delay"):
        in_range(OWNER, field, getattr(projection, field), where)
    if not isinstance(projection.sign_mode, SignMode):
        what = f"sign_mode is {projection.sign_mode!r:.100}"
        raise fail("D133", what, where=f"{where}, sign_mode", help="use one of snnc.ir.SignMode")
    if not isinstance(projection.graded, bool | np.bool_):
        what = f"graded is {projection.graded!r:.100}, neither true nor false"
        raise fail("D133", what, where=f"{where}, graded")
    source, target = program.by_name[projection.source], program.by_name[projection.target]
    if projection.graded and not _sends_payloads(source):
        raise fail(
            "D137",
            f"it is graded, and {source.name} sends no payloads",
            where=f"{where}, graded",
            why="binary spikes carry no payload",
        )
    _check_changes(projection, source, target, where)
    weights = _checked(projection.op, source.shape, target.shape, where)
    try:
        given = projection.op.out_shape(source.shape)
    except ValueError as problem:
        what = f"its {_said(projection.op)} does not fit {source.name}, {source.shape}: {problem}"
        raise fail("D134", what, where=f"{where}, op") from problem
    if given != target.shape:
        what = f"its {_said(projection.op)} gives the shape {given}, {target.name} has {target.shape}"
        raise fail("D134", what, where=f"{where}, op", why="a projection brings each neuron its sum")
    if weights is not None:
        _check_grid(projection, weights, where)


def _check_changes(
    projection: ProgramProjection, source: ProgramPopulation, target: ProgramPopulation, where: str
) -> None:
    """Changes arrive where they are summed and nowhere else, with their payloads, and unrounded."""
    sums = target.dynamics.sums_changes
    if source.sends_changes != sums:
        what = f"{source.name} sends changes, and {target.name} does not sum them"
        if sums:
            what = f"{target.name} sums changes, and {source.name} sends none"
        why = "changes are summed over frames, levels within one: either way the other would go wrong"
        raise fail("D137", what, where=where, why=why)
    if sums and not projection.graded:
        what = f"it is not graded, and {source.name} sends changes"
        raise fail("D137", what, where=f"{where}, graded", why="a change is the payload of its spike")
    if sums and projection.exponent < 0:
        raise fail(
            "D137",
            f"its exponent is {projection.exponent}, for changes; it can be 0 or more",
            where=f"{where}, exponent",
            why="sums of changes that are rounded one by one are not the rounded sum",
        )


def _sends_payloads(source: ProgramPopulation) -> bool:
    """Whether a population's spikes carry numbers; what a plug-in's neurons send is its to say."""
    if source.neuron is None:
        return source.encoding is not Encoding.SPREAD
    return source.neuron.code.one_spike or source.neuron.model != STANDARD


def _said(op: Op) -> str:
    """An operation in words."""
    if not isinstance(op, Conv2d):
        return "operation"
    names = ("stride", "padding", "dilation", "groups")
    return f"convolution ({', '.join(f'{name} {getattr(op, name)!r:.60}' for name in names)})"


def _checked(op: Op, source: Shape, target: Shape, where: str) -> Array | None:
    """The stored weights of an operation whose numbers make sense; None where it has none."""
    if isinstance(op, Identity):
        return None
    if isinstance(op, SparseLinear):
        return _sparse(op, source, target, where)
    if not isinstance(op, Conv2d | Linear):
        kinds = "Linear, Conv2d, SparseLinear or Identity"
        what = f"its operation is {type(op).__name__}, not {kinds}"
        raise fail(
            "D134",
            what,
            where=f"{where}, op",
            why="passes fold all other operations before a program is made",
        )
    if op.bias is not None:
        why = "in a program, biases belong to populations"
        raise fail("D134", "its operation has a bias", where=f"{where}, op", why=why)
    axes = 4 if isinstance(op, Conv2d) else 2
    weights = _integers(op.weight, axes, where)
    if isinstance(op, Linear) and op.columns is not None:
        _columns(op.columns, len(op.weight[0]), where)
    if isinstance(op, Conv2d):
        numbers = (*op.stride, *op.padding, *op.dilation, op.groups)
        if not all(isinstance(n, int | np.integer) for n in numbers):
            what = f"its {_said(op)} has numbers that are not whole"
            raise fail("D134", what, where=f"{where}, op")
    return weights


def _columns(columns: Array, count: int, where: str) -> None:
    """Which column each input has: engines follow these without checking them."""
    place = f"{where}, op"
    if not isinstance(columns, np.ndarray) or columns.dtype != np.int64 or columns.ndim != 1:
        kind = getattr(columns, "dtype", type(columns).__name__)
        raise fail("D135", f"its columns are {kind}, not a row of int64", where=place)
    outside = (columns < -1) | (columns >= count)
    if outside.any():
        what = f"input {int(outside.argmax())} has column {int(columns[outside.argmax()])}"
        raise fail("D135", f"{what}; there are {count}", where=place)


def _integers(weights: Array, axes: int, where: str) -> Array:
    if not isinstance(weights, np.ndarray) or weights.dtype != np.int64:
        kind = getattr(weights, "dtype", type(weights).__name__)
        why = "a program computes in whole numbers of 64 bits"
        raise fail("D135", f"its weights are {kind}, not int64", where=f"{where}, op", why=why)
    if weights.ndim != axes or not weights.size:
        what = f"its weights have the shape {weights.shape}; there have to be {axes} axes, none empty"
        raise fail("D135", what, where=f"{where}, op")
    return weights


def _sparse(op: SparseLinear, source: Shape, target: Shape, where: str) -> Array:
    """A matrix whose indices lead nowhere but into it, each place once."""
    matrix = op.weight
    place = f"{where}, op"
    if not sparse.issparse(matrix) or matrix.format != "csr" or matrix.dtype != np.int64:
        kind = f"{getattr(matrix, 'format', type(matrix).__name__)}, {getattr(matrix, 'dtype', '')}"
        raise fail("D135", f"its matrix is {kind}, not csr of int64", where=place)
    wanted = (size(target), size(source))
    if matrix.shape != wanted:
        what = f"its matrix is {matrix.shape}; between these populations it is {wanted}"
        raise fail("D134", what, where=place, why="it has a row for each target, a column a source")
    problem = _damage(matrix)
    if problem:
        why = "engines use its indices without checking them"
        raise fail("D135", f"its matrix is damaged: {problem}", where=place, why=why)
    if not matrix.has_canonical_format and not _single(matrix):
        why = "two weights in one place would add up to one that may be off the grid"
        raise fail("D135", "its matrix has two entries for one place", where=place, why=why)
    return np.asarray(matrix.data)


def _damage(matrix: sparse.csr_array) -> str:
    """What is wrong with a matrix's lists of places; empty where nothing is.

    scipy 1.17's ``check_format`` does not look at rows where the last row pointer is 0.
    """
    rows, columns = matrix.shape
    pointers, indices = matrix.indptr, matrix.indices
    if pointers.shape != (rows + 1,) or indices.shape != matrix.data.shape or indices.ndim != 1:
        return f"{len(pointers)} row pointers, {indices.size} indices and {matrix.data.size} weights"
    if pointers[0] != 0 or pointers[-1] != len(indices) or np.any(np.diff(pointers) < 0):
        return f"its row pointers do not rise from 0 to {len(indices)}"
    if indices.size and not 0 <= indices.min() <= indices.max() < columns:
        return f"indices of {indices.min()} to {indices.max()} in {columns} columns"
    return ""


def _single(matrix: sparse.csr_array) -> bool:
    """Whether every place is there once, in whatever order."""
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    places = rows * matrix.shape[1] + matrix.indices
    return len(np.unique(places)) == len(places)


def _check_grid(projection: ProgramProjection, weights: Array, where: str) -> None:
    bits, mode = projection.weight_bits, projection.sign_mode
    if mode is not SignMode.MIXED and bits > DIGITS:
        what = f"weight_bits are {bits} with {mode.value} signs; there can be {DIGITS}"
        raise fail("D133", what, where=f"{where}, weight_bits", why="weights are kept in 32 bits")
    if not on_grid(weights, bits, mode):
        low, high = weight_range(bits, mode)
        step = weight_step(bits, mode)
        raise fail(
            "D136",
            f"weights of {int(weights.min())} to {int(weights.max())} are not all on the grid "
            f"{low} to {high} in steps of {step}",
            where=f"{where}, op",
            why=f"weight_bits are {bits}, sign_mode is {mode.value}",
        )
