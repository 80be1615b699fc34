"""Rules for poolings, means and sums over axes. Names, attributes and defaults as in onnx 1.23.2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snnc.frontend.archives.exported import Ref
from snnc.frontend.operations.call import MOST_ELEMENTS, UnsupportedError
from snnc.frontend.operations.cures import MERGE
from snnc.ir import Array

from .node import OnnxNode
from .translation import Rules, Translation
from .windows import Windows, along, last_windows, padded, windows


def max_pool(t: Translation, node: OnnxNode) -> None:
    """``MaxPool``: what it pools is never negative, so that padding with zeros is padding with less."""
    source = t.live(node)
    sizes = _sizes(t, node, source)
    found = windows(node, sizes)
    _give_max(t, node, source, _with_whole_ends(node, found, sizes))


def global_max_pool(t: Translation, node: OnnxNode) -> None:
    """``GlobalMaxPool``."""
    source = t.live(node)
    sizes = _sizes(t, node, source)
    one, none = (1,) * len(sizes), (0,) * len(sizes)
    _give_max(t, node, source, Windows(sizes, sizes, one, none, none))


def _give_max(t: Translation, node: OnnxNode, source: str, found: Windows) -> None:
    axes = len(found.kernel)
    # Torch takes at most half a window of padding.
    inside = found.even and all(2 * b <= k for b, k in zip(found.before, found.kernel, strict=True))
    given = source if inside else padded(t, node, source, found)
    made = t.emit(
        node,
        f"max_pool{axes}d",
        self=Ref(given),
        kernel_size=found.kernel,
        stride=found.strides,
        padding=found.before if inside else (0,) * axes,
        dilation=found.dilations,
        ceil_mode=False,
    )
    if (grid := t.grids.get(source)) is not None and np.ndim(grid.scale) == 0 and grid.low >= 0:
        t.grids[made] = replace(grid, low=0)
    t.give(node, made)


def _with_whole_ends(node: OnnxNode, found: Windows, sizes: tuple[int, ...]) -> Windows:
    """With ``ceil_mode`` the padding behind that the last windows reach into."""
    counts = last_windows(node, found, sizes)
    after = tuple(
        max(a, (c - 1) * s + e - n - b)
        for c, s, e, n, b, a in zip(
            counts, found.strides, found.extents, sizes, found.before, found.after, strict=True
        )
    )
    return replace(found, after=after)


def average_pool(t: Translation, node: OnnxNode) -> None:
    """``AveragePool``, every form of it: one matrix along each axis where windows differ."""
    source = t.live(node)
    sizes = _sizes(t, node, source)
    found, count_padding = windows(node, sizes), bool(node.whole("count_include_pad", 0))
    counts = last_windows(node, found, sizes)
    ceil = bool(node.whole("ceil_mode", 0))
    plain = found.even and not ceil and set(found.dilations) == {1}
    plain &= all(2 * b <= k for b, k in zip(found.before, found.kernel, strict=True))
    if plain and (count_padding or not any(found.before)):
        made = t.emit(
            node,
            f"avg_pool{len(sizes)}d",
            self=Ref(source),
            kernel_size=found.kernel,
            stride=found.strides,
            padding=found.before,
            ceil_mode=False,
            count_include_pad=True,
        )
        t.give(node, made)
        return
    made = source
    for axis, n in enumerate(sizes):
        made = along(t, node, made, 2 + axis, _averages(found, axis, n, counts[axis], count_padding))
    t.give(node, made)


def _averages(found: Windows, axis: int, length: int, count: int, count_padding: bool) -> Array:
    """What each window takes of an axis, (windows, length).

    Source: onnx/reference/ops/_op_common_pool.py (onnx 1.23.2): padding counts where it is to, what
    ``ceil_mode`` adds behind it never does.
    """
    if count * length > MOST_ELEMENTS:
        raise UnsupportedError(f"a pooling with {count * length} elements")
    matrix = np.zeros((count, length))
    for row in range(count):
        first = row * found.strides[axis] - found.before[axis]
        places = first + found.dilations[axis] * np.arange(found.kernel[axis])
        inside = places[(places >= 0) & (places < length)]
        counted = len(inside)
        if count_padding:
            counted = int(np.count_nonzero(places < length + found.after[axis]))
        matrix[row, inside] = 1 / counted if counted else 0.0
    return matrix


def global_average_pool(t: Translation, node: OnnxNode) -> None:
    """``GlobalAveragePool``."""
    source = t.live(node)
    axes = tuple(range(2, 2 + len(_sizes(t, node, source))))
    t.give(node, t.emit(node, "mean", self=Ref(source), dim=axes, keepdim=True))


def reduced(t: Translation, node: OnnxNode) -> None:
    """``ReduceMean`` and ``ReduceSum`` over axes of a sample."""
    source = t.live(node)
    rank = len(t.shape(source))
    given = node.attribute("axes")
    if given is None and len(node.inputs) > 1:
        given = t.numbers(node, 1)
    keep, nothing = bool(node.whole("keepdims", 1)), bool(node.whole("noop_with_empty_axes", 0))
    if not given and nothing:
        t.same(node, source, source)
        return
    if any(not -rank <= n < rank for n in given or ()):
        raise ValueError(f"axes {given} of {rank}")
    axes = {n % rank for n in given} if given else set(range(rank))
    if 0 in axes:
        if not keep:
            raise UnsupportedError(f"{node.op} over the batch axis", MERGE)
        axes -= {0}  # it has one element
    if not axes:
        t.same(node, source, source)
        return
    op = "mean" if node.op == "ReduceMean" else "sum"
    t.give(node, t.emit(node, op, self=Ref(source), dim=tuple(sorted(axes)), keepdim=keep))


def _sizes(t: Translation, node: OnnxNode, source: str) -> tuple[int, ...]:
    sizes = t.shape(source)[2:]
    if len(sizes) not in (1, 2):
        raise UnsupportedError(f"{node.op} of a signal of shape {t.shape(source)}")
    return sizes


POOLING: Rules = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "MaxPool": max_pool,
    "ReduceMean": reduced,
    "ReduceSum": reduced,
}
