"""From an ONNX file to the program that the rest of the front end reads.

Of several outputs the first of real numbers is the answer; inputs and outputs behind the first are
states, as in programs of torch (:func:`snnc.frontend.torch_export.interface.explicit_states`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snnc.errors import Diagnostic, Severity, UserError, fail
from snnc.files import Budget, parsing
from snnc.frontend.archives.exported import Exported
from snnc.frontend.operations.call import UnsupportedError
from snnc.frontend.operations.cures import ONNX_CURES, OTHER_ONNX
from snnc.frontend.torch_export.given import INPUT_SHAPE, MODULE, Given
from snnc.frontend.torch_export.interface import frame_shape
from snnc.ir import Array, Shape

from .answers import needed, read_out, taken_off
from .arithmetic import ARITHMETIC
from .constants import can_fold, folded
from .layers import LAYERS
from .moving import MOVING
from .node import OnnxNode
from .pooling import POOLING
from .proto import ONNX, File, read_file
from .quantizers import FOLDED, QUANTIZERS
from .resizing import RESIZING
from .translation import ELEMENT_FLOATS, OF_WHOLE, WITHOUT_AXES, Grid, Rules, Translation

RULES: Rules = {**LAYERS, **POOLING, **MOVING, **RESIZING, **ARITHMETIC, **QUANTIZERS}

MOST_NODES = 2**14
NEWEST_OF_OTHERS = 23
"""Version that operations of other domains are taken for: their attributes are those of today."""

TORCH = re.compile(r"torch\.ops\.aten\.\w+\.\w+")
"""How rules that both front ends share call an operation."""

WRONG = (ArithmeticError, AttributeError, IndexError, KeyError, MemoryError, TypeError, ValueError)
"""What a wrong structure raises when it is read as if it were the right one."""


@dataclass(frozen=True)
class Found:
    """What an ONNX file holds.

    Attributes:
        program: its operations, in terms of ATen.
        tensors: constants of the program, float64.
        notes: what reading it settled.
        input_grid: the levels that the file rounds its input to; None where it does not.
        file: the file, for onnx's reference implementation.
    """

    program: Exported
    tensors: dict[str, Array]
    notes: tuple[Diagnostic, ...]
    input_grid: Grid | None
    file: File


OF_INPUT = ("QuantizeLinear", "Quant")
"""Quantizers that an input may have in front of everything that takes it."""

MOVERS = ("Identity", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Dropout", "Cast")
"""Operations that give the input itself, in another shape at most."""


def read_onnx(path: Path, data: bytes, given: Given) -> Found:
    """Read an ONNX model.

    Args:
        path: of the file, for messages and for weights beside it.
        data: its content.
        given: what the user says; the shape of a frame, where the file leaves it open.

    Raises:
        UserError: see :func:`snnc.frontend.onnx.proto.read_file`; D201 and D209 for every operation
            that is not understood, D203 the input's shape, D205 there is no input or answer, D228
            several outputs, and none is named.
    """
    file = read_file(path, data)
    graph = file.model.graph
    given.refuse(path, MODULE)
    if len(graph.node) > MOST_NODES:
        raise ONNX.wrong(str(path), f"it has {len(graph.node)} nodes, the limit is {MOST_NODES}")
    t = Translation(Budget(str(path)))
    _place_constants(t, graph, str(path))
    inputs = _place_inputs(t, graph, path, given)
    outputs, told = read_out(graph, max(0, len(inputs) - 1), given.answer, str(path))
    t.notes += told
    nodes = [_node(file, proto) for proto in needed(graph, outputs)]
    last = taken_off(nodes, outputs)
    functions = {(f.domain, f.name) for f in file.model.functions}
    for node in nodes:
        _translate(t, node, last, functions)
    if t.problems:
        raise UserError(*t.problems)
    if t.input_grid is not None:
        _refuse_other_uses(nodes, inputs[0])
    answers = tuple(_answer(t, name) for name in outputs)
    _tell_levels(t)
    program = Exported(
        nodes=tuple(_used(t, answers)),
        shapes=t.shapes,
        inputs=inputs,
        outputs=answers,
        constants={name: name for name in t.tensors},
        dtypes=t.dtypes,
    )
    return Found(program, t.tensors, tuple(t.notes), t.input_grid, file)


def _refuse_other_uses(nodes: list[OnnxNode], entry: str) -> None:
    """Make sure that an input with a grid of its own is used behind its quantizer alone.

    Raises:
        UserError: D201 something takes it as it is too, and there is one input, rounded or not.
    """
    bare = {entry}
    for node in nodes:
        taken = bare.intersection(node.inputs)
        if not taken or node.op in OF_INPUT:
            continue
        if node.op not in MOVERS:
            what = f"{node.op} of the input, which is quantized for another use,"
            raise fail(
                "D201",
                f"{what} is not supported",
                where=node.where,
                why="the input has one grid for all that takes it",
                help="quantize the input once, before everything that takes it",
            )
        bare.update(node.outputs)


def _node(file: File, proto: Any) -> OnnxNode:
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    return OnnxNode(proto, file.opsets[""] if domain == "" else NEWEST_OF_OTHERS)


def _place_constants(t: Translation, graph: Any, place: str) -> None:
    from onnx import TensorProto, numpy_helper

    if graph.sparse_initializer:
        raise ONNX.wrong(place, "it has sparse weights, which are not read")
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.STRING:
            t.budget.take(8 * int(np.prod([int(n) for n in tensor.dims], dtype=np.float64)))
            with parsing(f"{place}, {tensor.name}", ONNX):
                t.constants[tensor.name] = numpy_helper.to_array(tensor)


def _place_inputs(t: Translation, graph: Any, path: Path, given: Given) -> tuple[str, ...]:
    """Name the inputs, with a batch of one where the file leaves it open."""
    names: list[str] = []
    for value in graph.input:
        if value.name in t.constants:
            continue
        shape = _shape_of(value, path, given, first=not names)
        names.append(value.name)
        t.shapes[value.name] = shape
        t.elements[value.name] = int(value.type.tensor_type.elem_type)
        if len(names) == 1:
            batch = value.type.tensor_type.shape.dim[:1]
            t.one_sample = any(axis.dim_value == 1 for axis in batch)
    if names:
        t.input.add(names[0])
        frame_shape(Exported((), t.shapes, tuple(names), ()), names[0])
    else:
        frame_shape_of_none()
    return tuple(names)


def frame_shape_of_none() -> None:
    """D205: the network takes no input."""
    from snnc.frontend.torch_export.interface import frame_input

    frame_input(Exported((), {}, (), ()))


def _shape_of(value: Any, path: Path, given: Given, *, first: bool) -> Shape:
    if not value.type.HasField("tensor_type"):
        raise fail(
            "D203", "the input is not a tensor", where=value.name, help="export one frame as a tensor"
        )
    of = value.type.tensor_type
    dims = [int(d.dim_value) if d.HasField("dim_value") else 0 for d in of.shape.dim]
    if dims and dims[0] < 1:
        dims[0] = 1
    if of.HasField("shape") and dims and min(dims) > 0:
        if first and given.input_shape is not None:
            given.refuse(path, INPUT_SHAPE)
        return tuple(dims)
    if not first:
        raise fail("D203", "the state's shape is not fixed", where=value.name, help="export it fixed")
    said = (1, *given.shape(path))
    known = not of.HasField("shape") or (
        len(said) == len(dims) and all(d < 1 or d == n for d, n in zip(dims, said, strict=True))
    )
    if not known:
        raise fail(
            "D203",
            f"the file says {tuple(dims)}, 0 for what it leaves open; the shape given is {said[1:]}",
            where=value.name,
            help="give the shape of one frame without the batch axis, as the network takes it",
        )
    return said


def _translate(t: Translation, node: OnnxNode, last: set[str], functions: set[tuple[str, str]]) -> None:
    """One node; what goes wrong is noted, and the walk goes on."""
    key = node.op if node.domain == "" else f"{node.domain}.{node.op}"
    rounded = [n for n in node.inputs if n in t.unknown]
    try:
        if (str(node.proto.domain), node.op) in functions:
            raise UnsupportedError(f"the function {key}", "onnx.inliner.inline_local_functions(model)")
        if node.outputs[0] in last:
            take_off(t, node)
            return
        if key not in RULES and not _is_constant(t, node):
            raise UnsupportedError(f"{key}", ONNX_CURES.get(node.op, OTHER_ONNX))
        if rounded:
            t.unknown.update(node.outputs)
        elif _is_constant(t, node):
            _compute(t, node, key)
        else:
            _apply(t, node, key)
    except UnsupportedError as error:
        what = TORCH.sub(node.op, error.what)
        _note(t, node, "D201", f"{what} is not supported", error.help)
    except WRONG as error:
        _note(t, node, "D209", f"{key} does not fit what reaches it: {error}", "")


def _note(t: Translation, node: OnnxNode, code: str, what: str, help: str) -> None:
    t.problems[Diagnostic(code, what, where=node.where, help=help)] = None
    t.unknown.update(node.outputs)


def _apply(t: Translation, node: OnnxNode, key: str) -> None:
    lives = [name for name in node.inputs if name and t.is_live(name)]
    element = t.elements.get(lives[0], 1) if lives else 1
    if element not in ELEMENT_FLOATS and key not in OF_WHOLE:
        raise UnsupportedError(f"{key} of whole numbers", "put a Cast to float in front of it")
    if t.unbatched.intersection(node.inputs):
        if key not in WITHOUT_AXES:
            raise UnsupportedError(
                f"{key} behind a Squeeze that takes the batch axis too",
                "name the axes of the Squeeze, or export with an open batch axis",
            )
        t.unbatched.update(node.outputs)
    RULES[key](t, node)
    node.refuse_leftovers()
    for output in node.outputs:
        if output and output not in t.renamed and output not in t.rounded:
            t.unknown.add(output)
        t.elements.setdefault(output, element)


def _is_constant(t: Translation, node: OnnxNode) -> bool:
    """Whether nothing that it takes depends on the input; a shape never does."""
    if node.domain == "" and node.op in ("Shape", "Size"):
        return node.inputs[0] not in t.unknown
    return not any(name and t.is_live(name) for name in node.inputs)


def _compute(t: Translation, node: OnnxNode, key: str) -> None:
    """An operation on constants."""
    values: list[Any] = []
    for name in node.inputs:
        if name and t.is_live(name):  # its shape is all that is asked for
            source = t.rounded[name].inner if name in t.rounded else t.name_of(name)
            values.append(np.broadcast_to(np.float32(0), t.shape(source)))
        else:
            values.append(t.constants[name] if name else None)
    t.count_work(node, values)
    if key == "Constant":
        results: Sequence[Any] = (_constant(node),)
    elif key in FOLDED:
        results = (FOLDED[key](node, values),)
    elif can_fold(node):
        results = folded(node, values)
    else:
        raise UnsupportedError(
            f"{key} of constants", "compute it beforehand: onnxsim, or constant folding"
        )
    for output, value in zip(node.outputs, results, strict=False):
        if output:
            t.budget.take(int(np.asarray(value).nbytes), node.where)
            t.constants[output] = value


def _constant(node: OnnxNode) -> Any:
    from onnx import numpy_helper

    if (tensor := node.attribute("value")) is not None:
        return numpy_helper.to_array(tensor)
    for name, kind in (
        ("value_float", "f4"),
        ("value_floats", "f4"),
        ("value_int", "i8"),
        ("value_ints", "i8"),
    ):
        if (value := node.attribute(name)) is not None:
            return np.asarray(value, kind)
    raise UnsupportedError("Constant of words or without zeros")


def take_off(t: Translation, node: OnnxNode) -> None:
    """Leave out a function behind the answer, which leaves the decision alone (N766)."""
    name = node.inputs[0]
    if name in t.unknown:
        t.unknown.update(node.outputs)
        return
    # Of whole numbers (QLinearMatMul), what they stand for.
    source = t.rounded[name].inner if name in t.rounded else t.name_of(name)
    if node.op == "Cast" and node.whole("to", 1) not in ELEMENT_FLOATS:
        raise UnsupportedError("a conversion to whole numbers", "read out what it converts")
    if node.op in ("Cast", "Identity", "Dropout", "ZipMap"):
        t.give(node, source)
        return
    shape = t.shape(source) if name not in t.constants else ()
    if node.op in ("Softmax", "LogSoftmax"):
        axis = node.whole("axis", -1 if node.version >= 13 else 1)
        if len(shape) != 2 or axis not in (1, -1):
            raise UnsupportedError(f"{node.op} along axis {axis} of {shape}", ONNX_CURES[node.op])
    if node.op in ("QuantizeLinear", "DequantizeLinear") and any(
        np.size(t.constants.get(other, 0)) > 1 for other in node.inputs[1:]
    ):
        raise UnsupportedError(
            f"{node.op} behind the answer with several scales or zero points",
            "use one scale and one zero point for the answer: several change which is the largest",
        )
    t.give(node, source)
    one = shape[1:] == (1,)
    t.notes.append(
        Diagnostic(
            "N766",
            f"{node.op} behind the answer is taken off",
            node.where,
            "the answers are what it was given: "
            + ("they grow with what it gave" if one else "the largest stays the largest"),
            f"apply {node.op} to the answers where its own values are needed",
            Severity.NOTE,
        )
    )


def _answer(t: Translation, name: str) -> str:
    if name in t.constants:
        return t.constant(t.constants[name], name).name
    if name in t.rounded:
        return t.name_of(t.rounded[name].inner)
    return t.name_of(name)


def _used(t: Translation, answers: Sequence[str]) -> list[Any]:
    """Operations that something else needs."""
    wanted, kept = set(answers), []
    for node in reversed(t.nodes):
        if wanted & set(node.outputs):
            kept.append(node)
            wanted.update(node.taken)
    return kept[::-1]


def _tell_levels(t: Translation) -> None:
    """N769: what quantizers became."""
    ties = [(where, grid) for where, grid, even in t.leveled if even]
    if not ties:
        return
    where, grid = ties[0]
    t.notes.append(
        Diagnostic(
            "N769",
            f"{len(t.leveled)} quantizers of activations become levels: "
            f"here {grid.high - grid.low + 1}, {float(np.max(grid.scale)):g} apart",
            where,
            "a value exactly between two levels goes up; the file's operation takes the even one",
            "",
            Severity.NOTE,
        )
    )
