"""The graph: what the network *means*, in real numbers and frames.

Populations hold state, projections carry linear operations between them; several projections into one
population are summed. In frame ``r`` a population computes

    z[r] = bias + sum over its projections of op(output of source in frame r - frames)

and a population of neurons puts out ``relu(z)``, cut at its ceiling if it has one; with levels it puts
out whole steps, ``step * clip(floor(z / step + shift), 0, levels)`` with ``step = ceiling / levels``.
Once thresholds are set, spikes stand for that: the graph's code says how. The readout puts out ``z``,
or with ``accumulate`` the running sum of it.
Outputs before frame 0 are zero; biases act from frame 0.

Everything is immutable: a pass builds a new graph with the ``with_*`` methods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import networkx as nx
import numpy as np

from snnc.errors import CompilerBug, counted

from .dynamics import Code, Encoding, Kind, Neuron
from .fixed_point import SignMode, weight_ends
from .ops import Array, Op, Shape, chain_shapes

T = TypeVar("T")


def settled(value: T | None, what: str, by: str) -> T:
    """A value that some pass settles; a graph that has not gone through it yet has none.

    Args:
        what: the value and whose it is, for the message.
        by: the pass that settles it.

    Raises:
        CompilerBug: it is not settled yet; the pipeline should have refused the order of passes.
    """
    if value is None:
        raise CompilerBug("the order of passes", [f"{what} is not settled before {by}"])
    return value


@dataclass(frozen=True)
class WeightGrid:
    """The integer grid of one projection: ``weight = integer * 2**exponent / scale of the target``.

    ``symmetric``: the lowest integer is minus the highest (``Target.plain_weights``).
    """

    bits: int
    sign_mode: SignMode
    exponent: int
    symmetric: bool = False

    @property
    def ends(self) -> tuple[int, int]:
        """Its smallest and largest integer."""
        return weight_ends(self.bits, self.sign_mode, self.symmetric)


@dataclass(frozen=True)
class PopulationGrid:
    """The integer scale of one population: threshold integer units per 1.0, and its biases' exponent.

    A bias is ``mantissa * 2**bias_exponent / (scale * 2**input_shift)``. ``scale`` has shape () or
    (channels,).
    """

    scale: Array
    input_shift: int
    bias_exponent: int


@dataclass(frozen=True, eq=False)
class Population:
    """A group of neurons, the input, or the readout.

    What a pass settles is None before it. Who needs the value asks the property beside it, which says
    so where the pass has not run: ``begins`` (``start``), ``dynamics`` (``neuron``), ``fires_at``
    (``threshold``), ``step`` (``ceiling`` and ``levels``), ``integers`` (``grid``).

    Attributes:
        name: unique within the graph; the user's own module path.
        kind: input, neurons or readout.
        shape: without the batch axis, channels first.
        origin: where it comes from in the user's file (module path, or input name).
        bias: real, broadcastable to ``shape``; None when there is none.
        neuron: dynamics; None for the input, and for a readout that only sums.
        threshold: real, shape () or (channels,); None until thresholds are balanced.
        amplitude: real value that one spike (or one unit of payload) stands for, shape () or
            (channels,); a population without thresholds puts out real numbers and has amplitude 1.
        start: the step before which the population's frame 0 has not begun; None until delays match.
        encoding: how an input is delivered; None for the others and before it is chosen.
        accumulate: whether a readout sums its answers over frames.
        ceiling: largest output of neurons (6 for ReLU6), shape () or (channels,); None when there is
            none. In the code ``rate`` the threshold, at most the ceiling, is the limit.
        levels: the output is one of so many steps above 0, up to the ceiling; None where it is real.
        shift: what is added, in steps, before the output is rounded down (1/2 rounds to the nearest).
        grid: integer scale; None until weights are quantized.
        changes: its neurons send by how much their levels have changed; asked with ``sends_changes``.
        trained_scale: integer units for one threshold that the weights were trained on, shape () or
            (channels,); None where training knew no grid.
    """

    name: str
    kind: Kind
    shape: Shape
    origin: str
    bias: Array | None = None
    neuron: Neuron | None = None
    threshold: Array | None = None
    amplitude: Array = field(default_factory=lambda: np.float64(1.0) * np.ones(()))
    start: int | None = None
    encoding: Encoding | None = None
    accumulate: bool = False
    ceiling: Array | None = None
    levels: int | None = None
    shift: float = 0.5
    grid: PopulationGrid | None = None
    trained_scale: Array | None = None
    changes: bool = False

    @property
    def sends_changes(self) -> bool:
        """Whether its spikes say by how much a level or a count has changed since the last frame."""
        return self.changes or self.encoding is Encoding.CHANGE

    @property
    def step(self) -> Array:
        """What one level is worth, shape () or (channels,); of a population with levels."""
        ceiling = settled(self.ceiling, f"the ceiling of {self.name}", "quantize-activations")
        levels = settled(self.levels, f"the number of levels of {self.name}", "quantize-activations")
        return np.asarray(ceiling / levels)

    @property
    def begins(self) -> int:
        """The step with which its frame 0 begins."""
        return settled(self.start, f"the start of {self.name}", "match-delays")

    @property
    def dynamics(self) -> Neuron:
        """What its neurons do; of neurons, and of a readout with a state."""
        if self.neuron is None:
            raise CompilerBug("the caller", [f"{self.name} only sums: it has no dynamics"])
        return self.neuron

    @property
    def fires_at(self) -> Array:
        """Its threshold, real, shape () or (channels,)."""
        return settled(self.threshold, f"the threshold of {self.name}", "balance-thresholds")

    @property
    def integers(self) -> PopulationGrid:
        """Its integer scale."""
        return settled(self.grid, f"the scale of {self.name}", "quantize-weights")


@dataclass(frozen=True, eq=False)
class Projection:
    """All connections of one kind from one population to another.

    Who needs what passes settle asks ``takes`` (``delay``) and ``integers`` (``grid``).

    Attributes:
        source, target: names of populations.
        ops: linear operations, applied from left to right; an empty chain passes on one to one.
        frames: rollout delay, frames between the source's output and its use.
        origin: the user's module path(s) of the operations.
        delay: steps between a spike and its arrival, the hop included; None until delays match.
        grid: integer grid of the weights; None until they are quantized.
    """

    source: str
    target: str
    ops: tuple[Op, ...]
    frames: int
    origin: str
    delay: int | None = None
    grid: WeightGrid | None = None

    @property
    def label(self) -> str:
        """How messages and the text form call it."""
        return f"{self.source} -> {self.target}"

    @property
    def takes(self) -> int:
        """Steps between a spike and its arrival, the hop included."""
        return settled(self.delay, f"the delay of {self.label}", "match-delays")

    @property
    def integers(self) -> WeightGrid:
        """The grid that its weights are on."""
        return settled(self.grid, f"the grid of {self.label}", "quantize-weights")

    @property
    def op(self) -> Op:
        """The only operation, once chains are folded."""
        (only,) = self.ops
        return only


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """A network. Populations and projections keep the order of the user's file.

    ``steps_per_frame`` is None until delays are matched: before that there is no time step.
    ``frame_is_step`` marks a network of spiking neurons with dynamics and thresholds of their own: its
    frames are time steps (K = 1), and nothing about it is to be converted. In it a population's bias is
    added to the potential at every step, and a readout keeps its state as its ``neuron`` says.
    ``step_seconds`` is how long a step lasts, where the model says so; nothing depends on it.
    ``code`` says how spikes carry activations.
    ``longest_delay`` is the most steps on top of the hop that a connection of the program may have:
    what takes longer here will go through relays (``relays.py``). None where there is no limit.
    ``trained_steps`` and ``trained_bits`` are the time steps of a frame and the weight bits that it was
    trained with; None where training knew neither. ``trained_restart`` says whether neurons that were
    trained with spikes began every frame at their start value; None where none were. Where nothing else
    is asked for, they are taken.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    steps_per_frame: int | None = None
    frame_is_step: bool = False
    step_seconds: float | None = None
    code: Code = Code.RATE
    longest_delay: int | None = None
    trained_steps: int | None = None
    trained_bits: int | None = None
    trained_restart: bool | None = None

    @property
    def steps(self) -> int:
        """Time steps of a frame."""
        return settled(self.steps_per_frame, "the number of steps of a frame", "match-delays")

    @property
    def has_rates(self) -> bool:
        """Whether rates of spikes stand for activations: no exact code, no neurons of its own."""
        return not (self.frame_is_step or self.code.exact)

    @property
    def was_trained_for_spikes(self) -> bool:
        """Whether training settled how spikes carry activations: there is no code to choose."""
        return self.frame_is_step or self.trained_steps is not None

    def __repr__(self) -> str:
        """In a line; :func:`snnc.ir.text.graph_text` has all of it."""
        parts = counted(len(self.populations), "population")
        parts += f", {counted(len(self.projections), 'projection')}"
        return f"Graph({self.name!r}: {parts})"

    @cached_property
    def by_name(self) -> dict[str, Population]:
        """Populations by name."""
        return {p.name: p for p in self.populations}

    def latency(self, name: str, steps_per_frame: int) -> int:
        """Steps from the beginning of a population's frame to the first spike that stands for it.

        In the exact codes a neuron has heard its whole frame before it speaks, at the frame's last
        step; everything else speaks from the frame's first step on.
        """
        speaks_last = self.code.exact and self.by_name[name].kind is Kind.NEURONS
        return steps_per_frame - 1 if speaks_last else 0

    @cached_property
    def _into(self) -> dict[str, tuple[Projection, ...]]:
        found: dict[str, list[Projection]] = {p.name: [] for p in self.populations}
        for projection in self.projections:
            found.setdefault(projection.target, []).append(projection)
        return {name: tuple(projections) for name, projections in found.items()}

    def into(self, name: str) -> tuple[Projection, ...]:
        """The projections that end at a population."""
        return self._into[name]

    @property
    def input(self) -> Population:
        """The only input population."""
        return next(p for p in self.populations if p.kind is Kind.INPUT)

    @property
    def readout(self) -> Population:
        """The only readout population."""
        return next(p for p in self.populations if p.kind is Kind.READOUT)

    @property
    def neurons(self) -> tuple[Population, ...]:
        """The spiking populations."""
        return tuple(p for p in self.populations if p.kind is Kind.NEURONS)

    def with_populations(self, changed: Iterable[Population]) -> Graph:
        """The same graph with some populations replaced by their namesakes."""
        new = {p.name: p for p in changed}
        return replace(self, populations=tuple(new.get(p.name, p) for p in self.populations))

    def with_projections(self, projections: Iterable[Projection]) -> Graph:
        """The same graph with all projections replaced, in the given order."""
        return replace(self, projections=tuple(projections))

    def topology(self) -> nx.MultiDiGraph:
        """Populations as nodes and projections as edges with attribute ``projection``."""
        graph = nx.MultiDiGraph()
        graph.add_nodes_from(p.name for p in self.populations)
        for projection in self.projections:
            graph.add_edge(projection.source, projection.target, projection=projection)
        return graph

    def components_in_order(self) -> Iterator[tuple[str, ...]]:
        """Strongly connected components from the input on: loops come together, else one by one.

        Within a component, and between components that do not depend on each other, the order is
        that of the user's file.
        """
        position = {p.name: i for i, p in enumerate(self.populations)}
        condensed = nx.condensation(nx.DiGraph(self.topology()))
        members = {
            node: sorted(data["members"], key=position.__getitem__)
            for node, data in condensed.nodes(data=True)
        }
        for node in nx.lexicographical_topological_sort(
            condensed, key=lambda n: position[members[n][0]]
        ):
            yield tuple(members[node])


def target_shape(graph: Graph, projection: Projection) -> Shape:
    """The shape that a projection's chain gives from its source's shape.

    Raises:
        ValueError: an operation cannot take the shape that reaches it.
    """
    return chain_shapes(projection.ops, graph.by_name[projection.source].shape)[-1]
