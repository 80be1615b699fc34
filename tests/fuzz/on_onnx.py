"""Changes of an ONNX model's structure: operations, attributes, shapes, names, data in other files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onnx import ModelProto, TensorProto

from .plan import Change
from .values import NUMBERS, TEXTS

OPERATIONS = (
    *("Relu", "Gemm", "MatMul", "Conv", "MaxPool", "AveragePool", "Resize", "Expand", "Tile", "Pad"),
    *("ConstantOfShape", "Range", "If", "Loop", "Reshape", "Transpose", "Split", "Gather", "OneHot"),
    *("QuantizeLinear", "DequantizeLinear", "Quant", "Concat", "Slice", "Softmax", "Constant", ""),
)
OUTSIDE = ("../secret.bin", "../pipe", "/dev/zero", "/etc/hostname", "model.onnx", ".", "a/../../b")


def _whole(change: Change) -> int:
    numbers = [n for n in NUMBERS if isinstance(n, int) and -(2**63) <= n < 2**63]
    return numbers[change.much % len(numbers)]


def _operation(model: Any, change: Change) -> None:
    node = _any(model.graph.node, change)
    node.op_type = OPERATIONS[change.other % len(OPERATIONS)]


def _wire(model: Any, change: Change) -> None:
    """An input is another tensor: an earlier one, a later one, a constant, or none."""
    graph = model.graph
    names = ["", *(n for node in graph.node for n in node.output), *(t.name for t in graph.initializer)]
    node = _any(graph.node, change)
    if node.input:
        node.input[change.much % len(node.input)] = names[change.other % len(names)]


def _attribute(model: Any, change: Change) -> None:
    given = [a for node in model.graph.node for a in node.attribute]
    if not given:
        return
    one = _any(given, change)
    if one.ints:
        one.ints[change.other % len(one.ints)] = _whole(change)
    elif change.other % 4 == 0:
        one.name = TEXTS[change.much % len(TEXTS)].encode("utf-8", "replace").decode()
    else:
        one.i, one.f = _whole(change), float("nan") if change.other % 2 else 1e30


def _shape(model: Any, change: Change) -> None:
    tensor = _any(model.graph.initializer, change)
    if tensor.dims:
        tensor.dims[change.other % len(tensor.dims)] = _whole(change)


def _numbers(model: Any, change: Change) -> None:
    """The values of a constant, often of a shape or of widths, are others, as many as before."""
    tensor = _any(model.graph.initializer, change)
    if tensor.data_type == TensorProto.INT64:
        tensor.raw_data = (_whole(change).to_bytes(8, "little", signed=True)) * (
            len(tensor.raw_data) // 8
        )
    else:
        kinds = (b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", bytes(4), b"\xff\xff\x7f\x7f")
        tensor.raw_data = kinds[change.other % 4] * (len(tensor.raw_data) // 4)


def _kind(model: Any, change: Change) -> None:
    _any(model.graph.initializer, change).data_type = change.other % 27


def _input(model: Any, change: Change) -> None:
    dims = model.graph.input[0].type.tensor_type.shape.dim
    if change.other % 5 == 0:
        model.graph.input[0].type.tensor_type.elem_type = change.much % 27
    elif dims:
        dims[change.other % len(dims)].dim_value = _whole(change)


def _version(model: Any, change: Change) -> None:
    model.opset_import[0].version = (7, 9, 11, 13, 17, 28, 0, -1, 2**40)[change.other % 9]


def _name(model: Any, change: Change) -> None:
    node = _any(model.graph.node, change)
    name = TEXTS[change.much % len(TEXTS)].encode("utf-8", "replace").decode()
    if change.other % 2 and node.output:
        node.output[0] = name
    else:
        node.name = name


def _external(model: Any, change: Change) -> None:
    tensor = _any(model.graph.initializer, change)
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", OUTSIDE[change.other % len(OUTSIDE)]


def _delete(model: Any, change: Change) -> None:
    parts = (model.graph.node, model.graph.initializer, model.graph.output, model.graph.input)
    part = parts[change.other % len(parts)]
    if part:
        del part[change.where % len(part)]


def _double(model: Any, change: Change) -> None:
    model.graph.node.insert(change.other % (len(model.graph.node) + 1), _any(model.graph.node, change))


def _any(among: Any, change: Change) -> Any:
    return among[change.where % len(among)]


EDITS: tuple[Callable[[Any, Change], None], ...] = (
    *(_operation, _wire, _wire, _attribute, _attribute, _attribute, _shape, _numbers, _numbers),
    *(_kind, _input, _version, _name, _external, _delete, _double),
)


def structure(content: bytes, change: Change, _: bytes) -> bytes:
    """One thing of a model is another; what earlier changes made no model stays as it is."""
    model = ModelProto()
    try:
        model.ParseFromString(content)
        EDITS[change.choice(len(EDITS))](model, change)
        return bytes(model.SerializeToString())
    except Exception:  # an earlier change left nothing to change
        return content
