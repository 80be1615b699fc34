"""Whole numbers as expressions: exact, shared, with bounds: what code that runs on unknowns computes.

An expression is a mathematical integer (or a truth value); that a register of some width keeps less is
an operation of its own (``wrap``). Equal expressions are one object, so that what two implementations
compute alike is computed once. Every expression has bounds, found from its parts; they say where a
register loses nothing, and that 64 bits hold everything (:data:`WIDEST`).
"""

from __future__ import annotations

from typing import Any

WIDEST = 2**63 - 1
"""Bounds may not leave 64 bits: the solver computes in these."""


class Leaves64Bits(Exception):
    """An expression could be larger than what 64 bits hold."""


class Node:
    """An expression. ``truth`` says whether it is a truth value; then the bounds are 0 and 1."""

    __slots__ = ("args", "high", "low", "number", "op", "truth", "value")

    def __init__(self, op: str, args: tuple[Any, ...], low: int, high: int, truth: bool) -> None:
        self.op, self.args, self.low, self.high, self.truth = op, args, low, high, truth
        self.number = len(_TABLE)
        self.value: int | None = low if low == high else None

    @property
    def parts(self) -> tuple[Node, ...]:
        """The expressions that it is made of."""
        return tuple(a for a in self.args if isinstance(a, Node))

    def __repr__(self) -> str:
        if self.op in ("const", "var"):
            return str(self.args[0])
        return f"{self.op}({', '.join(map(repr, self.args))})"


_TABLE: dict[tuple[Any, ...], Node] = {}


def _make(op: str, args: tuple[Any, ...], low: int, high: int, truth: bool = False) -> Node:
    if low < -WIDEST - 1 or high > WIDEST:
        raise Leaves64Bits(f"{op} can reach {low} to {high}")
    if low == high and op != "const":
        return const(low, truth)
    key = (op, truth, *(a.number if isinstance(a, Node) else ("raw", a) for a in args))
    found = _TABLE.get(key)
    if found is None:
        found = _TABLE[key] = Node(op, args, low, high, truth)
    return found


def const(value: int, truth: bool = False) -> Node:
    """A known number."""
    if not -WIDEST - 1 <= value <= WIDEST:
        raise Leaves64Bits(str(value))
    key = ("const", truth, int(value))
    found = _TABLE.get(key)
    if found is None:
        found = _TABLE[key] = Node("const", (int(value),), int(value), int(value), truth)
    return found


def variable(name: str, low: int, high: int) -> Node:
    """An unknown number within bounds, both included."""
    return _make("var", (name, low, high), low, high)


TRUE, FALSE = const(1, True), const(0, True)


def add(a: Node, b: Node) -> Node:
    """``a + b``."""
    if a.value == 0:
        return b
    if b.value == 0:
        return a
    if b.value is not None and a.op == "add" and a.args[1].value is not None:
        return add(a.args[0], const(a.args[1].value + b.value))
    for one, other in ((a, b), (b, a)):
        if one.op == "add" and one.args[1].value is not None and other.value is None:
            return add(add(one.args[0], other), one.args[1])
    if a.value is not None or (b.value is None and a.number > b.number):
        a, b = b, a
    if b.value is not None and a.op == "low" and b.value == -(1 << (a.args[1] - 1)):
        # ((x + 2^(n-1)) mod 2^n) - 2^(n-1)
        return wrap(add(a.args[0], b), a.args[1])
    for one, other in ((a, b), (b, a)):
        if one.op == "neg":
            return sub(other, one.args[0])
        if _some_or_none(one):
            return ite(one.args[0], add(other, one.args[1]), add(other, one.args[2]))
    return _make("add", (a, b), a.low + b.low, a.high + b.high)


def neg(a: Node) -> Node:
    """``-a``."""
    if a.op == "neg":
        negated: Node = a.args[0]
        return negated
    if a.op == "sub":
        return sub(a.args[1], a.args[0])
    if _few(a):
        return ite(a.args[0], neg(a.args[1]), neg(a.args[2]))
    return _make("neg", (a,), -a.high, -a.low)


def sub(a: Node, b: Node) -> Node:
    """``a - b``."""
    if b.value is not None:
        return add(a, const(-b.value))
    if a is b:
        return const(0)
    if a.value == 0:
        return neg(b)
    if _few(a) and _few(b):
        return ite(a.args[0], sub(a.args[1], b), sub(a.args[2], b))
    if a.value is not None and _few(b):
        return ite(b.args[0], sub(a, b.args[1]), sub(a, b.args[2]))
    if a.value is not None and b.op == "sub" and b.args[0].value is not None:
        return add(b.args[1], const(a.value - b.args[0].value))
    if _some_or_none(b):
        return ite(b.args[0], sub(a, b.args[1]), sub(a, b.args[2]))
    if b.op == "add" and b.args[1].value is not None:
        return add(sub(a, b.args[0]), const(-b.args[1].value))
    return _make("sub", (a, b), a.low - b.high, a.high - b.low)


