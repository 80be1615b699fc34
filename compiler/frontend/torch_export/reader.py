"""Runs an exported program once, on sums instead of numbers: what every reader of programs does."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from snnc.errors import Diagnostic, UserError, fail
from snnc.frontend.archives.exported import Exported, Node
from snnc.frontend.operations.activations import ACTIVATIONS
from snnc.frontend.operations.arithmetic import ARITHMETIC
from snnc.frontend.operations.call import Call, Rules, UnsupportedError, torch_shape
from snnc.frontend.operations.cures import BUFFER, cure_for
from snnc.frontend.operations.expression import Signal, Source, Tensor
from snnc.frontend.operations.kept_dropout import KEPT_DROPOUT
from snnc.frontend.operations.layers import LAYERS
from snnc.frontend.operations.memory import (
    PERHAPS_SAME_MEMORY,
    SAME_MEMORY,
    Cell,
    first_tensor,
    is_in_place,
    written_buffers,
)
from snnc.frontend.operations.piecewise import PIECEWISE
from snnc.frontend.operations.pooling import POOLING
from snnc.frontend.operations.rearranging import PIECES, REARRANGING
from snnc.frontend.operations.resizing import RESIZING
from snnc.ir import Array

from .folding import can_fold, folded
from .interface import (
    state_shape,
)

RULES: Rules = {**LAYERS, **POOLING, **REARRANGING, **RESIZING, **ARITHMETIC, **KEPT_DROPOUT}

EXACT = ("lift_fresh_copy", "detach", "alias", "clone", "zeros", "ones", "zeros_like")
"""Operations on constants that change no number of any type."""

FLOAT, DOUBLE = 7, 8
"""``ScalarType`` of torch/_export/serde/schema.py."""

NARROW = frozenset({"uint8", "int8", "int16"})
WRAPPING = frozenset({"add", "mul", "neg", "rsub", "sub"})
"""Operations whose results PyTorch wraps around in a narrow type, as no chip does."""

MALFORMED = (
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a wrong structure raises when it is read as if it were the right one."""


