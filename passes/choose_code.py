"""Pass ``choose-code``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from snnc.errors import fail
from snnc.ir import Code, Graph, Reset, Target

from .base import Context, Fact, Pass


@dataclass(frozen=True)
class ChooseCode(Pass):
    """Choose how spikes carry activations; all later passes depend on it.

    ``rate``: integrate and fire with soft reset, K steps a frame; the number of spikes approximates
    the activation. ``frame``: a neuron integrates one frame and fires in the next, one spike a level;
    exact for activations that have at most K levels. ``graded``: the same with one spike that carries
    the level; K is 1 unless more is asked for. ``delta``: the same with the level's difference to the
    last frame's; ``send-changes`` leaves out where that does not pay. Source: snnc's own;
    docs/numerics.md "Codes".

    Options:
        code: ``rate``, ``frame``, ``graded`` or ``delta``.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "choose-code"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.SHAPED})
    destroys: ClassVar[frozenset[Fact]] = frozenset(
        {Fact.DELAYS_MATCHED, Fact.INPUT_ENCODED, Fact.BALANCED}
    )

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"code": tuple(c.value for c in Code)}

    code: str = "rate"

    def check_target(self, target: Target) -> None:
        """D316 for a code that its neurons do not have."""
        if Code(self.code) not in target.codes:
            able = ", ".join(c.value for c in target.codes)
            what = f"{target.name} has no neurons for the code {self.code}"
            raise fail("D316", what, where="--code", help=f"use {able}")

    def run(self, graph: Graph, context: Context) -> Graph:
        code = Code(self.code)
        if code is graph.code:
            return graph
        if graph.frame_is_step:
            raise fail(
                "D315",
                "the network has neurons of its own",
                where="--code",
                why="it spikes already, and how its spikes carry information must not change",
                help="use --code rate, which leaves them as they are",
            )
        if code.exact:
            self._refuse_trained_neurons(graph)
            if graph.trained_steps is not None:
                context.warn(
                    "N738",
                    f"code {code.value}; the network was trained with spikes of the code rate",
                    why="its neurons will count levels once a frame, whenever spikes arrive",
                    help="use --code rate, or measure the accuracy (snnc run)",
                )
        changed = (replace(p, changes=code is Code.DELTA) for p in graph.neurons)
        return replace(graph.with_populations(changed), code=code)

    def _refuse_trained_neurons(self, graph: Graph) -> None:
        """In an exact code neurons count levels: what else they were trained to do would be lost."""
        for p in graph.neurons:
            if p.neuron is None or (p.neuron.reset is Reset.SUBTRACT and p.neuron.potential_kept == 1):
                continue
            hard = p.neuron.reset is Reset.ZERO
            raise fail(
                "D315",
                f"the neurons of the code {self.code} have no {'hard reset' if hard else 'leak'}",
                where=p.origin,
                why="the network was trained with it, in the code rate",
                help="use --code rate",
            )
