"""Rules for layers with weights. Names, attributes and defaults as in onnx 1.23.2."""

from __future__ import annotations

import numpy as np

from snnc.frontend.archives.exported import Ref
from snnc.frontend.operations.call import UnsupportedError
from snnc.frontend.operations.cures import CONV2D, PRODUCT

from .node import OnnxNode
from .translation import Rules, Translation
from .windows import padded, windows, with_ends


def convolution(t: Translation, node: OnnxNode) -> None:
    """``Conv`` along one or two axes."""
    t.give(node, convolved(t, node, t.live(node), t.fixed(node, 1), t.optional(node, 2)))


def convolved(t: Translation, node: OnnxNode, source: str, weight: object, bias: object) -> str:
    """A convolution with the attributes of a node."""
    kernel = np.asarray(weight, np.float64)
    axes = kernel.ndim - 2
    if axes not in (1, 2):
        raise UnsupportedError(f"{node.op} along {axes} axes", CONV2D)
    sizes = t.shape(source)[2:]
    if len(sizes) != axes:
        raise ValueError(f"weights of shape {kernel.shape} of a signal {t.shape(source)}")
    found = windows(node, sizes, kernel.shape[2:])
    given = source if found.even else padded(t, node, source, found)
    return t.emit(
        node,
        f"conv{axes}d",
        input=Ref(given),
        weight=kernel,
        bias=None if bias is None else np.asarray(bias, np.float64),
        stride=found.strides,
        padding=found.before if found.even else (0,) * axes,
        dilation=found.dilations,
        groups=node.whole("group", 1),
    )


