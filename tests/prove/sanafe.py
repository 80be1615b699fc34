"""SANA-FE: the state that its host carries, and the numbers in which its soma holds a potential.

The soma itself is SANA-FE's own (C++): it adds what arrives to what it is given and compares, in
doubles, as ``register.py`` says; that is transcribed here. The host's part is ``play.py``'s own code.
Doubles are whole numbers over 64 here, exact as long as they stay below 2^53, which the bounds show.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.backends.loihi.target import BIAS_EXPONENT, BIAS_MANTISSA, INPUT_SHIFT, MAX_THRESHOLD_MANTISSA
from snnc.backends.sanafe import register
from snnc.backends.sanafe.target import LARGEST
from snnc.ir import Comparison, Reset

from . import expressions as e
from .registers import Number, numpys
from .scene import KINDS as ALL_KINDS
from .scene import Kind, Scene, least, unknown_neuron
from .shims import NUMPY, borrowed

KINDS = tuple(k for k in ALL_KINDS if k.code is None or not k.code.exact)


def _play() -> Any:
    """``play.py`` without SANA-FE, which it imports and does not need for this."""
    import sys
    from types import ModuleType

    before = sys.modules.get("sanafe")
    sys.modules["sanafe"] = before or ModuleType("sanafe")
    try:
        from snnc.backends.sanafe.payload import play
    finally:
        if before is None:
            del sys.modules["sanafe"]
    return play


play = _play()


class Double:
    """A double that is a whole number over 64."""

    def __init__(self, over64: Number) -> None:
        assert max(-over64.node.low, over64.node.high) < 2**53
        self.over64 = over64

    def __mul__(self, factor: int) -> Number:
        assert factor == 64
        return self.over64


class Whole(Number):
    """An integer that becomes a double: divided by 64 it is one; by 2 it must be even."""

    def __truediv__(self, by: int) -> Any:
        if by == 64:
            return Double(self)
        if by == 1:
            return self
        assert by == 2
        return Whole(_half(self.node), np.int64, numpys)


def _half(node: e.Node) -> e.Node:
    """A half of what is even by its parts."""
    if node.op == "add":
        return e.add(*(_half(part) for part in node.parts))
    assert node.op == "mul" and node.args[1].value == 2, node
    half: e.Node = node.args[0]
    return half


def _whole(value: Any) -> Whole:
    return Whole(value.whole(), np.int64, numpys)


def scene(kind: Kind) -> Scene:
    """A neuron of 24 bits whose input of one step keeps to its register (D430)."""
    thresholds = (1, MAX_THRESHOLD_MANTISSA.value << INPUT_SHIFT.value)
    narrower = {"input_shift": (0, INPUT_SHIFT.value), "threshold": thresholds}
    most = BIAS_MANTISSA.value << BIAS_EXPONENT.value
    narrower["bias"] = (-most, most)
    found = unknown_neuron(kind, {"state_bits": 24}, narrower)
    n = found.nodes
    shifted = e.shift_left(n["arrived"], n["input_shift"])
    found.assume(least(e.const(-LARGEST), shifted), least(shifted, e.const(LARGEST + 1)))
    # Every sample begins from the start value, with no current.
    begun = e.both(e.equal(n["u"], e.const(0)), e.equal(n["v"], n["start"]))
    found.assume(e.either(e.less(e.const(1), n["step"]), begun))
    return found


def step(scene: Scene) -> dict[str, Any]:
    """What the host gives, what the soma makes of it, and what the host keeps."""
    kind, r, n = scene.kind, scene.register, scene.nodes
    held = register.Register(2, 1) if _fires_at(kind) else register.Register(1, 0)
    p: dict[str, Any] = {
        name: scene.number(name)
        for name in (
            "current_decay",
            "potential_decay",
            "bias_start",
            "bias_interval",
            "clear_interval",
            "clear_offset",
        )
    }
    p.update(start=r("start"), bias=r("bias"), threshold=r("threshold"), most=LARGEST)
    p.update(
        scale=held.scale, offset=held.offset, subtract=kind.reset is Reset.SUBTRACT or kind.code is None
    )
    space = {
        "_decay": borrowed(play._decay, NUMPY),
        "_phase": borrowed(play._phase, NUMPY),
    }
    own = SimpleNamespace(p=p, size=(), current=r("u"), potential=r("v"), wrapped=False)
    own._own = lambda name: borrowed(play.Carried._own, NUMPY)(own, name)
    own._value = lambda potential: borrowed(play.Carried._value, NUMPY)(own, _whole(potential))
    given = borrowed(play.Carried.begin, NUMPY, **space)(own, scene.number("step"))
    # The soma: V = what it was given + what arrives; it fires above its threshold and keeps V.
    arrived = e.mul(e.shift_left(n["arrived"], n["input_shift"]), e.const(held.scale))
    value = Whole(e.add(given.over64.node, arrived), np.int64, numpys)
    fired = Number(e.const(0), np.int64, numpys)
    if kind.code is not None:
        lower = kind.comparison is Comparison.GREATER_EQUAL and not held.offset
        threshold = e.sub(n["threshold"], e.const(int(lower)))
        fired = Number(e.less(e.mul(threshold, e.const(held.scale)), value.node), bool, numpys)
    end = borrowed(play.Carried.end, _with_any())
    end(own, _Held(value), fired.astype(np.int64))
    if own.wrapped:  # the run is refused (``engine.py``)
        return {}
    found = {"u": own.current, "v": own.potential, "record": own.potential}
    if kind.code is not None:
        found["sent"] = fired
    return found


class _Held:
    """What SANA-FE says a neuron holds: a double."""

    def __init__(self, over64: Whole) -> None:
        self.over64 = over64

    def __mul__(self, factor: int) -> Any:
        assert factor == 64
        return _Exact(self.over64)


class _Exact:
    """64 times a double: whole; minus the offset and over the scale it is whole again."""

    def __init__(self, node: Whole) -> None:
        self.number = node

    def __sub__(self, offset: int) -> Whole:
        return Whole(e.sub(self.number.node, e.const(offset)), np.int64, numpys)


def _fires_at(kind: Kind) -> bool:
    """As ``register.fires_at`` says of a neuron."""
    at = kind.comparison is Comparison.GREATER_EQUAL
    return kind.code is not None and at and kind.reset is Reset.SUBTRACT


def _with_any() -> Any:
    return SimpleNamespace(**{**vars(NUMPY), "any": lambda value: value})
