"""A payload from disk: two files that each are what they should be, and fit each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snnc.backends.payload_files import PAYLOAD, read_payload, read_payload_json
from snnc.files import parse_nir, parsing
from snnc.ir import size
from snnc.sim.nir_interpreter import flat
from snnc.sim.nir_sizes import Sized, refuse_numbers, sizes
from snnc.sim.nir_units import STATEFUL, kind_of

from .layout import MOST_STEPS, Layout, PopulationPlace

INPUT = "input"
"""The node that is given the program's input."""


@dataclass(frozen=True)
class Payload:
    """A payload that can be run, whatever it means.

    Attributes:
        graph: the NIRGraph.
        layout: where the program is in it.
        said: the layout as its JSON says it.
    """

    graph: Any
    layout: Layout
    said: Any


def read(folder: Path, files: dict[str, str]) -> Payload:
    """The graph and the layout of a payload, checked so far that they can be run.

    Raises:
        UserError: D144 one of them is damaged, or they do not fit each other; as
            :func:`snnc.files.parse_nir`.
    """
    path, place = folder / files["graph"], folder / files["layout"]
    graph = parse_nir(read_payload(path), str(path), PAYLOAD)
    with parsing(str(path), PAYLOAD):
        _refuse_entry(graph)
        refuse_numbers(graph)
        _refuse_metadata(graph)
        found = sizes(graph)
    said = read_payload_json(place)
    layout = Layout.of(said, str(place))
    with parsing(str(place), PAYLOAD):
        nodes = flat(graph)[0]
        for population in layout.populations:
            _refuse_place(population, found, nodes)
    return Payload(graph, layout, said)


def _refuse_entry(graph: Any) -> None:
    first = next((n for n, node in graph.nodes.items() if kind_of(node) == "Input"), None)
    if first != INPUT:
        raise ValueError(f"its first Input is {first!r:.100}, not {INPUT!r}")


def _refuse_metadata(graph: Any) -> None:
    """What snnc says of neurons beyond NIR; words that it does not know change nothing."""
    for name, node in flat(graph)[0].items():
        said = getattr(node, "metadata", None)
        said = said.get("snnc") if isinstance(said, dict) else None
        if said is None or kind_of(node) not in STATEFUL:
            continue
        if not isinstance(said, dict):
            raise ValueError(f"{name}: its metadata of snnc are not a group")
        for word, known in (("reset", ("zero", "subtract")), ("comparison", (">", ">="))):
            if not (isinstance(said.get(word, known[0]), str) and said.get(word, known[0]) in known):
                raise ValueError(f"{name}: {word} is {said[word]!r:.60}, not one of {', '.join(known)}")
        for word in ("start_step", "restart_steps"):
            value = np.asarray(said.get(word, 0))
            if value.dtype.kind not in "iu" or value.ndim or not 0 <= int(value) <= MOST_STEPS:
                raise ValueError(
                    f"{name}: {word} is {said[word]!r:.60}, not a whole number from 0 to {MOST_STEPS}"
                )
        start = np.asarray(said.get("start_value", 0.0))
        plain = start.dtype.kind in "iuf" and bool(np.all(np.isfinite(start)))
        if not plain or start.shape not in ((), np.shape(node.r)):
            raise ValueError(f"{name}: start_value is {start.dtype} {start.shape}, not its potential")


def _refuse_place(place: PopulationPlace, found: dict[str, Sized], nodes: dict[str, Any]) -> None:
    """A population has to be there in the graph, as large as it is."""
    name = f"population {place.name!r:.100}"
    if place.quantity == "always":
        _refuse_part(name, place, place.shape, "itself")
        return
    for node in (place.node, place.state or place.node):
        if node not in found or not found[node].kept:
            raise ValueError(f"{name} is in {node!r:.100}, which is not a node with values to read")
        _refuse_part(name, place, found[node].shape, node)
    state = place.state or place.node
    read = place.quantity == "spikes" and not place.unread
    if read and kind_of(nodes[state]) not in STATEFUL:
        raise ValueError(f"{name} has its potential in {state!r:.100}, which has none")


def _refuse_part(name: str, place: PopulationPlace, shape: tuple[int, ...], node: str) -> None:
    end = place.first + place.length
    if end > shape[0]:
        raise ValueError(f"{name} ends at {end} of {shape[0]} in {node!r:.100}")
    there, meant = place.length * math.prod(shape[1:]), size(place.shape)
    if there != meant:
        raise ValueError(f"{name} has {meant} neurons, its part of {node!r:.100} has {there}")
