"""How many operations the chip does, counted from the spikes of a run.

What is counted, by which convention and why: ``docs/energy.md``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import (
    Conv2d,
    Encoding,
    IntegerNeuron,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    size,
)
from snnc.ir.footprint import fan_out

from .ann_operations import Work, channels

NO_CURRENT = 4095
"""``du`` at which a neuron keeps no current: it has the potential alone as state."""


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
        registers: state registers of a neuron: the potential, a current where it is kept, and the last
            level where changes are sent.
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
        graded = population.neuron is not None and population.neuron.code.one_spike
        return root if graded else 1
    neuron = population.neuron
    if neuron is None:
        if population.encoding is Encoding.SPREAD:
            return 1
        return input_bits + population.sends_changes  # a sign
    if neuron.threshold is None:
        return 0
    if not neuron.code.one_spike:
        return 1
    return level_bits(neuron.levels) + population.sends_changes


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
        registers=1 + int(keeps_current or neuron.adds_answers) + int(population.sends_changes),
        state_bits=neuron.state_bits,
        bias_reads=neurons * _steps_with_bias(neuron, steps) if biased else 0,
        biases=channels(population.shape) if biased else 0,
        buffer_bits=held,
    )


def _steps_with_bias(neuron: IntegerNeuron, steps: int) -> int:
    due = max(0, -(-(steps - neuron.bias_start) // neuron.bias_interval))
    return min(due, 1) if neuron.sums_changes and not neuron.adds_answers else due


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
