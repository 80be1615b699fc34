"""C99 on unknown numbers: as much of it as ``snnc.backends.c_code`` writes, parsed by pycparser.

Every value has a C type; what C leaves undefined or to the compiler (a signed sum that overflows, a
shift of a negative number, a conversion that does not fit) must be shown not to happen, on every path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycparser import c_ast
from pycparser.c_parser import CParser

from . import expressions as e
from .paths import running
from .registers import Kind, bits_of

TYPES: dict[str, Kind] = {
    **{
        f"{sign}int{bits}_t": getattr(np, f"{sign}int{bits}")
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
    "int": np.int32,
}
CONSTANTS = {"INT32_MAX": (2**31 - 1, np.int32), "UINT32_MAX": (2**32 - 1, np.uint32)}
TYPEDEFS = "".join(f"typedef int {name};\n" for name in TYPES if name != "int")


@dataclass(frozen=True)
class Value:
    """A number of a C type."""

    node: e.Node
    kind: Kind

    def whole(self) -> e.Node:
        """The number."""
        return self.node


def parse(text: str) -> dict[str, Any]:
    """The functions of a C text by name; preprocessor lines and comments are left out."""
    plain = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    plain = "\n".join(line for line in plain.splitlines() if not line.startswith("#"))
    tree = CParser().parse(TYPEDEFS + plain)
    return {f.decl.name: f for f in tree.ext if isinstance(f, c_ast.FuncDef)}


def _signed(kind: Kind) -> bool:
    return bool(np.issubdtype(kind, np.signedinteger))


def _bounds(kind: Kind) -> tuple[int, int]:
    bits = bits_of(kind)
    if bits == 64:  # all that is used of uint64_t is far below 2^63
        return (-(2**63) if _signed(kind) else 0), 2**63 - 1
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if _signed(kind) else (0, (1 << bits) - 1)


def _fits(node: e.Node, kind: Kind, what: str) -> Value:
    low, high = _bounds(kind)
    if node.low < low or node.high > high:
        inside = e.both(e.invert(e.less(node, e.const(low))), e.invert(e.less(e.const(high), node)))
        running().need(what, inside)
        if bits_of(kind) < 64:  # the same where it fits, and within the type's bounds
            node = e.wrap(node, bits_of(kind))
    return Value(node, kind)


def converted(value: Value, kind: Kind, what: str = "conversion") -> Value:
    """As C converts: an unsigned type keeps the lowest bits, a signed one must hold the number."""
    if not _signed(kind) and bits_of(kind) < 64:
        return Value(e.low_bits(value.node, bits_of(kind)), kind)
    return _fits(value.node, kind, what)


def _promoted(value: Value) -> Value:
    return Value(value.node, np.int32) if bits_of(value.kind) < 32 else value


def _common(a: Kind, b: Kind) -> Kind:
    """C's usual arithmetic conversions."""
    if _signed(a) == _signed(b):
        return a if bits_of(a) >= bits_of(b) else b
    unsigned, signed = (b, a) if _signed(a) else (a, b)
    return unsigned if bits_of(unsigned) >= bits_of(signed) else signed


def _truth(value: Value) -> e.Node:
    return value.node if value.node.truth else e.invert(e.equal(value.node, e.const(0)))


def _from_truth(node: e.Node) -> Value:
    return Value(e.ite(node, e.const(1), e.const(0)), np.int32)


class Place:
    """Something that can be assigned to: of a C type."""

    def __init__(self, value: Value, kind: Kind) -> None:
        self.kind = kind
        self.value = converted(value, kind)

    def assign(self, value: Value) -> None:
        """Store, as C converts."""
        self.value = converted(value, self.kind)


class _Returned(Exception):
    def __init__(self, value: Value) -> None:
        self.value = value


