"""Which Lava Process stands for which part of a program, under which name, and why.

The emitted package obeys ``layout.json``, which is written from this; nothing there decides anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from snnc.ir import (
    SEVERAL_SPIKES,
    STANDARD,
    Conv2d,
    IntegerNeuron,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
)

from .lif import lif_obstacles, process_name
from .sigma_delta import DELTA, SIGMA_DELTA, late_bias
from .stock import exponents, is_stock

PROCESSES = {DELTA.name: "Delta", SIGMA_DELTA.name: "SigmaDelta"}
"""Lava's process by neuron model."""

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


def population_places(program: Program, stock: bool = False) -> tuple[Place, ...]:
    """One place for each population, in the program's order.

    Args:
        program: the network.
        stock: Lava's own processes alone are asked for; where they cannot say it, they are not used.
    """
    places: list[Place] = []
    stock = is_stock(program, stock)
    for population in program.populations:
        process, why = _neuron_process(program, population, stock)
        taken = {place.port for place in places}
        places.append(Place(population.name, process, _port(population, taken), why))
    return tuple(places)


def projection_places(program: Program, stock: bool = False) -> tuple[Place, ...]:
    """One place for each projection, in the program's order; ``stock`` as above."""
    found = exponents(program, is_stock(program, stock))
    return tuple(
        Place(p.label, *_synapse_process(p), exponent=exponent)
        for p, exponent in zip(program.projections, found, strict=True)
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


def _neuron_process(program: Program, population: ProgramPopulation, stock: bool) -> tuple[str, str]:
    neuron = population.neuron
    if neuron is None:
        return "input", "a port: the user's source drives it"
    if neuron.threshold is None:
        if stock:
            return "GradedVec", _graded_readout(neuron)
        return "Readout", "never fires and sends its potential, which LIF cannot"
    if neuron.model == SEVERAL_SPIKES:
        return "SeveralSpikes", "LIF sends no more than one spike in a step"
    if neuron.model != STANDARD:
        return _sigma_delta_process(neuron)
    if neuron.code.exact:
        if stock:
            why = "Lava's own does exactly this; synapses divide by the threshold"
            return "GradedReluVec", why
        if population.relay_of is not None:
            return "Counting", "a relay: LIF's spikes carry no payload"
        return (
            "Counting",
            f"LIF cannot integrate a frame before it emits (code {neuron.code.value})",
        )
    obstacles = lif_obstacles(program, population, neuron, neuron.threshold)
    if obstacles:
        return "Spiking", "LIF has no " + ", no ".join(obstacle.what for obstacle in obstacles)
    relay = "a relay: " if population.relay_of is not None else ""
    process = process_name(neuron)
    return process, f"{relay}Lava's own {process} does exactly this"


def _sigma_delta_process(neuron: IntegerNeuron) -> tuple[str, str]:
    if late_bias(neuron):
        return "LateSigmaDelta", "SigmaDelta has no bias that starts later than step 1"
    process = PROCESSES[neuron.model]
    return process, f"Lava's own {process} does exactly this"


def _graded_readout(neuron: IntegerNeuron) -> str:
    why = "Lava's own passes on its input"
    if neuron.clear_interval == 0:
        return f"{why}, with a connection to itself that adds up frames"
    if neuron.clear_interval == 1:
        return why
    return f"{why}, with connections to itself: one adds up steps, one takes a frame's sum away again"


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
