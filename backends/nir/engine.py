"""Running a .nir file with the literal interpreter, and reading the program's spikes off it."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends.base import Progress
from snnc.errors import fail
from snnc.ir import Integers, Trace
from snnc.sim.nir_interpreter import run_nir

from .bounds import Deadline, extent, steps_for
from .layout import Layout, PopulationPlace
from .reading import INPUT

LOWEST, HIGHEST = -(2**31), 2**31 - 1
"""Of a potential as a trace has it."""

SPIKES = ("spikes", "always")


def run(
    graph: Any,
    layout: Layout,
    spikes: Integers,
    *,
    metadata: bool,
    deadline: Deadline | None = None,
    progress: Progress | None = None,
    potentials: bool = False,
) -> Trace:
    """Run a graph on a program's input. Numbers that overflow give values that no program has there.

    Args:
        graph: the NIRGraph.
        layout: where the program is in it.
        spikes: the program's input, (samples, steps, \\*input shape).
        metadata: whether neurons do what snnc says of them beyond NIR.
        deadline: when it has to end; never where None.
        progress: called with the number of samples done.
        potentials: also record those of hidden populations, where a node keeps them.

    Raises:
        UserError: D570 a node takes too long in one step, D571 the run takes too much memory, D572 the
            graph takes another input, D606 the time is over.
    """
    samples, steps = spikes.shape[:2]
    size = extent(graph, layout, samples, steps, potentials=potentials)
    hidden = [p for p in layout.populations if p.quantity in SPIKES and potentials]
    read = [p for p in hidden if p.quantity == "spikes" and not p.unread]
    trace = Trace()
    trace.spikes[layout.entry] = spikes.astype(np.int32)
    for place in layout.populations:
        kind = trace.spikes if place.quantity in SPIKES else trace.potentials
        kind[place.name] = np.zeros((samples, steps, *place.shape), np.int32)
    for place in read:
        trace.potentials[place.name] = np.zeros((samples, steps, *place.shape), np.int32)
    trace.unread.update({p.name: p.unread for p in hidden if p.unread})
    for first in range(0, samples, size.batch):
        part = slice(first, min(first + size.batch, samples))
        frames = node_input(graph, layout, spikes[part])
        kept: dict[str, NDArray[np.float64]] = {}
        asked = kept if read else None
        check = None if deadline is None else partial(deadline.check, first, samples)
        with np.errstate(all="ignore"):  # an edited file's numbers may become infinite
            found = run_nir(graph, frames, layout.dt, metadata=metadata, check=check, potentials=asked)
        for place in layout.populations:
            if check is not None:
                check()
            kind = trace.spikes if place.quantity in SPIKES else trace.potentials
            if place.quantity == "always":
                values = np.ones((len(frames), size.longest, *place.shape))
            else:
                values = found[place.node]
            kind[place.name][part] = _in_program(place, values, steps)
        for place in read:
            states, sent = kept[place.state or place.node], found[place.node]
            trace.potentials[place.name][part] = _potential(place, states, sent, steps)
        if progress is not None:
            progress(part.stop)
    return trace


def node_input(graph: Any, layout: Layout, spikes: Integers) -> NDArray[Any]:
    """What the Input node is given at each of NIR's steps, for a program's input.

    Raises:
        UserError: D572 it takes another number of values.
    """
    shape = tuple(int(n) for n in graph.nodes[INPUT].output_type["output"])
    if math.prod(shape) != math.prod(spikes.shape[2:]):
        raise fail(
            "D572",
            f"the NIR graph takes an input of shape {shape}, the program has {spikes.shape[2:]}",
            where=INPUT,
            why="the bundle was changed after it was compiled",
            help="compile the model again",
        )
    frames = _moved(spikes, -layout.input_shift, steps_for(layout, spikes.shape[1]))
    return frames.reshape(*frames.shape[:2], *shape)


def _moved(values: NDArray[Any], by: int, steps: int) -> NDArray[Any]:
    """Values ``by`` steps later (earlier where negative), zeros before, cut or filled to ``steps``."""
    out = np.zeros((len(values), steps, *values.shape[2:]), values.dtype)
    kept = values[:, max(0, -by) :][:, : max(0, steps - max(0, by))]
    out[:, max(0, by) : max(0, by) + kept.shape[1]] = kept
    return out


def _in_program(place: PopulationPlace, found: NDArray[np.float64], steps: int) -> NDArray[np.int32]:
    """The node's output as the program's spikes or potential, in the program's steps and units."""
    values = found[:, :, place.first : place.first + place.length]
    with np.errstate(all="ignore"):
        if place.quantity == "values":
            values = _summed(values, place.begin, place.clear)
        values = np.rint(values * place.unit)
    moved = _moved(values, place.shift, steps)
    return _whole(moved.reshape(*moved.shape[:2], *place.shape))


def _whole(values: NDArray[np.float64]) -> NDArray[np.int32]:
    """The same as 32-bit integers. What is too large becomes the lowest and the other way round: a
    potential that saturates is at the end that it went to, and must not be found equal."""
    turned = np.where(values > HIGHEST, LOWEST, np.where(values < LOWEST, HIGHEST, values))
    return np.where(np.isnan(turned), LOWEST, turned).astype(np.int32)


def _potential(
    place: PopulationPlace, kept: NDArray[np.float64], sent: NDArray[np.float64], steps: int
) -> NDArray[np.int32]:
    """What a spiking population's node keeps, as the program's potential, in the program's steps."""
    part = slice(place.first, place.first + place.length)
    flat = (*kept.shape[:2], -1)
    values, fired = np.rint(kept[:, :, part]).reshape(flat), sent[:, :, part].reshape(flat)
    # Counted from the start value, so that zero is right for steps before the node's first.
    start = np.array(place.start)
    with np.errstate(all="ignore"):
        counted = values - fired * np.array(place.taken) + np.array(place.offset) - start
        moved = _moved(counted, place.shift, steps) + start
    return _whole(moved.reshape(*moved.shape[:2], *place.shape))


def _summed(values: NDArray[np.float64], begin: int, clear: int) -> NDArray[np.float64]:
    """The sum over steps after ``begin``, which begins again every ``clear`` steps."""
    steps = values.shape[1]
    edges = [begin, *range(begin + clear, steps, clear)] if clear else [begin]
    parts = [np.cumsum(part, axis=1) for part in np.split(values, edges, axis=1)[1:]]
    return np.concatenate([np.zeros_like(values[:, :begin]), *parts], axis=1)