def transposed_convolution(t: Translation, node: OnnxNode) -> None:
    """``ConvTranspose`` along one or two axes.

    Source: onnx/docs/Operators.md (onnx 1.23.2): output_shape overrules pads.
    """
    source, kernel = t.live(node), np.asarray(t.fixed(node, 1), np.float64)
    bias = t.optional(node, 2)
    axes, sizes = kernel.ndim - 2, t.shape(source)[2:]
    if axes not in (1, 2):
        raise UnsupportedError(f"{node.op} along {axes} axes", CONV2D)
    if len(sizes) != axes:
        raise ValueError(f"weights of shape {kernel.shape} of a signal {t.shape(source)}")
    how = str(node.attribute("auto_pad", "NOTSET"))
    more = tuple(int(n) for n in node.attribute("output_padding", (0,) * axes))
    wanted = node.attribute("output_shape")
    strides = tuple(int(n) for n in node.attribute("strides", (1,) * axes))
    if how not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER", ""):
        raise UnsupportedError(f"{node.op} with auto_pad {how}")
    if wanted is None and how.startswith("SAME"):
        wanted = tuple(n * s for n, s in zip(sizes, strides, strict=True))
    plain = windows(_without_words(node), sizes, kernel.shape[2:])
    before, after = (plain.before, plain.after) if how != "VALID" else ((0,) * axes,) * 2
    if wanted is not None:
        if len(wanted) == axes + 2:
            wanted = wanted[2:]
        total = [
            s * (n - 1) + m + e - int(w)
            for n, s, m, e, w in zip(sizes, strides, more, plain.extents, wanted, strict=True)
        ]
        less, rest = tuple(n // 2 for n in total), tuple(n - n // 2 for n in total)
        before, after = (less, rest) if how == "SAME_UPPER" else (rest, less)
    even = before == after and min(before) >= 0
    made = t.emit(
        node,
        f"conv_transpose{axes}d",
        input=Ref(source),
        weight=kernel,
        bias=None if bias is None else np.asarray(bias, np.float64),
        stride=strides,
        padding=before if even else (0,) * axes,
        output_padding=more,
        groups=node.whole("group", 1),
        dilation=plain.dilations,
    )
    if not even:
        made = with_ends(t, node, made, [-n for n in before], [-n for n in after])
    t.give(node, made)


class _WithoutWords(OnnxNode):
    """The node with its padding in numbers alone."""

    def attribute(self, name: str, default: object = None) -> object:
        return "NOTSET" if name == "auto_pad" else super().attribute(name, default)


def _without_words(node: OnnxNode) -> OnnxNode:
    return _WithoutWords(node.proto, node.version, node.asked)


def gemm(t: Translation, node: OnnxNode) -> None:
    """``Gemm``: alpha A B + beta C, one of A and B constant."""
    alpha, beta = float(node.attribute("alpha", 1.0)), float(node.attribute("beta", 1.0))
    left, right = bool(node.whole("transA", 0)), bool(node.whole("transB", 0))
    if len(node.inputs) > 1 and t.is_live(node.inputs[1]):
        raise UnsupportedError(f"{node.op} whose second matrix depends on data", PRODUCT)
    source, matrix = t.live(node), np.asarray(t.fixed(node, 1), np.float64)
    if left:
        source = t.emit(node, "transpose", self=Ref(source), dim0=0, dim1=1)
    if matrix.ndim != 2 or len(t.shape(source)) != 2:
        raise ValueError(f"matrices of shapes {t.shape(source)} and {matrix.shape}")
    weight = alpha * (matrix if right else matrix.T)
    added = len(node.inputs) > 2 and bool(node.inputs[2])
    live = added and t.is_live(node.inputs[2])
    bias = None
    if added and not live:
        constant = beta * np.asarray(t.constants[node.inputs[2]], np.float64)
        bias = np.broadcast_to(constant, (1, len(weight)))[0].copy()
    made = t.emit(node, "linear", input=Ref(source), weight=weight, bias=bias)
    if live:
        other = t.live(node, 2)
        made = t.emit(node, "add", self=Ref(made), other=Ref(other), alpha=beta)
    t.give(node, made)


def matmul(t: Translation, node: OnnxNode) -> None:
    """``MatMul``: a signal and a constant matrix, on either side."""
    live = [t.is_live(name) for name in node.inputs[:2]]
    if live == [True, True]:
        raise UnsupportedError(f"{node.op} of two signals", PRODUCT)
    if live == [False, True]:
        matrix, source = np.asarray(t.fixed(node, 0), np.float64), t.live(node, 1)
        t.give(node, t.emit(node, "matmul", self=matrix, other=Ref(source)))
        return
    t.give(node, multiplied(t, node, t.live(node), np.asarray(t.fixed(node, 1), np.float64)))


def multiplied(t: Translation, node: OnnxNode, source: str, matrix: np.ndarray) -> str:  # type: ignore[type-arg]
    """A signal times a constant matrix; the result has as many axes as the longer of the two."""
    rank = matrix.ndim
    while matrix.ndim > 2 and len(matrix) == 1:
        matrix = matrix[0]
    if matrix.ndim > 2:
        raise UnsupportedError(f"{node.op} with a matrix of shape {matrix.shape}", PRODUCT)
    if matrix.ndim < 2:
        made = t.emit(node, "linear", input=Ref(source), weight=matrix.reshape(1, -1))
        return t.emit(node, "squeeze", self=Ref(made), dim=(len(t.shape(made)) - 1,))
    made = t.emit(node, "linear", input=Ref(source), weight=np.ascontiguousarray(matrix.T))
    shape = t.shape(made)
    if rank <= len(shape):
        return made
    return t.emit(node, "reshape", self=Ref(made), shape=(*(1,) * (rank - len(shape)), *shape))


def batch_norm(t: Translation, node: OnnxNode) -> None:
    """``BatchNormalization`` in inference; before version 14, more than one output says training."""
    training = bool(node.whole("training_mode", 0))
    training |= node.version < 14 and any(node.outputs[1:])
    if training or (node.version < 9 and not node.whole("spatial", 1)):
        raise UnsupportedError(
            f"{node.op} in training" if training else f"{node.op} by element",
            "export the network in evaluation mode",
        )
    node.attribute("momentum")
    scale, bias, mean, variance = (np.asarray(t.fixed(node, n), np.float64) for n in range(1, 5))
    made = t.emit(
        node,
        "batch_norm",
        input=Ref(t.live(node)),
        weight=scale,
        bias=bias,
        running_mean=mean,
        running_var=variance,
        training=False,
        momentum=0.1,
        eps=float(node.attribute("epsilon", 1e-5)),
        cudnn_enabled=False,
    )
    t.give(node, made)


def einsum(t: Translation, node: OnnxNode) -> None:
    """``Einsum`` of one signal and constants."""
    operands = tuple(Ref(t.live(node, n)) for n in range(len(node.inputs)))
    t.give(node, t.emit(node, "einsum", equation=str(node.attribute("equation")), tensors=operands))


def scaler(t: Translation, node: OnnxNode) -> None:
    """``Scaler`` of ai.onnx.ml: (x - offset) scale."""
    offset = np.asarray(node.attribute("offset", (0.0,)), np.float64)
    scale = np.asarray(node.attribute("scale", (1.0,)), np.float64)
    less = t.emit(node, "sub", self=Ref(t.live(node)), other=offset)
    t.give(node, t.emit(node, "mul", self=Ref(less), other=scale))


LAYERS: Rules = {
    "BatchNormalization": batch_norm,
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "Einsum": einsum,
    "Gemm": gemm,
    "MatMul": matmul,
    "ai.onnx.ml.Scaler": scaler,
}
