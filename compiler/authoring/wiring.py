"""What follows from a network's edges: order, how far back is read, which shapes arise."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence

import networkx as nx
import torch
from torch import Tensor, nn

from .edges import Edge
from .neurons import SpikingNeuron

INPUT = "input"
STATE_PREFIX = "state_"

Shape = tuple[int, ...]


def frames_to(answer: str, edges: Iterable[Edge]) -> int:
    """Frames along the shortest path from the input to the readout."""
    ways = nx.DiGraph()
    for edge in edges:
        known = ways.get_edge_data(edge.source, edge.target, {"delay": edge.delay})["delay"]
        ways.add_edge(edge.source, edge.target, delay=min(edge.delay, known))
    return int(nx.dijkstra_path_length(ways, INPUT, answer, weight="delay"))


def depths(edges: Iterable[Edge], summed: str | None) -> dict[str, int]:
    """How many past frames of each source some edge reads; sources that nobody reads are absent.

    Args:
        edges: of the network.
        summed: the readout, where it adds up its answers.
    """
    found: dict[str, int] = {}
    for edge in edges:
        if edge.delay:
            found[edge.source] = max(found.get(edge.source, 0), edge.delay)
    if summed is not None:
        found[summed] = 1
    return found


def common_steps(nodes: Mapping[str, nn.Module]) -> int | None:
    """The steps of a frame where all nodes spike; None where none does.

    Args:
        nodes: by their names; each has an activation.

    Raises:
        ValueError: some spike and others do not, or in other steps.
    """
    found: dict[int | None, str] = {}
    for name, node in nodes.items():
        activation = node.activation
        found.setdefault(activation.steps if isinstance(activation, SpikingNeuron) else None, name)
    if len(found) > 1:
        said = ", ".join(f"{name}: {steps or 'no spikes'}" for steps, name in found.items())
        raise ValueError(f"every node spikes with the same steps a frame, or none; here {said}")
    return next(iter(found), None)


def common_restart(nodes: Mapping[str, nn.Module]) -> bool:
    """Whether potentials begin again at every frame; True where nothing spikes.

    Args:
        nodes: by their names; each has an activation.

    Raises:
        ValueError: some begin again and others do not.
    """
    spiking = {name: node.activation for name, node in nodes.items()}
    found = {a.restart_frames: n for n, a in spiking.items() if isinstance(a, SpikingNeuron)}
    if len(found) > 1:
        said = ", ".join(f"{name}: {str(restart).lower()}" for restart, name in found.items())
        raise ValueError(f"restart_frames is the same for all nodes; here {said}")
    return next(iter(found), True)


def buffer_name(node: str, ago: int) -> str:
    """The name of the buffer that holds a state of some frames ago."""
    return f"{STATE_PREFIX}{node}_{ago}"


def order_within_frame(names: Sequence[str], edges: Iterable[Edge]) -> tuple[str, ...]:
    """Nodes and readout so that whatever takes no frame comes after its source.

    Raises:
        ValueError: a loop takes no frame.
    """
    within = nx.DiGraph()
    within.add_nodes_from(names)
    instant = [e for e in edges if not e.delay and e.source != INPUT]
    within.add_edges_from((e.source, e.target) for e in instant)
    try:
        return tuple(nx.lexicographical_topological_sort(within, key=list(names).index))
    except nx.NetworkXUnfeasible:
        loop = " -> ".join(source for source, _ in nx.find_cycle(within))
        raise ValueError(f"the loop {loop} takes no frame; give one of its edges a delay") from None


def infer_shapes(
    input_shape: Shape,
    names: Iterable[str],
    edges: Iterable[Edge],
    probe: Callable[[str, Shape], Shape],
) -> dict[str, Shape]:
    """Shape of every node without the batch, found by sending zeros along the edges.

    Args:
        input_shape: of a frame.
        names: of nodes and readout.
        edges: of the network.
        probe: what a named submodule makes of a shape.

    Raises:
        ValueError: edges into a node give different shapes, or none leads to it.
    """
    shapes = {INPUT: input_shape}
    pending = list(edges)
    while ready := [edge for edge in pending if edge.source in shapes]:
        pending = [edge for edge in pending if edge.source not in shapes]
        for edge in ready:
            shape = probe(edge.name, shapes[edge.source])
            if shapes.setdefault(edge.target, shape) != shape:
                raise ValueError(
                    f"{edge.name} gives shape {shape}, but other edges into "
                    f"{edge.target!r} give {shapes[edge.target]}"
                )
    for name in names:
        if name not in shapes:
            raise ValueError(f"no path from the input leads to {name!r}")
        probe(name, shapes[name])
    return shapes


def refuse_frames(frames: Tensor, leading: int, shape: Shape) -> None:
    """Make sure that frames have ``leading`` axes (batch, frames) before the input's shape.

    Raises:
        ValueError: they have not, or are not floating-point numbers.
    """
    expected = ("batch", "frames")[:leading]
    fits = frames.ndim == leading + len(shape) and frames.numel() > 0
    if not fits or tuple(frames.shape[leading:]) != shape:
        wanted = ", ".join([*expected, *map(str, shape)])
        raise ValueError(f"expected a tensor of shape ({wanted}), got {tuple(frames.shape)}")
    if not frames.is_floating_point():
        raise ValueError(f"expected floating-point frames, got {frames.dtype}; use .float()")


def shape_of(name: str, module: nn.Module, shape: Shape, zeros: Callable[[Shape], Tensor]) -> Shape:
    """Shape that a submodule makes of zeros; on a copy, so that no statistics are touched.

    Args:
        name: for the message.
        module: a node or an operation.
        shape: of what it gets, without the batch.
        zeros: with the device and dtype of the weights.

    Raises:
        ValueError: it cannot take them.
    """
    module = copy.deepcopy(module).eval()
    spikes = isinstance(getattr(module, "activation", None), SpikingNeuron)
    if spikes:
        shape = (1, *shape)
    try:
        with torch.no_grad():
            result: Tensor = module(zeros((1, *shape)))
    except (RuntimeError, ValueError, IndexError) as error:
        raise ValueError(f"{name} cannot take a frame of shape {shape}: {error}") from error
    return tuple(result.shape[2:] if spikes else result.shape[1:])


def zeros_for(network: nn.Module, shape: Shape) -> Tensor:
    """Zeros with the device and dtype of the weights."""
    example = next(network.parameters(), torch.empty(0))
    return torch.zeros(shape, device=example.device, dtype=example.dtype)


def refuse_name(name: str, taken: bool) -> None:
    """Make sure that a node can have a name.

    Raises:
        ValueError: it is not an identifier, is reserved, or is taken.
    """
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not a Python identifier")
    if name == INPUT or name.startswith(STATE_PREFIX):
        raise ValueError(f"{name!r} is reserved: {INPUT!r} and {STATE_PREFIX}* have a meaning")
    if taken:
        raise ValueError(f"the name {name!r} is taken, by another part or by torch.nn.Module")


def free_name(network: nn.Module, base: str) -> str:
    """``base``, with a number behind it where the network has something of that name."""
    name, number = base, 1
    while hasattr(network, name):
        number += 1
        name = f"{base}_{number}"
    return name
