"""What synapses take of a core's memory: nengo-loihi 1.1.0, block.py, SynapseConfig.bits_per_axon.

The synapses of one axon lie in blocks of up to 64, each with a header and rounded up to 64 bits; a
synapse holds its weight, its delay where the format has one, and the index of its compartment. Dense
formats, which leave the index out, are not used: what is counted here always fits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.ir import ProgramPopulation, ProgramProjection

from .registers import chip_exponent

BLOCK = 64
HEADER_BITS = 4 + 6
"""Index of the synapse format and number of synapses."""

MEMORY_UNIT = 64
INDEX_BITS = (6, 7, 8, 9, 10, 11, 12)
"""Widths that an index may have (SynapseConfig.INDEX_BITS_MAP)."""


@dataclass(frozen=True, order=True)
class Format:
    """How the synapses of one projection are stored in one core.

    Attributes:
        weight_bits, exponent: of the weights.
        signs: ``mixed``, ``excitatory`` or ``inhibitory``.
        delay_bits: 0 where all arrive at once.
        index_bits: of a compartment's index.
    """

    weight_bits: int
    exponent: int
    signs: str
    delay_bits: int
    index_bits: int

    @property
    def synapse_bits(self) -> int:
        """Of one synapse."""
        return self.weight_bits + self.delay_bits + self.index_bits


def synapse_format(
    population: ProgramPopulation, projection: ProgramProjection, highest: int
) -> Format:
    """The format of a projection into compartments of a core up to the index ``highest``."""
    needed = highest.bit_length()
    return Format(
        projection.weight_bits,
        chip_exponent(population, projection),
        projection.sign_mode.value,
        projection.delay.bit_length(),
        next(width for width in INDEX_BITS if width >= needed),
    )


def axon_bits(synapses: NDArray[np.int64], form: Format) -> int:
    """Bits of memory for axons with so many synapses each; axons without any take none."""
    full, rest = np.divmod(synapses, BLOCK)
    rests = np.where(rest > 0, _rounded_up(rest * form.synapse_bits + HEADER_BITS), 0)
    whole = _rounded_up(np.asarray(BLOCK * form.synapse_bits + HEADER_BITS))
    return int((full * whole + rests).sum())


def _rounded_up(bits: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(-(-bits // MEMORY_UNIT) * MEMORY_UNIT)
