"""The normative step, ``sim/reference.py`` with ``ir/fixed_point.py``, run on unknown numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from snnc.ir import fixed_point
from snnc.sim import reference

from .numbers import Number
from .scene import Kind, Scene, neuron_of, real_neuron
from .shims import NUMPY, borrowed

WRAP = borrowed(fixed_point.wrap_int32, NUMPY)
SHIFT_SUM = borrowed(fixed_point.shift_sum, NUMPY, wrap_int32=WRAP)
FUNCTIONS = {
    "wrap_int32": WRAP,
    "decay": borrowed(fixed_point.decay, NUMPY),
    "wrap_current": borrowed(fixed_point.wrap_current, NUMPY, wrap_int32=WRAP),
    "saturate": borrowed(fixed_point.saturate, NUMPY),
    "fire": borrowed(fixed_point.fire, NUMPY),
    "level": borrowed(fixed_point.level, NUMPY),
    "shift_sum": SHIFT_SUM,
}
INTEGRATE = borrowed(fixed_point.integrate, NUMPY, **FUNCTIONS)
UPDATE = borrowed(
    reference.update,
    NUMPY,
    integrate=INTEGRATE,
    fire=FUNCTIONS["fire"],
    _start=borrowed(reference._start, NUMPY),
    _speak=borrowed(reference._speak, NUMPY, level=FUNCTIONS["level"]),
)

Outcome = dict[str, Any]
"""What a step leaves: ``u``, ``v``, ``waiting`` where there is one, ``sent`` where it speaks."""


def kept(kind: Kind) -> tuple[str, ...]:
    """What of a neuron's state lasts, and what it sends."""
    if kind.code is None:
        return ("u", "v")
    return ("u", "v", "waiting", "sent") if kind.code.exact else ("u", "v", "sent")


def step(scene: Scene) -> Outcome:
    """One step of the unknown neuron."""
    r = scene.register
    state = reference._State(r("u"), r("v"), r("waiting"))  # type: ignore[arg-type]
    sent = UPDATE(neuron_of(scene), state, r("arrived"), scene.number("step"))
    found = {"u": state.current, "v": state.potential, "waiting": state.waiting, "sent": sent}
    return {"record": state.potential, **{name: found[name] for name in kept(scene.kind)}}


def real_step(kind: Kind, given: Mapping[str, int]) -> dict[str, int]:
    """The same by the reference simulator itself, of real numbers."""

    def one(name: str) -> Any:
        return np.array([given[name]], np.int64)

    state = reference._State(one("u"), one("v"), one("waiting"))
    sent = reference.update(real_neuron(kind, given), state, one("arrived"), given["step"])
    found = {"u": state.current, "v": state.potential, "waiting": state.waiting, "sent": sent}
    return {name: int(found[name][0]) for name in kept(kind)}


def nodes(outcome: Outcome) -> dict[str, Any]:
    """The expressions of an outcome."""
    return {k: v.whole() if isinstance(v, Number) else v for k, v in outcome.items()}