class Machine:
    """Runs parsed functions.

    Args:
        functions: by name.
        globals: places by name; of an array its one element that is looked at.
        literals: what some literals stand for; each must be found nowhere else.
        shown: functions of which it was shown what they return, and are not run.
    """

    def __init__(
        self,
        functions: Mapping[str, Any],
        globals: Mapping[str, Place] | None = None,
        literals: Mapping[int, e.Node] | None = None,
        shown: Mapping[str, Callable[..., e.Node]] | None = None,
    ) -> None:
        self.functions, self.globals = functions, dict(globals or {})
        self.literals, self.shown = dict(literals or {}), dict(shown or {})

    def call(self, name: str, *arguments: Value) -> Value | None:
        """The value that a function returns."""
        function = self.functions[name]
        parameters = function.decl.type.args.params if function.decl.type.args else []
        scope: dict[str, Place] = {}
        if arguments:
            for parameter, value in zip(parameters, arguments, strict=True):
                scope[parameter.name] = Place(value, _type(parameter.type))
        if name in self.shown:
            given = (place.value.node for place in scope.values())
            return Value(self.shown[name](*given), _type(function.decl.type.type))
        try:
            self._run(function.body, scope)
        except _Returned as returned:
            return converted(returned.value, _type(function.decl.type.type))
        return None

    def _run(self, statement: Any, scope: dict[str, Place]) -> None:
        match statement:
            case None:
                return
            case c_ast.Compound():
                inner = dict(scope)
                for item in statement.block_items or []:
                    self._run(item, inner)
            case c_ast.DeclList():
                for declaration in statement.decls:
                    self._run(declaration, scope)
            case c_ast.Decl():
                if isinstance(statement.type, c_ast.PtrDecl):
                    scope[statement.name] = self._array(statement.init)
                    return
                kind = _type(statement.type)
                value = self._of(statement.init, scope) if statement.init else Value(e.const(0), kind)
                scope[statement.name] = Place(value, kind)
            case c_ast.If():
                self._either(statement, scope)
            case c_ast.Return():
                raise _Returned(self._of(statement.expr, scope))
            case c_ast.For():  # over neurons, of which there is one
                self._run(statement.init, scope)
                self._run(statement.stmt, scope)
            case _:
                self._of(statement, scope)

    def _either(self, statement: Any, scope: dict[str, Place]) -> None:
        """Both ways of an ``if``, one after the other from the same state, and what each leaves."""
        condition = _truth(self._of(statement.cond, scope))
        places = [*scope.values(), *self.globals.values()]
        before, path = [p.value for p in places], running()
        with path.guarded(condition):
            self._run(statement.iftrue, scope)
        after = [p.value for p in places]
        for place, value in zip(places, before, strict=True):
            place.value = value
        with path.guarded(e.invert(condition)):
            self._run(statement.iffalse, scope)
        for place, value in zip(places, after, strict=True):
            place.value = Value(e.ite(condition, value.node, place.value.node), place.kind)

    def _array(self, expression: Any) -> Place:
        """The place that a pointer's arithmetic leads to: one element each."""
        while isinstance(expression, c_ast.BinaryOp):
            expression = expression.left
        return self.globals[expression.name]

    def _place(self, target: Any, scope: dict[str, Place]) -> Place:
        name = target.name.name if isinstance(target, c_ast.ArrayRef) else target.name
        found = scope.get(name)
        return found if found is not None else self.globals[name]

    def _of(self, expression: Any, scope: dict[str, Place]) -> Value:
        match expression:
            case c_ast.Constant():
                return self._literal(expression.value)
            case c_ast.ID(name=name) if name in CONSTANTS:
                number, kind = CONSTANTS[name]
                return Value(e.const(number), kind)
            case c_ast.ID() | c_ast.ArrayRef():
                return self._place(expression, scope).value
            case c_ast.Cast():
                return converted(
                    self._of(expression.expr, scope), _type(expression.to_type.type), "cast"
                )
            case c_ast.FuncCall():
                arguments = [self._of(a, scope) for a in expression.args.exprs]
                if expression.name.name == "INT64_C":
                    return converted(arguments[0], np.int64)
                value = self.call(expression.name.name, *arguments)
                assert value is not None
                return value
            case c_ast.TernaryOp():
                return self._ternary(expression, scope)
            case c_ast.Assignment():
                return self._assigned(expression, scope)
            case c_ast.UnaryOp():
                return self._unary(expression, scope)
            case c_ast.BinaryOp():
                return self._binary(expression, scope)
        raise TypeError(f"C that is not understood: {expression}")

    def _literal(self, text: str) -> Value:
        number = int(text.rstrip("uUlL"), 0)
        kind = np.uint32 if text[-1] in "uU" else np.int32 if number < 2**31 else np.int64
        return Value(self.literals.get(number, e.const(number)), kind)

    def _ternary(self, expression: Any, scope: dict[str, Place]) -> Value:
        condition = _truth(self._of(expression.cond, scope))
        with running().guarded(condition):
            a = _promoted(self._of(expression.iftrue, scope))
        with running().guarded(e.invert(condition)):
            b = _promoted(self._of(expression.iffalse, scope))
        kind = _common(a.kind, b.kind)
        return Value(e.ite(condition, converted(a, kind).node, converted(b, kind).node), kind)

    def _assigned(self, expression: Any, scope: dict[str, Place]) -> Value:
        place, value = self._place(expression.lvalue, scope), self._of(expression.rvalue, scope)
        if expression.op != "=":
            value = self.operation(expression.op[:-1], place.value, value)
        place.assign(value)
        return place.value

    def _unary(self, expression: Any, scope: dict[str, Place]) -> Value:
        if expression.op == "--":
            place = self._place(expression.expr, scope)
            place.assign(self.operation("-", place.value, Value(e.const(1), np.int32)))
            return place.value
        value = self._of(expression.expr, scope)
        if expression.op == "!":
            return _from_truth(e.invert(_truth(value)))
        assert expression.op == "-", expression.op
        return self.operation("-", Value(e.const(0), np.int32), value)

    def _binary(self, expression: Any, scope: dict[str, Place]) -> Value:
        if expression.op in ("&&", "||"):
            first = _truth(self._of(expression.left, scope))
            needed = first if expression.op == "&&" else e.invert(first)
            with running().guarded(needed):
                second = _truth(self._of(expression.right, scope))
            return _from_truth((e.both if expression.op == "&&" else e.either)(first, second))
        return self.operation(
            expression.op, self._of(expression.left, scope), self._of(expression.right, scope)
        )

    @staticmethod
    def operation(op: str, a: Value, b: Value) -> Value:
        """``a op b`` as C computes it."""
        a, b = _promoted(a), _promoted(b)
        if op in ("<<", ">>"):
            return _shift(op, a, b)
        kind = _common(a.kind, b.kind)
        a, b = converted(a, kind), converted(b, kind)
        x, y = a.node, b.node
        if op == "|":
            assert x.low == x.high == 0, "bits are only put where there are none"
            return b
        if op in ("<", ">", "<=", ">=", "==", "!="):
            return _from_truth(_compared(op, x, y))
        if op in ("/", "%"):
            return Value(_quotient(op, x, y), kind)
        node = {"+": e.add, "-": e.sub, "*": e.mul}[op](x, y)
        if _signed(kind) or bits_of(kind) == 64:
            return _fits(node, kind, f"{op} overflows")
        return Value(e.low_bits(node, bits_of(kind)), kind)


