"""Weights added to sums: the innermost loops, for every width of both, in LLVM's own terms.

A function of numba's is compiled once for each combination of types that it is called with, and all of
them wherever one is called from. These loops are all that differs between the five layouts of weights
and sums: they are written here as LLVM has them, behind one switch, and what calls them is compiled
once, in a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils as untyped
from numba.extending import intrinsic

from .compiled import CHECKED
from .vectors import LANES, add_to_sums, pointer, raise_unless, times

cgutils: Any = untyped
WEIGHTS = {1: 0, 2: 1, 4: 2}
"""Bytes of a weight, and the place of its pool among ``Network``'s."""

SUMS = {True: 0, False: 1}
"""Whether sums have 16 bits (``narrow``), and the place of their array; else they have 32."""

LAYOUTS = ((1, True), (2, True), (1, False), (2, False), (4, False))
"""Bytes of a weight with the sums that it is added to: all that a plan chooses."""

Body = Callable[[Any, Any, Any, Any], None]
"""Writes the loops of one layout, given its arrays: the type and value of sums, those of weights."""


def layout_of(count: int, narrow: int) -> int:
    """The number of a layout; numba compiles it too."""
    return 2 * count + narrow


def _each_layout(builder: Any, layout: Any, sums: Any, weights: Any, body: Body) -> None:
    """A switch over :data:`LAYOUTS`.

    Args:
        builder: where it is written.
        layout: its number, a value.
        sums, weights: the types and the values of both tuples of arrays.
        body: what is written for each.
    """
    done = builder.append_basic_block("added")
    switch = builder.switch(layout, done)
    for count, narrow in LAYOUTS:
        case = builder.append_basic_block(f"layout.{count}.{narrow}")
        switch.add_case(ir.Constant(layout.type, layout_of(count, narrow)), case)
        builder.position_at_end(case)
        to, from_ = SUMS[narrow], WEIGHTS[count]
        body(
            sums[0][to],
            builder.extract_value(sums[1], to),
            weights[0][from_],
            builder.extract_value(weights[1], from_),
        )
        builder.branch(done)
    builder.position_at_end(done)


@contextmanager
def _steps(builder: Any, first: Any, end: Any, step: Any) -> Iterator[Any]:
    """A loop over ``first``, ``first + step``, ... until ``end`` is reached, at least once."""
    before, again = builder.block, builder.append_basic_block("again")
    builder.branch(again)
    builder.position_at_end(again)
    index = builder.phi(first.type)
    index.add_incoming(first, before)
    yield index
    following = builder.add(index, step)
    index.add_incoming(following, builder.block)
    after = builder.append_basic_block("after")
    builder.cbranch(builder.icmp_signed("!=", following, end), again, after)
    builder.position_at_end(after)


# Many arguments: numba's intrinsics take arrays and numbers one by one.
def _add_blocks(
    _: Any,
    layout: Any,
    sums: Any,
    at: Any,
    weights: Any,
    firsts: Any,
    shape: Any,
    steps: Any,
    payload: Any,
) -> Any:
    """Add blocks of weights, each (rows, parts, width) and end to end, to the same places of sums.

    ``sums[at + row * steps[0] + part * steps[1] + j] += weights[first + ...]`` for each of ``firsts``,
    with one of them times ``payload``, which is None for 1. ``width`` is whole vectors. Sums are
    loaded and stored once, however many blocks there are.
    """
    factor = types.none if isinstance(payload, types.NoneType) else types.int64
    several: Any = types.UniTuple
    places, triple, pair = (several(types.intp, count) for count in (len(firsts), 3, 2))
    signature = types.void(types.int64, sums, types.intp, weights, places, triple, pair, factor)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        layout, to, at, from_, firsts, shape, steps, payload = arguments
        begins = cgutils.unpack_tuple(builder, firsts)
        rows, parts, width = cgutils.unpack_tuple(builder, shape)
        line_step, part_step = cgutils.unpack_tuple(builder, steps)
        zero, lanes = (ir.Constant(width.type, n) for n in (0, LANES))

        def body(sums_type: Any, sums: Any, weights_type: Any, weights: Any) -> None:
            weight = cgutils.alloca_once_value(builder, ir.Constant(width.type, 0))
            end, block = builder.mul(rows, line_step), builder.mul(parts, part_step)
            with (
                _steps(builder, zero, end, line_step) as line,
                _steps(builder, line, builder.add(line, block), part_step) as part,
                _steps(builder, zero, width, lanes) as j,
            ):
                here = builder.add(at, builder.add(part, j))
                place, vector, bytes_to = pointer(context, builder, sums_type, sums, here, LANES)
                total, offset = builder.load(place, align=bytes_to), builder.load(weight)
                for begin in begins:
                    there = builder.add(begin, offset)
                    source, _, bytes_from = pointer(
                        context, builder, weights_type, weights, there, LANES
                    )
                    values = builder.load(source, align=bytes_from)
                    if bytes_from < bytes_to:
                        values = builder.sext(values, vector)
                    if factor is not types.none:
                        values = times(context, builder, values, payload)
                    total = add_to_sums(context, builder, total, values)
                builder.store(total, place, align=bytes_to)
                builder.store(builder.add(offset, lanes), weight)

        kinds = signature.args
        _each_layout(builder, layout, (kinds[1], to), (kinds[3], from_), body)
        return context.get_dummy_value()

    return signature, generate


# Many arguments: numba's intrinsics take arrays and numbers one by one.
def _add_scattered(
    _: Any,
    layout: Any,
    sums: Any,
    targets: Any,
    weights: Any,
    first: Any,
    begin: Any,
    end: Any,
    payload: Any,
) -> Any:
    """``sums[targets[k]] += payload * weights[first + k]`` for k from ``begin`` to ``end - 1``."""
    place = types.intp
    signature = types.void(types.int64, sums, targets, weights, place, place, place, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        layout, to, targets, from_, first, begin, end, payload = arguments
        kinds = signature.args

        def body(sums_type: Any, sums: Any, weights_type: Any, weights: Any) -> None:
            one = ir.Constant(begin.type, 1)
            with cgutils.for_range_slice(builder, begin, end, one, inc=True) as (k, _):
                number = _load(context, builder, kinds[2], targets, k)[0]
                weight, _ = _load(context, builder, weights_type, weights, builder.add(first, k))
                total, where = _load(context, builder, sums_type, sums, number)
                wide = builder.add(total, builder.mul(payload, weight))
                narrow = builder.trunc(wide, where.type.pointee)
                if CHECKED and narrow.type.width == 16:
                    same = builder.icmp_signed("==", builder.sext(narrow, wide.type), wide)
                    raise_unless(context, builder, same, OverflowError, "a sum of 16 bits")
                builder.store(narrow, where)

        _each_layout(builder, layout, (kinds[1], to), (kinds[3], from_), body)
        return context.get_dummy_value()

    return signature, generate


def _load(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> tuple[Any, Any]:
    """An element of an array of integers, in 64 bits, and its place."""
    data = context.make_array(kind)(context, builder, array)
    if CHECKED:
        inside = builder.icmp_unsigned("<", index, data.nitems)
        raise_unless(context, builder, inside, IndexError, "a place outside its array")
    place = builder.gep(data.data, [index])
    return builder.sext(builder.load(place), ir.IntType(64)), place


add_blocks: Any = intrinsic(_add_blocks)
add_scattered: Any = intrinsic(_add_scattered)
