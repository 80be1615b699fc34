"""Whether what a node of the graph keeps is a population's potential in the program, and how."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnc.ir import Integers, ProgramPopulation, Reset

from .choices import Choices
from .neurons import is_leaky, unsaid

LEAKS = "its leak is truncated in the program and not in NIR (N714)"
FRACTION = "the file has fractions of a threshold in float32; nir{weights=integer} keeps integers"
CONSTANT = "it fires in every step, and the file has it as a bias of layers"


def held(population: ProgramPopulation, choices: Choices, state: str = "") -> dict[str, Any]:
    """Fields of a spiking population's place: ``unread``, or where its potential is, and how.

    ``state``: the integrator of a composite.
    """
    neuron = population.dynamics
    if is_leaky(neuron):
        return {"unread": LEAKS}
    if choices.weights == "real":
        return {"unread": FRACTION}
    composite = neuron.reset is Reset.SUBTRACT and choices.unsaid == "composite"
    # With metadata a node begins at the start value, without it counts from there.
    begins_there = bool(unsaid(neuron)) and not composite
    offset = np.zeros((), np.int64) if begins_there else neuron.start_value
    fields: dict[str, Any] = {
        "offset": _row(offset, population),
        "start": _row(neuron.start_value, population),
    }
    if composite and neuron.threshold is not None:
        fields.update(state=state, taken=_row(neuron.threshold, population))
    return fields


def _row(values: Integers, population: ProgramPopulation) -> tuple[int, ...]:
    if values.ndim == 0:
        return (int(values),)
    return tuple(np.broadcast_to(values, population.shape).ravel().tolist())
