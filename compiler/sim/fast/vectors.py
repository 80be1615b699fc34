"""Operations on vectors of neighbouring numbers, in LLVM's own terms.

numba leaves it to LLVM to find loops that can be vectors, with checks before each whether arrays
overlap. For rows as short as a convolution's the checks cost more than the additions; these do without.
LLVM makes of a vector what the processor at hand has.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 32
"""Numbers in a vector of sums."""

MASK = 64
"""Bytes that are asked at once which of them are not 0."""


def _pointer(context: Any, builder: Any, array: Any, value: Any, index: Any, lanes: int) -> Any:
    """A pointer to ``lanes`` elements from ``index`` on, their vector type and bytes an element."""
    element = context.get_data_type(array.dtype)
    vector = ir.VectorType(element, lanes)
    place = builder.gep(context.make_array(array)(context, builder, value).data, [index])
    return builder.bitcast(place, vector.as_pointer()), vector, array.dtype.bitwidth // 8


def _add_vector(_: Any, sums: Any, at: Any, weights: Any, first: Any, factor: Any) -> Any:
    """``sums[at + j] += weights[first + j] * factor`` for ``LANES`` j; the factor may be None for 1."""
    times = types.none if isinstance(factor, types.NoneType) else types.int64
    signature = types.void(sums, types.intp, weights, types.intp, times)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to, _, from_, _, factor_type = signature.args
        place, vector, bytes_to = _pointer(context, builder, to, arguments[0], arguments[1], LANES)
        source, _, bytes_from = _pointer(context, builder, from_, arguments[2], arguments[3], LANES)
        row = builder.load(source, align=bytes_from)
        if bytes_from < bytes_to:
            row = builder.sext(row, vector)
        if factor_type is not types.none:
            one = arguments[4]
            if bytes_to < 8:
                one = builder.trunc(one, vector.element)
            row = builder.mul(row, _splat(builder, one, vector))
        builder.store(builder.add(builder.load(place, align=bytes_to), row), place, align=bytes_to)
        return context.get_dummy_value()

    return signature, generate


def _add_four_vectors(
    _: Any, sums: Any, at: Any, weights: Any, first: Any, second: Any, third: Any, fourth: Any
) -> Any:
    """``sums[at + j] += weights[first + j] + ... + weights[fourth + j]`` for ``LANES`` j."""
    places = (types.intp,) * 4
    signature = types.void(sums, types.intp, weights, *places)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to, _, from_ = signature.args[:3]
        place, vector, bytes_to = _pointer(context, builder, to, arguments[0], arguments[1], LANES)
        total = builder.load(place, align=bytes_to)
        for index in arguments[3:]:
            source, _, bytes_from = _pointer(context, builder, from_, arguments[2], index, LANES)
            row = builder.load(source, align=bytes_from)
            total = builder.add(total, builder.sext(row, vector) if bytes_from < bytes_to else row)
        builder.store(total, place, align=bytes_to)
        return context.get_dummy_value()

    return signature, generate


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

    ``kept`` is -1 for a soft reset, 0 for a hard one. Returns one bit for each neuron that fired.
    """
    numbers = (types.int32,) * 4
    places = (sums, types.intp, potentials, types.intp, thresholds, types.intp)
    signature = types.uint64(*places, *numbers)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        source, _, size = _pointer(context, builder, kinds[0], arguments[0], arguments[1], LANES)
        place, vector, _ = _pointer(context, builder, kinds[2], arguments[2], arguments[3], LANES)
        bound, _, _ = _pointer(context, builder, kinds[4], arguments[4], arguments[5], LANES)
        shift, limit, below, kept = (_splat(builder, n, vector) for n in arguments[6:])
        arrived, threshold = builder.load(source, align=size), builder.load(bound, align=4)
        if size < 4:
            arrived = builder.sext(arrived, vector)
        x = builder.add(builder.load(place, align=4), builder.shl(arrived, shift))
        low = builder.neg(limit)
        x = builder.select(builder.icmp_signed(">", x, low), x, low)
        x = builder.select(builder.icmp_signed("<", x, limit), x, limit)
        fired = builder.icmp_signed(">", x, builder.sub(threshold, below))
        rest = builder.and_(builder.sub(x, threshold), kept)
        builder.store(builder.select(fired, rest, x), place, align=4)
        return builder.zext(builder.bitcast(fired, ir.IntType(LANES)), ir.IntType(64))

    return signature, generate


def _splat(builder: Any, number: Any, vector: Any) -> Any:
    """A vector of the same number."""
    empty = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(single, empty, zeros)


def _mask_of(_: Any, values: Any, first: Any) -> Any:
    """One bit for each of ``MASK`` bytes (int8) from ``first`` on: whether it is not 0."""
    signature = types.uint64(values, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place, vector, size = _pointer(
            context, builder, signature.args[0], arguments[0], arguments[1], MASK
        )
        some = builder.icmp_unsigned("!=", builder.load(place, align=size), ir.Constant(vector, None))
        return builder.bitcast(some, ir.IntType(64))

    return signature, generate


def _lowest_bit(_: Any, mask: Any) -> Any:
    """The number of the lowest set bit; the mask must not be 0."""
    signature = types.int64(types.uint64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return signature, generate


add_vector: Any = intrinsic(_add_vector)
add_four_vectors: Any = intrinsic(_add_four_vectors)
fire_vector: Any = intrinsic(_fire_vector)
mask_of: Any = intrinsic(_mask_of)
lowest_bit: Any = intrinsic(_lowest_bit)
