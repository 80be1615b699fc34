"""Networks for spoken digits that differ in their connections, and in when signals arrive in training.

*Streaming*: every connection takes a frame, as on a chip. *Without delays*: connections forward take
none, and a loop takes one frame, as recurrent networks are trained everywhere. Both have weights of the
same shapes, so that those of one run in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from snnc.authoring import FrameNetwork, Rollout

BANDS, WIDTH, CLASSES = 32, 96, 10
LAYERS = ("h1", "h2", "h3")
ANSWER = "answer"


@dataclass(frozen=True)
class Shape:
    """Which connections a network has besides its chain of three layers.

    Attributes:
        shortcuts: from everything to everything behind it.
        loops: of each layer to itself.
    """

    shortcuts: bool = False
    loops: bool = False

    def edges(self) -> list[tuple[str, str]]:
        """Source and target of every connection."""
        order = ("input", *LAYERS, ANSWER)
        found = list(pairwise(order))
        if self.shortcuts:
            found += [(order[i], order[j]) for i in range(len(order)) for j in range(i + 2, len(order))]
        if self.loops:
            found += [(name, name) for name in LAYERS]
        return found


SHAPES = {
    "chain": Shape(),
    "shortcuts": Shape(shortcuts=True),
    "loops": Shape(loops=True),
    "shortcuts and loops": Shape(shortcuts=True, loops=True),
}


def build(shape: Shape, streaming: bool) -> FrameNetwork:
    """The untrained network; the answer is summed over frames."""
    net: FrameNetwork = Rollout((BANDS,)) if streaming else FrameNetwork((BANDS,))
    for name in LAYERS:
        net.node(name)
    net.readout(ANSWER, accumulate=True)
    sizes = {"input": BANDS, ANSWER: CLASSES, **dict.fromkeys(LAYERS, WIDTH)}
    for source, target in shape.edges():
        bias = source == _first_source(shape, target)  # one bias a layer
        layer = nn.Linear(sizes[source], sizes[target], bias=bias)
        net.edge(source, target, layer, delay=int(streaming or source == target))
    return net


def _first_source(shape: Shape, target: str) -> str:
    return next(a for a, b in shape.edges() if b == target)
