"""NIR's primitives without state as linear operations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from snnc.frontend.operations.expression import MOST_ELEMENTS
from snnc.frontend.steps.elementwise import elementwise
from snnc.ir import (
    Array,
    AvgPool2d,
    Conv2d,
    Flatten,
    Identity,
    Linear,
    Op,
    Pair,
    Reshape,
    Shape,
    size,
)

from .file import kind_of

LAYERS = (
    "Affine",
    "AvgPool2d",
    "Conv1d",
    "Conv2d",
    "Flatten",
    "Input",
    "Linear",
    "Output",
    "Scale",
    "SumPool2d",
)


def fitting(values: Array, shape: Shape) -> Array:
    """Values of which there is one for each element of a signal, or one for all, shape ().

    Raises:
        ValueError: there are others.
    """
    if values.size == 1:
        return values.reshape(())
    if values.shape != shape:
        raise ValueError(f"gets {shape}, has {values.shape}")
    return values


def layer(node: Any, shape: Shape) -> tuple[Op, ...]:
    """The operations of a node, for a signal of ``shape``; a Conv1d is a Conv2d of images of height 1.

    Raises:
        ValueError: the node cannot take this shape, or asks for what no operation of ours does.
    """
    if kind_of(node) == "Conv1d":
        return _conv1d(node, shape)
    op = _single(node, shape)
    return () if isinstance(op, Identity) else (op,)


def _single(node: Any, shape: Shape) -> Op:
    """The operation of a node, in float64; NIR's images are (channels, height, width), without a batch.

    Source: nir 1.0.8, nir/ir/linear.py, conv.py, pooling.py, flatten.py.
    """
    kind = kind_of(node)
    if kind in ("Input", "Output"):
        return Identity()
    if kind in ("Affine", "Linear"):
        weight = _floats(node.weight)
        if weight.ndim != 2:
            raise ValueError(f"weights of {weight.ndim} axes; a matrix has 2")
        return Linear(weight, _floats(node.bias).reshape(-1) if kind == "Affine" else None)
    if kind == "Scale":
        return elementwise(np.broadcast_to(fitting(_floats(node.scale), shape), shape))
    if kind == "Flatten":
        return _flatten(node, shape)
    if len(shape) != 3:
        raise ValueError(f"takes (channels, height, width), gets {shape}")
    if kind == "Conv2d":
        return _conv(node, _floats(node.weight))
    kernel, stride, padding = (_pair(v) for v in (node.kernel_size, node.stride, node.padding))
    if kind == "AvgPool2d":
        return AvgPool2d(kernel, stride, padding)
    if size((shape[0], *kernel)) > MOST_ELEMENTS:  # each channel has its window of ones
        raise ValueError(f"adds up windows of {kernel} in {shape[0]} channels, too many elements")
    return Conv2d(np.ones((shape[0], 1, *kernel)), None, stride, padding, groups=shape[0])


def _floats(values: Any) -> Array:
    return np.asarray(values, np.float64)


def _pair(value: Any) -> Pair:
    numbers = [int(v) for v in np.ravel(np.asarray(value))]
    return (numbers[0], numbers[-1])


def _conv(node: Any, weight: Array) -> Conv2d:
    dilation = _pair(node.dilation)
    bias = None if node.bias is None else _floats(node.bias)
    height, width = weight.shape[2:]
    padding = _padding(node.padding, (height, width), dilation)
    return Conv2d(weight, bias, _pair(node.stride), padding, dilation, int(np.ravel(node.groups)[0]))


def _padding(padding: Any, kernel: Pair, dilation: Pair) -> Pair:
    """Zeros at each border; 'same' keeps the size where the stride is 1, as in torch."""
    text = padding.decode() if isinstance(padding, bytes) else padding
    if not isinstance(text, str):
        return _pair(padding)
    if text == "valid":
        return (0, 0)
    if text == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        if any(t % 2 for t in total):
            raise ValueError("padding 'same' with an even kernel, which pads one side more")
        return (total[0] // 2, total[1] // 2)
    raise ValueError(f"padding {text!r}")


def _conv1d(node: Any, shape: Shape) -> tuple[Op, ...]:
    """Over (channels, length)."""
    if len(shape) != 2:
        raise ValueError(f"takes (channels, length), gets {shape}")
    if isinstance(node.padding, str | bytes):
        raise ValueError(f"padding {node.padding!r} of a Conv1d")
    flat = _conv(node, _floats(node.weight)[:, :, None, :])
    conv = replace(
        flat,
        stride=(1, flat.stride[1]),
        padding=(0, flat.padding[1]),
        dilation=(1, flat.dilation[1]),
    )
    image = (shape[0], 1, shape[1])
    outs, _, length = conv.out_shape(image)
    return (Reshape(image), conv, Reshape((outs, length)))


def _flatten(node: Any, shape: Shape) -> Op:
    """All axes into one; any other flattening has no place in a chain."""
    first, last = int(node.start_dim), int(node.end_dim)
    flat = (*shape[:first], size(shape[first:] if last == -1 else shape[first : last + 1]))
    if flat == shape:
        return Identity()
    if flat != (size(shape),):
        raise ValueError(f"flattens {shape} to {flat}; only all axes together are supported")
    return Flatten()
