"""A claim: an implementation's step equals the normative one, wherever its hypotheses hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import normative
from .evaluation import evaluate
from .paths import ways
from .registers import Cell
from .scene import Scene
from .solver import Sweep, prove

SAMPLES = 200
PROVED, REFUTED, OPEN = "proved", "refuted", "open"

Step = Callable[[Scene], Mapping[str, Any]]
Replay = Callable[[dict[str, int]], tuple[dict[str, int], dict[str, int]]]
"""Of a state that was found: what the real reference makes of it, and what the real code does."""


@dataclass
class Verdict:
    """What came out of a claim.

    Attributes:
        what: proved, refuted or open.
        state: where it is refuted: the unknowns; ``wanted`` and ``given`` are what the real code made
            of it, or empty where no real code could be asked.
        ways: ways through the code that were looked at.
        why: of what is open.
    """

    what: str
    seconds: float
    ways: int = 0
    state: dict[str, int] = field(default_factory=dict)
    wanted: dict[str, int] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)
    why: str = ""


@dataclass
class Claim:
    """One kind of neuron of one implementation.

    Attributes:
        name: for lists.
        scene: makes the unknowns and hypotheses.
        step: the implementation's.
        replay: computes a state with the real code.
        wanted: the normative step.
        cheap: whether the tests can afford it.
    """

    name: str
    scene: Callable[[], Scene]
    step: Step
    replay: Replay | None = None
    wanted: Step = normative.step
    cheap: bool = True

    def check(self) -> Verdict:
        """Look at every way; stop at the first that does not hold."""
        began, scene, count, compared = time.perf_counter(), self.scene(), 0, 0
        sweep = Sweep(scene.hypotheses, scene.draw(SAMPLES, seed=1))

        if not all(sweep.learn(*lemma) for lemma in scene.lemmas):
            return Verdict(OPEN, time.perf_counter() - began, why="a lemma was not shown")

        def both() -> tuple[dict[str, Any], dict[str, Any]]:
            return _nodes(self.wanted(scene)), _nodes(self.step(scene))

        for way in ways(both, scene.hypotheses, sweep.simplify):
            count += 1
            wanted, given = way.result
            pairs = [(wanted[name], given[name]) for name in wanted if name in given]
            compared += len(pairs)
            needed = [condition for _, condition in way.path.needed]
            answer = prove(pairs, needed, way.path.taken, sweep, scene.unknowns)
            if answer.proved:
                continue
            seconds = time.perf_counter() - began
            if answer.state is None:
                return Verdict(OPEN, seconds, count, why="the solver gave up")
            verdict = Verdict(REFUTED, seconds, count, _all(scene, answer.state))
            if self.replay is not None:
                verdict.wanted, verdict.given = self.replay(verdict.state)
                if verdict.wanted == verdict.given:
                    verdict.what, verdict.why = OPEN, "the real code does not do what was found"
            return verdict
        if not compared:
            return Verdict(OPEN, time.perf_counter() - began, count, why="nothing was compared")
        return Verdict(PROVED, time.perf_counter() - began, count)


def _nodes(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.number.whole() if isinstance(value, Cell) else value.whole()
        for name, value in outcome.items()
    }


def _all(scene: Scene, state: Mapping[str, int]) -> dict[str, int]:
    """Every number of the scene in a state, also those that were known or follow."""
    known: dict[int, int] = {}
    return {name: evaluate(node, state, known) for name, node in scene.nodes.items()}