def _compared(op: str, x: e.Node, y: e.Node) -> e.Node:
    if op in ("==", "!="):
        return e.equal(x, y) if op == "==" else e.invert(e.equal(x, y))
    if op in ("<", ">="):
        return e.less(x, y) if op == "<" else e.invert(e.less(x, y))
    return e.less(y, x) if op == ">" else e.invert(e.less(y, x))


def _shift(op: str, a: Value, b: Value) -> Value:
    path, bits = running(), bits_of(a.kind)
    if b.node.low < 0 or b.node.high >= bits:
        path.need("shift by the width or more", e.less(b.node, e.const(bits)))
    if _signed(a.kind) and a.node.low < 0:
        path.need("shift of a negative number", e.invert(e.less(a.node, e.const(0))))
    if op == ">>":
        return Value(e.shift_right(a.node, b.node), a.kind)
    node = e.shift_left(a.node, b.node)
    return (
        _fits(node, a.kind, "<< overflows")
        if _signed(a.kind)
        else Value(e.low_bits(node, bits), a.kind)
    )


def _quotient(op: str, x: e.Node, y: e.Node) -> e.Node:
    """Rounded towards zero; of a divisor above 0."""
    assert y.low > 0, "a divisor that could be 0"
    if op == "%":
        if x.low < 0:
            running().need("rest of a negative number", e.invert(e.less(x, e.const(0))))
        return e.modulo(x, y)
    return e.ite(e.less(x, e.const(0)), e.neg(e.floor_div(e.neg(x), y)), e.floor_div(x, y))


def _type(declared: Any) -> Kind:
    while not isinstance(declared, c_ast.IdentifierType):
        declared = declared.type
    return TYPES[declared.names[-1]]
