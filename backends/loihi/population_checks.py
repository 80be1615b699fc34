"""What can be wrong with one population."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.backends.limit_messages import OWN_PASSES
from snnc.errors import Diagnostic
from snnc.ir import IntegerNeuron, Integers, Limit, ProgramPopulation

from .limit_messages import below, exceeds, where_in
from .sigma_delta import DELTA, SIGMA_DELTA
from .target import (
    BIAS_EXPONENT,
    BIAS_MANTISSA,
    INPUT_SHIFT,
    MAX_DECAY,
    MAX_THRESHOLD_MANTISSA,
    STATE_BITS,
)

SIGMA_DELTA_BITS = "lava-nc 0.10.0, lava/proc/sdn/models.py: 24 bits for vth, act and sigma"
SCALE = f"{OWN_PASSES}, or train with weights and thresholds of like size"


def check_population(population: ProgramPopulation) -> Iterator[Diagnostic]:
    """Decays, widths, threshold, start value and bias of one population."""
    neuron = population.neuron
    if neuron is None:
        return
    where = where_in(population.origin, population.name)
    if neuron.model in (DELTA.name, SIGMA_DELTA.name):
        yield from _sigma_delta(neuron, where)
        return
    for what, value in (
        ("current decay", neuron.current_decay),
        ("potential decay", neuron.potential_decay),
    ):
        if value > MAX_DECAY.value:
            yield exceeds("D403", what, value, MAX_DECAY, where, "use a slower decay")
        if value < 0:
            yield below("D403", what, value, 0, where, "use a decay of 0 or more")
    if neuron.state_bits != STATE_BITS.value:
        yield Diagnostic(
            "D404",
            f"state of {neuron.state_bits} bits, loihi has {STATE_BITS.value}",
            where=where,
            why=f"stated by {STATE_BITS.source}",
            help=OWN_PASSES,
        )
    if not 0 <= neuron.input_shift <= INPUT_SHIFT.value:
        yield Diagnostic(
            "D405",
            f"input shift {neuron.input_shift} is not in 0 to {INPUT_SHIFT.value} on loihi",
            where=where,
            why=f"stated by {INPUT_SHIFT.source}",
            help=OWN_PASSES,
        )
    if neuron.threshold is not None:
        yield from _threshold(neuron.threshold, where)
    largest = int(np.abs(neuron.start_value).max())
    if largest > 2 ** (STATE_BITS.value - 1) - 1:
        most = Limit(2 ** (STATE_BITS.value - 1) - 1, "units of the potential", STATE_BITS.source)
        yield exceeds("D408", "start value", largest, most, where, SCALE)
    mantissa = int(np.abs(neuron.bias_mantissa).max())
    if mantissa > BIAS_MANTISSA.value:
        cure = f"train with smaller biases, or {OWN_PASSES}"
        yield exceeds("D409", "bias mantissa", mantissa, BIAS_MANTISSA, where, cure)
    if neuron.bias_exponent > BIAS_EXPONENT.value:
        yield exceeds("D410", "bias exponent", neuron.bias_exponent, BIAS_EXPONENT, where, SCALE)
    if neuron.bias_exponent < 0:
        yield below("D410", "bias exponent", neuron.bias_exponent, 0, where, SCALE)


def _sigma_delta(neuron: IntegerNeuron, where: str) -> Iterator[Diagnostic]:
    """Thresholds and biases of neurons of Lava's SigmaDelta and Delta, whose other fields are fixed."""
    most = Limit(2 ** (STATE_BITS.value - 1) - 1, "units of the value", SIGMA_DELTA_BITS)
    largest = 0 if neuron.threshold is None else int(neuron.threshold.max())
    if largest > most.value:
        yield exceeds("D406", "threshold", largest, most, where, SCALE)
    bias = int(np.abs(neuron.bias_mantissa << neuron.bias_exponent).max())
    if bias > most.value:
        cure = f"train with smaller biases, or {OWN_PASSES}"
        yield exceeds("D409", "bias", bias, most, where, cure)


def _threshold(threshold: Integers, where: str) -> Iterator[Diagnostic]:
    most = MAX_THRESHOLD_MANTISSA.value << INPUT_SHIFT.value
    largest, smallest = int(threshold.max()), int(threshold.min())
    if largest > most:
        limit = Limit(most, "units of the potential", MAX_THRESHOLD_MANTISSA.source)
        yield exceeds("D406", "threshold", largest, limit, where, SCALE)
    if smallest < 1:
        cure = SCALE
        yield below("D407", "threshold", smallest, 1, where, cure)
