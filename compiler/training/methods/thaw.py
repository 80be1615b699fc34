"""From a compiler's graph back to a network that is trained: whatever the front end reads, thawed.

Batch normalisation is folded, as on the chip, or stays a layer; convolutions and matrices become
torch's own layers whose weights are trained, what is constant goes into one trained bias a population.
Pooling stays pooling.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring.activation import CappedReLU, QuantizedReLU
from snnc.authoring.dropout import FixedDropout
from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import SpikingNeuron
from snnc.authoring.nodes import Activation
from snnc.authoring.operations import Bias, Factor, FixedMatrix, Pad, Shaped
from snnc.authoring.rounding import GridConv2d, GridLinear, Weighted
from snnc.authoring.wiring import INPUT, STATE_PREFIX
from snnc.errors import fail
from snnc.frontend import load_archive
from snnc.ir import (
    Array,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dropout,
    Flatten,
    Graph,
    Identity,
    Kind,
    Linear,
    Op,
    Place,
    Population,
    Projection,
    Reshape,
    Scale,
    Shape,
    SparseLinear,
    Target,
    apply_chain,
    chain_shapes,
    per_channel,
)
from snnc.ir.scaling import scale_outputs
from snnc.passes import Context
from snnc.passes.fold_batch_norm import FoldBatchNorm

from .norms import norm_layer

LARGEST_FIXED = 2**24
"""Entries of a matrix that only moves elements about; it is stored in full (64 MiB)."""

ActivationOf = Callable[[Population], Activation | None]


def graph_of(network: FrameNetwork, name: str = "network", dropout: bool = False) -> Graph:
    """The graph that the compiler would read from the network's archive.

    Args:
        network: not changed.
        name: of the graph.
        dropout: with the network's dropout in it, for another network that is to be trained.

    Raises:
        UserError: the network has operations that cannot be compiled.
        ValueError: it is incomplete.
    """
    return load_archive(network.to_bytes(), name, dropout=dropout).graph


def without_batch_norm(graph: Graph) -> Graph:
    """The graph with batch normalisation folded into weights and biases."""
    return FoldBatchNorm().run(graph, Context(Target("training")))


def node_name(population: str) -> str:
    """What a population's node is called: its own name, made an identifier."""
    name = re.sub(r"\W", "_", population)
    free = name.isidentifier() and not keyword.iskeyword(name) and name != INPUT
    taken = name.startswith(STATE_PREFIX) or hasattr(FrameNetwork, name) or hasattr(nn.Module(), name)
    return name if free and not taken else f"layer_{name}"


def own_activation(population: Population, graph: Graph | None = None) -> Activation | None:
    """The activation that a population has in the graph; None for a plain ReLU.

    Args:
        population: of neurons.
        graph: where it is from, if neurons that the network was trained to spike with are to spike.
    """
    steps = None if graph is None else graph.trained_steps
    if (
        graph is not None
        and steps is not None
        and population.neuron is not None
        and population.ceiling is not None
    ):
        neuron = population.neuron
        return SpikingNeuron(
            steps,
            population.ceiling.tolist(),
            reset=neuron.reset.value,
            leak=neuron.potential_kept,
            start=neuron.start_value,
            comparison=neuron.comparison.value,
            restart_frames=graph.trained_restart is not False,
        )
    if population.levels is not None and population.ceiling is not None:
        ceiling = population.ceiling.tolist()
        return QuantizedReLU(population.levels, ceiling, population.shift)
    return None if population.ceiling is None else CappedReLU(float(population.ceiling.min()))


def thaw(
    graph: Graph,
    activation: ActivationOf | None = None,
    dropout: Mapping[str, float] | None = None,
    norms: bool = False,
) -> FrameNetwork:
    """A network with the graph's weights, ready to be trained; in evaluation the same function.

    Args:
        graph: as the front end gives it, or after passes that leave the code open.
        activation: the activation of each population of neurons; its own where left out.
        dropout: by population, share that its targets do not receive, the same for a sample's whole
            run and for all targets; None for what the graph has.
        norms: keep batch normalisation as a layer where it is over a single connection
            (:func:`snnc.training.methods.norms.with_own_norms` folds the others).

    Returns:
        A :class:`FrameNetwork` whose nodes are called like the populations.

    Raises:
        UserError: D214 the network spikes already, D215 an operation cannot be trained through.
    """
    if graph.frame_is_step:
        raise fail(
            "D214",
            "the network spikes already, with neurons of its own",
            where=graph.name,
            why="training starts from activations or from a network that snnc.training wrote",
            help="train it in the framework that it comes from",
        )
    graph = graph if norms else without_batch_norm(graph)
    choose = activation or partial(own_activation, graph=graph)
    network = FrameNetwork(graph.input.shape)
    names = {p.name: INPUT if p.kind is Kind.INPUT else node_name(p.name) for p in graph.populations}
    for p in graph.populations:
        if p.kind is Kind.NEURONS:
            network.node(names[p.name], activation=choose(p))
    network.readout(names[graph.readout.name], accumulate=graph.readout.accumulate)
    masks: dict[Hashable, FixedDropout] = {}
    constants = {p.name: _constant(graph, p) for p in graph.populations if p.kind is not Kind.INPUT}
    for projection in graph.projections:
        shape = graph.by_name[projection.source].shape
        target = graph.by_name[projection.target]
        if dropout is not None:
            projection = _dropped(projection, dropout.get(projection.source, 0.0))
        parts = _modules(projection, shape, target.shape, masks)
        constant = constants.pop(projection.target, None)
        if constant is not None:
            parts.append(Bias(_floats(constant)))
        operation = parts[0] if len(parts) == 1 else nn.Sequential(*(parts or [nn.Identity()]))
        network.edge(names[projection.source], names[projection.target], operation, projection.frames)
    return network


