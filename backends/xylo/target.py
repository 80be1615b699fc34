"""Xylo 2 (SYNS61201, Xylo Audio 2): every limit with its unit and where it is stated.

Two sources: xylosim 0.1.3, the vendor's integer simulator (``src/v2/cpp``), and the page "Overview of
the Xylo family" of rockpool's documentation (docs/devices/xylo-overview.ipynb, table "Xylo family
members"). What memory a connection costs, and whether 64 holds for each of the two synapses, is in
neither; the vendor's ``validate_configuration`` (samna) has the last word.
"""

from __future__ import annotations

from snnc.ir import STANDARD, Code, Limit, LimitName, Reset, SignMode, Target

HEADER = "xylosim 0.1.3, src/v2/cpp/XyloIAFNeuron.h"
OVERVIEW = "rockpool, docs/devices/xylo-overview.ipynb"
MAPPER = "rockpool, rockpool/devices/xylo/syns61201/xylo_mapper.py"

INPUTS = Limit(16, "input channels", OVERVIEW)
INPUT_SPIKES = Limit(
    15, "spikes a channel and step", f"{HEADER}, MAX_NUM_INP_SPIKES; {OVERVIEW} says the same"
)
LEAST_INPUT = Limit(
    0, "spikes a channel and step at the least", "snnc: a number of spikes is not negative"
)
HIDDEN = Limit(1000, "hidden neurons", f"{OVERVIEW}; {MAPPER}, max_hidden_neurons")
OUTPUTS = Limit(8, "output neurons", f"{OVERVIEW}; {MAPPER}, max_output_neurons")
FAN_OUT = Limit(
    64, "recurrent connections from one hidden neuron", f"{OVERVIEW}, table of the family: max. fanout"
)
SYNAPSES = Limit(
    32 * 1000,
    "recurrent connections",
    f"{OVERVIEW}, table of the family: average fanout 32 for the first synapse, of 1000 neurons",
)
MOST_SPIKES = Limit(
    31, "spikes a hidden neuron and step", f"{HEADER}, MAX_NUM_SPIKES; {OVERVIEW} says the same"
)
MOST_OUTPUT_SPIKES = Limit(
    1, "spikes an output neuron and step", f"{HEADER}, MAX_NUM_OUT_SPIKES; {OVERVIEW} says the same"
)
STATE_BITS = Limit(16, "bits, sign included", f"{HEADER}, BITS_STATE")
READOUT_BITS = Limit(
    32, "bits, sign included", "snnc: the readout is summed by the host, see docs/xylo.md"
)
WEIGHT_BITS = Limit(8, "bits, sign included", f"{HEADER}, BITS_WEIGHT; {OVERVIEW} says the same")
LARGEST_DASH = Limit(15, "bits of the shift", f'{HEADER}, dash_mem and dash_syns: "should be 4 bits"')
WEIGHT_SHIFT = Limit(
    7,
    "bits, the same for all weights of the input, the recurrent and the output matrix",
    "xylosim 0.1.3, src/v2/cpp/XyloLayer.cpp: 8 bits shifted left into 16; 7 keeps the sign",
)
THRESHOLD = Limit(
    2**15 - 1, "units of the potential", "xylosim 0.1.3, src/v2/cpp/XyloIAFNeuron.h, int16_t v_th"
)
BIAS = Limit(
    2**15 - 1,
    "units of the potential, both signs",
    "xylosim 0.1.3, src/v2/cpp/XyloIAFNeuron.h, int16_t bias",
)
DELAY = Limit(
    0,
    "time steps on top of the hop",
    "xylosim 0.1.3, src/v2/cpp/XyloLayer.cpp: spikes of one step arrive in the next, from one buffer",
)
RELAYS = Limit(
    0,
    "neurons",
    "snnc: a synapse that keeps nothing (dash 0) brings nothing, any other keeps several "
    "spikes; xylosim 0.1.3, XyloIAFNeuron::evolve",
)
WEIGHT_EXPONENT = Limit(
    WEIGHT_SHIFT.value - 1,
    "power of 2",
    f"{WEIGHT_SHIFT.source}; one less, because weights of docs/numerics.md are even numbers",
)
LEAST_THRESHOLD = Limit(
    256,
    "units of the potential, where there is room",
    "snnc: a leak takes at least 1 unit a step, little of 256 (xylosim 0.1.3, XyloIAFNeuron.cpp)",
)
LOWEST_EXPONENT = Limit(
    -1,
    "power of 2",
    "snnc: 8 bits with a sign are -128 to 127, half of docs/numerics.md's even numbers -256 to 254",
)

XYLO = Target(
    name="xylo",
    limits={
        LimitName.INPUT_SPIKES: INPUT_SPIKES,
        LimitName.LEAST_INPUT: LEAST_INPUT,
        LimitName.NEURONS: HIDDEN,
        LimitName.STATE_BITS: STATE_BITS,
        LimitName.READOUT_STATE_BITS: READOUT_BITS,
        LimitName.WEIGHT_BITS: WEIGHT_BITS,
        LimitName.WEIGHT_EXPONENT: WEIGHT_EXPONENT,
        LimitName.LOWEST_WEIGHT_EXPONENT: LOWEST_EXPONENT,
        LimitName.THRESHOLD: THRESHOLD,
        LimitName.LEAST_THRESHOLD: LEAST_THRESHOLD,
        LimitName.BIAS: BIAS,
        LimitName.DELAY: DELAY,
        LimitName.RELAY_NEURONS: RELAYS,
    },
    own_limits={
        "input channels": INPUTS,
        "output neurons": OUTPUTS,
        "fan-out": FAN_OUT,
        "synapses": SYNAPSES,
        "spikes a step": MOST_SPIKES,
        "output spikes a step": MOST_OUTPUT_SPIKES,
        "dash": LARGEST_DASH,
    },
    weight_bits=(2, 3, 4, 5, 6, 7, 8),
    sign_modes=(SignMode.MIXED,),
    threshold_shift=0,
    bias_shift=0,
    codes=(Code.RATE,),
    resets=(Reset.SUBTRACT,),
    clears=False,
    neuron_models=(STANDARD, "xylo"),
    hardware="a development kit of Xylo Audio 2, of SynSense",
    overflow="xylosim saturates spike by spike, snnc's simulators once a step (docs/xylo.md)",
)

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays{relays=false},encode-input,set-neurons,"
    "quantize-activations,balance-thresholds,fold-thresholds,correct-rates,bit-shift-decays,"
    "quantize-weights{headroom=32},common-weight-shifts,early-biases"
)
"""Without restarting frames, which Xylo cannot, and without relays: its synapses remember."""