def absolute(a: Node) -> Node:
    """The magnitude."""
    if a.low >= 0:
        return a
    if a.high <= 0:
        return neg(a)
    if a.op == "neg":
        return absolute(a.args[0])
    if a.op == "ite" and absolute(a.args[1]) is absolute(a.args[2]):
        return absolute(a.args[1])
    return _make("abs", (a,), 0, max(-a.low, a.high))


def mul(a: Node, b: Node) -> Node:
    """``a * b``; of two unknowns as sign and magnitude: ``-a * b`` has the same product in it."""
    if a.value is not None:
        a, b = b, a
    if b.value is not None:
        if a.value is not None:
            return const(a.value * b.value)
        if b.value in (0, 1):
            return const(0) if b.value == 0 else a
        if b.value == -1:
            return neg(a)
        ends = (a.low * b.value, a.high * b.value)
        return _make("mul", (a, b), min(ends), max(ends))
    for one, other in ((a, b), (b, a)):
        if one.low >= -1 and one.high <= 1:  # a sign, or whether something is so
            some = ite(less(const(0), one), other, const(0))
            return ite(less(one, const(0)), neg(other), some)
    x, y = sorted((absolute(a), absolute(b)), key=lambda n: n.number)
    product = _make("product", (x, y), x.low * y.low, x.high * y.high)
    return ite(differ(less(a, const(0)), less(b, const(0))), neg(product), product)


def shift_left(a: Node, by: Node) -> Node:
    """``a << by``."""
    assert by.low >= 0, by
    if by.value is not None:
        return mul(a, const(1 << by.value))
    return shift_left_by_at_most(a, by, by.high)


def shift_left_by_at_most(a: Node, by: Node, most: int) -> Node:
    """``a << by`` where it is known that ``by`` is at most so much."""
    ends = [e << s for e in (a.low, a.high) for s in (by.low, most)]
    return _make("shl", (a, by), min(ends), max(ends))


def shift_right(a: Node, by: Node) -> Node:
    """``a >> by``, rounded down."""
    assert by.low >= 0, by
    if by.value == 0:
        return a
    ends = [e >> s for e in (a.low, a.high) for s in (by.low, by.high)]
    return _make("shr", (a, by), min(ends), max(ends))


def low_bits(a: Node, bits: int) -> Node:
    """The lowest bits, as a number from 0 on."""
    if bits == 0:
        return const(0)
    for kept in (a, congruent(a, bits)):
        if kept.low >= 0 and kept.high < 1 << bits:
            return kept
    if kept.value is not None:
        return const(kept.value & ((1 << bits) - 1))
    return _make("low", (kept, bits), 0, (1 << bits) - 1)


def wrap(a: Node, bits: int) -> Node:
    """What a register of so many bits in two's complement keeps."""
    half = 1 << (bits - 1)
    for kept in (a, congruent(a, bits)):
        if -half <= kept.low and kept.high < half:
            return kept
    if kept.value is not None:
        return const(((kept.value + half) & (2 * half - 1)) - half)
    return _make("wrap", (kept, bits), -half, half - 1)


def congruent(a: Node, bits: int) -> Node:
    """Something simpler with the same lowest bits: without what only cut off higher ones on the way."""
    try:
        return _congruent(a, bits)
    except Leaves64Bits:
        return a


def _congruent(a: Node, bits: int) -> Node:
    if a.value is not None:
        half = 1 << (bits - 1)
        return const(((a.value + half) & (2 * half - 1)) - half)
    if a.op in ("low", "wrap") and a.args[1] >= bits:
        return congruent(a.args[0], bits)
    if a.op in ("add", "sub", "neg"):
        return REBUILD[a.op](*(congruent(p, bits) for p in a.args))  # type: ignore[operator,no-any-return]
    if a.op in ("mul", "shl"):
        return REBUILD[a.op](congruent(a.args[0], bits), a.args[1])  # type: ignore[operator,no-any-return]
    if a.op == "ite" and not a.truth:
        return ite(a.args[0], congruent(a.args[1], bits), congruent(a.args[2], bits))
    return a


