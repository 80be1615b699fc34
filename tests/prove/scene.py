"""Unknown neurons: a state, an input, parameters and a time, each anywhere within its stated range."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Code, Comparison, IntegerNeuron, Reset

from . import expressions as e
from .evaluation import evaluate, in_order
from .ranges import RANGES
from .registers import Number, numpys

WORD = 2**31 - 1
FIELDS = (
    "current_decay",
    "potential_decay",
    "input_shift",
    "state_bits",
    "bias_start",
    "bias_interval",
    "clear_interval",
    "clear_offset",
    "levels",
)
"""Of ``IntegerNeuron``, those that are one number for a population."""


@dataclass(frozen=True)
class Kind:
    """What of a neuron is a word and no number. ``code`` None: a readout.

    Attributes:
        code, comparison, reset: as in ``IntegerNeuron``.
        clears: whether it is ever cleared.
        sums: whether it sums changes; a readout that does and is never cleared adds up its answers.
    """

    code: Code | None = Code.RATE
    comparison: Comparison = Comparison.GREATER
    reset: Reset = Reset.SUBTRACT
    clears: bool = True
    sums: bool = False

    @property
    def adds_answers(self) -> bool:
        """As ``IntegerNeuron`` has it."""
        return self.sums and self.code is None and not self.clears

    @property
    def name(self) -> str:
        """How lists call it."""
        if self.sums:
            return replace(self, sums=False).name + ", sums changes"
        if self.code is None:
            return "readout" + ("" if self.clears else ", never cleared")
        if self.code is Code.RATE:
            ever = "" if self.clears else ", never cleared"
            return f"rate {self.comparison.value} {self.reset.value}{ever}"
        return str(self.code.value)


KINDS = (
    *(Kind(Code.RATE, c, r) for c in Comparison for r in Reset),
    Kind(Code.FRAME),
    Kind(Code.GRADED),
    Kind(None),
    Kind(clears=False),
    Kind(None, clears=False),
)

CHANGES = (
    Kind(Code.DELTA),
    Kind(Code.DELTA, sums=True),
    Kind(Code.GRADED, sums=True),
    Kind(None, sums=True),
    Kind(None, clears=False, sums=True),
)
"""Kinds of neurons that send or sum changes, for the simulators and Lava alone."""


@dataclass
class Scene:
    """Unknowns by name, what holds for them, and how to draw them.

    Attributes:
        kind: of the neuron.
        nodes: unknowns, or known numbers, by name: the state ``u``, ``v``, ``waiting``; ``arrived``;
            parameters as ``IntegerNeuron`` calls them, but ``bias`` for the shifted mantissa; ``step``.
        hypotheses: truth values beyond the unknowns' own ranges.
        lemmas: expressions that are equal under them, and no larger than another: shown first.
    """

    kind: Kind
    nodes: dict[str, e.Node] = field(default_factory=dict)
    hypotheses: list[e.Node] = field(default_factory=list)
    lemmas: list[tuple[list[e.Node], e.Node]] = field(default_factory=list)

    def number(self, name: str) -> Number:
        """An unknown as Python's own integer."""
        return Number(self.nodes[name], None, numpys)

    def register(self, name: str) -> Number:
        """An unknown in an int64 of numpy's."""
        return Number(self.nodes[name], np.int64, numpys)

    @property
    def unknowns(self) -> list[e.Node]:
        """Those that are not known."""
        return [n for n in self.nodes.values() if n.op == "var"]

    def assume(self, *truths: e.Node) -> None:
        """Add hypotheses."""
        self.hypotheses += truths

    def draw(self, count: int, seed: int) -> list[dict[str, int]]:
        """So many assignments that keep to the hypotheses, most at some corner."""
        rng, found = random.Random(seed), list[dict[str, int]]()
        for _ in range(count * 4):
            if len(found) == count:
                break
            given = {str(n.args[0]): _drawn(rng, n.low, n.high) for n in self.unknowns}
            if self._repaired(given):
                found.append(given)
        return found

    def _repaired(self, given: dict[str, int]) -> bool:
        """Whether an assignment keeps to the hypotheses, made smaller where it did not."""
        lows = {str(n.args[0]): n.low for n in self.unknowns}
        for _ in range(64):
            known: dict[int, int] = {}
            broken = [h for h in self.hypotheses if not evaluate(h, given, known)]
            if not broken:
                return True
            for name in {str(n.args[0]) for h in broken for n in in_order([h]) if n.op == "var"}:
                if name != "state_bits":
                    given[name] = max(lows[name], int(given[name] / 2))
        return False


