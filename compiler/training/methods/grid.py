"""Weights on a chip's real grid in training: the compiler's own pass chooses it, torch rounds to it.

``quantize-weights`` says which integers the present weights would become: bits, sign mode and exponent
of each projection, scale of each population. Rounding to them happens in the forward pass; the gradient
passes straight through where the weight is within the grid's range (the
straight-through estimator of Bengio et al. 2013), and is zero beyond.

Biases are rounded to whole units of their population's scale, too. In the exact codes, sums of the chip
are whole numbers, and whether one reaches a level is decided between two of them; a quarter of a unit
on every bias puts the float network's sums between those, so that its own rounding decides nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from snnc.authoring.edges import Edge
from snnc.authoring.network import FrameNetwork
from snnc.authoring.operations import Bias
from snnc.authoring.rounding import OnBiasGrid, OnGrid, Weighted
from snnc.errors import fail
from snnc.ir import Graph, Kind, Population, SparseLinear, per_channel, weight_step
from snnc.ir.scaling import scale_outputs, weights_of
from snnc.passes import Context, Pass, Pipeline

from .thaw import graph_of

FOLDED = "fold-thresholds"

NUDGE = 0.25
"""Integer units: a level begins at a whole number of them or in the middle between two."""


@dataclass(frozen=True)
class Grid:
    """Which grid: what ``snnc compile`` would be asked for.

    Attributes:
        pipeline: the target's passes, with the bits and the code put in.
        context: the target, and counts for what its ranges must hold.
    """

    pipeline: Pipeline
    context: Context

    def attach(self, network: FrameNetwork) -> None:
        """Choose the grid for the weights as they are, and round every trained weight and bias to it.

        Args:
            network: without a grid, whose every edge holds one weight at most (a thawed graph with
                folded chains).

        Raises:
            UserError: the target cannot hold the network; D216 a connection is a sparse matrix.
        """
        before, final = self._through(graph_of(network))
        ones = copy.deepcopy(network)
        with torch.no_grad():
            for _, module in weighted_edges(ones):
                module.weight.fill_(1.0)
            for _, bias in biased_edges(ones):
                bias.values.add_(1.0)
        units, _ = self._through(graph_of(ones), only_folded=True)
        for edge, module in weighted_edges(network):
            i = _position(final, edge)
            projection, folded = final.projections[i], units.projections[i]
            target = final.by_name[projection.target]
            scale, grid = np.asarray(target.integers.scale, np.float64), projection.integers
            op = scale_outputs(folded.op, scale / 2.0**grid.exponent, target.shape)
            if isinstance(op, SparseLinear):
                raise fail(
                    "D216",
                    "the connection has become a sparse matrix, whose weights are not the network's",
                    where=projection.origin or projection.label,
                    help="train with pooling and convolutions that merge exactly at the borders",
                )
            bits, mode = grid.bits, grid.sign_mode
            low, high = grid.ends
            module.grid = on_grid = OnGrid(module.weight)
            numbers = {"step": weight_step(bits, mode), "low": low, "high": high}
            with torch.no_grad():
                for name, number in numbers.items():
                    on_grid.get_buffer(name).fill_(float(number))
                factor = torch.from_numpy(weights_of(op).reshape(module.weight.shape).copy())
                on_grid.get_buffer("factor").copy_(factor)
                buffer = torch.from_numpy(scale.reshape(-1).copy()).to(factor.dtype)
                on_grid.register_buffer("scale", buffer)

        for edge, bias in biased_edges(network):
            name = final.projections[_position(final, edge)].target
            self._attach_bias(bias, before.by_name[name], units.by_name[name], final)

    def _attach_bias(self, bias: Bias, now: Population, one_more: Population, final: Graph) -> None:
        """The grid of a population's constant.

        Args:
            bias: holds it.
            now, one_more: the population with thresholds folded, and so if the constant were 1.0 more.
            final: on the grid.
        """
        target = final.by_name[now.name]
        bias.grid = on_grid = OnBiasGrid(bias.values)
        unit = np.asarray(target.integers.scale * 2.0**target.integers.input_shift, np.float64)
        unit = per_channel(unit, target.shape) if unit.ndim else unit
        is_now, is_then = (
            np.broadcast_to((0.0 if p.bias is None else p.bias) * unit, target.shape)[
                tuple(slice(0, n) for n in bias.values.shape)
            ]
            for p in (now, one_more)
        )
        values = bias.values.detach().double().numpy()
        fires = target.kind is Kind.NEURONS
        with torch.no_grad():
            for name, units in (
                ("factor", is_then - is_now),
                ("offset", is_now - values * (is_then - is_now)),
                ("step", np.float64(2.0**target.integers.bias_exponent)),
                ("nudge", np.float64(NUDGE if fires and final.code.exact else 0.0)),
            ):
                on_grid.get_buffer(name).copy_(torch.from_numpy(np.array(units)))

    def _through(self, graph: Graph, only_folded: bool = False) -> tuple[Graph, Graph]:
        """The graph after thresholds are folded, and at the end."""
        kept: list[Graph] = []

        def keep(a_pass: Pass, after: Graph) -> None:
            if a_pass.name == FOLDED:
                kept.append(after)

        passes = self.pipeline.passes
        if only_folded:
            last = next(i for i, p in enumerate(passes) if p.name == FOLDED)
            passes = passes[: last + 1]
        context = Context(self.context.target, self.context.calibration)
        final = Pipeline(passes).run(graph, context, keep)
        return kept[0], final


def weighted_edges(network: FrameNetwork) -> Iterator[tuple[Edge, Weighted]]:
    """The edges with a weight that is trained, and what holds it."""
    for edge in network.edges:
        for module in network.get_submodule(edge.name).modules():
            if isinstance(module, Weighted):
                yield edge, module


def biased_edges(network: FrameNetwork) -> Iterator[tuple[Edge, Bias]]:
    """The edges with a constant, and what holds it: one a population."""
    for edge in network.edges:
        for module in network.get_submodule(edge.name).modules():
            if isinstance(module, Bias):
                yield edge, module


def settle(network: FrameNetwork, bits: int) -> None:
    """Leave what is rounded in the network for good, and say which grid it is on."""
    scales: dict[str, list[int]] = {}
    for edge, module in weighted_edges(network):
        if module.grid is None:
            continue
        buffer: NDArray[Any] = module.grid.get_buffer("scale").numpy()
        scales[edge.target] = [int(value) for value in buffer]
        with torch.no_grad():
            module.weight.copy_(module.grid(module.weight))
        module.grid = None
    for _, bias in biased_edges(network):
        if bias.grid is not None:
            with torch.no_grad():
                bias.values.copy_(bias.grid(bias.values))
            bias.grid = None
    network.weight_bits, network.scales = bits, scales


def _position(graph: Graph, edge: Edge) -> int:
    """Which projection an edge has become: origins are paths in the network."""
    for i, p in enumerate(graph.projections):
        if edge.name in {part.strip().partition(".")[0] for part in p.origin.split(",")}:
            return i
    raise AssertionError(f"no projection comes from {edge.name}")