def _constant(graph: Graph, population: Population) -> Array | None:
    """All that is added to a population, as small as it broadcasts; None for nothing."""
    total: NDArray[np.float64] = np.zeros(population.shape)
    if population.bias is not None:
        total = total + population.bias
    for projection in graph.into(population.name):
        shapes = chain_shapes(projection.ops, graph.by_name[projection.source].shape)
        first = _after_norms(projection)
        zeros = np.zeros((1, *shapes[first]))
        total = total + apply_chain(projection.ops[first:], zeros)[0].reshape(population.shape)
    if not total.any():
        return None
    rows = total.reshape(len(total), -1)
    if (rows == rows[:, :1]).all():
        return per_channel(rows[:, 0], population.shape)
    return total


def _after_norms(projection: Projection) -> int:
    """Where in the chain what follows the last batch normalisation begins."""
    return max((i + 1 for i, op in enumerate(projection.ops) if isinstance(op, BatchNorm)), default=0)


def _dropped(projection: Projection, share: float) -> Projection:
    """The projection with dropout right behind its source, and nowhere else."""
    ops = tuple(op for op in projection.ops if not isinstance(op, Dropout))
    return replace(projection, ops=(*((Dropout(share),) if share else ()), *ops))


def _modules(
    projection: Projection, shape: Shape, wanted: Shape, masks: dict[Hashable, FixedDropout]
) -> list[nn.Module]:
    """A projection's chain as modules that are trained where they hold weights.

    What is constant behind the last batch normalisation is left out: it is the population's.
    """
    first = _after_norms(projection)
    shapes = chain_shapes(projection.ops, shape)
    parts: list[nn.Module] = []
    for op, before in zip(projection.ops[:first], shapes, strict=False):
        if isinstance(op, BatchNorm):
            parts.append(norm_layer(op, before))
            continue
        parts += _module(op.without_constant(), before, projection, masks)
        if (constant := op.constant(before)) is not None:
            parts.append(Bias(_floats(constant)))
    ops = _merged([op.without_constant() for op in projection.ops[first:]], shapes[first])
    for op, before in zip(ops, chain_shapes(tuple(ops), shapes[first]), strict=False):
        parts += _module(op, before, projection, masks)
    if shapes[-1] != wanted:
        parts.append(Shaped(wanted))
    return parts


def _merged(ops: list[Op], shape: Shape) -> list[Op]:
    """Without identities, and with every scaling that follows weights inside them."""
    merged: list[Op] = []
    for op in ops:
        if isinstance(op, Identity) and not isinstance(op, Dropout):
            continue
        if isinstance(op, Scale) and merged and isinstance(merged[-1], Conv2d | Linear):
            after = chain_shapes(tuple(merged), shape)[-1]
            merged[-1] = scale_outputs(merged[-1], op.factor, after)
        else:
            merged.append(op)
    return merged


def _module(
    op: Op, shape: Shape, projection: Projection, masks: dict[Hashable, FixedDropout]
) -> list[nn.Module]:
    if isinstance(op, Dropout):
        return [_dropout(op, projection, masks)]
    if isinstance(op, Conv2d):
        outs, per_group, *kernel = op.weight.shape
        size = (kernel[0], kernel[1])
        conv = GridConv2d(
            per_group * op.groups, outs, size, op.stride, op.padding, op.dilation, op.groups
        )
        return [_with_weight(conv, op.weight)]
    if isinstance(op, Linear):
        linear = GridLinear(op.weight.shape[1], op.weight.shape[0])
        flat = [nn.Flatten()] if len(shape) > 1 else []
        return [*flat, _with_weight(linear, op.weight)]
    if isinstance(op, AvgPool2d):
        return [nn.AvgPool2d(op.kernel, op.stride, op.padding)]
    if isinstance(op, Flatten):
        return [nn.Flatten()]
    if isinstance(op, Reshape):
        return [Shaped(op.shape)]
    if isinstance(op, Place):
        return [Pad(op.offset, op.channels - op.offset - shape[0])]
    if isinstance(op, Scale):
        factor = per_channel(op.factor, shape) if op.factor.ndim else op.factor
        return [Factor(_floats(factor))]
    if isinstance(op, SparseLinear) and np.prod(op.weight.shape) <= LARGEST_FIXED:
        return [FixedMatrix(_floats(op.weight.toarray()), op.shape)]
    raise fail(
        "D215",
        f"{type(op).__name__} of {shape} cannot be trained through",
        where=projection.origin or projection.label,
        why="it rearranges single elements, and its matrix is too large to store in full",
        help="write it as slices of channels, pooling or a convolution",
    )


def _dropout(op: Dropout, projection: Projection, masks: dict[Hashable, FixedDropout]) -> FixedDropout:
    """One mask for all targets of a population, or of the layer in the middle of a chain."""
    before = projection.ops[: projection.ops.index(op)]
    behind = all(isinstance(o, Dropout) for o in before)
    key = (projection.source, len(before), op.share, op.whole_channels) if behind else id(op)
    if key not in masks:
        masks[key] = FixedDropout(op.share, op.whole_channels)
    return masks[key]


def _with_weight(module: Weighted, weight: Array) -> nn.Module:
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
    return module


def _floats(values: Array) -> Tensor:
    return torch.from_numpy(np.array(values, np.float64)).to(torch.get_default_dtype())
