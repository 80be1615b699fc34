"""NIR's neurons in discrete time: from time constants to what a step keeps and what it adds.

NIR states neurons as differential equations (nir 1.0.8, nir/ir/neuron.py). With a step of ``dt`` both
rules below turn ``tau x' = (leak - x) + gain I`` into ``x <- kept x + (1 - kept) (leak + gain I)``:

* ``euler``, forward Euler, the default: ``kept = 1 - dt / tau``;
* ``exponential``: ``kept = exp(-dt / tau)``, exact for an input that is constant over the step.

``v' = R I`` (IF, I) becomes ``v <- v + dt R I`` with either. Of two equations (CubaLIF, CubaLI) the
current goes first, and the potential takes the new current. A neuron that is above its threshold
(strictly) at the end of a step fires and is reset in that step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.errors import Diagnostic, fail
from snnc.frontend.steps.elementwise import channels_of
from snnc.frontend.steps.network import Dynamics
from snnc.ir import Array, Comparison, Neuron, Reset

from .composite import Composite
from .file import kind_of
from .firing import firing
from .metadata import Said
from .parts import part_problems
from .primitives import SILENT, SPIKING

RULES = ("euler", "exponential")


@dataclass(frozen=True)
class Clock:
    """The time step in seconds, and how differential equations become steps."""

    dt: float
    rule: str = "euler"

    def kept(self, tau: float) -> float:
        """The fraction that one step keeps of a state with time constant ``tau`` (seconds)."""
        return math.exp(-self.dt / tau) if self.rule == "exponential" else 1.0 - self.dt / tau


def problems(name: str, node: Any, clock: Clock, *, inside: bool = False) -> Iterator[Diagnostic]:
    """Everything about a node's parameters that populations of ours cannot have.

    Args:
        name, node: of the file, or a composite.
        clock: the time step.
        inside: the node is a composite's potential.
    """

    def wrong(what: str, why: str, help: str) -> Diagnostic:
        return Diagnostic("D211", what, name, why, help)

    if isinstance(node, Composite):
        if not (np.all(np.isfinite(node.threshold)) and np.all(np.isfinite(node.feedback))):
            yield wrong("its threshold or feedback is not finite", "", "train or export again")
            return
        yield from problems(name, node.potential, clock, inside=True)
        yield from part_problems(name, node)
        return
    for field in ("r", "v_leak", "v_threshold", "v_reset", "w_in", "tau", "tau_mem", "tau_syn"):
        values = getattr(node, field, None)
        if values is not None and not np.all(np.isfinite(values)):
            yield wrong(f"{field} is not finite", "", "train or export the network again")
            return
    for field in ("tau", "tau_mem", "tau_syn"):
        values = getattr(node, field, None)
        if values is None:
            continue
        low, high = float(np.min(values)), float(np.max(values))
        if low != high and kind_of(node) in SILENT and not inside:
            yield wrong(
                f"{field} goes from {low:.6g} to {high:.6g} s within one population",
                "it is read out, and all neurons of a readout share their decays",
                "train one for all",
            )
        if low <= 0:
            yield wrong(f"{field} is {low:.6g} s", "a time constant is positive", "export again")
        elif clock.rule == "euler" and clock.dt > low * (1 + 1e-6):
            yield wrong(
                f"a step of {clock.dt:.6g} s is longer than {field}, {low:.6g} s",
                "forward Euler would keep a negative part of the state",
                f"use --dt {low:.3g} or less, or --discretize exponential",
            )
    if kind_of(node) in SPIKING:
        yield from part_problems(name, node)


def dynamics(name: str, node: Any, clock: Clock, said: Said) -> Dynamics:
    """A node without :func:`problems` in discrete time. Source: this module's docstring.

    Raises:
        UserError: D211, see :func:`snnc.frontend.nir.firing.firing`.
    """
    equations = node.potential if isinstance(node, Composite) else node
    resistance = np.asarray(equations.r, np.float64)
    leak = np.zeros(resistance.shape)
    current_kept, potential_kept = 0.0, 1.0
    if kind_of(equations) in ("IF", "I"):
        gain = resistance * clock.dt
    else:
        cuba = kind_of(equations) in ("CubaLIF", "CubaLI")
        potential_kept = _kept(clock, equations.tau_mem if cuba else equations.tau)
        gain = (1.0 - potential_kept) * resistance
        leak = (1.0 - potential_kept) * np.asarray(equations.v_leak, np.float64)
        if cuba:
            current_kept = _kept(clock, equations.tau_syn)
            gain = gain * (1.0 - current_kept) * np.asarray(equations.w_in, np.float64)
    if kind_of(node) not in SPIKING:
        still = Neuron(Reset.ZERO, Comparison.GREATER, 0.0, current_kept, potential_kept)
        return Dynamics(still, gain, leak, None)
    fires = firing(name, node, said, gain, potential_kept)
    threshold = fires.threshold
    leak = leak + (1.0 - potential_kept) * fires.shift
    if channels_of(threshold) is None:  # folded here: a population has one, or one a channel
        gain, leak, threshold = gain / threshold, leak / threshold, np.ones(threshold.shape)
    neuron = Neuron(
        Reset.SUBTRACT if isinstance(node, Composite) else said.reset,
        said.comparison,
        fires.start,
        current_kept,
        potential_kept,
        restart=said.restart_steps == 1,
    )
    return Dynamics(neuron, gain, leak, threshold, fires.apart)


def _kept(clock: Clock, tau: Array) -> float:
    kept = clock.kept(float(np.ravel(tau)[0]))
    return 0.0 if abs(kept) < FORGOTTEN else kept


MOST_DELAYS = 2**10
"""Different delays in one node: each becomes a connection of its own."""

FORGOTTEN = 1e-6
"""What a step keeps of a state, below which it keeps nothing."""

MOST_PARTS = 2**26
"""Elements of a node times its different delays: each connection is as wide as the node."""

LONGEST = 2**20
"""Steps."""


def delay_steps(name: str, node: Any, clock: Clock) -> dict[int, Array]:
    """A Delay node's delays in steps, and which elements have each: true or false, of the node's shape.

    Raises:
        UserError: D211 one is not a whole number of steps from 0 to ``LONGEST``, there are more than
            ``MOST_DELAYS`` different ones, or more than ``MOST_PARTS`` of them times elements.
    """
    delays = np.asarray(node.delay, np.float64)
    steps = np.rint(delays / clock.dt)
    wrong = ~(np.isfinite(delays) & (delays >= 0) & (steps <= LONGEST))
    if np.any(wrong):
        what = f"a delay of {float(delays[wrong].flat[0]):.6g} s at a time step of {clock.dt:.6g} s"
        raise fail("D211", what, where=name, why=f"delays are from 0 to {LONGEST} steps long")
    off = np.abs(steps * clock.dt - delays) > 1e-3 * clock.dt
    if np.any(off):
        first = float(delays[off].flat[0])
        raise fail(
            "D211",
            f"a delay of {first:.6g} s is {first / clock.dt:.6g} steps",
            where=name,
            why="a chip delays by whole steps",
            help="choose --dt so that it divides every delay",
        )
    found = np.unique(steps)
    if len(found) > MOST_DELAYS:
        what = f"{len(found)} different delays in one node, the limit is {MOST_DELAYS}"
        raise fail("D211", what, where=name, why="each becomes a connection of its own")
    if len(found) * delays.size > MOST_PARTS:
        what = f"{len(found)} delays times {delays.size} elements, the limit is {MOST_PARTS}"
        raise fail("D211", what, where=name, why="each delay is a connection as wide as the node")
    return {int(each): steps == each for each in found} or {0: np.ones(delays.shape, bool)}
