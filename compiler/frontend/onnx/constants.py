"""Operations on the file's own constants: computed once, by onnx's reference implementation.

Exporters leave much of it: shapes that are computed, weights that are transposed, dequantized,
concatenated. Only operations of the list below are computed, and only where what they give is known
beforehand to be small enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from snnc.frontend.operations.call import MOST_ELEMENTS, UnsupportedError

from .node import OnnxNode

Values = list[Any]

SAME_SHAPE = frozenset(
    {
        *("Abs", "Ceil", "Erf", "Exp", "Floor", "Identity", "Log", "Neg", "Not", "Reciprocal", "Relu"),
        *("Round", "Sigmoid", "Sign", "Sqrt", "Tanh", "Cast", "CastLike", "Clip", "Cos", "Sin"),
        *("Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Softmax", "BitShift"),
        *("QuantizeLinear", "DequantizeLinear", "Shape", "Size", "Split", "Slice", "NonZero"),
        *("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"),
        *("ReduceL1", "ReduceL2", "ArgMax", "ArgMin", "CumSum", "IsNaN", "IsInf", "Trilu"),
        *("LeakyRelu", "Dropout", "DepthToSpace", "SpaceToDepth"),
    }
)
"""Operations that give no more elements than their inputs have together, times the last axis."""

BROADCAST = frozenset(
    {
        *("Add", "And", "BitwiseAnd", "BitwiseOr", "Div", "Equal", "Greater", "GreaterOrEqual", "Less"),
        *("LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "Pow", "Sub", "Sum", "Where", "Xor"),
    }
)


def _broadcast(node: OnnxNode, values: Values) -> int:
    return math.prod(np.broadcast_shapes(*(np.shape(v) for v in values)))


def _of_shape(node: OnnxNode, values: Values) -> int:
    return int(math.prod([int(n) for n in values[0]]))


def _expanded(node: OnnxNode, values: Values) -> int:
    wanted = tuple(int(n) for n in values[1])
    return math.prod(np.broadcast_shapes(np.shape(values[0]), wanted))


def _tiled(node: OnnxNode, values: Values) -> int:
    return int(np.size(values[0])) * math.prod([int(n) for n in values[1]])


def _range(node: OnnxNode, values: Values) -> int:
    start, limit, delta = (float(np.reshape(v, ())) for v in values)
    return max(0, math.ceil((limit - start) / delta))


def _matmul(node: OnnxNode, values: Values) -> int:
    left, right = np.shape(values[0]), np.shape(values[1])
    if node.op == "Gemm":
        return math.prod(left) * max(right, default=1)
    rows = math.prod(left[:-1]) * (right[-1] if len(right) > 1 else 1)
    batches = math.prod(right[:-2])
    return rows * max(1, batches) * max(1, left[-1] if left else 1)


def _gathered(node: OnnxNode, values: Values) -> int:
    axis = int(node.attribute("axis", 0))
    shape = list(np.shape(values[0]))
    return math.prod((*shape[:axis], *np.shape(values[1]), *shape[axis:][1:]))


def _concatenated(node: OnnxNode, values: Values) -> int:
    return int(sum(np.size(v) for v in values))


def _padded(node: OnnxNode, values: Values) -> int:
    shape = np.shape(values[0])
    pads = node.attribute("pads") if len(values) < 2 else values[1]
    widest = max(shape, default=1) + sum(abs(int(n)) for n in pads)
    return int(widest ** max(1, len(shape)))


def _one_hot(node: OnnxNode, values: Values) -> int:
    return np.size(values[0]) * int(np.reshape(values[1], ()))


def _eye(node: OnnxNode, values: Values) -> int:
    return np.size(values[0])


SIZED: Mapping[str, Callable[[OnnxNode, Values], int]] = {
    **dict.fromkeys(BROADCAST, _broadcast),
    "Concat": _concatenated,
    "ConstantOfShape": _of_shape,
    "Expand": _expanded,
    "EyeLike": _eye,
    "Gather": _gathered,
    "Gemm": _matmul,
    "MatMul": _matmul,
    "OneHot": _one_hot,
    "Pad": _padded,
    "Range": _range,
    "Tile": _tiled,
}
"""By operation, how many elements it gives, or how much work it is."""

QUANTIZERS = frozenset({"DequantizeLinear", "QuantizeLinear"})
QUANTIZERS_FROM = 19
"""The reference implementation (onnx 1.23.2) has these from version 19 on; older ones mean the same."""


def can_fold(node: OnnxNode) -> bool:
    """Whether an operation may be computed where all that it takes is constant."""
    return node.domain == "" and (node.op in SAME_SHAPE or node.op in SIZED)


def folded(node: OnnxNode, values: Values) -> tuple[Any, ...]:
    """What an operation on constants gives, an array for each output.

    Args:
        node: an operation for which :func:`can_fold`.
        values: arrays in the order of its inputs; None for those that are left out.

    Raises:
        UnsupportedError: it would give more than ``MOST_ELEMENTS`` elements, or holds a graph.
        ValueError: onnx cannot compute it.
    """
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    if any(a.HasField("g") or a.graphs for a in node.proto.attribute):
        raise UnsupportedError(f"{node.op} with a graph inside")
    try:
        rule = SIZED.get(node.op)
        given = [v for v in values if v is not None]
        count = rule(node, values) if rule else sum(np.size(v) for v in given)
        if not 0 <= count <= MOST_ELEMENTS:
            raise UnsupportedError(
                f"{node.op} that gives {count} elements, the limit is {MOST_ELEMENTS}"
            )
        inputs = [
            helper.make_tensor_value_info(n, TensorProto.UNDEFINED, None) for n in node.inputs if n
        ]
        outputs = [
            helper.make_tensor_value_info(n, TensorProto.UNDEFINED, None) for n in node.outputs if n
        ]
        graph = helper.make_graph(
            [node.proto], "one", list({i.name: i for i in inputs}.values()), outputs
        )
        version = max(node.version, QUANTIZERS_FROM) if node.op in QUANTIZERS else node.version
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)])
        feeds = {n: v for n, v in zip(node.inputs, values, strict=True) if n}
        with np.errstate(all="ignore"):
            found = ReferenceEvaluator(model).run(None, feeds)
    except UnsupportedError:
        raise
    except MemoryError:
        raise UnsupportedError(f"{node.op} that takes more memory than there is") from None
    except Exception as problem:  # the implementation raises what it likes
        raise ValueError(" ".join(str(problem).split())[:200]) from None
    results = iter(found)
    return tuple(next(results) if name else None for name in node.outputs)
