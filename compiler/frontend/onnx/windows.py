"""Where the windows of convolutions and poolings lie: strides, dilations, padding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snnc.frontend.archives.exported import Ref
from snnc.frontend.operations.call import MOST_ELEMENTS, UnsupportedError
from snnc.ir import Array

from .node import OnnxNode
from .translation import Translation

MOST_PADDING = 2**16


@dataclass(frozen=True)
class Windows:
    """Along each axis behind the channels.

    Attributes:
        kernel, strides, dilations: of it.
        before, after: padding at its two ends.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def extents(self) -> tuple[int, ...]:
        """How many places of the axis a window reaches over."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    @property
    def even(self) -> bool:
        """Whether both ends are padded alike."""
        return self.before == self.after


def windows(node: OnnxNode, sizes: Sequence[int], kernel: Sequence[int] | None = None) -> Windows:
    """The windows of a node.

    Args:
        node: a convolution or pooling.
        sizes: of the signal's axes behind the channels.
        kernel: of the weights; None for poolings, which name it.

    Source: onnx/docs/Operators.md (onnx 1.23.2), ``auto_pad``.

    Raises:
        ValueError: numbers that are missing, too many or negative.
    """
    axes = len(sizes)
    said = node.attribute("kernel_shape")
    if kernel is None and said is None:
        raise ValueError("kernel_shape is missing")
    given = tuple(int(n) for n in (said if kernel is None else kernel))
    if said is not None and tuple(said) != given:
        raise ValueError(f"kernel_shape {said} of weights of {given}")
    strides = tuple(int(n) for n in node.attribute("strides", (1,) * axes))
    dilations = tuple(int(n) for n in node.attribute("dilations", (1,) * axes))
    pads = tuple(int(n) for n in node.attribute("pads", (0,) * (2 * axes)))
    if not len(given) == len(strides) == len(dilations) == axes or len(pads) != 2 * axes:
        raise ValueError(f"windows of {given} along {axes} axes")
    if min((*given, *strides, *dilations)) < 1 or not 0 <= min(pads) <= max(pads) <= MOST_PADDING:
        raise ValueError(f"windows of {given}, strides {strides}, dilations {dilations}, pads {pads}")
    how = str(node.attribute("auto_pad", "NOTSET")) or "NOTSET"
    before, after = pads[:axes], pads[axes:]
    if how == "VALID":
        before = after = (0,) * axes
    elif how in ("SAME_UPPER", "SAME_LOWER"):
        missing = [
            (math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n
            for n, s, d, k in zip(sizes, strides, dilations, given, strict=True)
        ]
        if kernel is None and min(missing) < 0:
            # onnxruntime 1.32.0 and onnx 1.23.2 cut elements off, or fail; TensorFlow does neither.
            what = f"{node.op} with auto_pad {how} of windows {given} narrower than strides {strides}"
            raise UnsupportedError(f"{what}: runtimes of ONNX disagree; export it with pads")
        whole = [max(0, n) for n in missing]
        less, more = tuple(n // 2 for n in whole), tuple(n - n // 2 for n in whole)
        before, after = (less, more) if how == "SAME_UPPER" else (more, less)
    elif how != "NOTSET":
        raise UnsupportedError(f"{node.op} with auto_pad {how}")
    return Windows(given, strides, dilations, before, after)


def last_windows(node: OnnxNode, found: Windows, sizes: Sequence[int]) -> tuple[int, ...]:
    """How many windows there are along each axis.

    With ``ceil_mode`` one may reach over the end; it must not begin there.
    """
    counts = []
    ceil = bool(node.whole("ceil_mode", 0))
    for n, e, s, b, a in zip(
        sizes, found.extents, found.strides, found.before, found.after, strict=True
    ):
        reach = n + b + a - e
        if reach < 0:
            raise ValueError(f"a window of {e} does not fit into {n + b + a}")
        count = (-(-reach // s) if ceil else reach // s) + 1
        if ceil and (count - 1) * s >= n + b:
            count -= 1
        counts.append(count)
    return tuple(counts)


def padded(t: Translation, node: OnnxNode, source: str, found: Windows) -> str:
    """The signal with zeros at the ends of its axes behind the channels."""
    return with_ends(t, node, source, found.before, found.after)


def with_ends(
    t: Translation, node: OnnxNode, source: str, before: Sequence[int], after: Sequence[int]
) -> str:
    """The signal with zeros at the ends of its last axes; negative numbers cut off."""
    if not any((*before, *after)):
        return source
    pad = tuple(n for pair in zip(reversed(before), reversed(after), strict=True) for n in pair)
    return t.emit(node, "constant_pad_nd", self=Ref(source), pad=pad, value=0.0)


def along(t: Translation, node: OnnxNode, source: str, axis: int, matrix: Array) -> str:
    """The signal with a matrix (new, old) along one axis, batch counted.

    Rows with a single 1 only choose elements.
    """
    if matrix.size > MOST_ELEMENTS:
        raise UnsupportedError(f"{node.op} with {matrix.size} elements")
    if matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(len(matrix))):
        return source
    chosen = matrix.argmax(axis=1)
    alone = np.zeros_like(matrix)
    alone[np.arange(len(matrix)), chosen] = 1
    if np.array_equal(matrix, alone):
        return t.emit(node, "index_select", self=Ref(source), dim=axis, index=chosen.astype(np.int64))
    last = len(t.shape(source)) - 1
    order = list(range(last + 1))
    order[axis], order[last] = last, axis
    moved = source if axis == last else t.emit(node, "permute", self=Ref(source), dims=tuple(order))
    made = t.emit(node, "linear", input=Ref(moved), weight=matrix)
    return made if axis == last else t.emit(node, "permute", self=Ref(made), dims=tuple(order))
