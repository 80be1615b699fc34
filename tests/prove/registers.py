"""Unknown numbers that code computes with: numpy's and numba's integers, as far as neurons need them.

A :class:`Number` has an expression and the register that holds it. What an operation's result is held
in is the language's to say: numpy keeps the wider of both operands, numba computes in 64 bits, and
Python has no registers. A register of 64 bits must not overflow: that is asked for on every path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import expressions as e
from .paths import running
from .solver import ask

Kind = Any
"""``None``: Python's own integers. ``bool``. Else numpy's type of a register."""


class Type:
    """``np.int32`` and its like where code runs on unknowns: called it converts, else it is numpy's."""

    def __init__(self, real: Any, convert: Callable[[Any], Number]) -> None:
        self.real, self.convert = real, convert

    def __call__(self, value: Any) -> Number:
        return self.convert(value)


def plain_kind(kind: Any) -> Any:
    """numpy's type of a register, also of what stands for it."""
    if isinstance(kind, Type):
        return kind.real
    return np.int64 if kind is int else kind


def bits_of(kind: Kind) -> int:
    """Bits of a register."""
    return int(np.dtype(kind).itemsize * 8)


def numpys(a: Kind, b: Kind) -> Kind:
    """What numpy 1.26 keeps a result in; a Python integer takes the other one's register."""
    if a is None or b is None:
        return a if b is None else b
    if bool in (a, b):
        return np.int64 if a is b else (b if a is bool else a)
    return np.promote_types(a, b).type


def numbas(a: Kind, b: Kind) -> Kind:
    """numba computes in 64 bits, whatever its operands have."""
    return np.uint64 if np.uint64 in (a, b) and bool not in (a, b) else np.int64


class Number:
    """An integer or truth value of some register, of a language: ``rule`` finds a result's register."""

    shape: tuple[int, ...] = ()

    if TYPE_CHECKING:  # made below, all alike

        def __add__(self, other: Any) -> Number: ...
        def __sub__(self, other: Any) -> Number: ...
        def __mul__(self, other: Any) -> Number: ...
        def __mod__(self, other: Any) -> Number: ...
        def __lshift__(self, other: Any) -> Number: ...
        def __rshift__(self, other: Any) -> Number: ...
        def __gt__(self, other: Any) -> Number: ...

    def __init__(self, node: e.Node, kind: Kind, rule: Callable[[Kind, Kind], Kind]) -> None:
        self.node, self.kind, self.rule = node, kind, rule

    def __repr__(self) -> str:
        return f"<{self.node}>"

    # What it is made of, and conversions.

    def lifted(self, other: Any) -> Number:
        """Another operand as a number of the same language."""
        if isinstance(other, Number):
            return other
        if isinstance(other, Cell):
            return other.number
        if isinstance(other, bool | np.bool_):
            return Number(e.const(int(other), True), bool, self.rule)
        kind = type(other) if isinstance(other, np.generic) else None
        return Number(e.const(int(other)), kind, self.rule)

    def whole(self) -> e.Node:
        """The expression as a number, also of a truth value."""
        return e.ite(self.node, e.const(1), e.const(0)) if self.node.truth else self.node

    def truth(self) -> e.Node:
        """Whether it is not 0."""
        return self.node if self.node.truth else e.invert(e.equal(self.node, e.const(0)))

    def astype(self, kind: Kind) -> Number:
        """As numpy converts: a narrower register keeps the lowest bits."""
        kind = plain_kind(kind)
        if kind in (bool, np.bool_):
            return Number(self.truth(), bool, self.rule)
        return Number(_kept(self.whole(), kind), kind, self.rule)

    def __bool__(self) -> bool:
        return running().decide(self.truth())

    def __index__(self) -> int:
        value = self.whole().value
        if value is None:
            raise TypeError(f"an unknown number cannot be an index: {self!r}")
        return value

    __int__ = __index__

    def __format__(self, specification: str) -> str:
        return format(repr(self), specification)

    def copy(self) -> Number:
        """Itself: it never changes."""
        return self

    def __or__(self, other: Any) -> Number:
        return Number(e.either(self.truth(), self.lifted(other).truth()), bool, self.rule)

    def __neg__(self) -> Number:
        return Number(_held(e.neg(self.whole()), self.kind, "neg"), self.kind, self.rule)

    def __rpow__(self, base: Any) -> Number:
        assert base == 2, base
        return self.lifted(1) << self

    def _result(self, other: Number, node: e.Node, name: str) -> Number:
        kind = self.rule(self.kind, other.kind)
        return type(self)(_held(node, kind, name), kind, self.rule)

    def _ordered(self, node: e.Node) -> Number:
        return Number(node, bool, self.rule)


