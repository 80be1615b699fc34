"""What the hardware can do: every limit with its unit and its source."""

from __future__ import annotations

from snnc.ir import Limit, LimitName, Target

NAME = "fpga"
"""As on the command line, and in the entry points."""

STREAM = "our own choice: a beat of the output fits 64 bits, with potentials of 32"
DELAY = Limit(
    63, "time steps on top of the hop", "our own choice: longer ones go over relays, not through memory"
)
NEURONS = Limit(2**20, "neurons of a population", STREAM)
POPULATIONS = Limit(256, "populations", STREAM)
MOST_STATE_BITS, MOST_INPUT_BITS, MOST_WEIGHT_BITS = 32, 23, 16
STATE_BITS, INPUT_BITS = 24, 4
"""Of the options, where nothing is asked for."""


def describe(state_bits: int, input_bits: int) -> Target:
    """The target with the program's registers of so many bits, and payloads of the input."""
    states = f"the option {NAME}{{state-bits={state_bits}}}; registers are narrower where proved"
    inputs = f"the option {NAME}{{input-bits={input_bits}}}: bits of a payload without its sign"
    wider = f"compile for --target '{NAME}{{state-bits=N}}', N to {MOST_STATE_BITS}"
    cure = f"compile for --target '{NAME}{{input-bits=N}}', N to {MOST_INPUT_BITS}: it takes -2^N to "
    cure += "2^N - 1"
    unit = "as an input's payload"
    return Target(
        NAME,
        limits={
            LimitName.DELAY: DELAY,
            LimitName.STATE_BITS: Limit(
                state_bits, "bits, sign included", states, wider if state_bits < MOST_STATE_BITS else ""
            ),
            LimitName.NEURONS: NEURONS,
            LimitName.INPUT_SPIKES: Limit(2**input_bits - 1, unit, inputs, cure),
            LimitName.LEAST_INPUT: Limit(-(2**input_bits), unit, inputs, cure),
        },
        weight_bits=tuple(range(1, MOST_WEIGHT_BITS + 1)),
        own_limits={"populations": POPULATIONS},
        hardware="a board with an ECP5 (ULX3S) or an iCE40 HX8K, for open tools; or another FPGA",
        overflow="registers that are not proved wrap and saturate on it as on snnc's simulators",
    )
