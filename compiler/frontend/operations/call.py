"""One operation with its arguments looked up: what the rules for ATen operations are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnc.frontend.archives.exported import Node, Ref
from snnc.ir import Array, Flatten, Op, Shape

from .expression import Signal, Tensor

HARMLESS = frozenset(
    {
        "benchmark",
        "cudnn_enabled",
        "device",
        "implicit",
        "layout",
        "memory_format",
        "momentum",
        "non_blocking",
        "pin_memory",
    }
)
"""Arguments that change where and how torch computes, and not what."""


MOST_ELEMENTS = 2**26
"""Of a result or a matrix that a rule builds; 512 MiB as float64."""


class UnsupportedError(Exception):
    """An operation that has no meaning on a chip: what, and the help if it is a special one."""

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.help = help


@dataclass
class Call:
    """A node whose arguments can be asked for, one by one, as the type that the rule needs.

    Attributes:
        node: the operation.
        lookup: the present value of a tensor by its name.
        asked: arguments that the rule has taken notice of.
    """

    node: Node
    lookup: Callable[[str], Tensor]
    asked: set[str] = field(default_factory=set)

    def value(self, name: str, default: Any = None) -> Any:
        """Any argument, tensors looked up; ``default`` is torch's own where it is left out."""
        self.asked.add(name)
        given = self.node.arguments.get(name, default)
        return self.lookup(given.name) if isinstance(given, Ref) else given

    def signal(self, name: str) -> Signal:
        """A tensor with a batch of one; a constant one counts as a signal without terms.

        Raises:
            UnsupportedError: it is a constant without a batch of one.
        """
        return self.as_signal(self.value(name))

    def as_signal(self, found: Tensor) -> Signal:
        """What :meth:`signal` gives for a tensor that is at hand."""
        if isinstance(found, Signal):
            return found
        constant = np.asarray(found, np.float64)
        if constant.shape[:1] != (1,):
            raise UnsupportedError(f"{self.node.target} of a constant of shape {constant.shape}")
        return Signal(constant.shape[1:], (), constant[0])

    def signals(self, name: str) -> tuple[Signal, ...]:
        """A list of tensors, each as :meth:`signal` takes it."""
        return tuple(self.as_signal(self.lookup(part.name)) for part in self.parts(name))

    def parts(self, name: str) -> tuple[Ref, ...]:
        """A list of tensors by name.

        Raises:
            UnsupportedError: there is something else in it.
        """
        self.asked.add(name)
        given = self.node.arguments.get(name, ())
        if not isinstance(given, tuple) or not all(isinstance(part, Ref) for part in given):
            raise UnsupportedError(f"{self.node.target} of something other than tensors")
        return given

    def constant(self, name: str) -> Array:
        """A tensor of fixed numbers.

        Raises:
            UnsupportedError: it depends on the input.
        """
        found = self.value(name)
        if isinstance(found, Signal):
            raise UnsupportedError(
                f"{self.node.target} whose {name} depends on the input",
                "a chip only adds what arrives and multiplies it by fixed weights",
            )
        return np.asarray(found, np.float64)

    def optional_constant(self, name: str) -> Array | None:
        """The same, or None when there is none."""
        return None if self.value(name) is None else self.constant(name)

    def number(self, name: str, default: float) -> float:
        """A real number."""
        return float(self.value(name, default))

    def flag(self, name: str, default: bool) -> bool:
        """A yes or no."""
        return bool(self.value(name, default))

    def numbers(self, name: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Whole numbers; one alone counts as a tuple of one."""
        given = self.value(name, default)
        given = (given,) if isinstance(given, int) else given
        if not all(type(n) is int for n in given):
            raise UnsupportedError(
                f"{self.node.target} with a symbolic {name}",
                "export with fixed shapes: no dynamic_shapes, a batch of 1",
            )
        return tuple(given)

    def per_axis(self, name: str, axes: int, default: int = 0) -> tuple[int, ...]:
        """Whole numbers, one for each axis; one number stands for all.

        Raises:
            ValueError: it is another number of numbers.
        """
        given = self.numbers(name, (default,)) or (default,)
        given = given * axes if len(given) == 1 else given
        if len(given) != axes:
            raise ValueError(f"{len(given)} numbers as {name} for {axes} axes")
        return given

    def refuse_large(self, elements: int) -> None:
        """Make sure that something to be built fits into memory; a file may declare any size.

        Raises:
            UnsupportedError: it has more than ``MOST_ELEMENTS`` elements.
        """
        if elements > MOST_ELEMENTS:
            raise UnsupportedError(f"{self.node.target} with {elements} elements")

    def through(self, signal: Signal, *ops: Op) -> Signal:
        """The signal after operations of this node."""
        for op in ops:
            signal = signal.through(op, self.node.origin)
        return signal

    def flattened(self, signal: Signal) -> Signal:
        """The signal with one axis per sample, unchanged where it has one already."""
        return signal if len(signal.shape) == 1 else self.through(signal, Flatten())

    def refuse_leftovers(self) -> None:
        """Make sure that the rule has seen every argument that matters.

        Raises:
            UnsupportedError: there is one that it does not know.
        """
        given = {name for name, value in self.node.arguments.items() if value is not None}
        if left := sorted(given - self.asked - HARMLESS):
            raise UnsupportedError(f"{self.node.target} with {', '.join(left)}")


Rule = Callable[[Call], Tensor]
"""What one operation makes of its arguments."""

Rules = Mapping[str, Rule]


def torch_shape(tensor: Tensor) -> Shape:
    """The shape that torch sees, batch axis included."""
    return (1, *tensor.shape) if isinstance(tensor, Signal) else tensor.shape
