"""Loihi 1 as nengo-loihi 1.1.0 and brian2-loihi 0.5.2 state it: every number with its unit and source.

A chip has 128 cores, and what a core holds is what decides whether a network fits. The two emulators
agree on all arithmetic of this file; where only one of them states a number, its name is given.
"""

from __future__ import annotations

from snnc.ir import Code, Encoding, Limit, LimitName, Reset, SignMode, Target

NENGO = "nengo-loihi 1.1.0"
BRIAN = "brian2-loihi 0.5.2"

COMPARTMENTS = Limit(1024, "compartments a core", f"{NENGO}, block.py: MAX_COMPARTMENTS")
INPUT_AXONS = Limit(
    4096, "input axons a core (one for each source and projection)", f"{NENGO}, block.py: MAX_IN_AXONS"
)
OUTPUT_AXONS = Limit(
    4096, "output axons a core (one for each projection and core)", f"{NENGO}, block.py: MAX_OUT_AXONS"
)
SYNAPTIC_MEMORY = Limit(
    16384 * 64, "bits of synaptic memory a core", f"{NENGO}, block.py: MAX_SYNAPSE_BITS (128 KB)"
)
CORES = Limit(128, "cores a chip", f"{NENGO}, hardware/allocators.py: Greedy, cores_per_chip")
THRESHOLDS = Limit(
    8, "different thresholds a core", f"{NENGO}, hardware/nxsdk_objects.py: MAX_VTH_CFGS"
)
DECAY_PAIRS = Limit(
    32,
    "different pairs of decays a core",
    f"{NENGO}, hardware/nxsdk_objects.py: MAX_COMPARTMENT_CFGS",
)
SYNAPSE_FORMATS = Limit(
    7,
    "synapse formats a core (bits, exponent, signs, delay bits, index bits)",
    f"{NENGO}, hardware/nxsdk_objects.py: MAX_SYNAPSE_CFGS is 8, and format 0 stays unused",
)
DELAY = Limit(62, "time steps", f"{BRIAN}, loihi_synapses.py: delay in 0 to 62; 6 bits of a synapse")
WEIGHT_EXPONENT = Limit(
    7,
    "power of 2, both signs",
    f"{NENGO}, builder/validate.py: -7 to 7; {BRIAN}, loihi_synapses.py: -8 to 7",
)
WEIGHT_BITS = Limit(
    8, "bits, and not 7", f"{NENGO}, block.py: WEIGHT_BITS_MAP is 0, 1, 2, 3, 4, 5, 6, 8"
)
WEIGHT_WIDTHS = (1, 2, 3, 4, 5, 6, 8)
MAX_THRESHOLD_MANTISSA = Limit(
    131071,
    "64 units of the potential",
    f"{NENGO}, builder/discretize.py: VTH_MAN_MAX; {BRIAN}, loihi_neuron_group.py",
)
BIAS_MANTISSA = Limit(
    4095,
    "units of the potential before the exponent, both signs",
    f"{NENGO}, builder/discretize.py: BIAS_MAN_MAX",
)
BIAS_EXPONENT = Limit(7, "power of 2", f"{NENGO}, builder/discretize.py: BIAS_EXP_MAX")
MAX_DECAY = Limit(
    4095,
    "1/4096 a step",
    f"{NENGO}, hardware/nxsdk_objects.py: DECAY_U_MAX, DECAY_V_MAX (12 bits)",
)
STATE_BITS = Limit(24, "bits, sign included", f"{NENGO}, builder/discretize.py: U_BITS = 23 and a sign")
INPUT_SHIFT = Limit(
    6,
    "bits, always",
    f"{NENGO}, builder/discretize.py: discretize_weights; {BRIAN}, loihi_synapses.py: 2**(6 + w_exp), "
    "whose lowest 6 bits are cut off",
)
DENDRITIC_INPUT = Limit(
    2**15 - 1,
    "units of the weights, both signs, summed over one step",
    f"{NENGO}, builder/discretize.py: Q_BITS = 21 and a sign, after the shift by 6",
)
NEURONS = Limit(
    CORES.value * COMPARTMENTS.value,
    "compartments a chip",
    f"{CORES.value} cores times {COMPARTMENTS.value} compartments ({NENGO})",
)

LOIHI1 = Target(
    name="loihi1",
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
        LimitName.NEURONS: NEURONS,
    },
    own_limits={
        "input shift": INPUT_SHIFT,
        "compartments per core": COMPARTMENTS,
        "input axons per core": INPUT_AXONS,
        "output axons per core": OUTPUT_AXONS,
        "synaptic memory per core": SYNAPTIC_MEMORY,
        "thresholds per core": THRESHOLDS,
        "decay pairs per core": DECAY_PAIRS,
        "synapse formats per core": SYNAPSE_FORMATS,
        "cores": CORES,
    },
    weight_bits=WEIGHT_WIDTHS,
    sign_modes=(SignMode.MIXED, SignMode.EXCITATORY, SignMode.INHIBITORY),
    threshold_shift=INPUT_SHIFT.value,
    bias_shift=BIAS_EXPONENT.value,
    codes=(Code.RATE,),
    resets=(Reset.ZERO,),
    encodings=(Encoding.SPREAD,),
    shift_is_fixed=True,
    hardware="nothing is for sale: Intel lent boards with Loihi 1 to members of its research community",
    overflow="both emulators saturate as snnc's simulators do; what could wrap was refused",
)
