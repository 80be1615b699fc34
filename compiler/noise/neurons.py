"""Real spiking neurons in the whole network: what they do otherwise than the ideal quantizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial, reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import SpikingNeuron
from snnc.errors import fail
from snnc.ir import Array, Graph, Population, size
from snnc.training.methods.thaw import node_name, thaw

from .quantizer import activation_of, over, quantize
from .report import SpikingError

Floats = NDArray[np.float64]
Heard = Callable[[int, Floats, Floats], None]
"""Called after each frame with its number and the means over its steps of what arrived and was sent."""

AT_ONCE = 2**22
"""Outputs of one population in all steps of a frame that are computed together (32 MiB)."""


def spiking_neurons(
    graph: Graph, steps: int, starts: dict[str, float], comparisons: dict[str, str]
) -> FrameNetwork:
    """The network with spiking neurons everywhere, whose thresholds are still to be set."""

    def neuron(p: Population) -> SpikingNeuron:
        return SpikingNeuron(steps, start=starts[p.name], comparison=comparisons[p.name])

    return ready(graph, neuron)


def ready(graph: Graph, activation: Callable[[Population], Any]) -> FrameNetwork:
    network = thaw(graph, activation).double().eval()
    try:
        network.steps  # noqa: B018  builds it
    except ValueError as problem:
        raise fail("D218", f"torch cannot run the network: {problem}", where=graph.name) from None
    return network


def real_neurons(
    graph: Graph,
    network: FrameNetwork,
    counts: NDArray[Any],
    thresholds: dict[str, Array],
    units: dict[str, Array],
    activations: dict[str, Floats],
) -> dict[str, SpikingError]:
    """The errors of real neurons with these thresholds, by population, in the units of the model."""
    by_name = {p.name: p for p in graph.neurons}
    thetas = {name: np.asarray(theta / units[name]) for name, theta in thresholds.items()}
    for name, threshold in thetas.items():
        neuron = network.get_submodule(node_name(name)).activation
        assert isinstance(neuron, SpikingNeuron)
        neuron.threshold = nn.Parameter(torch.from_numpy(np.array(threshold, np.float64)), False)
    squares = {name: np.zeros(4) for name in by_name}

    def add(name: str, samples: slice, frame: int, arrived: Floats, sent: Floats) -> None:
        p, neuron = by_name[name], network.get_submodule(node_name(name)).activation
        assert isinstance(neuron, SpikingNeuron)
        theta, unit = over(thetas[name], p), over(units[name], p)
        ideal = quantize(arrived, theta, neuron.steps, neuron.start, neuron.comparison)
        # Whole spikes, in the very numbers of ``quantize``: where both fire as often, nothing remains.
        sent = np.rint(sent * neuron.steps / theta) * theta / neuron.steps
        rectified = activation_of(p, arrived)
        pairs = (
            (activations[name][samples, frame], sent * unit),
            (rectified * unit, sent * unit),
            (rectified * unit, ideal * unit),
            (ideal * unit, sent * unit),
        )
        squares[name] += [float(np.sum((one - other) ** 2)) for one, other in pairs]

    run_in_batches(graph, network, counts, add)
    return {
        name: SpikingError(*(float(s) for s in squares[name] / activations[name].size))
        for name in by_name
    }


def run_in_batches(
    graph: Graph,
    network: FrameNetwork,
    counts: NDArray[Any],
    heard: Callable[[str, slice, int, Floats, Floats], None],
) -> None:
    """Run all samples, some at a time, and hand over what populations heard and sent in each frame."""
    widest = max(size(p.shape) for p in graph.neurons) * (network.steps or 1)
    batch = max(1, AT_ONCE // widest)
    for first in range(0, len(counts), batch):
        samples = slice(first, first + batch)
        listeners = {node_name(p.name): partial(heard, p.name, samples) for p in graph.neurons}
        with _listening(network, listeners), torch.no_grad():
            network(torch.from_numpy(np.asarray(counts[samples], np.float64)))


@contextmanager
def _listening(network: FrameNetwork, listeners: Mapping[str, Heard]) -> Iterator[None]:
    frames = dict.fromkeys(listeners, 0)
    spiking = network.steps is not None

    def hook(name: str, _module: nn.Module, inputs: tuple[Tensor, ...], sent: Tensor) -> None:
        arrived = reduce(torch.add, inputs)
        if spiking:
            arrived, sent = arrived.mean(0), sent.mean(0)
        listeners[name](frames[name], arrived.numpy(), sent.numpy())
        frames[name] += 1

    hooks = [
        network.get_submodule(name).register_forward_hook(partial(hook, name)) for name in listeners
    ]
    try:
        yield
    finally:
        for one in hooks:
            one.remove()
