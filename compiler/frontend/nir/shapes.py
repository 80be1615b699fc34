"""Populations whose parameters are one value each: what arrives says how many neurons they have.

Some writers give a neuron's parameters once for a whole population. In NIR that is a population of one
neuron; but where more arrives than one neuron takes, it can only stand for all.
"""

from __future__ import annotations

import copy
from collections import defaultdict, deque
from dataclasses import replace
from typing import Any

import numpy as np

from snnc.errors import counted, fail
from snnc.frontend.operations.expression import MOST_ELEMENTS
from snnc.ir import Shape, chain_shapes, size

from .file import Nodes, kind_of
from .layers import layer
from .mending import read_note
from .primitives import NEURONS


def widened(nodes: Nodes) -> Nodes:
    """The network with such populations as wide as what arrives, and a note (N786) for each.

    Raises:
        UserError: D662 they would have more neurons in all than ``MOST_ELEMENTS``.
    """
    single = {name for name, node in nodes.nodes.items() if _is_single(node)}
    if not single:
        return nodes
    arriving = _arriving(nodes, single)
    changed, notes, neurons = {}, [], 0
    for name in sorted(single):
        shape = arriving.get(name)
        if shape is None or shape == _own(nodes.nodes[name]):
            continue
        neurons += size(shape)
        if neurons > MOST_ELEMENTS:
            raise fail(
                "D662",
                f"populations with one value for all neurons would have "
                f"{counted(neurons, 'neuron')} in all, "
                f"the limit is {MOST_ELEMENTS}",
                where=name,
                why="their size follows from what arrives, and no chip has that many",
                help="make the network smaller",
            )
        changed[name] = _repeated(nodes.nodes[name], shape)
        if size(shape) > 1:
            what = f"its one value of each parameter stands for all of {_by(shape)} neurons"
            notes.append(read_note(what, name, f"{_by(shape)} values arrive, one neuron takes one"))
    return replace(
        nodes,
        nodes={name: changed.get(name, node) for name, node in nodes.nodes.items()},
        notes=(*nodes.notes, *notes),
    )


def _by(shape: Shape) -> str:
    return " x ".join(map(str, shape))


def _own(node: Any) -> Shape:
    """The shape of a population's parameters, which are alike by now."""
    return np.shape(getattr(node, NEURONS[kind_of(node)][0]))


def _is_single(node: Any) -> bool:
    return kind_of(node) in NEURONS and size(_own(node)) == 1


def _arriving(nodes: Nodes, single: set[str]) -> dict[str, Shape]:
    """What arrives first at each node of ``single``, where it follows from what is known."""
    targets = defaultdict(list)
    for source, target in nodes.edges:
        targets[source].append(target)
    found: dict[str, Shape] = {}
    done: set[str] = set()
    ready: deque[tuple[str, Shape]] = deque()
    for name, node in nodes.nodes.items():
        if name == nodes.input:
            ready.append((name, tuple(int(n) for n in np.ravel(node.output_type["output"]))))
        elif kind_of(node) in NEURONS and name not in single:
            ready.append((name, _own(node)))
    while ready:
        name, shape = ready.popleft()
        if name in done:
            continue
        done.add(name)
        for target in targets[name]:
            if target in done:
                continue
            if target in single:
                found[target] = shape
                ready.append((target, shape))
            elif (gives := _through(nodes.nodes[target], shape)) is not None:
                ready.append((target, gives))
    return found


def _through(node: Any, shape: Shape) -> Shape | None:
    """What a node without neurons makes of a shape; None where it cannot take it."""
    kind = kind_of(node)
    if kind in ("Affine", "Linear"):
        return (len(node.weight),) if np.ndim(node.weight) == 2 else None
    if kind in ("Scale", "Delay", "Input", "Output"):
        return shape
    try:
        return chain_shapes(layer(node, shape), shape)[-1]
    except (ValueError, AttributeError):
        return None  # the builder says why


def _repeated(node: Any, shape: Shape) -> Any:
    """The same neurons, each parameter once for each."""
    wide = copy.copy(node)
    for field in NEURONS[kind_of(node)]:
        setattr(wide, field, np.broadcast_to(np.reshape(getattr(node, field), ()), shape))
    wide.input_type = {"input": np.array(shape)}
    wide.output_type = {"output": np.array(shape)}
    return wide
