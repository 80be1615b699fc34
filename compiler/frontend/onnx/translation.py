"""From nodes of ONNX to operations of ATen (torch 2.13), which the rest of the front end understands.

Every rule says what one ONNX operation is in terms of those. Shapes come from the front end's own
rules, which run here on signals that stand for nothing: an ONNX file need not say shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnc.errors import Diagnostic
from snnc.files import Budget
from snnc.frontend.archives.exported import Node, Ref
from snnc.frontend.operations.activations import ACTIVATIONS
from snnc.frontend.operations.arithmetic import ARITHMETIC
from snnc.frontend.operations.call import Call, UnsupportedError, torch_shape
from snnc.frontend.operations.expression import Signal, Source, Tensor
from snnc.frontend.operations.layers import LAYERS
from snnc.frontend.operations.piecewise import PIECEWISE
from snnc.frontend.operations.pooling import POOLING
from snnc.frontend.operations.rearranging import PIECES, REARRANGING
from snnc.frontend.operations.resizing import RESIZING
from snnc.ir import Shape

from .node import OnnxNode

RULES = {**LAYERS, **POOLING, **REARRANGING, **RESIZING, **ARITHMETIC}
FLOAT, INT64 = 7, 5
"""``ScalarType`` of torch/_export/serde/schema.py."""

ELEMENT_FLOATS = frozenset({1, 10, 11, 16})
"""float, float16, double and bfloat16 of onnx/onnx.proto, ``TensorProto.DataType``."""

TARGETS: Mapping[str, str] = {
    **dict.fromkeys(("add", "div", "mul", "rsub", "slice", "sub"), "Tensor"),
    "conv_transpose2d": "input",
    "mean": "dim",
    "squeeze": "dims",
    "sum": "dim_IntList",
    "transpose": "int",
}
"""By operation of ATen, the variant that is meant where it is not ``default``."""

OF_WHOLE = frozenset(
    {
        *("Cast", "CastLike", "Clip", "Concat", "DequantizeLinear", "Flatten", "Gather", "Identity"),
        *("QLinearConv", "QLinearMatMul", "Reshape", "Slice", "Split", "Squeeze", "Transpose"),
        *("Unsqueeze", "com.microsoft.DequantizeLinear"),
    }
)
"""Operations that mean the same of whole numbers."""

WITHOUT_AXES = frozenset(
    {
        *(
            "Abs",
            "Add",
            "Cast",
            "Clip",
            "Div",
            "Dropout",
            "Floor",
            "HardSigmoid",
            "Identity",
            "LeakyRelu",
        ),
        *("MatMul", "Max", "Mean", "Min", "Mul", "Neg", "Relu", "Sub", "Sum"),
    }
)
"""Operations that mean the same with one more axis of size 1 in front."""

MOST_WORK = 2**30
"""Elements that all operations on constants may go through: a few seconds."""

NEEDS_CONSTANT = "a chip only adds what arrives and multiplies it by fixed weights"


@dataclass(frozen=True)
class Grid:
    """Values that lie on levels: whole numbers from ``low`` to ``high``, times a scale.

    Attributes:
        scale: shape () or broadcastable to the tensor with its batch.
        low, high: of the whole numbers.
    """

    scale: Any
    low: int
    high: int

    def holds(self, other: Grid) -> bool:
        """Whether all values of another grid are on this one."""
        same = np.array_equal(self.scale, other.scale)
        return same and self.low <= other.low and other.high <= self.high


@dataclass(frozen=True)
class Cut:
    """What an activation was given, and where it cuts it."""

    inner: str
    low: float
    high: float


@dataclass(frozen=True)
class Rounded:
    """A tensor of whole numbers, as the real ones that it stands for.

    Attributes:
        inner: what was rounded.
        grid: its levels, the zero point taken off.
        zero: that zero point.
    """

    inner: str
    grid: Grid
    zero: int


class _NoNeurons:
    """Stands for the graph's neurons where only shapes are wanted."""

    def rectified(self, call: Call, arriving: Signal, ceiling: float | None = None) -> Signal:
        return arriving

    def is_never_negative(self, call: Call, signal: Signal) -> bool:
        return True