def _drawn(rng: random.Random, low: int, high: int) -> int:
    way = rng.randrange(4)
    if way == 0:
        return rng.randint(low, high)
    if way == 1:
        return min(high, max(low, rng.choice((low, high, 0)) + rng.randint(-2, 2)))
    bits = rng.randint(0, max(abs(low), abs(high)).bit_length())
    return min(high, max(low, rng.choice((-1, 1)) * ((1 << bits) + rng.randint(-2, 2))))


def least(a: e.Node, b: e.Node) -> e.Node:
    """``a <= b``."""
    return e.invert(e.less(b, a))


def within(a: e.Node, most: e.Node) -> e.Node:
    """``-most <= a <= most``."""
    return e.both(least(e.neg(most), a), least(a, most))


def unknown_neuron(
    kind: Kind,
    known: Mapping[str, int] | None = None,
    narrower: Mapping[str, tuple[int, int]] | None = None,
) -> Scene:
    """Any neuron of a kind in any state; ``known`` fixes some of its numbers, ``narrower`` others."""
    scene = Scene(kind)
    exact = kind.code is not None and kind.code.exact
    ranges = {**RANGES, **(narrower or {})}
    ranges["clear_interval"] = (1, ranges["clear_interval"][1]) if kind.clears or exact else (0, 0)
    if exact:
        ranges["levels"] = (1, ranges["levels"][1])
    if kind.code is Code.GRADED:  # it is sent in the step in which it is counted
        ranges["waiting"] = (0, 0)
    for name, (low, high) in ranges.items():
        value = (known or {}).get(name)
        scene.nodes[name] = e.variable(name, low, high) if value is None else e.const(value)
    end = e.sub(e.shift_left(e.const(1), e.sub(scene.nodes["state_bits"], e.const(1))), e.const(1))
    scene.nodes["end"] = end
    scene.assume(within(scene.nodes["v"], end), within(scene.nodes["start"], end))
    if kind.code in (Code.FRAME, Code.DELTA):
        scene.assume(least(scene.nodes["waiting"], scene.nodes["levels"]))
    return scene


def neuron_of(scene: Scene) -> IntegerNeuron:
    """The unknown neuron as the program has it."""
    n, r, kind = scene.number, scene.register, scene.kind
    given: dict[str, Any] = {name: n(name) for name in FIELDS}
    return IntegerNeuron(
        threshold=None if kind.code is None else r("threshold"),  # type: ignore[arg-type]
        comparison=kind.comparison,
        reset=kind.reset,
        start_value=r("start"),  # type: ignore[arg-type]
        bias_mantissa=r("bias"),  # type: ignore[arg-type]
        bias_exponent=0,
        code=kind.code or Code.RATE,
        sums_changes=kind.sums,
        **given,
    )


def real_neuron(kind: Kind, given: Mapping[str, int]) -> IntegerNeuron:
    """The neuron of a state that was found, in real numbers."""

    def array(name: str) -> NDArray[np.int64]:
        return np.array(given[name], np.int64)

    numbers: dict[str, Any] = {name: int(given[name]) for name in FIELDS}
    return IntegerNeuron(
        threshold=None if kind.code is None else array("threshold"),
        comparison=kind.comparison,
        reset=kind.reset,
        start_value=array("start"),
        bias_mantissa=array("bias_mantissa" if "bias_mantissa" in given else "bias"),
        bias_exponent=given.get("bias_exponent", 0),
        code=kind.code or Code.RATE,
        sums_changes=kind.sums,
        **numbers,
    )
