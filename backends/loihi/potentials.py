"""Which hidden potentials Lava's processes keep as the program does, and under which name."""

from __future__ import annotations

import numpy as np

from snnc.ir import Kind, Program

from .layout import population_places

FORGETS = "Lava's GradedReluVec clears its potential in the step in which it emits"
EARLY = (
    "Lava's {} adds its bias from step 1 on, and clears at step {} what came of it: its spikes are "
    "the program's, its potential before that step is not"
)


def hidden_potentials(program: Program, stock: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Names of the network's Vars by population, and why others have none that could be compared.

    Args:
        program: the network.
        stock: whether Lava's own processes alone were asked for.
    """
    kept, unread = {}, {}
    for population, place in zip(program.populations, population_places(program, stock), strict=True):
        neuron = population.neuron
        if population.kind is not Kind.NEURONS or neuron is None:
            continue
        if place.process == "GradedReluVec":
            unread[population.name] = FORGETS
        elif place.process.startswith("LIF") and neuron.bias_start and np.any(neuron.bias_mantissa):
            unread[population.name] = EARLY.format(place.process, neuron.bias_start + 1)
        else:
            kept[population.name] = "hidden_potential_" + place.port.removeprefix("spikes_")
    return kept, unread
