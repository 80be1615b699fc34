"""``Resize`` and ``Upsample``: one matrix along each axis. Attributes as in onnx 1.23.2."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from snnc.frontend.operations.call import MOST_ELEMENTS, UnsupportedError
from snnc.frontend.operations.cures import MERGE
from snnc.ir import Array

from .node import OnnxNode
from .translation import Rules, Translation
from .windows import along

PLACES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric")
NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
SIMPLER = "use nearest or linear interpolation"


@dataclass(frozen=True)
class Axis:
    """How one axis becomes longer or shorter.

    Attributes:
        old, new: its lengths.
        scale: new pixels for an old one, which need not be new / old.
    """

    old: int
    new: int
    scale: float


def resize(t: Translation, node: OnnxNode) -> None:
    """``Resize``, from version 10 on, and ``Upsample``, which it replaced."""
    source = t.live(node)
    mode = str(node.attribute("mode", "nearest"))
    mode = "linear" if mode == "bilinear" else mode
    if mode not in ("nearest", "linear"):
        raise UnsupportedError(f"{node.op} with mode {mode}", SIMPLER)
    if node.op == "Upsample" or node.version < 11:
        places, rounding = "asymmetric", "floor"
    else:
        places = str(node.attribute("coordinate_transformation_mode", "half_pixel"))
        rounding = str(node.attribute("nearest_mode", "round_prefer_floor"))
    for ignored in ("cubic_coeff_a", "extrapolation_value"):
        node.attribute(ignored)
    outside = node.whole("exclude_outside", 0) and mode == "linear"
    if outside or node.whole("antialias", 0) or places not in PLACES or rounding not in NEAREST:
        raise UnsupportedError(f"{node.op} with {places}, {rounding}", SIMPLER)
    axes = _axes(t, node, t.shape(source))
    made = source
    for axis, found in axes.items():
        if found.old * found.new > MOST_ELEMENTS:
            raise UnsupportedError(f"{node.op} to {found.new} pixels")
        if places == "align_corners" and abs(found.scale * found.old - found.new) > 1e-3:
            raise UnsupportedError(f"{node.op} with align_corners by {found.scale:g}", "give sizes")
        at = _places(found, places)
        matrix = _nearest(found, at, rounding) if mode == "nearest" else _linear(found, at)
        made = along(t, node, made, axis, matrix)
    t.give(node, made)


def _axes(t: Translation, node: OnnxNode, shape: tuple[int, ...]) -> dict[int, Axis]:
    """The axes that change, with their new lengths."""
    sizes: tuple[int, ...] | None = None
    if node.op == "Upsample" and node.version < 9:
        scales = node.attribute("scales")
    elif node.op == "Upsample" or node.version < 11:
        scales = t.optional(node, 1)
    else:
        scales, sizes = t.optional(node, 2), t.numbers(node, 3)
    policy = str(node.attribute("keep_aspect_ratio_policy", "stretch"))
    named = node.attribute("axes", tuple(range(len(shape))))
    named = tuple(int(n) % len(shape) for n in named)
    factors = [] if scales is None else [float(n) for n in np.ravel(scales)]
    found = {}
    if sizes:
        if len(sizes) != len(named):
            raise ValueError(f"sizes {sizes} of {len(named)} axes")
        factors = [n / shape[axis] for n, axis in zip(sizes, named, strict=True)]
        if policy != "stretch":
            one = min(factors) if policy == "not_larger" else max(factors)
            factors = [one] * len(named)
            sizes = tuple(math.floor(one * shape[axis] + 0.5) for axis in named)
    elif len(factors) != len(named):
        raise ValueError(f"scales {factors} of {len(named)} axes")
    for number, (axis, factor) in enumerate(zip(named, factors, strict=True)):
        if not math.isfinite(factor) or factor <= 0:
            raise ValueError(f"a scale of {factor}")
        # Scales are of single precision: their product with a length is, too.
        product = np.float32(shape[axis]) * np.float32(factor)
        if product > MOST_ELEMENTS:
            raise UnsupportedError(f"{node.op} to {product:.0f} pixels")
        new = sizes[number] if sizes else math.floor(product)
        if new < 1:
            raise ValueError(f"{new} pixels")
        if axis == 0 and new != 1:
            raise UnsupportedError(f"{node.op} of the batch axis", MERGE)
        if axis and (new != shape[axis] or factor != 1):
            found[axis] = Axis(shape[axis], new, factor)
    return found


def _places(axis: Axis, how: str) -> Array:
    """Where each new pixel lies among the old ones.

    Source: onnx/reference/ops/op_resize.py, ``_interpolate_1d_with_x`` (onnx 1.23.2).
    """
    x = np.arange(axis.new, dtype=np.float64)
    if how == "asymmetric":
        return x / axis.scale
    if how == "align_corners":
        long = axis.new - 1 if axis.new > 1 else 0
        return x * (axis.old - 1) / long if long else np.zeros(axis.new)
    if how == "pytorch_half_pixel" and axis.new == 1:
        return np.array([-0.5])
    if how == "half_pixel_symmetric":
        adjusted = axis.new / (axis.scale * axis.old)
        return axis.old / 2 * (1 - adjusted) + (x + 0.5) / axis.scale - 0.5
    return (x + 0.5) / axis.scale - 0.5


def _nearest(axis: Axis, at: Array, how: str) -> Array:
    whole = {
        "ceil": np.ceil(at),
        "floor": np.floor(at),
        "round_prefer_ceil": np.floor(at + 0.5),
        "round_prefer_floor": np.ceil(at - 0.5),
    }[how]
    matrix = np.zeros((axis.new, axis.old))
    matrix[np.arange(axis.new), np.clip(whole, 0, axis.old - 1).astype(np.int64)] = 1
    return matrix


def _linear(axis: Axis, at: Array) -> Array:
    """Between two neighbours; beyond the border its own pixel."""
    first = np.floor(at).astype(np.int64)
    share = at - first
    matrix = np.zeros((axis.new, axis.old))
    rows = np.arange(axis.new)
    np.add.at(matrix, (rows, np.clip(first, 0, axis.old - 1)), 1 - share)
    np.add.at(matrix, (rows, np.clip(first + 1, 0, axis.old - 1)), share)
    return matrix


RESIZING: Rules = {"Resize": resize, "Upsample": resize}
"""``Resize`` and ``Upsample``."""
