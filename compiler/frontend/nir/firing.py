"""Where neurons of NIR begin, fire and go back to, counted so that a hard reset goes back to 0.

A potential ``v`` that is reset to ``v_reset`` becomes ``w = v - v_reset``: it fires above
``v_threshold - v_reset``, begins at ``-v_reset`` and leaks towards ``v_leak - v_reset``. A composite's
potential (:mod:`snnc.frontend.nir.composite`) begins at 0 and fires above its Threshold; counted from
``theta - threshold`` below, it fires above ``theta``, which is what a spike takes away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.errors import fail
from snnc.ir import Array, Reset

from .composite import Composite
from .metadata import Said

UNIFORM = 1e-6
"""By how many thresholds start values of a population may differ: what float32 makes of one number."""


@dataclass(frozen=True)
class Firing:
    """Arrays have the population's shape.

    Attributes:
        shift: what the potential here has more than the node's.
        threshold: of the potential here.
        start: of the potential here, as a fraction of the threshold; 0 where neurons differ.
        apart: those fractions where they differ.
    """

    shift: Array
    threshold: Array
    start: float
    apart: Array | None


def firing(name: str, node: Any, said: Said, gain: Array, kept: float) -> Firing:
    """How a spiking node or a composite fires.

    Args:
        name: of the node, for messages.
        node: IF, LIF, CubaLIF or Composite.
        said: what its metadata add.
        gain: the potential's factor on what arrives.
        kept: what a step keeps of the potential.

    Raises:
        UserError: D211 no threshold above 0.
    """
    shift: Array
    first: Array
    if isinstance(node, Composite):
        if kept == 0:
            raise fail(
                "D211",
                "a soft reset of a potential that keeps nothing",
                where=name,
                why="its feedback arrives after the potential is gone",
                help="leave the feedback out",
            )
        threshold: Array = np.broadcast_to(
            -gain * np.asarray(node.feedback, np.float64) / kept, gain.shape
        )
        shift = threshold - np.asarray(node.threshold, np.float64)
        first = shift
        if np.any(threshold <= 0):
            what = f"a spike takes {float(threshold.min()):.6g} away"
            why = "a neuron whose spikes subtract nothing would never stop firing"
            raise fail("D211", what, where=name, why=why, help="use r above 0 and a scale below 0")
    else:
        reset = _full(node.v_reset, gain) if said.reset is Reset.ZERO else np.zeros(gain.shape)
        shift, threshold = -reset, _full(node.v_threshold, gain) - reset
        first = shift + said.start_value
    if np.any(threshold <= 0):
        worst = np.unravel_index(int(np.argmin(threshold)), threshold.shape)
        raise fail(
            "D211",
            f"v_threshold is {_at(node, 'v_threshold', worst):.6g}"
            + (f", v_reset {_at(node, 'v_reset', worst):.6g}" if np.any(shift) else ""),
            where=name,
            why="a neuron whose threshold is not above its reset would never stop firing",
            help="use a threshold above v_reset",
        )
    return Firing(shift, threshold, *_fraction(first, threshold))


def _at(node: Any, field: str, index: Any) -> float:
    values = np.asarray(getattr(node, field, 0.0), np.float64)
    return float(np.broadcast_to(values, np.shape(node.r))[index])


def _full(values: Any, like: Array) -> Array:
    if values is None:
        return np.zeros(like.shape)
    return np.broadcast_to(np.asarray(values, np.float64), like.shape)


def _fraction(first: Array, threshold: Array) -> tuple[float, Array | None]:
    """Start values as the same fraction of each threshold, exactly where possible; or as several."""
    fractions = first / threshold
    low, high = float(fractions.min()), float(fractions.max())
    if high - low > UNIFORM:
        return 0.0, fractions
    value, top = float(first.flat[0]), float(threshold.flat[0])
    near = float(fractions.flat[0])
    tried = (near, float(np.nextafter(near, np.inf)), float(np.nextafter(near, -np.inf)))
    return next((f for f in tried if f * top == value), near), None
