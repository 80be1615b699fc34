"""What version 2 asks beyond version 1: thresholds of powers of two, biases of 8 bits, sums of 28."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic
from snnc.ir import Extent, IntegerNeuron

from .limit_messages import OWN_PASSES, exceeds
from .shifted import is_power_of_two, shifted
from .stored import Activation
from .target import LAYERS
from .target_v2 import BIAS, LEAST_BIAS, ROUNDING, STEP, SUMS

FEWER = "use fewer inputs, or smaller weights"
HALF = "train with snnc.QuantizedReLU(..., shift=0.5), or with smaller biases"


def check_shifted(act: Activation, neuron: IntegerNeuron, where: str) -> Iterator[Diagnostic]:
    """Whether levels are powers of two, and the layer's bias holds what the program adds."""
    mantissa = int(np.abs(neuron.bias_mantissa).max(initial=0))
    if mantissa > BIAS.value:
        yield exceeds("D409", "bias mantissa", mantissa, BIAS, where, OWN_PASSES)
        return
    largest = int(act.step.max())
    if largest > STEP.value:
        yield exceeds("D406", "threshold", largest, STEP, where, OWN_PASSES)
        return
    odd = np.ravel(act.step)[~np.ravel(is_power_of_two(act.step))]
    if odd.size:
        low = 1 << (int(odd[0]).bit_length() - 1)
        what = f"a threshold of {odd[0]} units, akida has powers of two, {low} and {2 * low}"
        why = f"a level is a shift to the right ({LAYERS})"
        cure = f"{OWN_PASSES}, with quantize-weights{{power-of-two=true}}"
        yield Diagnostic("D486", what, where, why, cure)
        return
    found = shifted(act)
    wrong = np.ravel(found.lost) != 0
    if np.any(wrong):
        wanted, got = (
            int(np.ravel(values)[wrong][0]) for values in (found.wanted, found.bias << found.bias_shift)
        )
        what = f"a bias of {wanted} units, akida has {got}, the next below"
        why = (
            f"it holds {LEAST_BIAS} to {BIAS.value}, shifted ({LAYERS}); start values are in it, less "
        )
        why += f"half a threshold ({ROUNDING})"
        yield Diagnostic("D487", what, where, why, HALF)


def check_sum(extent: Extent, power: int, added: int, where: str) -> Iterator[Diagnostic]:
    """Whether what a layer adds up fits its buffer.

    Args:
        extent: of what arrives, in units of the potential; one of the chip's is worth ``2^power``.
        added: the most that bias and rounding add, in the chip's units.
        where: for messages.
    """
    far = float(max(extent.high.max(initial=0), -extent.low.min(initial=0)))
    far = (far + (power < 0)) * 2.0**-power + added  # what was rounded down could have been one more
    if far > SUMS.value:
        yield exceeds("D423", "the sum of a layer can reach", round(far), SUMS, where, FEWER)