@dataclass
class Translation:
    """A program of ATen that is being written.

    Attributes:
        budget: bytes that constants may take, those of the file and those that are made of them.
        nodes, shapes: as in :class:`Exported`.
        constants: by tensor of the file, its numbers.
        tensors: constants that operations use, by name, float64.
        dtypes: of those that are no floats.
        placed: by constant of the file that is used as a tensor, the program's name.
        renamed: tensors of the file that are another of the program.
        elements: by live tensor of the file, its ``TensorProto.DataType``.
        cuts: by tensor of the program, which activation made it.
        grids: by tensor of the program, the levels that its values lie on.
        rounded: by tensor of the file, whole numbers that stand for real ones.
        real: by tensor of the file of whole numbers, what they stand for, once it was made.
        leveled: quantizers that became levels: where, the grid, whether ties went to even numbers.
        floors: what was rounded down, by the program's names.
        gaps: by difference, what was rounded down and what was taken off it.
        work: elements that operations on constants have gone through.
        one_sample: whether the file says a batch of one, not an open one.
        unbatched: tensors of the file that have lost this axis there; here all have it.
        unknown: tensors behind something that is wrong.
        input: the frame; with what else only rearranges it.
        input_grid: the levels that the file rounds its input to.
        problems, notes: what was found.
    """

    budget: Budget
    nodes: list[Node] = field(default_factory=list)
    shapes: dict[str, Shape | None] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, Any] = field(default_factory=dict)
    dtypes: dict[str, int] = field(default_factory=dict)
    placed: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    elements: dict[str, int] = field(default_factory=dict)
    cuts: dict[str, Cut] = field(default_factory=dict)
    grids: dict[str, Grid] = field(default_factory=dict)
    rounded: dict[str, Rounded] = field(default_factory=dict)
    real: dict[str, str] = field(default_factory=dict)
    leveled: list[tuple[str, Grid, bool]] = field(default_factory=list)
    floors: set[str] = field(default_factory=set)
    gaps: dict[str, tuple[str, str]] = field(default_factory=dict)
    work: int = 0
    one_sample: bool = False
    unbatched: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    input: set[str] = field(default_factory=set)
    input_grid: Grid | None = None
    problems: dict[Diagnostic, None] = field(default_factory=dict)
    notes: list[Diagnostic] = field(default_factory=list)

    def name_of(self, tensor: str) -> str:
        """What the program calls a tensor of the file."""
        return self.renamed.get(tensor, tensor)

    def is_live(self, tensor: str) -> bool:
        """Whether it depends on the input."""
        return bool(tensor) and tensor not in self.constants

    def shape(self, name: str) -> Shape:
        """The shape of a tensor of the program, batch included."""
        found = self.shapes[name]
        assert found is not None
        return found

    def fresh(self, hint: str) -> str:
        """A name that no tensor has."""
        number = 1
        while (name := f"{hint}.{number}") in self.shapes or name in self.tensors:
            number += 1
        return name

    def constant(self, values: Any, hint: str) -> Ref:
        """Make numbers a constant of the program."""
        array = np.asarray(values)
        self.budget.take(8 * array.size, hint)
        whole = array.dtype.kind in "iub"
        name = self.fresh(hint)
        self.tensors[name] = np.asarray(array, np.float64)
        self.shapes[name] = array.shape
        self.dtypes[name] = INT64 if whole else FLOAT
        return Ref(name)

    def emit(self, node: OnnxNode, op: str, count: int = 1, /, **arguments: Any) -> str:
        """Add an operation; the name of the first tensor that comes out.

        Args:
            node: what it is a part of.
            op: of ATen.
            count: number of tensors that it gives.
            arguments: by ATen's names; arrays become constants.

        Raises:
            UnsupportedError, ValueError: as the front end's rule for it.
        """
        hint = node.outputs[0]
        given = {
            key: self.constant(value, f"{hint}.{key}") if isinstance(value, np.ndarray) else value
            for key, value in arguments.items()
        }
        outputs = []
        for _ in range(count):
            outputs.append(self.fresh(hint))
            self.shapes[outputs[-1]] = None
        target = f"torch.ops.aten.{op}.{TARGETS.get(op, 'default')}"
        made = Node(target, outputs[0], given, tuple(outputs), node.module)
        try:
            results = self._tried(made)
        except (UnsupportedError, ValueError):
            for output in outputs:
                del self.shapes[output]
            raise
        for output, result in zip(outputs, results, strict=True):
            self.shapes[output] = torch_shape(result)
        self.nodes.append(made)
        return outputs[0]

    def _tried(self, node: Node) -> tuple[Tensor, ...]:
        """What an operation gives for signals that stand for nothing."""
        call = Call(node, self._stand_in)
        if node.op in PIECES:
            return PIECES[node.op](call)
        if node.op in RULES:
            return (RULES[node.op](call),)
        if node.op in PIECEWISE:
            return (PIECEWISE[node.op](call, _NoNeurons()),)
        assert node.op in ACTIVATIONS or node.op == "floor", node.op
        return (call.signal("self"),)

    def _stand_in(self, name: str) -> Tensor:
        if name in self.tensors:
            return np.asarray(self.tensors[name])
        shape = self.shape(name)
        if shape[:1] != (1,):
            raise ValueError(f"{name} has shape {shape}, not (1, ...)")
        return Signal.of(Source("?"), shape[1:])

    def count_work(self, node: OnnxNode, values: Sequence[Any]) -> None:
        """Count what an operation on constants goes through.

        Raises:
            UnsupportedError: all of them together go through more than ``MOST_WORK``.
        """
        self.work += sum(math.prod(np.shape(v)) for v in values if v is not None)
        if node.op in ("MatMul", "Gemm"):  # a product for each row, column and element between
            self.work += math.prod(np.shape(values[0])) * max(np.shape(values[1]), default=1)
        if self.work > MOST_WORK:
            raise UnsupportedError(
                f"{node.op} of constants, which with those before it goes through more than "
                f"{MOST_WORK} elements,",
                "compute it beforehand: onnxsim, or constant folding",
            )

    # What rules ask.

    def live(self, node: OnnxNode, number: int = 0) -> str:
        """The program's name of an input that depends on the network's.

        Raises:
            UnsupportedError: it is constant, or whole numbers that stand for real ones.
            ValueError: it is missing.
        """
        name = self._given(node, number)
        if name in self.constants:
            if name not in self.placed:
                self.placed[name] = self.constant(self.constants[name], name).name
            return self.placed[name]
        if name in self.rounded:
            raise UnsupportedError(
                f"{node.op} of quantized numbers",
                "put DequantizeLinear in front of it: export with QuantizeLinear and DequantizeLinear "
                "around every operation (QDQ)",
            )
        return self.name_of(name)

    def optional(self, node: OnnxNode, number: int) -> Any:
        """Numbers of a constant input, None where it is left out.

        Raises:
            UnsupportedError: it depends on the network's input.
        """
        if number >= len(node.inputs) or not node.inputs[number]:
            return None
        name = node.inputs[number]
        if name not in self.constants:
            raise UnsupportedError(
                f"{node.op} whose input {number + 1} depends on data", NEEDS_CONSTANT
            )
        return self.constants[name]

    def fixed(self, node: OnnxNode, number: int) -> Any:
        """The same of an input that must be there.

        Raises:
            ValueError: it is not.
        """
        self._given(node, number)
        return self.optional(node, number)

    def numbers(self, node: OnnxNode, number: int) -> tuple[int, ...] | None:
        """A constant input as whole numbers."""
        found = self.optional(node, number)
        return None if found is None else tuple(int(n) for n in np.ravel(found))

    def _given(self, node: OnnxNode, number: int) -> str:
        if number >= len(node.inputs) or not node.inputs[number]:
            raise ValueError(f"input {number + 1} is missing")
        return node.inputs[number]

    def give(self, node: OnnxNode, name: str, number: int = 0) -> None:
        """Say which tensor of the program an output of a node is."""
        self.renamed[node.outputs[number]] = name

    def same(self, node: OnnxNode, source: str, result: str) -> None:
        """Say that an operation only moved elements: they stay on their levels, the input stays it."""
        grid = self.grids.get(source)
        if grid is not None and np.ndim(grid.scale) == 0:
            self.grids[result] = grid
        if source in self.input:
            self.input.add(result)
        self.give(node, result)


Rule = Callable[[Translation, OnnxNode], None]
Rules = Mapping[str, Rule]
