"""The normative step, ``sim/reference.py`` with ``ir/fixed_point.py``, run on unknown numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from snnc.ir import Code, fixed_point
from snnc.sim import reference

from . import expressions as e
from .registers import Number, numpys
from .scene import Kind, Scene, least, neuron_of, real_neuron, within
from .shims import NUMPY, borrowed, private

STATE = private(reference, "_State")
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
    _start=borrowed(private(reference, "_start"), NUMPY),
    _speak=borrowed(private(reference, "_speak"), NUMPY, level=FUNCTIONS["level"]),
)

Outcome = dict[str, Any]
"""What a step leaves: ``u``, ``v``, ``waiting`` where there is one, ``sent`` where it speaks."""


def kept(kind: Kind) -> tuple[str, ...]:
    """What of a neuron's state lasts, and what it sends."""
    if kind.code is None:
        return ("u", "v")
    return ("u", "v", "waiting", "sent") if kind.code.exact else ("u", "v", "sent")


def step(scene: Scene, arrived: Any = None) -> Outcome:
    """One step of the unknown neuron; ``arrived``: where it is no unknown of the scene."""
    r = scene.register
    state = STATE(r("u"), r("v"), r("waiting"))
    sent = UPDATE(
        neuron_of(scene), state, r("arrived") if arrived is None else arrived, scene.number("step")
    )
    found = {"u": state.current, "v": state.potential, "waiting": state.waiting, "sent": sent}
    return {"record": state.potential, **{name: found[name] for name in kept(scene.kind)}}


def invariant(scene: Scene) -> Outcome:
    """Whether the state stays one that the proofs take for granted, and is one at the start."""
    after, n = step(scene), scene.nodes
    v, u = after["v"].whole(), after["u"].whole()
    inside = e.both(within(v, n["end"]), within(n["start"], n["end"]))
    word = e.both(least(e.const(-(2**31)), u), least(u, e.const(2**31 - 1)))
    kept_ = e.both(inside, word)
    if "waiting" in after:
        w = after["waiting"].whole()
        kept_ = e.both(
            kept_,
            e.both(
                least(e.const(0), w),
                least(w, e.const(0) if scene.kind.code is Code.GRADED else n["levels"]),
            ),
        )
    return {"kept": Number(kept_, bool, numpys)}


def holds(scene: Scene) -> Outcome:
    """What :func:`invariant` has to be."""
    return {"kept": Number(e.TRUE, bool, numpys)}


def real_step(kind: Kind, given: Mapping[str, int]) -> dict[str, int]:
    """The same by the reference simulator itself, of real numbers."""

    def one(name: str) -> Any:
        return np.array([given[name]], np.int64)

    state = STATE(one("u"), one("v"), one("waiting"))
    sent = reference.update(real_neuron(kind, given), state, one("arrived"), given["step"])
    found = {"u": state.current, "v": state.potential, "waiting": state.waiting, "sent": sent}
    values = {name: int(found[name][0]) for name in kept(kind)}
    return {"record": values["v"], **values}
