"""What a target's own basic networks are made of: cases about structure are built from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.ir import Comparison, Encoding, IntegerNeuron, Reset, SignMode, weight_ends

SHIFT = 6
THRESHOLD = 100


def basic_neuron(spiking: bool) -> IntegerNeuron:
    """Integrate and fire with hard reset, ``>``, without bias; a readout that adds up.

    The neuron that Loihi 1, Loihi 2 and most simulators have. A sum of more than 100 makes it fire.
    """
    return IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=SHIFT if spiking else 0,
        state_bits=24,
        threshold=np.asarray(THRESHOLD << SHIFT) if spiking else None,
        comparison=Comparison.GREATER,
        reset=Reset.ZERO,
        start_value=np.zeros((), np.int64),
        bias_mantissa=np.zeros((), np.int64),
        bias_exponent=0,
        bias_start=0,
    )


@dataclass(frozen=True)
class Kit:
    """The material of a target's networks. The defaults are those of :func:`basic_neuron`.

    Attributes:
        neuron: gives the basic neuron; False asks for a readout, whose threshold is None.
        bits, sign_mode, exponent: of every projection where a case does not say otherwise.
        symmetric: the lowest weight of mixed signs is not there (``Target.plain_weights``).
        weights: the range from which weights are drawn, in units of the projection's grid as stored;
            about ten of them make a neuron fire.
        encoding: how input arrives where a case does not say otherwise.
        graded: whether neurons send numbers that projections multiply.
        delays: from which random networks take theirs.
        longest: delay that no case exceeds, but those on the target's own limit and on relays.
        variants: changes of the basic spiking neuron that random networks may make.
        frame: steps a frame.
    """

    neuron: Callable[[bool], IntegerNeuron] = basic_neuron
    bits: int = 8
    sign_mode: SignMode = SignMode.MIXED
    exponent: int = 0
    symmetric: bool = False
    weights: tuple[int, int] = (-80, 120)
    encoding: Encoding = Encoding.SPREAD
    graded: bool = False
    delays: tuple[int, ...] = (0, 0, 1, 3)
    longest: int = 7
    variants: tuple[Mapping[str, Any], ...] = ({},)
    frame: int = 4

    def ends(self, bits: int = 0, mode: SignMode | None = None) -> tuple[int, int]:
        """Smallest and largest weight; of the kit's bits and signs where no others are named."""
        return weight_ends(bits or self.bits, mode or self.sign_mode, self.symmetric)
