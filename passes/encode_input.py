"""Pass ``encode-input``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.errors import fail
from snnc.ir import Encoding, Graph

from .base import Context, Fact, Pass


@dataclass(frozen=True)
class EncodeInput(Pass):
    """Say how event counts become spikes, and what one of those spikes is worth.

    ``graded``: the count is the payload of one spike at every step of its frame; a spike of payload
    1 is worth 1. Costs K synaptic operations a connection and active pixel, gives the smoothest
    drive, takes counts of any size.
    ``spread``: a count of n becomes n binary spikes, evenly spread over the K steps; a spike is worth
    K, because the neurons average over the frame. Costs n synaptic operations, needs no graded
    spikes, carries at most K events a pixel and frame; data with more is refused.

    Options:
        code: ``graded`` or ``spread``.
    """

    name: ClassVar[str] = "encode-input"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.DELAYS_MATCHED})
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.INPUT_ENCODED})
    destroys: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS})

    code: str = "graded"

    def run(self, graph: Graph, context: Context) -> Graph:
        names = [encoding.value for encoding in Encoding]
        if self.code not in names:
            raise fail("D305", f"no input code {self.code!r}", help=f"use one of {', '.join(names)}")
        encoding = Encoding(self.code)
        worth = float(graph.steps_per_frame or 1) if encoding is Encoding.SPREAD else 1.0
        amplitude = np.asarray(worth)
        return graph.with_populations([replace(graph.input, encoding=encoding, amplitude=amplitude)])
