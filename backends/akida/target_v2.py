"""Akida 2.0, an IP: every limit with its unit and where it is stated.

Sources are published documentation alone, as for version 1 (``target.py``): the page "Akida 2.0
capabilities", what ``help()`` shows of the layers of the package ``akida``, what the package says when
it refuses a layer; and BrainChip's QuantizeML 1.2.5 (Apache 2.0), whose quantized layers these compute.
"""

from __future__ import annotations

from snnc.ir import Code, Encoding, Limit, LimitName, Reset, SignMode, Target

from .target import LAYERS, VERSION

CAPABILITIES = "doc.brainchipinc.com, user guide, Akida 2.0 capabilities"
ROUNDING = "QuantizeML 1.2.5, FixedPoint.rescale: a shift to the right rounds, halves upwards"
CUT = "QuantizeML 1.2.5, QuantizedReLU: sums are cut to 0 and max_value before they are shifted"

DEVICES = ("two-nodes-ipv2", "four-nodes-ipv2", "six-nodes-ipv2", "twelve-nodes-ipv2")
"""The package's virtual devices ``TwoNodesIPv2`` and so on."""

LEVELS = Limit(
    127, "levels above zero (8 bits with sign)", f"{LAYERS}: output_bits, output_signed; {CUT}"
)
LEVELS_IN_WORDS = f"1 to {LEVELS.value}"
NARROW_LEVELS = 15
"""The most that 4 bits hold, which have no sign."""

INPUT_SPIKES = Limit(127, "as an input's count in a frame (8 bits with sign)", f"{LAYERS}: InputData")
LEAST_INPUT = Limit(-128, "as an input's count in a frame (8 bits with sign)", f"{LAYERS}: InputData")
WEIGHT_BITS = Limit(8, "bits, sign included", CAPABILITIES)
WIDTHS = {4: 7, 8: 127}
LARGEST_WEIGHT = Limit(127, "as a weight, both signs", f"{LAYERS}: weights are of 8 bits with sign")
BUFFER_BITS = 28
SUMS = Limit(
    2 ** (BUFFER_BITS - 1) - 1,
    "units of the sum, both signs",
    f"{LAYERS}: buffer_bits is {BUFFER_BITS}",
)
STEP = Limit(
    2 ** (BUFFER_BITS - 2), "units of the potential, of one level", f"{LAYERS}: buffer_bits, as above"
)
BIAS = Limit(127, "as a bias before its shift, both signs", f"{LAYERS}: bias is of 8 bits with sign")
LEAST_BIAS = -128
READOUT_BIAS = Limit(
    2**31 - 1, "as a bias of the readout, both signs", "docs/numerics.md: the host adds it, in 32 bits"
)
INPUTS = Limit(2048, "inputs of a dense layer", CAPABILITIES)
STRIDES = {1: (1, 3, 5, 7), 2: (1, 3)}
"""Sides of a kernel by stride (the page above, and the package's own message for stride 2)."""

AKIDA = Target(
    name="akida",
    limits={
        LimitName.INPUT_SPIKES: INPUT_SPIKES,
        LimitName.LEAST_INPUT: LEAST_INPUT,
        LimitName.WEIGHT_BITS: WEIGHT_BITS,
        LimitName.THRESHOLD: STEP,
        LimitName.BIAS: BIAS,
        LimitName.READOUT_BIAS: READOUT_BIAS,
        LimitName.GRADED_INPUT: SUMS,
    },
    own_limits={
        "levels": LEVELS,
        "magnitude of a weight": LARGEST_WEIGHT,
        "sum": SUMS,
        "inputs of a dense layer": INPUTS,
    },
    weight_bits=(4, 8),
    sign_modes=(SignMode.MIXED,),
    plain_weights=True,
    threshold_shift=0,
    bias_shift=20,
    codes=(Code.GRADED,),
    resets=(Reset.SUBTRACT,),
    encodings=(Encoding.ONCE, Encoding.GRADED, Encoding.SPREAD),
    hardware=f"none that is sold: an IP of BrainChip (virtual devices of akida {VERSION})",
    overflow="nothing is said of it: sums that could leave their register are refused",
)

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code{code=graded},match-delays,encode-input,"
    "restart-frames,set-neurons,quantize-activations{levels=127},balance-thresholds,fold-thresholds,"
    "correct-rates,quantize-weights{power-of-two=true,per=channel}"
)
