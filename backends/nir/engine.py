"""Running a .nir file with the literal interpreter, and reading the program's spikes off it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends.base import Progress
from snnc.backends.payload_files import PAYLOAD, read_payload, read_payload_json
from snnc.files import parse_nir, parsing
from snnc.ir import Integers, Trace
from snnc.sim.nir_interpreter import run_nir

from .layout import Layout, PopulationPlace

BATCH = 16
"""Samples that are run together; memory, not meaning."""


SPIKES = ("spikes", "always")


def run(
    graph: Any,
    layout: Layout,
    spikes: Integers,
    *,
    metadata: bool,
    progress: Progress | None = None,
    potentials: bool = False,
) -> Trace:
    """Run a graph on a program's input.

    Args:
        graph: the NIRGraph.
        layout: where the program is in it.
        spikes: the program's input, (samples, steps, \\*input shape).
        metadata: whether neurons do what snnc says of them beyond NIR.
        progress: called with the number of samples done.
        potentials: also record those of hidden populations, where a node keeps them.
    """
    samples, steps = spikes.shape[:2]
    hidden = [p for p in layout.populations if p.quantity in SPIKES and potentials]
    read = [p for p in hidden if not p.unread]
    trace = Trace()
    trace.spikes[layout.entry] = spikes.astype(np.int32)
    for place in layout.populations:
        kind = trace.spikes if place.quantity in SPIKES else trace.potentials
        kind[place.name] = np.zeros((samples, steps, *place.shape), np.int32)
    for place in read:
        trace.potentials[place.name] = np.zeros((samples, steps, *place.shape), np.int32)
    trace.unread.update({p.name: p.unread for p in hidden if p.unread})
    longest = _longest(layout, steps)
    for first in range(0, samples, BATCH):
        part = slice(first, min(first + BATCH, samples))
        frames = node_input(graph, layout, spikes[part])
        kept: dict[str, NDArray[np.float64]] = {}
        asked = kept if read else None
        found = run_nir(graph, frames, layout.dt, metadata=metadata, potentials=asked)
        for place in layout.populations:
            kind = trace.spikes if place.quantity in SPIKES else trace.potentials
            if place.quantity == "always":
                found[place.node] = np.ones((len(frames), longest, *place.shape))
            kind[place.name][part] = _in_program(place, found[place.node], steps)
        for place in read:
            states, sent = kept[place.state or place.node], found[place.node]
            trace.potentials[place.name][part] = _potential(place, states, sent, steps)
        if progress is not None:
            progress(part.stop)
    return trace


def node_input(graph: Any, layout: Layout, spikes: Integers) -> NDArray[Any]:
    """What the Input node is given at each of NIR's steps, for a program's input."""
    frames = _moved(spikes, -layout.input_shift, _longest(layout, spikes.shape[1]))
    return frames.reshape(*frames.shape[:2], *graph.nodes["input"].output_type["output"])


def _longest(layout: Layout, steps: int) -> int:
    """NIR's steps for so many of the program."""
    return steps - min(0, layout.input_shift, *(p.shift for p in layout.populations))


def _moved(values: NDArray[Any], by: int, steps: int) -> NDArray[Any]:
    """Values ``by`` steps later (earlier where negative), zeros before, cut or filled to ``steps``."""
    out = np.zeros((len(values), steps, *values.shape[2:]), values.dtype)
    kept = values[:, max(0, -by) :][:, : max(0, steps - max(0, by))]
    out[:, max(0, by) : max(0, by) + kept.shape[1]] = kept
    return out


def _in_program(place: PopulationPlace, found: NDArray[np.float64], steps: int) -> NDArray[np.int32]:
    """The node's output as the program's spikes or potential, in the program's steps and units."""
    values = found[:, :, place.first : place.first + place.length]
    if place.quantity == "values":
        values = _summed(values, place.begin, place.clear)
    values = np.rint(values * place.unit)
    moved = _moved(values, place.shift, steps)
    return moved.reshape(*moved.shape[:2], *place.shape).astype(np.int32)


def _potential(
    place: PopulationPlace, kept: NDArray[np.float64], sent: NDArray[np.float64], steps: int
) -> NDArray[np.int32]:
    """What a spiking population's node keeps, as the program's potential, in the program's steps."""
    part = slice(place.first, place.first + place.length)
    flat = (*kept.shape[:2], -1)
    values, fired = np.rint(kept[:, :, part]).reshape(flat), sent[:, :, part].reshape(flat)
    # Counted from the start value, so that zero is right for steps before the node's first.
    start = np.array(place.start)
    counted = values - fired * np.array(place.taken) + np.array(place.offset) - start
    moved = _moved(counted, place.shift, steps) + start
    return np.asarray(moved.reshape(*moved.shape[:2], *place.shape), np.int32)


def _summed(values: NDArray[np.float64], begin: int, clear: int) -> NDArray[np.float64]:
    """The sum over steps after ``begin``, which begins again every ``clear`` steps."""
    steps = values.shape[1]
    edges = [begin, *range(begin + clear, steps, clear)] if clear else [begin]
    parts = [np.cumsum(part, axis=1) for part in np.split(values, edges, axis=1)[1:]]
    return np.concatenate([np.zeros_like(values[:, :begin]), *parts], axis=1)


def read(folder: Path, files: dict[str, str]) -> tuple[Any, Layout]:
    """The graph and the layout of a payload.

    Raises:
        UserError: D144 one of them is damaged; as :func:`snnc.files.parse_nir`.
    """
    path = folder / files["graph"]
    graph = parse_nir(read_payload(path), str(path), PAYLOAD)
    said = read_payload_json(folder / files["layout"])
    with parsing(str(folder / files["layout"]), PAYLOAD):
        return graph, Layout.of(said)
