"""Akida 1.0 (AKD1000, AKD1500): every limit with its unit and where it is stated.

Sources are BrainChip's published documentation alone: the page "Akida 1.0 capabilities", the Akida user
guide, and what ``help()`` shows of the layers of the package ``akida`` 2.19.3. Its licence forbids to
publish what tests of the package show: nothing here is a result of one.
"""

from __future__ import annotations

from snnc.ir import Code, Encoding, Limit, LimitName, Reset, SignMode, Target

VERSION = "2.19.3"
CAPABILITIES = "doc.brainchipinc.com, user guide, Akida 1.0 capabilities"
LAYERS = f"akida {VERSION}, documentation of its layers"
MODEL = f"akida {VERSION}, documentation of Model"

DEVICES = ("akd1000", "akd1500")

ACTIVATION_BITS = {1: 1, 3: 2, 15: 4}
"""Levels above zero, and the bits that the chip has for them."""

LEVELS_IN_WORDS = "1, 3 or 15"
LEVELS = Limit(15, "levels above zero (4 bits; 1 and 3 are the others)", CAPABILITIES)
INPUT_SPIKES = Limit(15, "as an input's count in a frame (4 bits)", f"{MODEL}; {CAPABILITIES}")
LEAST_INPUT = Limit(0, "as an input's count in a frame", f"{MODEL}: inputs are without sign")
WEIGHT_BITS = Limit(4, "bits, sign included", CAPABILITIES)
WIDTHS = {2: 1, 4: 7}
LARGEST_WEIGHT = Limit(
    7, "as a weight, both signs", f"{LAYERS}; 2 bits hold -1 to 1, 1 bit 0 and 1 (its own messages)"
)
STEP = Limit(
    65535, "units of the potential, of one level", f"akida {VERSION}, mapping: act_step is 0 to 65535"
)
THRESHOLD = Limit(
    2**19 - 1,
    "units of the potential, both signs",
    f"akida {VERSION}, mapping: threshold has 20 bits with its sign",
)
INPUTS = Limit(57334, "inputs of a dense layer", CAPABILITIES)
SIDE = Limit(4096, "rows or columns of a convolution's input", CAPABILITIES)
CHANNELS = Limit(2048, "channels of a convolution's input", CAPABILITIES)
STRIDES = {1: (1, 3, 5, 7), 2: (3,)}
"""Sides of a kernel that a convolution may have, the same for both, by stride; padded so that the size
stays, or is halved (``Same``). Neither dilated nor in groups (the same page)."""

WEIGHTS = Limit(
    2**24,
    "weights of 4 bits",
    "open-neuromorphic.org, Akida: 8 MB of memory for synapses",
)

AKIDA = Target(
    name="akida",
    limits={
        LimitName.INPUT_SPIKES: INPUT_SPIKES,
        LimitName.LEAST_INPUT: LEAST_INPUT,
        LimitName.WEIGHT_BITS: WEIGHT_BITS,
        LimitName.THRESHOLD: STEP,
    },
    own_limits={
        "levels": LEVELS,
        "threshold less bias": THRESHOLD,
        "magnitude of a weight": LARGEST_WEIGHT,
        "inputs of a dense layer": INPUTS,
        "side of a convolution's input": SIDE,
        "channels of a convolution's input": CHANNELS,
        "weights": WEIGHTS,
    },
    weight_bits=(2, 4),
    sign_modes=(SignMode.MIXED,),
    plain_weights=True,
    threshold_shift=0,
    bias_shift=0,
    codes=(Code.GRADED,),
    resets=(Reset.SUBTRACT,),
    encodings=(Encoding.ONCE, Encoding.GRADED, Encoding.SPREAD),
    hardware="a card or development kit with AKD1000 or AKD1500, of BrainChip",
    overflow="nothing is said of it: sums that could leave their register are refused",
)

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code{code=graded},match-delays,encode-input,"
    "restart-frames,set-neurons,quantize-activations{levels=15},balance-thresholds,fold-thresholds,"
    "correct-rates,quantize-weights"
)