def _held(node: e.Node, kind: Kind, name: str) -> e.Node:
    """What the register of a result keeps; 64 bits must keep everything."""
    if kind is None or bits_of(kind) == 64:
        return node
    return _kept(node, kind)


def _kept(node: e.Node, kind: Kind) -> e.Node:
    bits = bits_of(kind)
    if bits == 64:
        return node
    return e.low_bits(node, bits) if np.issubdtype(kind, np.unsignedinteger) else e.wrap(node, bits)


def _shifted(a: e.Node, by: e.Node) -> e.Node:
    """``a << by``, with a closer look at ``by`` where the bounds alone would leave 64 bits."""
    try:
        return e.shift_left(a, by)
    except e.Leaves64Bits:
        path = running()
        most = e.const(31)
        if not ask(e.invert(e.less(most, by)), [*path.hypotheses, *path.taken]).proved:
            raise
        return e.shift_left_by_at_most(a, by, 31)


def _arithmetic(name: str, operation: Callable[[e.Node, e.Node], e.Node]) -> None:
    def forward(self: Number, other: Any) -> Number:
        theirs = self.lifted(other)
        return self._result(theirs, operation(self.whole(), theirs.whole()), name)

    def backward(self: Number, other: Any) -> Number:
        return forward(self.lifted(other), self)

    setattr(Number, f"__{name}__", forward)
    setattr(Number, f"__r{name}__", backward)


def _comparison(name: str, operation: Callable[[e.Node, e.Node], e.Node]) -> None:
    def compare(self: Number, other: Any) -> Number:
        return self._ordered(operation(self.whole(), self.lifted(other).whole()))

    setattr(Number, f"__{name}__", compare)


def _and(a: e.Node, b: e.Node) -> e.Node:
    for one, mask in ((a, b), (b, a)):
        if mask.value is not None and mask.value >= 0 and mask.value & (mask.value + 1) == 0:
            return e.low_bits(one, mask.value.bit_length())
        if mask.value == -1:
            return one
    raise TypeError("only masks of the lowest bits are understood")


for _name, _operation in (
    ("add", e.add),
    ("sub", e.sub),
    ("mul", e.mul),
    ("lshift", _shifted),
    ("rshift", e.shift_right),
    ("floordiv", e.floor_div),
    ("mod", e.modulo),
    ("and", _and),
):
    _arithmetic(_name, _operation)
for _name, _operation in (
    ("lt", e.less),
    ("gt", lambda a, b: e.less(b, a)),
    ("le", lambda a, b: e.invert(e.less(b, a))),
    ("ge", lambda a, b: e.invert(e.less(a, b))),
    ("eq", e.equal),
    ("ne", lambda a, b: e.invert(e.equal(a, b))),
):
    _comparison(_name, _operation)
Number.__hash__ = object.__hash__  # type: ignore[method-assign]


class Cell:
    """An array of one element, of some register: what is stored is cut to it."""

    shape = (1,)

    def __init__(self, number: Any, kind: Kind, rule: Callable[[Kind, Kind], Kind]) -> None:
        kind = plain_kind(kind)
        self.kind, self.rule = kind, rule
        self.number = Number(e.const(0), kind, rule)
        self[:] = number

    def __getitem__(self, where: Any) -> Any:
        parts = where if isinstance(where, tuple) else (where,)
        return self if any(isinstance(part, slice) for part in parts) else self.number

    def __setitem__(self, where: Any, value: Any) -> None:
        if isinstance(where, slice) and isinstance(where.start, int) and where.start > 0:
            return  # behind its element
        stored = self.number.lifted(value).astype(self.kind)
        if isinstance(where, Number) and where.kind is bool:  # a mask
            stored = Number(e.ite(where.node, stored.node, self.number.node), self.kind, self.rule)
        self.number = stored

    def __len__(self) -> int:
        return 1

    def __imul__(self, other: Any) -> Cell:
        self[:] = self.number * other
        return self

    def astype(self, kind: Kind) -> Number:
        """Its element, converted."""
        return self.number.astype(kind)

    def copy(self) -> Number:
        """What it holds now."""
        return self.number


def _delegated(name: str) -> None:
    def operation(self: Cell, *others: Any) -> Any:
        return getattr(self.number, name)(*others)

    setattr(Cell, name, operation)


for _name in (
    *(
        f"__{side}{n}__"
        for n in ("add", "sub", "mul", "lshift", "rshift", "floordiv", "mod", "and")
        for side in ("", "r")
    ),
    *(f"__{n}__" for n in ("lt", "gt", "le", "ge", "eq", "ne", "neg", "bool")),
):
    _delegated(_name)
