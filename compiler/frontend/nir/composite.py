"""A soft reset in NIR's own words, recognised as one population.

    -> I or LI -> Threshold -> ...
          ^           |
          +-- Scale <-+      -(what the potential keeps in a step) * (what a spike takes away)

The feedback is part of a loop and arrives one step later, where the leak has been at work once on the
rest: ``kept (v - theta) + input = kept v + input - kept theta``. So the spike takes away ``theta`` =
``-gain scale / kept`` at once, ``gain`` being the integrator's factor on what arrives. The Threshold
may be lower than ``theta``: then the potential begins that much above 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .file import Nodes, kind_of
from .metadata import broadcasts

PATTERN = "I or LI -> Threshold -> Scale -> back to the I or LI, a soft reset"
INTEGRATORS = ("I", "LI")


@dataclass(frozen=True, eq=False)
class Composite:
    """Integrator, Threshold and feedback; it stands in the place of the Threshold and has its name.

    Attributes:
        potential: the I or LI.
        threshold: of the Threshold.
        feedback: what a spike brings back to the integrator, one step later.
        metadata: none.
    """

    potential: Any
    threshold: Any
    feedback: Any
    metadata: None = None

    @property
    def output_type(self) -> Any:
        """As nodes of nir have it."""
        return {"output": np.array(np.shape(self.threshold))}


def compose(nodes: Nodes) -> tuple[Nodes, dict[str, str]]:
    """The network with every composite as one node, and why each other Threshold is none, by name."""
    wrong: dict[str, str] = {}
    for name in [n for n, node in nodes.nodes.items() if kind_of(node) == "Threshold"]:
        found = _parts(nodes, name)
        if isinstance(found, str):
            wrong[name] = found
            continue
        potential, feedback = found
        node = Composite(
            nodes.nodes[potential], nodes.nodes[name].threshold, nodes.nodes[feedback].scale
        )
        gone = {(potential, name), (name, feedback), (feedback, potential)}
        edges = tuple(
            (source, name if target == potential else target)
            for source, target in nodes.edges
            if (source, target) not in gone
        )
        kept = {
            n: node if n == name else other
            for n, other in nodes.nodes.items()
            if n not in (potential, feedback)
        }
        nodes = replace(nodes, nodes=kept, edges=edges)
    return nodes, wrong


def _parts(nodes: Nodes, name: str) -> tuple[str, str] | str:
    """The integrator and the Scale of a Threshold, or what it lacks."""
    sources = nodes.into(name)
    if len(sources) != 1 or kind_of(nodes.nodes[sources[0]]) not in INTEGRATORS:
        kinds = ", ".join(f"{kind_of(nodes.nodes[s])} {s}" for s in sources) or "nothing"
        return f"{kinds} is in front of it"
    (potential,) = sources
    readers = [target for source, target in nodes.edges if source == potential]
    if readers != [name]:
        others = ", ".join(r for r in readers if r != name)
        return f"the potential of {potential} goes to {others} as well"
    back = [
        target
        for source, target in nodes.edges
        if source == name
        and kind_of(nodes.nodes[target]) == "Scale"
        and nodes.into(target) == [name]
        and [t for s, t in nodes.edges if s == target] == [potential]
    ]
    if len(back) != 1:
        return f"{len(back)} nodes Scale lead from it back to {potential}, a soft reset has 1"
    shapes = {np.shape(nodes.nodes[potential].r), np.shape(nodes.nodes[name].threshold)}
    if len(shapes) != 1:
        return f"it and {potential} differ in shape"
    scale = np.asarray(nodes.nodes[back[0]].scale, np.float64)
    if not broadcasts(scale.shape, next(iter(shapes))):
        return f"{back[0]} and {potential} differ in shape"
    if not np.all(scale < 0):
        return f"{back[0]} does not subtract anything"
    return potential, back[0]
