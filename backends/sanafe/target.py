"""Loihi 1 as SANA-FE 2.2.9 models it: every limit with its unit and where it is stated.

Neurons and connections are those of ``snnc.backends.loihi``, whose checks are asked first; here is what
the chip that SANA-FE simulates has less of, and what its registers are in SANA-FE.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from snnc.backends.loihi.target import LOIHI, STATE_BITS
from snnc.ir import STANDARD, Code, Limit, LimitName, Target

SANAFE_VERSION = "2.2.9"
DAVIES = "M. Davies et al., Loihi, IEEE Micro 38(1), 2018"

TILES = Limit(32, "tiles, 8 x 4", f"sanafe {SANAFE_VERSION}, examples/loihi.yaml")
CORES_PER_TILE = Limit(4, "cores", f"sanafe {SANAFE_VERSION}, examples/loihi.yaml")
CORES = Limit(TILES.value * CORES_PER_TILE.value, "cores", f"{DAVIES}, p. 86")
COMPARTMENTS = Limit(
    1024,
    "compartments, and inputs that the host feeds",
    f"{DAVIES}, p. 86 and p. 89; sanafe {SANAFE_VERSION}: max_neurons_supported, "
    "loihi_max_compartments",
)
NEURONS = Limit(
    CORES.value * COMPARTMENTS.value,
    "compartments, and inputs that the host feeds",
    f"128 cores of 1024, {DAVIES}",
)
SYNAPTIC_MEMORY = Limit(128 * 1024, "bytes of synaptic state a core", f"{DAVIES}, p. 89")
AXONS_IN = Limit(4096, "distribution lists a core", f"{DAVIES}, p. 89")
LOADED_SYNAPSE = Limit(
    1000,
    "bytes that SANA-FE takes to load a synapse",
    f"measured, sanafe {SANAFE_VERSION}: 986 of 10^6",
)
ROOM = Limit(4 * 10**9, "bytes that loading may take unsaid", "ours")
INPUT_BITS = Limit(
    16,
    "bits of an input's payload without its sign",
    "ours: each is a set of input neurons and synapses",
)

LARGEST = (1 << (STATE_BITS.value - 1)) - 1
"""Largest magnitude of a potential, in the program's units."""

TARGET = replace(
    LOIHI,
    name="sanafe",
    codes=(Code.RATE,),
    neuron_models=(STANDARD,),
    limits={
        **LOIHI.limits,
        LimitName.NEURONS: NEURONS,
    },
    own_limits={
        **LOIHI.own_limits,
        "cores": CORES,
        "neurons per core": COMPARTMENTS,
    },
    hardware="nothing: it estimates, on a model of Loihi 1",
    overflow="potentials saturate on SANA-FE as on snnc's simulators, and a current that "
    "would wrap stops "
    "the run",
)


class Options(NamedTuple):
    """The target's options, as its back end has them."""

    input_bits: int
    placement: str


def target(input_bits: int) -> Target:
    """The target with as many bits for an input's payloads, where the input has any."""
    source = f"the option sanafe{{input-bits={input_bits}}}: each bit is a set of input neurons"
    cure = f"compile for --target 'sanafe{{input-bits=N}}', N to {INPUT_BITS.value}: it takes -2^N to "
    cure += "2^N - 1"
    unit = "as an input's payload"
    return replace(
        TARGET,
        limits={
            **TARGET.limits,
            LimitName.INPUT_SPIKES: Limit(2**input_bits - 1, unit, source, cure),
            LimitName.LEAST_INPUT: Limit(-(2**input_bits), unit, source, cure),
        },
    )
