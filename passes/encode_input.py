"""Pass ``encode-input``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.errors import fail
from snnc.ir import Code, Encoding, Graph, Target, without_lone_changes

from .base import Context, Fact, Pass


@dataclass(frozen=True)
class EncodeInput(Pass):
    """Choose how event counts become spikes, and what one of those spikes is worth.

    ``graded``: the count is the payload of one spike at every step of its frame; a spike of payload
    1 is worth 1. Costs K synaptic operations a connection and active pixel, gives the smoothest
    drive, takes counts of any size.
    ``spread``: a count of n becomes n binary spikes, evenly spread over the K steps; a spike is worth
    K, because the neurons average over the frame. Costs n synaptic operations, needs no graded
    spikes, carries at most K events a pixel and frame; data with more is refused.
    ``once``: the count is the payload of one spike at the frame's first step. Costs one synaptic
    operation, takes counts of any size.
    ``change``: the same with the count's difference to the last frame's, in the code ``delta`` alone.
    In the exact codes a neuron sums over the frame instead of averaging: what a spike is worth is
    divided by K.

    Options:
        code: ``graded``, ``spread``, ``once`` or ``change``; where it is left out ``graded`` for the
            code rate and for networks whose frames are time steps, ``change`` for the code delta (see
            ``send-changes``), ``once`` for the other exact codes; another one where the target has no
            such input.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "encode-input"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.DELAYS_MATCHED})
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.INPUT_ENCODED})
    destroys: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS})

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"code": tuple(e.value for e in Encoding)}

    code: str | None = None

    def check_target(self, target: Target) -> None:
        """D334 for spikes that its input cannot carry."""
        possible = target.encodings
        if self.code is not None and Encoding(self.code) not in possible:
            raise fail(
                "D334",
                f"{target.name} takes no input of the code {self.code}",
                where="encode-input{code}",
                why="its inputs cannot carry such spikes",
                help=f"use {' or '.join(e.value for e in possible)}",
            )

    def run(self, graph: Graph, context: Context) -> Graph:
        encoding = self._encoding(graph, context)
        if encoding is Encoding.CHANGE and graph.code is not Code.DELTA:
            raise fail(
                "D334",
                f"neurons of the code {graph.code.value} take no input of the code change",
                where="encode-input{code}",
                why="they do not sum changes over frames",
                help="use --code delta, or another code for the input",
            )
        if graph.has_rates and graph.trained_steps is not None and encoding is not Encoding.GRADED:
            context.warn(
                "N737",
                f"input code {encoding.value}, trained with {Encoding.GRADED.value}",
                where=graph.input.name,
                why="the network was trained with spikes, with its input's counts in every step",
                help="use encode-input{code=graded} where the target has it, or measure the accuracy "
                "(snnc run)",
            )
        steps = float(graph.steps_per_frame or 1)
        worth = 1.0 if encoding is Encoding.GRADED else steps
        if graph.code.exact:
            worth /= steps
        amplitude = np.asarray(worth)
        entry = replace(graph.input, encoding=encoding, amplitude=amplitude)
        return without_lone_changes(graph.with_populations([entry]))

    def _encoding(self, graph: Graph, context: Context) -> Encoding:
        if self.code is not None:
            return Encoding(self.code)
        possible = context.target.encodings
        usual = Encoding.ONCE if graph.code.exact else Encoding.GRADED
        usual = Encoding.CHANGE if graph.code is Code.DELTA else usual
        return usual if usual in possible else possible[0]
