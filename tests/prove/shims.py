"""What stands for numpy, and for Python's own ``min`` and ``max``, where code runs on unknowns."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from . import expressions as e
from .registers import Cell, Kind, Number, Type, numbas, numpys, plain_kind


def private(module: Any, name: str) -> Any:
    """A part of a module that it keeps to itself."""
    return getattr(module, name)


def _plain(value: Any) -> Any:
    return value.number if isinstance(value, Cell) else value


def _some(*values: Any) -> Number:
    return next(v for v in map(_plain, values) if isinstance(v, Number))


def _chosen(condition: e.Node, a: Number, b: Number) -> Number:
    kind = a.rule(a.kind, b.kind) if a.kind is not b.kind else a.kind
    return Number(e.ite(condition, a.whole(), b.whole()), kind, a.rule)


def smaller(a: Any, b: Any) -> Any:
    """``min`` of two, without a decision."""
    if not any(isinstance(_plain(v), Number) for v in (a, b)):
        return min(a, b)
    one = _some(a, b)
    x, y = one.lifted(a), one.lifted(b)
    return _chosen(e.less(y.whole(), x.whole()), y, x)


def larger(a: Any, b: Any) -> Any:
    """``max`` of two, without a decision."""
    if not any(isinstance(_plain(v), Number) for v in (a, b)):
        return max(a, b)
    one = _some(a, b)
    x, y = one.lifted(a), one.lifted(b)
    return _chosen(e.less(x.whole(), y.whole()), y, x)


def _absolute(value: Any) -> Number:
    x = _some(value)
    return Number(e.absolute(x.whole()), x.kind, x.rule).astype(x.kind)


def _sign(value: Any) -> Number:
    x = _some(value)
    node, zero = x.whole(), e.const(0)
    positive = e.ite(e.less(zero, node), e.const(1), zero)
    return Number(e.ite(e.less(node, zero), e.const(-1), positive), x.kind, x.rule)


def _where(condition: Any, a: Any, b: Any) -> Number:
    one = _some(condition, a, b)
    return _chosen(one.lifted(condition).truth(), one.lifted(a), one.lifted(b))


def _as_array(value: Any, kind: Kind = None) -> Any:
    value = _plain(value)
    if not isinstance(value, Number):
        return np.asarray(value, kind)
    return value if kind is None else value.astype(kind)


def numpy_for(rule: Callable[[Kind, Kind], Kind]) -> Any:
    """A namespace with numpy's names, for numbers of a language."""

    def zero(kind: Kind) -> Number:
        return Number(e.const(0), plain_kind(kind), rule)

    def number(kind: Kind) -> Callable[[Any], Number]:
        def convert(value: Any) -> Number:
            plain = _plain(value)
            if not isinstance(plain, Number):
                plain = Number(e.const(int(plain)), None, rule)
            return plain.astype(kind)

        return convert

    widths = ("int8", "int16", "int32", "int64", "uint32", "uint64")
    return SimpleNamespace(
        abs=_absolute,
        sign=_sign,
        minimum=smaller,
        maximum=larger,
        clip=lambda value, low, high: smaller(larger(value, low), high),
        where=_where,
        asarray=_as_array,
        zeros=lambda shape, kind=np.float64: zero(kind),
        zeros_like=lambda like, kind=None: zero(kind or _plain(like).kind),
        broadcast_to=lambda value, shape: _plain(value),
        left_shift=lambda a, b: _plain(a) << b,
        right_shift=lambda a, b: _plain(a) >> b,
        **{name: Type(getattr(np, name), number(getattr(np, name))) for name in widths},
    )


NUMPY, NUMBA = numpy_for(numpys), numpy_for(numbas)


def borrowed(function: Callable[..., Any], language: Any, **others: Any) -> Callable[..., Any]:
    """The function's own code, with other meanings for ``np``, ``min``, ``max`` and what is named."""
    inner = getattr(function, "py_func", function)
    assert isinstance(inner, FunctionType)
    space = {**inner.__globals__, "np": language, "min": smaller, "max": larger, **others}
    made = FunctionType(inner.__code__, space, inner.__name__, inner.__defaults__, inner.__closure__)
    made.__kwdefaults__ = inner.__kwdefaults__
    return made
