"""Loihi 2 as lava-nc 0.10.0 models it: every number with its unit and where it is stated.

Numbers that we could find in no primary source say so. Limits of which no source is known for Loihi 2
(input axons, index bits, width of the dendritic accumulator, configurations a core) are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from snnc.ir import SEVERAL_SPIKES, STANDARD, Code, Encoding, Limit, LimitName, SignMode, Target

LIF_MODEL = "lava-nc 0.10.0, lava/proc/lif/models.py"

DELAY = Limit(
    62,
    "time steps",
    "lava.lib.dl.netx clamps to 62 (max_delay=62); Brian2Loihi checks 0..62; "
    "lava-nc's DelaySparse accepts 63, but 62 is what all of them take",
)
WEIGHT_EXPONENT = Limit(
    7,
    "power of 2, both signs",
    "nengo-loihi (-7 to 7, Loihi 1) and Brian2Loihi (-8 to 7); lava-nc checks nothing",
)
WEIGHT_BITS = Limit(
    8,
    "bits",
    "lava-nc 0.10.0, lava/proc/dense/process.py (num_weight_bits); weightutils.truncate_weights",
)
MAX_THRESHOLD_MANTISSA = Limit(
    131071,
    "64 units of the potential",
    f"{LIF_MODEL}, PyLifModelBitAcc: vth is an unsigned 17-bit integer, shifted left by 6",
)
BIAS_MANTISSA = Limit(
    4095,
    "units of the potential before the exponent, both signs",
    "nengo-loihi: -4095 to 4095; lava-nc documents -4096 to 4095 (signed 13 bits)",
)
BIAS_EXPONENT = Limit(
    7, "power of 2", f"{LIF_MODEL}, PyLifModelBitAcc: bias_exp is an unsigned 3-bit integer"
)
MAX_DECAY = Limit(
    4095,
    "1/4096 a step",
    f"{LIF_MODEL}, PyLifModelBitAcc: du and dv are unsigned 12-bit integers",
)
DENDRITIC_INPUT = Limit(
    2**15 - 1,
    "units of the weights, both signs, summed over one step",
    f"{LIF_MODEL}, PyLifModelBitAcc: a_in of 16 bits (Lava does not enforce it); nengo-loihi: 21 bits "
    "and a sign after the shift by 6",
)
GRADED_INPUT = Limit(
    2**23 - 1,
    "units of the weights, both signs, summed over one step",
    "lava-nc 0.10.0, lava/proc/graded/models.py: a_in of 24 bits (Lava does not enforce it)",
)
STATE_BITS = Limit(24, "bits, sign included", f"{LIF_MODEL}, uv_bitwidth = 24")
INPUT_SHIFT = Limit(6, "bits", f"{LIF_MODEL}, act_shift = 6")
PAYLOAD_BITS = Limit(
    24,
    "bits, sign included",
    "lava-nc 0.10.0, lava/networks: num_message_bits = 24; open-neuromorphic.org says up to 32",
)
CORES = Limit(
    120, "cores", "lava-nc 0.10.0, lava/magma/compiler/subcompilers/constants.py (120 of 128)"
)
NEURONS_PER_CORE = Limit(
    8192, "neurons", "open-neuromorphic.org, Loihi 2 (third party: 1 M neurons a chip / 128 cores)"
)
MOST_CHIPS = Limit(1152, "chips", "Intel, April 2024: Hala Point, 1,152 chips, 140,544 cores")


def neurons_of(chips: int) -> Limit:
    """What so many chips hold."""
    return Limit(
        CORES.value * NEURONS_PER_CORE.value * chips,
        "neurons",
        "120 usable cores a chip (lava-nc) times 8192 neurons (open-neuromorphic.org)",
    )


SYNAPSES = Limit(120_000_000, "synapses", "open-neuromorphic.org, Loihi 2: at most 120 M a chip")

LOIHI = Target(
    name="loihi",
    hop_delay=1,
    limits={
        LimitName.DELAY: DELAY,
        LimitName.WEIGHT_EXPONENT: WEIGHT_EXPONENT,
        LimitName.WEIGHT_BITS: WEIGHT_BITS,
        LimitName.THRESHOLD: MAX_THRESHOLD_MANTISSA,
        LimitName.BIAS: BIAS_MANTISSA,
        LimitName.BIAS_EXPONENT: BIAS_EXPONENT,
        LimitName.DECAY: MAX_DECAY,
        LimitName.STATE_BITS: STATE_BITS,
        LimitName.DENDRITIC_INPUT: DENDRITIC_INPUT,
        LimitName.GRADED_INPUT: GRADED_INPUT,
        LimitName.NEURONS: neurons_of(1),
    },
    own_limits={
        "input shift": INPUT_SHIFT,
        "payload bits": PAYLOAD_BITS,
        "cores": CORES,
        "neurons per core": NEURONS_PER_CORE,
        "synapses": SYNAPSES,
    },
    weight_bits=(1, 2, 3, 4, 5, 6, 7, 8),
    sign_modes=(SignMode.MIXED, SignMode.EXCITATORY, SignMode.INHIBITORY),
    threshold_shift=INPUT_SHIFT.value,
    bias_shift=BIAS_EXPONENT.value,
    codes=tuple(Code),
    encodings=tuple(Encoding),
    neuron_models=(STANDARD, SEVERAL_SPIKES, "delta", "sigma-delta"),
    hardware="nothing is for sale: Intel lends Loihi 2 to members of its research community (INRC)",
    overflow="Lava wraps and saturates as snnc's simulators do, except for its own graded "
    "neurons, which do neither",
)


def on_chips(chips: int) -> Target:
    """The target with the neurons of so many chips."""
    return replace(LOIHI, limits={**LOIHI.limits, LimitName.NEURONS: neurons_of(chips)})


def with_options(options: Mapping[str, Any]) -> str:
    """The target's name with those options that the user has set."""
    text = ",".join(f"{name}={value}" for name, value in options.items())
    return f"{LOIHI.name}{{{text}}}" if text else LOIHI.name
