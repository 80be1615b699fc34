"""How many operations a network costs: the ANN's from its graph, the chip's from the spikes of a run.

What is counted, by which convention and why: ``docs/energy.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import (
    AvgPool2d,
    BatchNorm,
    Code,
    Conv2d,
    Encoding,
    Graph,
    IntegerNeuron,
    Kind,
    Linear,
    Op,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Projection,
    Scale,
    Shape,
    SparseLinear,
    chain_shapes,
    size,
)
from snnc.ir.footprint import fan_out

NO_CURRENT = 4095
"""``du`` at which a neuron keeps no current: it has the potential alone as state."""


class Work(Enum):
    """What an operation of the ANN does, and so which formulas price it.

    SUM is a chain that computes nothing: its source is added to the target as it is.
    """

    CONVOLUTION = "convolution"
    MATRIX = "matrix"
    POOLING = "pooling"
    SCALING = "scaling"
    SUM = "sum"


@dataclass(frozen=True)
class AnnLayer:
    """One operation of the ANN as the user wrote it. All counts are for one frame.

    Attributes:
        source, target: the populations between which it lies.
        work: what it does.
        last: whether it is the last of its chain that computes: what comes out is summed in the target.
        inputs, outputs: elements.
        weights: words that are stored.
        channels: of what comes out.
        taps: positions of the kernel; 1 without one.
        macs: multiply-accumulates as the field counts them, multiplications with padding included.
        macs_inside: the same without the multiplications with padding.
        additions: further additions: a bias or a term of a sum, and what average pooling adds up.
    """

    source: str
    target: str
    work: Work
    last: bool
    inputs: int
    outputs: int
    weights: int
    channels: int
    taps: int
    macs: int
    macs_inside: int
    additions: int


@dataclass(frozen=True)
class AnnPopulation:
    """One activation (or the readout) of the ANN.

    Attributes:
        name: the population's.
        neurons: elements.
        biases: words of bias that are stored, one a channel; 0 where there is none.
        levels: steps above 0 that an activation has when quantized like the spikes; 0 for a readout.
    """

    name: str
    neurons: int
    biases: int
    levels: int


@dataclass(frozen=True)
class Ann:
    """What the ANN executes for one frame."""

    layers: tuple[AnnLayer, ...]
    populations: tuple[AnnPopulation, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates a frame as the field counts them, padding included."""
        return sum(layer.macs for layer in self.layers)

    @property
    def macs_inside(self) -> int:
        """The same without multiplications with padding."""
        return sum(layer.macs_inside for layer in self.layers)

    @property
    def additions(self) -> int:
        """Additions a frame that are part of no multiply-accumulate."""
        return sum(layer.additions for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """Plain types, for the manifest; :func:`read_ann` reads them."""
        return {
            "macs": self.macs,
            "layers": [{**asdict(layer), "work": layer.work.value} for layer in self.layers],
            "populations": [asdict(population) for population in self.populations],
        }


def read_ann(entry: dict[str, Any]) -> Ann:
    """What ``Ann.as_json`` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    return Ann(
        tuple(AnnLayer(**{**layer, "work": Work(layer["work"])}) for layer in entry["layers"]),
        tuple(AnnPopulation(**population) for population in entry["populations"]),
    )


def count_ann(graph: Graph, converted: Graph) -> Ann:
    """What the ANN executes for one frame.

    Args:
        graph: as the front end read it: operations as the user wrote them.
        converted: the same with its passes done: it has the levels and the steps per frame. An
            activation without levels gets as many as there are steps: a rate can say no more.
    """
    layers = tuple(layer for p in graph.projections for layer in _layers(graph, p))
    populations = []
    for p in graph.populations:
        if p.kind is Kind.INPUT:
            continue
        biased = p.bias is not None or any(_adds_constant(graph, q) for q in graph.into(p.name))
        levels = converted.by_name[p.name].levels or converted.steps_per_frame or 1
        levels = levels if p.kind is Kind.NEURONS else 0
        populations.append(
            AnnPopulation(p.name, size(p.shape), _channels(p.shape) if biased else 0, levels)
        )
    return Ann(layers, tuple(populations))


def _channels(shape: Shape) -> int:
    return shape[0] if shape else 1


def _adds_constant(graph: Graph, projection: Projection) -> bool:
    shapes = chain_shapes(projection.ops, graph.by_name[projection.source].shape)
    return any(op.constant(s) is not None for op, s in zip(projection.ops, shapes, strict=False))


def _layers(graph: Graph, projection: Projection) -> Iterator[AnnLayer]:
    """The operations of a chain that compute; factors are part of the weights beside them."""
    shapes = chain_shapes(projection.ops, graph.by_name[projection.source].shape)
    pairs = list(zip(projection.ops, shapes, strict=False))
    work = [pair for pair in pairs if _computes(pair[0])]
    if not work:
        work = [pair for pair in pairs if isinstance(pair[0], Scale | BatchNorm)][:1]
    for number, (op, shape) in enumerate(work, 1):
        yield _layer(projection, op, shape, number == len(work))
    if not work:
        count = size(shapes[-1])
        ends = (projection.source, projection.target)
        yield AnnLayer(*ends, Work.SUM, True, count, count, 0, _channels(shapes[-1]), 1, 0, 0, count)


def _computes(op: Op) -> bool:
    return isinstance(op, Conv2d | Linear | AvgPool2d) or (
        isinstance(op, SparseLinear) and not _moves_only(op)
    )


def _moves_only(op: SparseLinear) -> bool:
    """Whether it only puts elements elsewhere: at most one entry a row, and that is 1."""
    return bool((op.weight.data == 1).all() and (np.diff(op.weight.indptr) <= 1).all())


def _layer(projection: Projection, op: Op, shape: Shape, last: bool) -> AnnLayer:
    out = op.out_shape(shape)
    outputs, taps, weights = size(out), 1, 0
    macs = inside = additions = 0
    if isinstance(op, Conv2d):
        work, taps, weights = Work.CONVOLUTION, size(op.weight.shape[2:]), op.weight.size
        macs = outputs * size(op.weight.shape[1:])
        dense = Conv2d(np.ones_like(op.weight), None, op.stride, op.padding, op.dilation, op.groups)
        inside, additions = int(fan_out(dense, shape).sum()), outputs
    elif isinstance(op, AvgPool2d):
        work, taps = Work.POOLING, size(op.kernel)
        additions = outputs * taps
    elif isinstance(op, Linear):
        work, weights, macs, inside = Work.MATRIX, op.weight.size, op.weight.size, op.weight.size
        additions = outputs
    elif isinstance(op, SparseLinear):
        weights = macs = inside = int(op.weight.count_nonzero())
        work, additions = Work.MATRIX, outputs
    else:
        work, weights, macs, inside = Work.SCALING, _channels(out), outputs, outputs
    ends = (projection.source, projection.target)
    facts = (size(shape), outputs, weights, _channels(out), taps, macs, inside, additions)
    return AnnLayer(*ends, work, last, *facts)


@dataclass(frozen=True)
class PopulationOperations:
    """What one population of the program does. Counts are for one sample, the mean over samples.

    Attributes:
        name: the population's.
        neurons: elements.
        spikes: that it sends, whatever their payload.
        rate: spikes for each neuron and step.
        spike_bits: that a spike carries: 1, or the payload's.
        updates: neurons times steps; 0 for the input.
        resets: spikes after which a threshold is taken off the potential; 0 for the input.
        leaks: multiplications with a decay.
        registers: state registers of a neuron: the potential, and a current where it is kept.
        state_bits: width of a register; 0 for the input.
        bias_reads: times that a neuron adds its bias.
        biases: words of bias that are stored, one a channel; 0 where there is none.
        buffer_bits: spikes that the delays of its projections hold, in bits.
    """

    name: str
    neurons: int
    spikes: float
    rate: float
    spike_bits: int
    updates: int
    resets: float
    leaks: int
    registers: int
    state_bits: int
    bias_reads: int
    biases: int
    buffer_bits: int


@dataclass(frozen=True)
class ProjectionOperations:
    """What one projection of the program does. Counts are for one sample, the mean over samples.

    Attributes:
        source, target: populations.
        work: convolution or matrix.
        spikes: that come in.
        operations: synaptic operations: one for each spike and connection that is not zero.
        multiplies: whether the weight is multiplied with a payload; else it is added as it is.
        payload_bits: of a spike; 1 where it does not multiply.
        weight_bits: of a weight.
        weights: words that are stored.
        taps: positions of the kernel; 1 without one.
        buffered: spikes that its delay can hold.
    """

    source: str
    target: str
    work: Work
    spikes: float
    operations: float
    multiplies: bool
    payload_bits: int
    weight_bits: int
    weights: int
    taps: int
    buffered: int


@dataclass(frozen=True)
class SnnOperations:
    """What the program does in a run, a sample.

    Attributes:
        samples: over which counts are averaged.
        frames, steps: that each lasts.
        input_bits: that hold every count of the data.
        populations, projections: in the program's order, relays included.
    """

    samples: int
    frames: int
    steps: int
    input_bits: int
    populations: tuple[PopulationOperations, ...]
    projections: tuple[ProjectionOperations, ...]

    @property
    def synaptic(self) -> float:
        """Synaptic operations a sample, with payloads or without."""
        return sum(p.operations for p in self.projections)

    @property
    def multiplied(self) -> float:
        """Those of them that multiply a weight with a payload."""
        return sum(p.operations for p in self.projections if p.multiplies)

    @property
    def updates(self) -> int:
        """Neuron updates a sample."""
        return sum(p.updates for p in self.populations)

    @property
    def spikes(self) -> float:
        """Spikes of neurons a sample, without the input's."""
        return sum(p.resets for p in self.populations)

    @property
    def rate(self) -> float:
        """Spikes for each neuron that can fire and step."""
        return self.spikes / max(1, sum(p.updates for p in self.populations if p.spike_bits))

    @property
    def buffer_bits(self) -> int:
        """Spikes that delays hold, in bits."""
        return sum(p.buffer_bits for p in self.populations)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        totals = {
            name: getattr(self, name)
            for name in ("synaptic", "multiplied", "updates", "spikes", "rate", "buffer_bits")
        }
        return {
            **totals,
            "steps": self.steps,
            "input_bits": self.input_bits,
            "populations": [asdict(p) for p in self.populations],
            "projections": [{**asdict(p), "work": p.work.value} for p in self.projections],
        }


def level_bits(levels: int) -> int:
    """Bits of an activation with so many levels above 0, ``ceil(log2(levels + 1))``, at least 1."""
    return max(1, levels.bit_length())


def count_bits(counts: NDArray[Any]) -> int:
    """Bits that hold every one of some whole numbers, the sign included where there is one."""
    low, high = int(counts.min(initial=0)), int(counts.max(initial=0))
    return max(1, max(high, -low).bit_length()) + (low < 0)


def count_snn(
    program: Program, events: dict[str, NDArray[np.int64]], counts: NDArray[Any]
) -> SnnOperations:
    """What a program did in a run.

    Spikes count when they are sent: those under way at the end of the run are counted too.

    Args:
        program: the network.
        events: how many spikes each neuron sent over all samples, by population
            (:class:`snnc.sim.Tally`, ``events``).
        counts: the data, (samples, frames, \\*input shape): how many samples and frames there were, and
            how many bits an input spike has.
    """
    samples, frames = counts.shape[:2]
    steps, input_bits = program.steps(frames), count_bits(counts)
    bits = {p.name: _spike_bits(program, p, input_bits) for p in program.populations}
    populations = []
    for p in program.populations:
        held = sum(
            q.delay * size(p.shape) * (bits[p.name] if q.graded else 1)
            for q in program.projections
            if q.source == p.name
        )
        sent = float(events[p.name].sum()) / samples if p.name in events else 0.0
        populations.append(_population(p, sent, steps, bits[p.name], held))
    projections = tuple(_projection(program, q, events, samples, bits) for q in program.projections)
    return SnnOperations(samples, frames, steps, input_bits, tuple(populations), projections)


def _spike_bits(program: Program, population: ProgramPopulation, input_bits: int) -> int:
    """Bits that a spike carries; 0 for what sends none."""
    if population.relay_of is not None:
        root = _spike_bits(program, program.by_name[population.relay_of], input_bits)
        graded = population.neuron is not None and population.neuron.code is Code.GRADED
        return root if graded else 1
    neuron = population.neuron
    if neuron is None:
        return 1 if population.encoding is Encoding.SPREAD else input_bits
    if neuron.threshold is None:
        return 0
    return level_bits(neuron.levels) if neuron.code is Code.GRADED else 1


def _population(
    population: ProgramPopulation, sent: float, steps: int, bits: int, held: int
) -> PopulationOperations:
    neurons, neuron = size(population.shape), population.neuron
    rate = sent / (neurons * steps)
    if neuron is None:
        facts = (0, 0.0, 0, 0, 0, 0, 0)
        return PopulationOperations(population.name, neurons, sent, rate, bits, *facts, held)
    keeps_current = neuron.current_decay != NO_CURRENT
    biased = bool(np.any(neuron.bias_mantissa))
    return PopulationOperations(
        population.name,
        neurons,
        sent,
        rate,
        bits,
        updates=neurons * steps,
        resets=sent,
        leaks=(int(keeps_current) + int(neuron.potential_decay > 0)) * neurons * steps,
        registers=1 + int(keeps_current),
        state_bits=neuron.state_bits,
        bias_reads=neurons * _steps_with_bias(neuron, steps) if biased else 0,
        biases=_channels(population.shape) if biased else 0,
        buffer_bits=held,
    )


def _steps_with_bias(neuron: IntegerNeuron, steps: int) -> int:
    return max(0, -(-(steps - neuron.bias_start) // neuron.bias_interval))


def _projection(
    program: Program,
    projection: ProgramProjection,
    events: dict[str, NDArray[np.int64]],
    samples: int,
    bits: dict[str, int],
) -> ProjectionOperations:
    source, op = program.by_name[projection.source], projection.op
    sent = events[source.name].ravel()
    multiplies = projection.graded
    is_convolution = isinstance(op, Conv2d)
    stored = op.weight.size if isinstance(op, Conv2d | Linear) else fan_out(op, source.shape).sum()
    return ProjectionOperations(
        source.name,
        projection.target,
        Work.CONVOLUTION if is_convolution else Work.MATRIX,
        float(sent.sum()) / samples,
        float(sent @ fan_out(op, source.shape).ravel()) / samples,
        multiplies,
        bits[source.name] if multiplies else 1,
        projection.weight_bits,
        int(stored),
        size(op.weight.shape[2:]) if isinstance(op, Conv2d) else 1,
        projection.delay * size(source.shape),
    )
