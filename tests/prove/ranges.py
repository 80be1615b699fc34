"""What the proofs take for granted: every number of a neuron within the range that is stated for it."""

from __future__ import annotations

from snnc.ir.program_ranges import STEPS, WORD, range_of


def _field(name: str) -> tuple[int, int]:
    found = range_of("IntegerNeuron", name)
    return found.low, found.high


_LARGEST_BIAS = _field("bias_mantissa")[1] << _field("bias_exponent")[1]

RANGES = {
    "u": (-WORD - 1, WORD),
    "v": (-WORD, WORD),
    "waiting": (0, _field("levels")[1]),
    "arrived": (-WORD - 1, WORD),
    **{
        name: _field(name)
        for name in (
            "current_decay",
            "potential_decay",
            "input_shift",
            "state_bits",
            "threshold",
            "bias_start",
            "bias_interval",
            "clear_interval",
            "clear_offset",
            "levels",
        )
    },
    "start": _field("start_value"),
    "bias": (-_LARGEST_BIAS, _LARGEST_BIAS),
    "step": (1, STEPS),
}
"""Low and high of each unknown: the state, what arrives, the parameters, the step. That a current may
be any number of 32 bits, whatever its own width, is more than a neuron ever reaches."""
