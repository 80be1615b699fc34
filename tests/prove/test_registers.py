"""Numbers behave as numpy's and numba's: every operation, for all pairs of registers, at their ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from . import expressions as e
from .paths import Path
from .registers import Number, numbas, numpys
from .shims import NUMBA, NUMPY, larger, smaller

KINDS = (np.int8, np.int16, np.int32, np.int64)
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "lshift": lambda a, b: a << b,
    "rshift": lambda a, b: a >> b,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "less": lambda a, b: a < b,
}


def ends(kind: Any) -> list[int]:
    info = np.iinfo(kind)
    return [int(info.min), int(info.min) + 1, -1, 0, 1, int(info.max)]


def seconds(name: str, kind: Any) -> list[int]:
    """What may stand behind an operation: shifts from 0 on, divisors above 0."""
    if name in ("lshift", "rshift"):
        return [0, 1, 7]
    return [1, 3, int(np.iinfo(kind).max)] if name in ("floordiv", "mod") else ends(kind)


def ours(operation: Callable[[Any, Any], Any], a: int, b: int, kinds: Any, rule: Any) -> Number | None:
    """What a number of ours becomes; None where 64 bits would overflow, which no proof lets pass."""
    x, y = (Number(e.const(v), kind, rule) for v, kind in zip((a, b), kinds, strict=True))
    try:
        return operation(x, y)  # type: ignore[no-any-return]
    except e.Leaves64Bits:
        return None


@pytest.mark.parametrize("name", OPERATIONS)
def test_numpy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _running(monkeypatch)
    operation = OPERATIONS[name]
    for kinds in itertools.product(KINDS, KINDS):
        for a, b in itertools.product(ends(kinds[0]), seconds(name, kinds[1])):
            found = ours(operation, a, b, kinds, numpys)
            real = operation(np.array([a], kinds[0]), np.array([b], kinds[1]))
            if name == "lshift" and b >= real.itemsize * 8:
                continue
            if found is not None:
                assert (found.whole().value, found.kind) == (int(real[0]), _kind(real.dtype)), (
                    kinds,
                    a,
                    b,
                )


@pytest.mark.parametrize("name", OPERATIONS)
def test_numba(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The types are what numba finds: it computes in 64 bits, and a narrower store cuts off."""
    _running(monkeypatch)
    operation = OPERATIONS[name]
    compiled = numba.njit(operation)
    for kinds in itertools.product(KINDS[1:], KINDS[1:]):
        for a, b in itertools.product(ends(kinds[0]), seconds(name, kinds[1])):
            found = ours(operation, a, b, kinds, numbas)
            if found is not None:
                assert found.whole().value == int(compiled(kinds[0](a), kinds[1](b))), (kinds, a, b)
        signature = compiled.overloads[compiled.signatures[-1]].signature
        assert signature.return_type in (numba.types.int64, numba.types.boolean)


def test_numbas_smaller_and_larger_keep_the_register() -> None:
    @numba.njit
    def clipped(x: Any, limit: Any) -> Any:
        return min(max(x, np.int32(-limit)), limit)

    for x, limit in itertools.product(ends(np.int32), (1, 2**27 - 1, 2**31 - 1)):
        a, b = (Number(e.const(v), np.int32, numbas) for v in (x, limit))
        found = smaller(larger(a, NUMBA.int32(-b)), b)
        assert found.whole().value == int(clipped(np.int32(x), np.int32(limit)))
        assert found.kind is np.int32
    assert clipped.nopython_signatures[0].return_type == numba.types.int32


def test_conversions() -> None:
    for kind, narrow in itertools.product(KINDS, KINDS):
        for value in ends(kind):
            number = Number(e.const(value), kind, numpys).astype(narrow)
            assert number.whole().value == int(np.array([value], kind).astype(narrow)[0])


def test_functions_of_numpy() -> None:
    for value in ends(np.int64)[1:]:
        number, real = Number(e.const(value), np.int64, numpys), np.array([value])
        assert NUMPY.abs(number).whole().value == int(np.abs(real)[0])
        assert NUMPY.sign(number).whole().value == int(np.sign(real)[0])
        assert NUMPY.clip(number, -5, 7).whole().value == int(np.clip(real, -5, 7)[0])
        found = NUMPY.where(number.astype(bool), number, 3)
        assert found.whole().value == int(np.where(real != 0, real, 3)[0])


def _kind(dtype: np.dtype[Any]) -> Any:
    return bool if dtype == np.bool_ else dtype.type


def _running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shifts that are too long ask the way that is being gone."""
    monkeypatch.setattr("tests.prove.paths._RUNNING", [Path([], lambda node: node, [])])