def floor_div(a: Node, b: Node) -> Node:
    """``a // b`` for b above 0, rounded down."""
    assert b.low > 0, b
    if a.value is not None and b.value is not None:
        return const(a.value // b.value)
    if b.value is not None and b.value & (b.value - 1) == 0:
        return shift_right(a, const(b.value.bit_length() - 1))
    ends = [e // d for e in (a.low, a.high) for d in (b.low, b.high)]
    return _make("div", (a, b), min(ends), max(ends))


def modulo(a: Node, b: Node) -> Node:
    """``a % b`` for b above 0, from 0 on."""
    assert b.low > 0, b
    if a.value is not None and b.value is not None:
        return const(a.value % b.value)
    return _make("mod", (a, b), 0, b.high - 1)


def bounded(a: Node, low: int, high: int) -> Node:
    """``a``, of which narrower bounds were shown."""
    return _make("bounded", (a, low, high), low, high) if (low, high) != (a.low, a.high) else a


def _some_or_none(a: Node) -> bool:
    """Whether it is 0 in one of two cases: what is added to it is added in each."""
    return a.op == "ite" and any(p.value == 0 for p in a.args[1:])


def _few(a: Node) -> bool:
    """Whether it is one of few known numbers, by conditions."""
    return a.op == "ite" and all(p.value is not None or _few(p) for p in a.args[1:])


def less(a: Node, b: Node) -> Node:
    """``a < b``."""
    if a.high < b.low:
        return TRUE
    if a.low >= b.high or a is b:
        return FALSE
    for one, other in ((a, b), (b, a)):
        if one.value == 0 and other.op == "sub":
            x, y = other.args
            return less(y, x) if one is a else less(x, y)
    if a.op == "add" and a.args[1].value == -1:
        return invert(less(b, a.args[0]))
    if _few(a) and b.value is not None:
        return ite(a.args[0], less(a.args[1], b), less(a.args[2], b))
    if _few(b) and a.value is not None:
        return ite(b.args[0], less(a, b.args[1]), less(a, b.args[2]))
    return _make("less", (a, b), 0, 1, True)


def equal(a: Node, b: Node) -> Node:
    """``a == b``, of numbers or truth values."""
    if a is b:
        return TRUE
    if a.high < b.low or b.high < a.low:
        return FALSE
    if a.truth:
        return invert(differ(a, b))
    for one, other in ((a, b), (b, a)):
        if one.value == 0 and other.op == "mod" and other.args[0].op == "sub":
            # n divides x - y where x and y leave the same rest: shown in integers by ``lemmas.py``.
            (x, y), n = other.args[0].args, other.args[1]
            return equal(modulo(x, n), modulo(y, n))
    for one, other in ((a, b), (b, a)):
        if _few(one) and other.value is not None:
            return ite(one.args[0], equal(one.args[1], other), equal(one.args[2], other))
    if a.number > b.number:
        a, b = b, a
    return _make("equal", (a, b), 0, 1, True)


def invert(a: Node) -> Node:
    """``not a``."""
    if a.op == "not":
        inner: Node = a.args[0]
        return inner
    return const(1 - a.value, True) if a.value is not None else _make("not", (a,), 0, 1, True)


def both(a: Node, b: Node) -> Node:
    """``a and b``."""
    if a.value is not None:
        a, b = b, a
    if b.value is not None:
        return a if b.value else FALSE
    return a if a is b else _make("and", (a, b), 0, 1, True)


def either(a: Node, b: Node) -> Node:
    """``a or b``."""
    return invert(both(invert(a), invert(b)))


def differ(a: Node, b: Node) -> Node:
    """``a != b`` of truth values."""
    if a.value is not None:
        a, b = b, a
    if b.value is not None:
        return invert(a) if b.value else a
    if a.number > b.number:
        a, b = b, a
    return FALSE if a is b else _make("xor", (a, b), 0, 1, True)


def ite(condition: Node, a: Node, b: Node) -> Node:
    """``a if condition else b``."""
    if condition.value is not None:
        return a if condition.value else b
    if a is b:
        return a
    if condition.op == "not":
        return ite(condition.args[0], b, a)
    if a.op == "ite" and a.args[0] is condition:
        return ite(condition, a.args[1], b)
    if b.op == "ite" and b.args[0] is condition:
        return ite(condition, a, b.args[2])
    if a.truth and a.value is not None and b.value is not None:
        return condition if a.value else invert(condition)
    return _make("ite", (condition, a, b), min(a.low, b.low), max(a.high, b.high), a.truth)


REBUILD = {
    "add": add,
    "neg": neg,
    "sub": sub,
    "abs": absolute,
    "mul": mul,
    "shl": shift_left,
    "shr": shift_right,
    "low": low_bits,
    "wrap": wrap,
    "div": floor_div,
    "mod": modulo,
    "less": less,
    "equal": equal,
    "bounded": bounded,
    "not": invert,
    "and": both,
    "xor": differ,
    "ite": ite,
}


def rebuilt(node: Node, args: tuple[Any, ...]) -> Node:
    """The same operation of other parts."""
    if all(a is b for a, b in zip(args, node.args, strict=True)):
        return node
    if node.op == "product":
        x, y = sorted((absolute(args[0]), absolute(args[1])), key=lambda n: n.number)
        return _make("product", (x, y), x.low * y.low, x.high * y.high)
    made: Node = REBUILD[node.op](*args)  # type: ignore[operator]
    return made
