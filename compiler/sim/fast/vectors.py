"""Operations on vectors of neighbouring numbers, in LLVM's own terms.

numba leaves it to LLVM to find loops that can be vectors, with checks before each whether arrays
overlap. For rows as short as a convolution's the checks cost more than the additions; these do without.
LLVM makes of a vector what the processor at hand has.

In the checked build each of these does the same operations at the same widths, and once more in 64
bits: where the numbers differ, something was lost, and it raises.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .compiled import CHECKED

untyped: Any = cgutils
LANES = 32
"""Numbers in a vector of sums."""

MASK = 64
"""Numbers that are asked at once which of them are not 0."""


def pointer(context: Any, builder: Any, array: Any, value: Any, index: Any, lanes: int) -> Any:
    """A pointer to ``lanes`` elements from ``index`` on, their vector type and bytes an element."""
    element = context.get_data_type(array.dtype)
    vector = ir.VectorType(element, lanes)
    if CHECKED:
        size = context.make_array(array)(context, builder, value).nitems
        end = builder.add(index, ir.Constant(index.type, lanes))
        inside = builder.and_(
            builder.icmp_signed(">=", index, ir.Constant(index.type, 0)),
            builder.icmp_signed("<=", end, size),
        )
        raise_unless(context, builder, inside, IndexError, "a vector lies outside its array")
    place = builder.gep(context.make_array(array)(context, builder, value).data, [index])
    return builder.bitcast(place, vector.as_pointer()), vector, array.dtype.bitwidth // 8


def raise_unless(context: Any, builder: Any, holds: Any, kind: Any, message: str) -> None:
    """Leave the kernel with an exception where a bit is not set."""
    with builder.if_then(builder.not_(holds), likely=False):
        context.call_conv.return_user_exc(builder, kind, (message,))


def _require(context: Any, builder: Any, lanes: Any, message: str) -> None:
    """Raise where not all of ``LANES`` bits are set."""
    bits = builder.bitcast(lanes, ir.IntType(LANES))
    whole = builder.icmp_signed("==", bits, ir.Constant(ir.IntType(LANES), -1))
    raise_unless(context, builder, whole, OverflowError, message)


def _wide(builder: Any, vector: Any) -> Any:
    return builder.sext(vector, ir.VectorType(ir.IntType(64), LANES))


def _exactly(context: Any, builder: Any, name: str, one: Any, other: Any, message: str) -> Any:
    """``add``, ``sub`` or ``shl`` of two vectors, where every result fits its lane."""
    result = getattr(builder, name)(one, other)
    if CHECKED:
        truth = getattr(builder, name)(_wide(builder, one), _wide(builder, other))
        same = builder.icmp_signed("==", _wide(builder, result), truth)
        _require(context, builder, same, message)
    return result


def add_to_sums(context: Any, builder: Any, one: Any, other: Any) -> Any:
    """The sum of two vectors of sums: of 32 bits they wrap, of 16 bits they fit."""
    if one.type.element.width == 32:
        return builder.add(one, other)
    return _exactly(context, builder, "add", one, other, "a sum of 16 bits")


def times(context: Any, builder: Any, row: Any, factor: Any) -> Any:
    """A row of weights, as wide as their sums, times a payload of 64 bits."""
    element = row.type.element
    one = builder.trunc(factor, element) if element.width < 64 else factor
    result = builder.mul(row, _splat(builder, one, row.type))
    if CHECKED and element.width == 16:
        wide = _wide(builder, row)
        truth = builder.mul(wide, _splat(builder, factor, wide.type))
        same = builder.icmp_signed("==", _wide(builder, result), truth)
        _require(context, builder, same, "a payload times its weight in 16 bits")
    return result


# Many arguments: numba's intrinsics take arrays and numbers one by one.
def _fire_vector(
    _: Any,
    sums: Any,
    at: Any,
    potentials: Any,
    here: Any,
    thresholds: Any,
    there: Any,
    shift: Any,
    limit: Any,
    below: Any,
    kept: Any,
) -> Any:
    """One step of ``LANES`` neurons in 32 bits: what ``step_narrow`` in ``stepping.py`` does for one.

    ``kept`` is -1 for a soft reset, 0 for a hard one. Sums are left as zeros. Returns one bit for each
    neuron that fired, and in the upper half one for each that would do so again, if nothing arrives.
    """
    numbers = (types.int32,) * 4
    places = (sums, types.intp, potentials, types.intp, thresholds, types.intp)
    signature = types.uint64(*places, *numbers)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        source, row, size = pointer(context, builder, kinds[0], arguments[0], arguments[1], LANES)
        place, vector, _ = pointer(context, builder, kinds[2], arguments[2], arguments[3], LANES)
        bound, _, _ = pointer(context, builder, kinds[4], arguments[4], arguments[5], LANES)
        shift, limit, below, kept = (_splat(builder, n, vector) for n in arguments[6:])
        arrived, threshold = builder.load(source, align=size), builder.load(bound, align=4)
        builder.store(ir.Constant(row, None), source, align=size)
        if size < 4:
            arrived = builder.sext(arrived, vector)
        low = builder.neg(limit)
        current = _exactly(context, builder, "shl", arrived, shift, "a current in 32 bits")
        if CHECKED:  # the last that a register of the current takes, above and below
            top = builder.add(limit, _splat(builder, ir.Constant(ir.IntType(32), 1), vector))
            stays = builder.and_(
                builder.icmp_signed(">=", current, low), builder.icmp_signed("<=", current, top)
            )
            _require(context, builder, stays, "a current that wraps")
        before = builder.load(place, align=4)
        x = _exactly(context, builder, "add", before, current, "a potential in 32 bits")
        x = builder.select(builder.icmp_signed(">", x, low), x, low)
        x = builder.select(builder.icmp_signed("<", x, limit), x, limit)
        bound = _exactly(context, builder, "sub", threshold, below, "a threshold less one in 32 bits")
        fired = builder.icmp_signed(">", x, bound)
        rest = _exactly(context, builder, "sub", x, threshold, "a potential less its threshold")
        rest = builder.and_(rest, kept)
        x = builder.select(fired, rest, x)
        builder.store(x, place, align=4)
        again = builder.icmp_signed(">", x, bound)
        now, then = (
            builder.zext(builder.bitcast(lanes, ir.IntType(LANES)), ir.IntType(64))
            for lanes in (fired, again)
        )
        return builder.or_(now, builder.shl(then, ir.Constant(ir.IntType(64), LANES)))

    return signature, generate


def _touched(_: Any, sums: Any, first: Any, count: Any) -> Any:
    """One bit for each of ``count`` vectors of sums from ``first`` on: whether any is not 0.

    From 1 to 64 of them.
    """
    signature = types.uint64(sums, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, first, count = arguments
        found = untyped.alloca_once(builder, ir.IntType(64))
        builder.store(ir.Constant(ir.IntType(64), 0), found)
        with untyped.for_range(builder, count, intp=count.type) as loop:
            at = builder.add(first, builder.mul(loop.index, ir.Constant(count.type, LANES)))
            place, vector, size = pointer(context, builder, signature.args[0], array, at, LANES)
            values = builder.load(place, align=size)
            some = builder.icmp_signed("!=", values, ir.Constant(vector, None))
            any_of = builder.bitcast(some, ir.IntType(LANES))
            bit = builder.icmp_unsigned("!=", any_of, ir.Constant(any_of.type, 0))
            bit = builder.shl(builder.zext(bit, ir.IntType(64)), loop.index)
            builder.store(builder.or_(builder.load(found), bit), found)
        return builder.load(found)

    return signature, generate


def _clear(_: Any, numbers: Any, first: Any, end: Any) -> Any:
    """Zeros from ``first`` to ``end - 1``."""
    signature = types.void(numbers, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, first, end = arguments
        data = context.make_array(signature.args[0])(context, builder, array)
        if CHECKED:
            zero = ir.Constant(first.type, 0)
            inside = builder.and_(
                builder.icmp_signed(">=", first, zero), builder.icmp_signed("<=", end, data.nitems)
            )
            raise_unless(context, builder, inside, IndexError, "zeros lie outside their array")
        size = ir.Constant(first.type, signature.args[0].dtype.bitwidth // 8)
        some = builder.icmp_signed("<", first, end)
        with builder.if_then(some):
            count = builder.mul(builder.sub(end, first), size)
            untyped.memset(builder, builder.gep(data.data, [first]), count, 0)
        return context.get_dummy_value()

    return signature, generate


def _bring_over(_: Any, narrow: Any, wide: Any, count: Any) -> Any:
    """Add ``count`` sums of 16 bits, whole vectors, to those of 32, which wrap, and leave zeros."""
    signature = types.void(narrow, wide, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        step = ir.Constant(arguments[2].type, LANES)
        with untyped.for_range(builder, builder.sdiv(arguments[2], step)) as loop:
            at = builder.mul(loop.index, step)
            kinds = signature.args
            from_, vector, two = pointer(context, builder, kinds[0], arguments[0], at, LANES)
            to, sums, four = pointer(context, builder, kinds[1], arguments[1], at, LANES)
            values = builder.sext(builder.load(from_, align=two), sums)
            builder.store(builder.add(builder.load(to, align=four), values), to, align=four)
            builder.store(ir.Constant(vector, None), from_, align=two)
        return context.get_dummy_value()

    return signature, generate


def _splat(builder: Any, number: Any, vector: Any) -> Any:
    """A vector of the same number."""
    empty = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(single, empty, zeros)


def _mask_of(_: Any, values: Any, first: Any) -> Any:
    """One bit for each of ``MASK`` numbers from ``first`` on: whether it is not 0."""
    signature = types.uint64(values, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place, vector, size = pointer(
            context, builder, signature.args[0], arguments[0], arguments[1], MASK
        )
        some = builder.icmp_unsigned("!=", builder.load(place, align=size), ir.Constant(vector, None))
        return builder.bitcast(some, ir.IntType(64))

    return signature, generate


def _lowest_bit(_: Any, mask: Any) -> Any:
    """The number of the lowest set bit; 64 where there is none."""
    signature = types.int64(types.uint64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return signature, generate


fire_vector: Any = intrinsic(_fire_vector)
mask_of: Any = intrinsic(_mask_of)
touched: Any = intrinsic(_touched)
clear: Any = intrinsic(_clear)
bring_over: Any = intrinsic(_bring_over)
lowest_bit: Any = intrinsic(_lowest_bit)
