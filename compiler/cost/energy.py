"""What operations and memory cost in energy, estimated: Lemaire et al. 2022, with 45 nm figures.

An estimate of a generic digital circuit, not a measurement of any chip. Formulas, what of them is the
source's and what is ours, and the limits of both: ``docs/energy.md``.

Sources:
    E. Lemaire, L. Cordone, A. Castagnetti, P.-E. Novac, J. Courtois, B. Miramond: An Analytical
    Estimation of Spiking Neural Networks Energy Efficiency, ICONIP 2022, arXiv 2210.13107, as the
    authors' own EnergyEstimationMetric (qualia-plugin-snn) has it, equation numbers in its docstrings.
    M. Horowitz: Computing's Energy Problem (and what we can do about it), ISSCC 2014: 45 nm, 0.9 V.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Program

from .ann_operations import Ann, AnnLayer, AnnPopulation, Work
from .operations import PopulationOperations, ProjectionOperations, SnnOperations, count_snn, level_bits

ADDITIONS = ((0, 0.0), (8, 0.03), (16, 0.05), (32, 0.1))
"""Bits and pJ of an integer addition (Horowitz 2014; (0, 0) is ours); straight lines between, ours."""

MULTIPLICATION_8_BIT = 0.2
"""pJ of an integer multiplication of 8 by 8 bits (Horowitz 2014). It grows with the product of both
widths (ours): 32 by 32 bits gives 3.2, and Horowitz has 3.1."""

ADDRESS_ADDITION, ADDRESS_MULTIPLICATION = 0.1, 3.1
"""pJ with integers of 32 bits (Horowitz 2014), of which addresses are in every network (Lemaire)."""

FLOAT_ADDITION, FLOAT_MULTIPLICATION = 0.9, 3.7
"""pJ in floats of 32 bits (Horowitz 2014)."""

FLOAT_BITS = 32
DECAY_BITS = 12
"""Of the factor in a leak (``docs/numerics.md``)."""

FIFO_WORDS = 64
"""Spikes that wait between two layers: a memory of that many, as in the source's own examples."""

ACCESS_PER_BIT, ACCESS = 1.09e-5, 13.2
"""pJ: the source's straight line through Horowitz' SRAMs, 10, 20, 100 pJ at 8 KiB, 32 KiB, 1 MiB."""

WIDE_ACCESS, WIDE_BITS = 10.0, 64
"""pJ of reading 64 bits from 8 KiB of SRAM (Horowitz 2014)."""

Memory = Callable[[float, float], float]
"""pJ of one access to a memory of so many words, each of so many bits."""


def fitted(words: float, bits: float) -> float:
    """pJ of one access, by the memory's size: the source's straight line, ``_e_ram``."""
    return ACCESS_PER_BIT * words * bits + ACCESS


def wide(words: float, bits: float) -> float:
    """pJ of one access, by the word's width: its share of a 64-bit access to 8 KiB, at any size."""
    return WIDE_ACCESS * bits / WIDE_BITS


MEMORIES: dict[str, Memory] = {"fitted": fitted, "wide": wide}
"""Both models of memory. They differ in what narrow words save: nothing but size, and all of it."""


def addition(bits: float) -> float:
    """pJ of an integer addition."""
    widths, energies = zip(*ADDITIONS, strict=True)
    return float(np.interp(bits, widths, energies))


def multiplication(one: float, other: float) -> float:
    """pJ of multiplying integers of two widths in bits."""
    return MULTIPLICATION_8_BIT * one * other / 64


