"""Pass ``early-biases``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.ir import Graph, Population
from snnc.passes.base import Context, Fact, Pass

EARLY = "bias_early"


@dataclass(frozen=True)
class EarlyBiases(Pass):
    """Let all biases begin with the chip's first step, as they do on Xylo.

    A population begins with its frame 0, after those that it hears; on Xylo biases act from the first
    step on, which is at the latest the one in which the input's first spike arrives. What a population
    gets too early is said (N746). It comes last, because rounding weights may add biases.
    Source: xylosim 0.1.3, src/v2/cpp/XyloIAFNeuron.cpp (evolve); docs/xylo.md.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "early-biases"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.DELAYS_MATCHED, Fact.QUANTIZED})

    def run(self, graph: Graph, context: Context) -> Graph:
        biased = [p for p in graph.neurons if p.bias is not None and np.any(p.bias)]
        begins = min([(graph.input.start or 0) + 1, *(p.start or 0 for p in biased)])
        return graph.with_populations(_begun(p, begins, context) for p in biased)


def _begun(p: Population, begins: int, context: Context) -> Population:
    early = (p.start or 0) - begins
    if p.neuron is None or EARLY not in p.neuron.constants or not early:
        return p
    assert p.bias is not None
    largest = float(np.abs(p.bias).max())
    context.note(
        "N764",
        f"its bias, up to {largest:.4g} of its threshold, begins {early} "
        f"step{'s' if early > 1 else ''} too early",
        where=p.origin or p.name,
        why="all biases of Xylo act from the chip's first step on",
    )
    constants = {**p.neuron.constants, EARLY: early}
    return replace(p, neuron=replace(p.neuron, constants=constants))