@dataclass
class ProgramReader:
    """Runs a program once, on sums instead of numbers.

    Attributes:
        program: its operations.
        tensors: parameters, buffers and constants by the user's names, float64.
        cells: by tensor of the program, the memory that it is.
        problems: what went wrong, each once.
        unknown: tensors whose batch axis is not the first, or cannot be known.
    """

    program: Exported
    tensors: dict[str, Array]
    cells: dict[str, Cell] = field(default_factory=dict)
    problems: dict[Diagnostic, None] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def place_tensors(self) -> dict[str, str]:
        """Give all parameters, buffers and constants a cell; the states' tensors by user's name."""
        states, written = {}, written_buffers(self.program)
        program = self.program
        for names in (program.parameters, program.buffers, program.constants):
            for tensor, user_name in names.items():
                if user_name not in self.tensors:
                    raise _lacks(user_name)
                value: Tensor = self.tensors[user_name]
                if user_name in written:
                    shape = state_shape(user_name, self.tensors[user_name])
                    value = Signal.of(Source(user_name, is_state=True), shape)
                    states[user_name] = tensor
                self.cells[tensor] = Cell(value)
        if missing := written - states.keys():
            raise _lacks(min(missing))
        return states

    def run(self, node: Node) -> None:
        """One operation; what goes wrong is noted, and the walk goes on with a stand-in."""
        if not node.computes:
            return
        if node.op in RULES and not self.unknown.isdisjoint(node.taken):
            # Whatever is wrong here follows from what is wrong above.
            for output in node.outputs:
                self._place_stand_in(node, output)
            self.unknown.update(node.outputs)
            return
        call = Call(node, lambda name: self._cell(name).read())
        try:
            values = dict(zip(node.outputs, self._results(call), strict=False))
            for output, value in values.items():
                declared = self.program.shapes.get(output)
                if torch_shape(value) != declared:
                    raise ValueError(f"gives {torch_shape(value)} where the file says {declared}")
        except UnsupportedError as error:
            what = error.what.replace(node.target, node.written).replace("torch.ops.", "")
            cure = error.help or self._cure(node)
            self._note("D201", node, f"{what} is not supported", cure, node.source)
        except MALFORMED as error:
            what = f"{node.written} does not fit what reaches it"
            self._note("D209", node, f"{what}: {error}", "", node.source)
        else:
            for output, value in values.items():
                self._store(node, output, value)
            if node.op in PIECES:
                pieces = [self.cells[output] for output in values]
                for piece in pieces:
                    piece.apart = pieces
            return
        for output in node.outputs:
            self._place_stand_in(node, output)

    def _results(self, call: Call) -> tuple[Tensor, ...]:
        """What an operation gives, or the first of it; torch computes constants where we cannot."""
        if self._needs_torch(call.node):
            return folded(self.program, call.node, self._constant)
        try:
            if call.node.op in PIECES:
                parts = PIECES[call.node.op](call)
                call.refuse_leftovers()
                return parts
            return (self.apply(call),)
        except (UnsupportedError, *MALFORMED):
            if self.is_live(call.node) or not can_fold(call.node):
                raise
        return folded(self.program, call.node, self._constant)

    def _needs_torch(self, node: Node) -> bool:
        """Whether an operation on constants is not one on floats, or one that neurons would compute."""
        if self.is_live(node) or not can_fold(node) or is_in_place(node):
            return False
        kinds = {self.program.dtypes.get(name, FLOAT) for name in node.taken}
        kinds |= {self.program.dtypes.get(name, FLOAT) for name in node.outputs}
        return node.op in PIECEWISE or (node.op not in EXACT and not kinds <= {FLOAT, DOUBLE})

    def _constant(self, tensor: str) -> Array:
        return np.asarray(self._cell(tensor).read())

    def apply(self, call: Call) -> Tensor:
        """What an operation gives."""
        node = call.node
        op = node.op[:-1] if is_in_place(node) else node.op
        kind = self.program.whole_type(node.outputs[0])
        if kind in NARROW and op in WRAPPING and self.is_live(node):
            what = f"{node.target} of numbers of type {kind}, which wrap around,"
            raise UnsupportedError(what, "convert them first: x.float()")
        if op in ACTIVATIONS or op in PIECEWISE or op == "floor":
            value = self.cut(call)
        elif op in RULES:
            value = RULES[op](call)
        else:
            raise UnsupportedError(node.target)
        call.refuse_leftovers()
        return value

    def cut(self, call: Call) -> Tensor:
        """What an operation that is not linear gives; of constants here, of signals in a subclass."""
        if call.node.op.rstrip("_") in ACTIVATIONS:
            ends = ACTIVATIONS[call.node.op.rstrip("_")](call)
            return np.asarray(np.clip(call.constant("self"), *ends))
        raise UnsupportedError(call.node.target)

    def _store(self, node: Node, output: str, value: Tensor) -> None:
        first = first_tensor(node)
        base = self.cells.get(first) if first else None
        if base is not None and is_in_place(node):
            base.write(value)
            self.cells[output] = base
        elif base is not None and node.op in SAME_MEMORY:
            self.cells[output] = base
        elif base is not None and node.op in PERHAPS_SAME_MEMORY:
            self.cells[output] = Cell(value, base.relatives)
        else:
            self.cells[output] = Cell(value)

    def _place_stand_in(self, node: Node, output: str) -> None:
        """Something of the right shape, so that what comes after can still be looked at."""
        shape = self.program.shapes.get(output) or ()
        if not self.is_live(node):
            # Zeros without memory: the file may declare any shape.
            self.cells[output] = Cell(np.broadcast_to(np.float64(0), shape))
            return
        self.cells[output] = Cell(Signal.of(Source("?"), shape[1:]))
        if shape[:1] != (1,):
            self.unknown.add(output)

    def _cure(self, node: Node) -> str:
        return cure_for(node) if self.is_live(node) else BUFFER

    def is_live(self, node: Node) -> bool:
        """Whether anything that the node takes depends on the input."""
        return any(isinstance(self._cell(name).value, Signal) for name in node.taken)

    def _note(self, code: str, node: Node, what: str, help: str, why: str = "") -> None:
        self.problems[Diagnostic(code, what, node.where, why, help)] = None

    def _cell(self, tensor: str) -> Cell:
        if tensor not in self.cells:
            raise _lacks(tensor)
        return self.cells[tensor]


def _lacks(tensor: str) -> UserError:
    return fail(
        "D106",
        "the model file is damaged",
        where=tensor,
        why="the program uses this tensor, but it is not in the file",
        help="export or copy the model again",
    )