@dataclass(frozen=True)
class Energy:
    """Energy in pJ, by what it is spent on.

    Attributes:
        operations: multiply-accumulates and additions.
        weights, inputs, potentials, biases, outputs: memory accesses.
        addressing: finding out which words these are.
    """

    operations: float = 0.0
    weights: float = 0.0
    inputs: float = 0.0
    potentials: float = 0.0
    biases: float = 0.0
    outputs: float = 0.0
    addressing: float = 0.0

    @property
    def memory(self) -> float:
        """All memory accesses, pJ."""
        return self.weights + self.inputs + self.potentials + self.biases + self.outputs

    @property
    def total(self) -> float:
        """All of it, pJ."""
        return self.operations + self.memory + self.addressing

    def __add__(self, other: Energy) -> Energy:
        return Energy(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def times(self, factor: float) -> Energy:
        """So many times as much."""
        return Energy(*(getattr(self, f.name) * factor for f in fields(self)))


@dataclass(frozen=True)
class NetworkEnergy:
    """Energy of a network for one sample of F frames, pJ, by population that hears or reads out."""

    by_population: dict[str, Energy]

    @property
    def total(self) -> Energy:
        """Of all populations together."""
        return sum(self.by_population.values(), Energy())

    def as_json(self) -> dict[str, Any]:
        """Plain types, pJ."""
        total = self.total
        return {
            "total": total.total,
            "memory": total.memory,
            **asdict(total),
            "by_population": {name: asdict(energy) for name, energy in self.by_population.items()},
        }


@dataclass(frozen=True)
class Energies:
    """The same network three times, under one model of memory; None where it has no ANN (NIR).

    Attributes:
        float32: the ANN in floats of 32 bits.
        quantized: the ANN with the program's weight bits, and activations of as many levels as its
            spikes can say.
        snn: the program.
    """

    float32: NetworkEnergy | None
    quantized: NetworkEnergy | None
    snn: NetworkEnergy

    def as_json(self) -> dict[str, Any]:
        """Plain types, pJ; ``ratio`` is how many times the SNN's energy each of the ANNs takes."""
        found: dict[str, Any] = {"snn": self.snn.as_json()}
        for name, network in (("float32", self.float32), ("quantized", self.quantized)):
            if network is not None:
                found[name] = {**network.as_json(), "ratio": ratio(network, self.snn)}
        return found


def ratio(ann: NetworkEnergy, snn: NetworkEnergy) -> float | None:
    """How many times the SNN's energy an ANN takes; None where the SNN takes none."""
    spent = snn.total.total
    return ann.total.total / spent if spent else None


@dataclass(frozen=True)
class Arithmetic:
    """What an ANN computes with: pJ of a multiply-accumulate and of an addition, and widths in bits."""

    mac: float
    add: float
    weight_bits: int
    input_bits: int
    output_bits: int
    bias_bits: int


FLOAT32 = Arithmetic(
    mac=FLOAT_MULTIPLICATION + FLOAT_ADDITION,
    add=FLOAT_ADDITION,
    weight_bits=FLOAT_BITS,
    input_bits=FLOAT_BITS,
    output_bits=FLOAT_BITS,
    bias_bits=FLOAT_BITS,
)


def estimate(program: Program, ann: Ann | None, snn: SnnOperations, memory: str) -> Energies:
    """Energy a sample of the ANN in floats, the ANN quantized to the same bits, and the program.

    Args:
        program: gives the widths of weights and registers.
        ann: what the ANN executes for a frame; None for a network that spiked already.
        snn: what the program did; its number of frames is the ANN's too.
        memory: one of ``MEMORIES``.
    """
    access = MEMORIES[memory]
    spent = snn_energy(snn, access)
    if ann is None:
        return Energies(None, None, spent)
    integer = _integer(program, ann, snn.input_bits)
    return Energies(
        ann_energy(ann, snn.frames, lambda source, target: FLOAT32, access),
        ann_energy(ann, snn.frames, integer, access),
        spent,
    )


def _integer(program: Program, ann: Ann, input_bits: int) -> Callable[[str, str], Arithmetic]:
    """Arithmetic between two populations with the widths of the program."""
    bits = {p.name: level_bits(p.levels) if p.levels else 0 for p in ann.populations}

    def between(source: str, target: str) -> Arithmetic:
        neuron = program.by_name[target].dynamics
        weight = max(p.weight_bits for p in program.into(target)) if program.into(target) else 0
        heard, add = bits.get(source, input_bits), addition(neuron.state_bits)
        sent = bits[target] or neuron.state_bits
        mac = multiplication(weight, heard) + add
        return Arithmetic(mac, add, weight, heard, sent, neuron.state_bits)

    return between


def ann_energy(
    ann: Ann, frames: int, arithmetic: Callable[[str, str], Arithmetic], memory: Memory
) -> NetworkEnergy:
    """Energy of an ANN for a sample.

    Args:
        ann: what it executes for a frame.
        frames: of a sample; every layer is executed for each.
        arithmetic: by source and target.
        memory: pJ of an access.
    """
    found = {}
    for population in ann.populations:
        layers = [layer for layer in ann.layers if layer.target == population.name]
        parts = [_layer(layer, arithmetic(layer.source, layer.target), memory) for layer in layers]
        parts.append(_activation(population, arithmetic(population.name, population.name), memory))
        found[population.name] = sum(parts, Energy()).times(frames)
    return NetworkEnergy(found)


def _layer(layer: AnnLayer, by: Arithmetic, memory: Memory) -> Energy:
    """One layer for one frame: the source's columns "ANN conv" and "ANN fc", and ours for the rest."""
    if layer.work is Work.CONVOLUTION:
        reads, addresses = layer.macs, layer.inputs + layer.outputs + layer.channels * layer.taps
    elif layer.work is Work.MATRIX:
        reads, addresses = layer.inputs, layer.macs
    elif layer.work is Work.POOLING:
        reads, addresses = layer.additions, layer.inputs + layer.outputs
    else:
        reads = addresses = layer.inputs
    between = 0 if layer.last else layer.outputs
    return Energy(
        operations=layer.macs * by.mac + layer.additions * by.add,
        weights=layer.macs * memory(layer.weights, by.weight_bits),
        inputs=reads * memory(layer.inputs, by.input_bits),
        outputs=between * memory(layer.outputs, by.output_bits),
        addressing=addresses * ADDRESS_ADDITION,
    )


def _activation(population: AnnPopulation, by: Arithmetic, memory: Memory) -> Energy:
    """Bias reads and output writes of a population for one frame."""
    biases = population.neurons * memory(population.biases, by.bias_bits) if population.biases else 0.0
    return Energy(
        biases=biases, outputs=population.neurons * memory(population.neurons, by.output_bits)
    )


def snn_energy(snn: SnnOperations, memory: Memory) -> NetworkEnergy:
    """Energy of a program for a sample: the source's columns "SNN conv" and "SNN fc".

    Args:
        snn: what it did.
        memory: pJ of an access.
    """
    populations = {p.name: p for p in snn.populations}
    found = {}
    for population in snn.populations:
        if not population.updates:
            continue
        into = [p for p in snn.projections if p.target == population.name]
        parts = [_synapses(p, populations[p.source], population, memory) for p in into]
        parts.append(_neurons(population, memory))
        found[population.name] = sum(parts, Energy())
    return NetworkEnergy(found)


def _synapses(
    projection: ProjectionOperations,
    source: PopulationOperations,
    target: PopulationOperations,
    memory: Memory,
) -> Energy:
    """What the spikes of one projection cost."""
    once = addition(target.state_bits)
    if projection.multiplies:
        once += multiplication(projection.weight_bits, projection.payload_bits)
    if projection.work is Work.CONVOLUTION:
        addressing = projection.spikes * (
            2 * (ADDRESS_MULTIPLICATION + ADDRESS_ADDITION) + projection.taps * ADDRESS_ADDITION
        )
    else:
        addressing = projection.operations * ADDRESS_ADDITION
    queue = FIFO_WORDS + projection.buffered
    return Energy(
        operations=projection.operations * once,
        weights=projection.operations * memory(projection.weights, projection.weight_bits),
        inputs=projection.spikes * memory(queue, event_bits(source)),
        potentials=2 * projection.operations * memory(target.neurons, target.state_bits),
        addressing=addressing,
    )


def _neurons(population: PopulationOperations, memory: Memory) -> Energy:
    """What the neurons of one population cost, whatever they hear."""
    bits = population.state_bits
    leak = multiplication(bits, DECAY_BITS) + addition(bits)
    additions = population.updates + population.resets
    states = population.updates * population.registers
    biases = population.bias_reads * memory(population.biases, bits) if population.bias_reads else 0.0
    return Energy(
        operations=population.leaks * leak + additions * addition(bits),
        potentials=2 * states * memory(population.neurons, bits),
        biases=biases,
        outputs=population.spikes * memory(FIFO_WORDS, event_bits(population)),
    )


def event_bits(source: PopulationOperations) -> int:
    """Bits of a spike in a queue: which neuron, and its payload where it has one."""
    payload = source.spike_bits if source.spike_bits > 1 else 0
    return max(1, (source.neurons - 1).bit_length()) + payload


@dataclass(frozen=True)
class Cost:
    """Operations and energy of a run, a sample.

    Attributes:
        ann: what the ANN executes for one frame; None for a network that spiked already.
        snn: what the program did.
        energies: by model of memory.
    """

    ann: Ann | None
    snn: SnnOperations
    energies: dict[str, Energies]

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``run --operations --json``: counts and pJ a sample."""
        frames = self.snn.frames
        ann = None
        if self.ann is not None:
            ann = {
                "macs_a_frame": self.ann.macs,
                "macs": self.ann.macs * frames,
                "macs_inside": self.ann.macs_inside * frames,
                "additions": self.ann.additions * frames,
            }
        return {
            "samples": self.snn.samples,
            "frames": frames,
            "ann": ann,
            "snn": self.snn.as_json(),
            "picojoules": {name: energies.as_json() for name, energies in self.energies.items()},
        }


def cost(
    program: Program, ann: Ann | None, counts: NDArray[Any], events: dict[str, NDArray[np.int64]]
) -> Cost:
    """Operations and energy of a run, under every model of memory.

    Args:
        program: that ran.
        ann: what the ANN that it was made from executes for a frame; None for NIR.
        counts: the data, (samples, frames, \\*input shape).
        events: how many spikes each neuron sent (:class:`snnc.sim.Tally`, ``events``).
    """
    snn = count_snn(program, events, counts)
    return Cost(ann, snn, {name: estimate(program, ann, snn, name) for name in MEMORIES})
