"""Numbers of few bits: quantizers of weights are computed, those of activations become levels.

A rounded activation is ``scale * clamp(round(x / scale), low, high)``. Neurons with levels compute
``clamp(floor(x / scale + 1/2), 0, levels)``: the same but for ties, which go up instead of to the even
neighbour. Where ``low`` is not 0 it is added before and taken away behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from snnc.errors import Diagnostic, Severity
from snnc.frontend.archives.exported import Ref
from snnc.frontend.operations.call import UnsupportedError
from snnc.frontend.operations.cures import SPIKES
from snnc.ir import Array

from .arithmetic import clip
from .layers import convolved
from .layers import multiplied as times_matrix
from .node import OnnxNode
from .translation import Grid, Rounded, Rules, Translation

RANGES: Mapping[str, tuple[int, int]] = {
    "int16": (-(2**15), 2**15 - 1),
    "int2": (-2, 1),
    "int4": (-8, 7),
    "int8": (-128, 127),
    "uint16": (0, 2**16 - 1),
    "uint2": (0, 3),
    "uint4": (0, 15),
    "uint8": (0, 255),
}
"""Whole numbers that a type holds, by its name in numpy and ml_dtypes."""

NARROWER = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 21: "uint4", 22: "int4"}
"""``TensorProto.DataType``, for ``output_dtype``."""

MOST_BITS = 16
UP = 0.5
FIXED_SCALE = "use a scale and a zero point that do not depend on data (static quantization)"


class How(NamedTuple):
    """A quantizer.

    Attributes:
        grid: its levels; zero points are taken off.
        shift: what is added before rounding down: 1/2, or 0.
        ties: whether a tie would go to the even neighbour.
    """

    grid: Grid
    shift: float = UP
    ties: bool = True


def quantize(t: Translation, node: OnnxNode) -> None:
    """``QuantizeLinear`` of a signal: nothing happens before ``DequantizeLinear`` gives it back."""
    for ignored in ("saturate", "precision"):
        node.attribute(ignored)
    source = t.live(node)
    scale, zero = _scale(t, node, 1, source), t.optional(node, 2)
    said = node.whole("output_dtype", 0)
    kind = NARROWER.get(said, "uint8" if not said else str(said)) if zero is None else _kind(zero)
    t.rounded[node.outputs[0]] = _rounded(node, source, scale, kind, zero)


def dequantize(t: Translation, node: OnnxNode) -> None:
    """``DequantizeLinear`` of what ``QuantizeLinear`` gave; of whole numbers of the input, a factor."""
    node.attribute("output_dtype")
    if node.inputs[0] in t.rounded:
        t.give(node, _real(t, node, 0, 1, 2))
    else:
        source = t.live(node)
        less = np.asarray(float(_zero_of(node, t.optional(node, 2))))
        moved = t.emit(node, "sub", self=Ref(source), other=less)
        t.give(node, t.emit(node, "mul", self=Ref(moved), other=np.asarray(_scale(t, node, 1, source))))
    t.elements[node.outputs[0]] = 1


def _real(t: Translation, node: OnnxNode, number: int, scale_at: int, zero_at: int) -> str:
    """What an input of whole numbers stands for, with the scale and zero point that it was made with.

    Raises:
        UnsupportedError: they are others, or it is no input of whole numbers.
    """
    name = node.inputs[number]
    found = t.rounded.get(name)
    if found is None:
        raise UnsupportedError(f"{node.op} of numbers without a scale", FIXED_SCALE)
    scale = _scale(t, node, scale_at, found.inner)  # along its axis: that may be another one
    zero = _zero_of(node, t.optional(node, zero_at))
    if not np.array_equal(scale, found.grid.scale) or zero != found.zero:
        raise UnsupportedError(f"{node.op} with another scale than the numbers have", FIXED_SCALE)
    if name not in t.real:
        t.real[name] = leveled(t, node, found.inner, How(found.grid))
    return t.real[name]


def clip_whole(t: Translation, node: OnnxNode) -> None:
    """``Clip`` of whole numbers between the two halves of a quantizer: fewer levels (QCDQ)."""
    found = t.rounded.get(node.inputs[0])
    if found is None:
        clip(t, node)
        return
    ends = [t.optional(node, 1), t.optional(node, 2)]
    low, high = (None if e is None else int(np.reshape(e, ())) - found.zero for e in ends)
    grid = found.grid
    low = grid.low if low is None else max(low, grid.low)
    high = grid.high if high is None else min(high, grid.high)
    t.rounded[node.outputs[0]] = replace(found, grid=Grid(grid.scale, low, high))


def convolution_of_whole(t: Translation, node: OnnxNode) -> None:
    """``QLinearConv``: the convolution of what the whole numbers stand for, rounded."""
    source = _real(t, node, 0, 1, 2)
    weight, scale = _weights(t, node, 3)
    bias = t.optional(node, 8)
    step = float(np.reshape(t.fixed(node, 1), ())) * np.ravel(scale)
    added = None if bias is None else np.asarray(bias, np.float64) * step
    _round(t, node, convolved(t, node, source, weight, added), 6)


def matmul_of_whole(t: Translation, node: OnnxNode) -> None:
    """``QLinearMatMul`` by a constant matrix."""
    source = _real(t, node, 0, 1, 2)
    weight, _ = _weights(t, node, 3)
    _round(t, node, times_matrix(t, node, source, weight), 6)


def _weights(t: Translation, node: OnnxNode, number: int) -> tuple[Array, Array]:
    """Weights of whole numbers times their scale, which may be one for each output."""
    whole = np.asarray(t.fixed(node, number), np.float64)
    scale = np.asarray(t.fixed(node, number + 1), np.float64)
    zero = np.asarray(t.fixed(node, number + 2), np.float64)
    if node.op == "QLinearConv":
        shape = (-1, *(1,) * (whole.ndim - 1))
        return (whole - zero.reshape(shape)) * scale.reshape(shape), scale
    return (whole - zero) * scale, scale


def _round(t: Translation, node: OnnxNode, made: str, number: int) -> None:
    scale, zero = _scale(t, node, number, made), t.fixed(node, number + 1)
    t.rounded[node.outputs[0]] = _rounded(node, made, scale, _kind(zero), zero)


def quant(t: Translation, node: OnnxNode) -> None:
    """``Quant`` of QONNX, as brevitas writes it (qonnx 1.0, qonnx/custom_op/general/quant.py)."""
    source = t.live(node)
    scale = _broadcast_scale(np.asarray(t.fixed(node, 1), np.float64))
    zero, bits = np.asarray(t.fixed(node, 2)), float(np.reshape(t.fixed(node, 3), ()))
    low, high = quant_range(node, bits)
    offset = float(np.ravel(zero)[0])
    if np.any(zero != offset) or offset != int(offset):
        raise UnsupportedError(f"{node.op} with a zero point of {offset:g}", "use whole zero points")
    grid = Grid(scale, low - int(offset), high - int(offset))
    how = str(node.attribute("rounding_mode", "ROUND")).upper()
    _, left = _without_cut(t, source, grid, UP)
    floors = how == "FLOOR" or (how in ("ROUND_TO_ZERO", "DOWN") and left.low >= 0)
    if not floors and how not in ("ROUND", "HALF_EVEN", "HALF_UP"):
        raise UnsupportedError(f"{node.op} with rounding_mode {how}", "use ROUND, FLOOR or HALF_UP")
    shift = 0.0 if floors else UP
    t.give(node, leveled(t, node, source, How(grid, shift, how in ("ROUND", "HALF_EVEN"))))


def quant_range(node: OnnxNode, bits: float) -> tuple[int, int]:
    """The smallest and largest whole number of a ``Quant``.

    Source: qonnx 1.0, qonnx/custom_op/general/quant.py, ``min_int`` and ``max_int``.
    """
    signed, narrow = bool(node.whole("signed", 1)), bool(node.whole("narrow", 0))
    if bits != int(bits) or not 1 <= bits <= MOST_BITS:
        raise UnsupportedError(f"{node.op} of {bits:g} bits", f"use 1 to {MOST_BITS} bits")
    width = int(bits)
    if signed:
        return -(2 ** (width - 1)) + narrow, 2 ** (width - 1) - 1
    return 0, 2**width - 1 - narrow


def folded_quant(node: OnnxNode, values: list[Any]) -> Array:
    """``Quant`` of constants."""
    x, scale, zero = (np.asarray(v, np.float64) for v in values[:3])
    low, high = quant_range(node, float(np.reshape(values[3], ())))
    how = str(node.attribute("rounding_mode", "ROUND")).upper()
    rounded: dict[str, Callable[[Any], Any]] = {
        "CEIL": np.ceil,
        "DOWN": np.trunc,
        "FLOOR": np.floor,
        "HALF_EVEN": np.rint,
        "ROUND": np.rint,
        "ROUND_TO_ZERO": np.trunc,
        "UP": lambda v: np.sign(v) * np.ceil(np.abs(v)),
    }
    if how not in rounded:
        raise UnsupportedError(f"{node.op} of constants with rounding_mode {how}")
    with np.errstate(all="ignore"):
        return np.asarray((rounded[how](np.clip(x / scale + zero, low, high)) - zero) * scale)


def folded_bipolar(node: OnnxNode, values: list[Any]) -> Array:
    """``BipolarQuant`` of constants: the sign, times a scale."""
    x, scale = (np.asarray(v, np.float64) for v in values[:2])
    return np.asarray(np.where(x >= 0, 1.0, -1.0) * scale)


def leveled(t: Translation, node: OnnxNode, source: str, how: How) -> str:
    """A signal rounded to levels: neurons that have them, unless it lies on them already."""
    given = source
    source, grid = _without_cut(t, source, how.grid, how.shift)
    if (known := t.grids.get(source)) is not None and grid.holds(known):
        return source
    # Behind an activation the input is cut for this branch alone: levels, no grid of the input.
    if given in t.input and np.ndim(grid.scale) == 0 and grid.low <= 0 <= grid.high:
        _take_grid_of_input(t, node, grid)
        return source
    if not grid.low < grid.high:
        raise UnsupportedError(f"{node.op} that leaves one level", SPIKES)
    parts = t.emit(node, "mul", self=Ref(source), other=1 / np.asarray(grid.scale, np.float64))
    if how.shift - grid.low:
        parts = t.emit(node, "add", self=Ref(parts), other=np.asarray(how.shift - grid.low))
    whole = t.emit(node, "floor", self=Ref(parts))
    made = t.emit(node, "clamp", self=Ref(whole), min=0.0, max=float(grid.high - grid.low))
    if grid.low:
        made = t.emit(node, "add", self=Ref(made), other=np.asarray(float(grid.low)))
    made = t.emit(node, "mul", self=Ref(made), other=np.asarray(grid.scale, np.float64))
    t.grids[made] = grid
    t.leveled.append((node.where, grid, how.ties))
    return made


def _without_cut(t: Translation, source: str, grid: Grid, shift: float) -> tuple[str, Grid]:
    """What an activation in front was given, and the levels that are left within its ends."""
    whole = round if shift else math.floor
    while (cut := t.cuts.get(source)) is not None and np.ndim(grid.scale) == 0:
        ends = [end / float(grid.scale) for end in (cut.low, cut.high)]
        low = grid.low if math.isinf(ends[0]) else max(grid.low, whole(ends[0]))
        high = grid.high if math.isinf(ends[1]) else min(grid.high, whole(ends[1]))
        if low >= high:
            break
        source, grid = cut.inner, Grid(grid.scale, low, high)
    return source, grid


def _take_grid_of_input(t: Translation, node: OnnxNode, grid: Grid) -> None:
    if t.input_grid is not None and t.input_grid != grid:
        raise UnsupportedError(
            f"{node.op} of an input that is quantized to other steps too", "quantize the input once"
        )
    if t.input_grid is None:
        t.input_grid = grid
        t.notes.append(
            Diagnostic(
                "N768",
                f"the input is rounded to steps of {float(grid.scale):g}, "
                f"from {grid.low * float(grid.scale):g} to {grid.high * float(grid.scale):g}",
                node.where,
                "the file quantizes its input: floats become counts of these steps; counts (data of an "
                "integer type) are not rounded again",
                "to choose other steps: --input-scale",
                Severity.NOTE,
            )
        )


def _scale(t: Translation, node: OnnxNode, number: int, source: str) -> Any:
    """One scale, or one along an axis."""
    scale = np.asarray(t.fixed(node, number), np.float64)
    axis, block = node.whole("axis", 1), node.whole("block_size", 0)
    if block or scale.ndim > 1:
        raise UnsupportedError(f"{node.op} of activations in blocks", "use one scale for a tensor")
    if not np.all(np.isfinite(scale)) or np.any(scale <= 0):
        raise ValueError("a scale that is not above 0")
    if scale.size == 1:
        return scale.reshape(())
    shape = t.shape(source)
    if not -len(shape) <= axis < len(shape) or shape[axis] != scale.size:
        raise ValueError(f"{scale.size} scales along axis {axis} of {shape}")
    return scale.reshape([-1 if n == axis % len(shape) else 1 for n in range(len(shape))])


def _broadcast_scale(scale: Array) -> Any:
    if not np.all(np.isfinite(scale)) or np.any(scale <= 0):
        raise ValueError("a scale that is not above 0")
    return scale.reshape(()) if scale.size == 1 else scale


def _kind(zero: Any) -> str:
    return str(np.asarray(zero).dtype)


def _rounded(node: OnnxNode, source: str, scale: Any, kind: str, zero: Any) -> Rounded:
    if kind not in RANGES:
        raise UnsupportedError(f"{node.op} to {kind}", "quantize activations to 16 bits or less")
    offset = _zero_of(node, zero)
    low, high = RANGES[kind]
    return Rounded(source, Grid(scale, low - offset, high - offset), offset)


def _zero_of(node: OnnxNode, zero: Any) -> int:
    """The zero point; along an axis the same for all."""
    if zero is None:
        return 0
    values = np.ravel(np.asarray(zero, np.float64))
    if np.any(values != values[0]):
        raise UnsupportedError(f"{node.op} with zero points that differ", "use symmetric quantization")
    return int(values[0])


QUANTIZERS: Rules = {
    "Clip": clip_whole,
    "DequantizeLinear": dequantize,
    "QLinearConv": convolution_of_whole,
    "QLinearMatMul": matmul_of_whole,
    "QuantizeLinear": quantize,
    "com.microsoft.DequantizeLinear": dequantize,
    "com.microsoft.QuantizeLinear": quantize,
    "finn.custom_op.general.Quant": quant,
    "onnx.brevitas.Quant": quant,
    "qonnx.custom_op.general.Quant": quant,
}

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
FOLDED: Mapping[str, Callable[[OnnxNode, list[Any]], Array]] = {
    **{f"{domain}.BipolarQuant": folded_bipolar for domain in DOMAINS},
    **{f"{domain}.Quant": folded_quant for domain in DOMAINS},
}
"""Quantizers of constants that onnx's reference implementation does not know."""
