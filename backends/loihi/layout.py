"""Which Lava Process stands for which part of a program, under which name, and why.

The emitted package obeys ``layout.json``, which is written from this; nothing there decides anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from snnc.ir import (
    Comparison,
    Conv2d,
    IntegerNeuron,
    Integers,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
)

from .stock import exponents, is_stock
from .target import INPUT_SHIFT, MAX_DECAY, MAX_THRESHOLD_MANTISSA, STATE_BITS

LAVA_CONV_BITS = 24
"""Width to which ``PyConvModelFixed`` wraps its sums (lava/proc/conv/models.py)."""

LAVA_CONV_FIELD = 127
"""Kernel sizes, strides, paddings, dilations and groups are int8 there; more wraps silently."""

LARGEST_WEIGHT = 256
"""Largest magnitude on the grid (``snnc.ir.weight_range``)."""


@dataclass(frozen=True)
class Place:
    """Where one part of the program went.

    Attributes:
        name: of the population or projection.
        process: class name of the Lava Process; ``input`` for the input, which is only a port.
        port: name of the population's port on ``Network``; empty for projections.
        exponent: of a projection's weights, where it is not 0.
        why: the reason for the choice, for people.
    """

    name: str
    process: str
    port: str
    why: str
    exponent: int = 0


def population_places(program: Program) -> tuple[Place, ...]:
    """One place for each population, in the program's order."""
    places: list[Place] = []
    stock = is_stock(program)
    for population in program.populations:
        process, why = _neuron_process(population)
        if stock and population.neuron is not None:
            process, why = _graded_process(population.neuron)
        taken = {place.port for place in places}
        places.append(Place(population.name, process, _port(population, taken), why))
    return tuple(places)


def projection_places(program: Program) -> tuple[Place, ...]:
    """One place for each projection, in the program's order."""
    return tuple(
        Place(p.label, *_synapse_process(p), exponent=exponent)
        for p, exponent in zip(program.projections, exponents(program), strict=True)
    )


def identifier(name: str) -> str:
    """The name with everything that Python identifiers cannot hold replaced by ``_``."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _port(population: ProgramPopulation, taken: set[str]) -> str:
    if population.kind is Kind.INPUT:
        return "spikes_in"
    if population.kind is Kind.READOUT:
        return "potential_out"
    base = port = f"spikes_{identifier(population.name)}"
    number = 2
    # "spikes_in" is taken even where the input comes later than a population called "in".
    while port in taken or port == "spikes_in":
        port, number = f"{base}_{number}", number + 1
    return port


def _neuron_process(population: ProgramPopulation) -> tuple[str, str]:
    neuron = population.neuron
    if neuron is None:
        return "input", "a port: the user's source drives it"
    if neuron.threshold is None:
        return "Readout", "never fires and sends its potential, which LIF cannot"
    if neuron.code.exact:
        if population.relay_of is not None:
            return "Counting", "a relay: LIF's spikes carry no payload"
        return (
            "Counting",
            f"LIF cannot hear a frame before it speaks (code {neuron.code.value})",
        )
    obstacles = _lif_obstacles(neuron, neuron.threshold)
    if obstacles:
        return "Spiking", "LIF has no " + ", no ".join(obstacles)
    relay = "a relay: " if population.relay_of is not None else ""
    return "LIF", f"{relay}Lava's own LIF does exactly this"


def _graded_process(neuron: IntegerNeuron) -> tuple[str, str]:
    """Lava's own graded neurons, where the whole network allows them."""
    if neuron.threshold is not None:
        return "GradedReluVec", "Lava's own does exactly this; synapses divide by the threshold"
    again = "" if neuron.clear_interval else ", with a connection to itself that adds up frames"
    return "GradedVec", f"Lava's own passes on its input{again}"


def _lif_obstacles(neuron: IntegerNeuron, threshold: Integers) -> list[str]:
    """What keeps a population from being a stock LIF, as nouns."""
    first = int(threshold.flat[0])
    whole = first % 2**INPUT_SHIFT.value == 0
    has_bias = bool(np.any(neuron.bias_mantissa))
    found = {
        "reset by subtraction": neuron.reset is Reset.SUBTRACT,
        "comparison by >=": neuron.comparison is Comparison.GREATER_EQUAL,
        "threshold of each neuron's own": bool(np.any(threshold != first)),
        "threshold off multiples of 64": not whole,
        f"threshold above {MAX_THRESHOLD_MANTISSA.value} * 64": (
            first > MAX_THRESHOLD_MANTISSA.value << INPUT_SHIFT.value
        ),
        "bias that starts later than step 1": has_bias and neuron.bias_start > 0,
        "clearing at intervals": neuron.clear_interval > 0,
        f"input shift other than {INPUT_SHIFT.value}": neuron.input_shift != INPUT_SHIFT.value,
        f"state width other than {STATE_BITS.value} bits": neuron.state_bits != STATE_BITS.value,
        "potential decay of 4096": neuron.potential_decay > MAX_DECAY.value,
    }
    return [what for what, true in found.items() if true]


def _synapse_process(projection: ProgramProjection) -> tuple[str, str, str]:
    if projection.delay:
        return "DelaySparse", "", f"delay of {projection.delay} on top of one step a hop"
    if isinstance(projection.op, Linear):
        return "Dense", "", "a full matrix"
    if not isinstance(projection.op, Conv2d):
        return "Sparse", "", "a sparse matrix"
    obstacle = _conv_obstacle(projection, projection.op)
    if obstacle:
        return "Sparse", "", f"a convolution, but Lava's Conv {obstacle}"
    return "Conv", "", "a convolution"


def _conv_obstacle(projection: ProgramProjection, op: Conv2d) -> str:
    """What keeps a convolution without delay from being a stock Conv, or nothing."""
    fields = (*op.weight.shape[2:], *op.stride, *op.padding, *op.dilation, op.groups)
    fan_in = op.weight[0].size
    if projection.graded:
        return f"wraps graded sums at {LAVA_CONV_BITS} bits"
    if projection.exponent:
        return "ignores the weight exponent"
    if max(fields) > LAVA_CONV_FIELD:
        return f"keeps sizes, strides and groups in 8 bits (at most {LAVA_CONV_FIELD})"
    if fan_in * LARGEST_WEIGHT >= 2 ** (LAVA_CONV_BITS - 1):
        return f"wraps sums at {LAVA_CONV_BITS} bits"
    return ""
