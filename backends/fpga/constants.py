"""Start values, biases and thresholds: one entry for all neurons, or one each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnc.ir import IntegerNeuron, ProgramPopulation, size
from snnc.ir.program_ranges import register_end

from .memories import Memory
from .widths import Registers
from .words import Word, two_complement


@dataclass(frozen=True, eq=False)
class Constants:
    """The memory of constants.

    Attributes:
        populations: whose constants these are, in order.
        first: of each population the number of its first entry, by name.
        shares: of each population how many neurons have an entry together, by name.
        count: entries of all.
    """

    populations: tuple[ProgramPopulation, ...]
    first: Mapping[str, int]
    shares: Mapping[str, int]
    count: int

    def memory(self, widths: Mapping[str, int], found: Mapping[str, Registers]) -> Memory:
        """Its contents; a threshold that no potential reaches is one above the largest."""
        word = Word(start=widths["POTENTIAL"], bias=widths["BIAS"], threshold=widths["POTENTIAL"] - 1)
        words = []
        for population in self.populations:
            neuron, share = population.dynamics, self.shares[population.name]
            threshold = np.zeros((), np.int64) if neuron.threshold is None else neuron.threshold
            reached = np.minimum(threshold, highest(neuron, found[population.name]) + 1)
            reached = np.minimum(reached, 2 ** (widths["POTENTIAL"] - 1) - 1)
            bias = neuron.bias_mantissa << neuron.bias_exponent
            columns = [
                np.broadcast_to(values, population.shape).ravel()[::share]
                for values in (neuron.start_value, bias, reached)
            ]
            biases = two_complement(columns[1], widths["BIAS"])
            for start, biased, fires_at in zip(columns[0], biases, columns[2], strict=True):
                words.append(word.pack(start=int(start), bias=biased, threshold=int(fires_at)))
        return Memory.of("constants", word.bits, words)


def highest(neuron: IntegerNeuron, found: Registers) -> int:
    """The largest potential of a neuron."""
    return register_end(neuron.state_bits) if found.potential is None else found.potential.high


def constants_of(populations: tuple[ProgramPopulation, ...]) -> Constants:
    """Where each population's constants are.

    Args:
        populations: all but the input, as the hardware numbers them.
    """
    first, shares, count = dict[str, int](), dict[str, int](), 0
    for population in populations:
        share = _share(population)
        first[population.name], shares[population.name] = count, share
        count += size(population.shape) // share
    return Constants(populations, first, shares, count)


def _share(population: ProgramPopulation) -> int:
    neuron, shape = population.dynamics, population.shape
    given = (neuron.start_value, neuron.bias_mantissa, neuron.threshold)
    counts = [values.size for values in given if values is not None]
    if max(counts) == 1:
        return size(shape)
    # One for each channel, (channels, 1, ..., 1), beside single ones; else one for each neuron.
    return size(shape[1:]) if max(counts) == shape[0] else 1
