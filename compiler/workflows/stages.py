"""One compile's stages: the graph in floats, with levels, with the chip's weights, and the program.

A compile and the ladder both look at what each stage makes of the same data, in the units of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data
from snnc.ir import Encoding, Graph, InputGrid, Kind, Op, Program, Projection, Scale, Trace, per_channel
from snnc.ir.scaling import weights_of
from snnc.passes import Pass
from snnc.sim import answers
from snnc.sim.analog import frame_values, in_frames, run_frames
from snnc.verify import spikes_by_frame

FLOATS, LEVELS = "graph in floats", "graph with quantized activations"
COUNTS = "graph on the input's counts"
WEIGHTS, PROGRAM = "graph with the chip's weights", "integer program"

Values = Mapping[str, NDArray[Any]]
"""By population: (samples, frames, \\*shape), real units."""


class Stages:
    """The graphs that a pipeline makes of a model's, and what they put out.

    Attributes:
        graphs: by the stages' names.
        grid: which values the counts stand for; None where data are counts.
        amplitudes: by population, what a threshold is in the units of the model.
        encoding: of the input, once a pass has chosen it.
        final: what the pipeline ended with; without its projections once they were let go.
    """

    def __init__(self, graph: Graph, grid: InputGrid | None = None) -> None:
        self.graphs: dict[str, Graph] = {FLOATS: graph}
        self.grid = grid
        if grid is not None:
            self.graphs[COUNTS] = graph
        self.amplitudes: dict[str, NDArray[Any]] = {}
        self.encoding: Encoding | None = None
        self.final = graph
        self._folded = graph
        self._moved: dict[str, NDArray[Any]] = {}

    def keep(self, a_pass: Pass, graph: Graph) -> None:
        """Called after each pass, with the graph that it gave."""
        self.encoding = graph.input.encoding
        if a_pass.name in ("balance-thresholds", "ease-hard-reset"):
            for p in graph.neurons:
                value = p.amplitude
                self.amplitudes[p.name] = per_channel(value, p.shape) if value.ndim else value
        if a_pass.name == "fold-thresholds":
            self._folded = graph
            self.graphs[LEVELS] = graph if graph.code.exact else _with_rate_levels(graph)
        if a_pass.name == "correct-rates":
            self._moved = {
                p.name: p.bias - before
                for p in graph.neurons
                if p.bias is not None and (before := self._folded.by_name[p.name].bias) is not None
            }

    def finish(self, graph: Graph) -> None:
        """The graph that the pipeline ends with.

        What ``correct-rates`` put into biases makes up for spikes, which these graphs do not have: the
        stage of the weights is without it.
        """
        self.final = graph
        self._folded = self.graphs[FLOATS]
        if not graph.code.exact:
            graph = _with_rate_levels(graph)
            graph = graph.with_populations(
                replace(p, bias=p.bias - self._moved[p.name])
                for p in graph.neurons
                if p.bias is not None and p.name in self._moved
            )
        self._moved.clear()
        self.graphs[WEIGHTS] = graph

    def share_weights(self, program: Program) -> None:
        """Hold the chip's weights once: as the program's integers, scaled behind their sums."""
        self.final = scaled_integers(self.final, program)
        self.graphs[WEIGHTS] = self.graphs[WEIGHTS].with_projections(self.final.projections)

    def let_go(self, name: str) -> None:
        """Forget a graph once it has been judged: it is as large as the network."""
        self.graphs.pop(name, None)
        if name == WEIGHTS:
            self.final = self.final.with_projections(())

    def values(self, name: str, data: Data) -> dict[str, NDArray[np.float64]]:
        """A graph's populations frame by frame, in the units of the model.

        The network as it was trained takes the user's own values; what comes after takes their counts.
        """
        graph = self.graphs[name]
        names = [p.name for p in graph.populations if p.kind is not Kind.INPUT]
        if name == FLOATS:
            return run_frames(graph, data.meant, only=names)
        if name == COUNTS and self.grid is not None:
            return run_frames(graph, self.grid.values(data.x), only=names)
        found = run_frames(graph, frame_values(graph, data.x), only=names)
        return {name: self._scaled(name, found.pop(name)) for name in names}

    def program_values(self, program: Program, trace: Trace) -> dict[str, NDArray[np.float64]]:
        """What spikes and the readout's potential of a run stand for, likewise."""
        names = [p.name for p in self.final.populations if p.kind is not Kind.INPUT]
        return {name: self.program_value(program, trace, name) for name in names}

    def program_value(self, program: Program, trace: Trace, name: str) -> NDArray[np.float64]:
        """The same of one population, (samples, frames, \\*shape)."""
        graph = self.final
        if name == graph.readout.name:
            potential = answers(program, trace.potentials[name])
            return self._scaled(name, potential / potential_of_one(graph))
        found = spikes_by_frame(program, name, trace.spikes[name])
        return self._scaled(name, found if graph.code.exact else found / program.steps_per_frame)

    def _scaled(self, name: str, values: NDArray[Any]) -> NDArray[np.float64]:
        """Values in thresholds as what the model means by them."""
        return np.asarray(values * self.amplitudes.get(name, 1.0), np.float64)


def scaled_integers(graph: Graph, program: Program) -> Graph:
    """A graph with its program's weights: sums of integers, and then what one of them stands for.

    Sums are equal to the last digits; one on the edge of a level may be on its other side. A projection
    that the program has in another form, or in several (relays), keeps its own.

    Args:
        graph: quantized; the program was made of it.
        program: holds int64 weights.
    """
    found: dict[tuple[str, str, str], list[Op]] = {}
    for q in program.projections:
        found.setdefault((q.source, q.target, q.origin), []).append(q.op)

    def scaled(p: Projection) -> Projection:
        ops = found.get((p.source, p.target, p.origin), [])
        if len(ops) != 1 or type(ops[0]) is not type(p.op):
            return p
        if weights_of(ops[0]).shape != weights_of(p.op).shape:
            return p
        worth = 2.0**p.integers.exponent / graph.by_name[p.target].integers.scale
        return replace(p, ops=(replace(ops[0]), Scale(np.asarray(worth))))

    return graph.with_projections(scaled(p) for p in graph.projections)


def potential_of_one(graph: Graph) -> float:
    """The readout's potential at the end of a frame that stands for 1 in the units of the model.

    Of one frame in the code ``rate`` it is the sum over its steps of what the float readout is a frame;
    in the exact codes it is what the float readout is.

    Args:
        graph: on the chip's grid.
    """
    grid = graph.readout.integers
    return float(grid.scale.item() * 2**grid.input_shift * (1 if graph.code.exact else graph.steps))


def _with_rate_levels(graph: Graph) -> Graph:
    """A graph of rates with the levels that K steps can represent: 0 to K spikes, one a step."""
    if graph.frame_is_step:
        return graph
    graph = in_frames(graph)
    return graph.with_populations(
        replace(p, levels=graph.steps_per_frame, ceiling=np.ones(()), shift=0.5, grid=None)
        for p in graph.neurons
    )
