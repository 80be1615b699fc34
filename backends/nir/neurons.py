"""A population of integer neurons as the NIR primitive that means the same.

What arrives is added to the potential once a step: ``dt r = 1`` (IF, I), ``dt r = tau`` (LIF, LI).
``dv / 4096`` of the potential is lost a step: ``tau = dt 4096 / dv`` by forward Euler; the same for
the current, which CubaLIF and CubaLI have. The equations are in :mod:`snnc.sim.nir_units`.

NIR fires on ``v > threshold`` and resets to ``v_reset``. Potentials of integer neurons are whole
numbers, so that a threshold half a unit higher (for ``>``) or lower (for ``>=``) fires at the same
steps, whichever way a reader compares, and rounding in a reader's arithmetic does not matter. A start
value ``v0`` is a shift of the potential: the threshold is ``v0`` lower, and so is what a hard reset
goes back to. Only the soft reset has no word in NIR. Where metadata say it, a spike takes the threshold
away, which must stay what it is: there the potential is half a unit aside (:func:`aside`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.errors import every
from snnc.ir import Array, Comparison, IntegerNeuron, Program, ProgramPopulation, Reset, Shape

from .choices import Choices
from .registers import Registers
from .sketch import Sketch, stored

NO_CURRENT = 4095
"""``du`` of neurons whose current lasts one step."""
UNITY = 4096


@dataclass(frozen=True)
class Placed:
    """Where a population is in the graph.

    Attributes:
        entry: the node that is given its input.
        exit: the node that sends its spikes, or its value.
        bias: what is still to be added at every step, shape of the population; None for nothing.
    """

    entry: str
    exit: str
    bias: Array | None


def unsaid(neuron: IntegerNeuron) -> list[str]:
    """What NIR cannot represent, and what would change spikes."""
    found = []
    if neuron.threshold is not None and neuron.reset is Reset.SUBTRACT:
        found.append("soft reset")
    if neuron.threshold is not None and neuron.clear_interval:
        found.append(f"a restart {every(neuron.clear_interval, 'step')}")
    return found


def fires_always(program: Program, population: ProgramPopulation) -> bool:
    """Whether a population fires at every step and is given nothing: it stands for a constant."""
    neuron = population.neuron
    if neuron is None or neuron.threshold is None or program.into(population.name):
        return False
    simple = neuron.reset is Reset.ZERO and not is_leaky(neuron) and not neuron.clear_interval
    bias = neuron.bias_mantissa << neuron.bias_exponent
    return bool(simple and np.all(neuron.start_value == 0) and np.all(bias > neuron.threshold))


def divisor(program: Program, population: ProgramPopulation, choices: Choices) -> float:
    """Program units that are 1.0 in the file: 1 for integers; else what is 1.0 in the network."""
    neuron = population.neuron
    if choices.weights == "integer" or neuron is None:
        return 1.0
    if neuron.threshold is None:
        return float(neuron.unit * program.steps_per_frame)
    return float(node_threshold(neuron, population.shape, choices).flat[0])


def place(
    sketch: Sketch,
    program: Program,
    population: ProgramPopulation,
    shape: Shape,
    extra: Registers | None,
    start: int,
    choices: Choices,
) -> Placed:
    """Add the neurons of a population.

    Args:
        sketch: the graph.
        program: gives the steps a frame.
        population: has neurons.
        shape: of its node, without registers.
        extra: what else the node holds.
        start: NIR's steps before its frame 0.
        choices: the target's options.
    """
    neuron = population.dynamics
    unit = divisor(program, population, choices)
    low = spread(neuron.start_value, shape)
    bias = _bias(neuron, shape)
    name = population.name
    if neuron.reset is Reset.SUBTRACT and choices.unsaid == "composite":
        bias = _leak_of_start(neuron, low, bias)
        return _composite(sketch, name, neuron, shape, unit, bias)
    said: dict[str, Any] = {}
    threshold = node_threshold(neuron, shape, choices)
    if unsaid(neuron):
        said = _metadata(neuron, (low + aside(neuron, choices)) / unit, start)
    else:
        bias = _leak_of_start(neuron, low, bias)
    fields, leak = _dynamics(sketch.dt, neuron, shape, bias / unit)
    fields |= {
        "v_threshold": stored(threshold / unit),
        "v_reset": stored(node_reset(neuron, shape, choices) / unit),
    }
    if extra is not None:
        fields, said = extra.lengthen(fields, said)
    node = _node(sketch.nir, "IF", neuron, fields, {"snnc": said} if said else {})
    placed = sketch.add(name, node)
    return Placed(placed, placed, None if leak or not np.any(bias) else bias / unit)


def place_integrator(
    sketch: Sketch, program: Program, population: ProgramPopulation, shape: Shape, choices: Choices
) -> Placed:
    """Add the neurons of a readout that is read by its potential."""
    neuron = population.dynamics
    bias = _bias(neuron, shape) / divisor(program, population, choices)
    fields, leak = _dynamics(sketch.dt, neuron, shape, bias)
    placed = sketch.add(population.name, _node(sketch.nir, "I", neuron, fields, {}))
    return Placed(placed, placed, None if leak or not np.any(bias) else bias)


def is_leaky(neuron: IntegerNeuron) -> bool:
    """Whether it forgets: its integers are truncated at each step, NIR's numbers are not."""
    return neuron.potential_decay > 0 or neuron.current_decay < NO_CURRENT


def node_threshold(neuron: IntegerNeuron, shape: Shape, choices: Choices) -> Array:
    """The thresholds of a population's node, in the program's units.

    As they are where metadata say what NIR cannot; else half a unit aside, lower by the start value.
    """
    if unsaid(neuron) and choices.unsaid == "metadata":
        return spread(neuron.threshold, shape)
    return _shifted_threshold(neuron, shape)


def node_reset(neuron: IntegerNeuron, shape: Shape, choices: Choices) -> Array:
    """What a hard reset of a population's node goes back to, in the program's units."""
    if not unsaid(neuron):
        return -spread(neuron.start_value, shape)
    return np.full(shape, aside(neuron, choices) if neuron.reset is Reset.ZERO else 0.0)


def aside(neuron: IntegerNeuron, choices: Choices) -> float:
    """What potentials of neurons with metadata have on top, in the program's units.

    Whole units as float32 fractions of a threshold are a little off; where a potential equals its
    threshold, that would decide. Half a unit away from it nothing is equal. A leak would eat the half
    unit, and nobody compares truncated leaks exactly (N714).
    """
    if choices.weights == "integer" or is_leaky(neuron):
        return 0.0
    return -_half(neuron)


def _shifted_threshold(neuron: IntegerNeuron, shape: Shape) -> Array:
    return spread(neuron.threshold, shape) + _half(neuron) - spread(neuron.start_value, shape)


def spread(values: Array | None, shape: Shape) -> Array:
    """One value a neuron, in the node's shape, of one for all, for each channel or for each neuron."""
    assert values is not None
    neurons = math.prod(shape)  # those of a channel follow each other, in a row as in an image
    return np.repeat(values.ravel(), neurons // values.size).reshape(shape).astype(np.float64)


def _half(neuron: IntegerNeuron) -> float:
    return 0.5 if neuron.comparison is Comparison.GREATER else -0.5


def _bias(neuron: IntegerNeuron, shape: Shape) -> Array:
    return spread(neuron.bias_mantissa * 2.0**neuron.bias_exponent, shape)


def _leak_of_start(neuron: IntegerNeuron, low: Array, bias: Array) -> Array:
    """The bias of a potential that is counted from the start value."""
    return np.asarray(bias - neuron.potential_decay / UNITY * low)


def _dynamics(
    dt: float, neuron: IntegerNeuron, shape: Shape, bias: Array
) -> tuple[dict[str, Array], bool]:
    """Fields of a node, and whether its leak brings the bias."""
    full = np.ones(shape)
    if neuron.potential_decay == 0:
        return {"r": stored(full / dt)}, False
    ratio = UNITY / neuron.potential_decay
    fields = {"r": stored(full * ratio), "v_leak": stored(bias * ratio)}
    if neuron.current_decay == NO_CURRENT:
        return {"tau": stored(full * dt * ratio), **fields}, True
    gain = UNITY / (neuron.current_decay + 1)
    fields |= {"tau_mem": stored(full * dt * ratio), "tau_syn": stored(full * dt * gain)}
    return {**fields, "w_in": stored(full * gain)}, True


def _node(nir: Any, ideal: str, neuron: IntegerNeuron, fields: dict[str, Array], said: Any) -> Any:
    """The primitive: ``IF`` or ``I`` without leak; LIF or LI with it, or CubaLIF or CubaLI."""
    name = ideal
    if neuron.potential_decay:
        name = {"IF": "LIF", "I": "LI"}[ideal]
        if neuron.current_decay != NO_CURRENT:
            name = f"Cuba{name}"
    return getattr(nir, name)(**fields, metadata=said)


def _metadata(neuron: IntegerNeuron, start_value: Array, start: int) -> dict[str, Any]:
    """What the neuron does beyond NIR, in words that ``docs/nir.md`` defines."""
    said: dict[str, Any] = {"reset": neuron.reset.value, "comparison": neuron.comparison.value}
    if np.any(start_value):
        said["start_value"] = stored(start_value)
    if neuron.clear_interval:
        said["restart_steps"] = neuron.clear_interval
    if start:
        said["start_step"] = start
    return said


def _composite(
    sketch: Sketch,
    name: str,
    neuron: IntegerNeuron,
    shape: Shape,
    unit: float,
    bias: Array,
) -> Placed:
    """Soft reset: an integrator, a Threshold, and what a spike takes away, one step later.

    The feedback arrives where the leak has been at work once on the rest, so it takes the kept part.
    """
    fields, leak = _dynamics(sketch.dt, neuron, shape, bias / unit)
    potential = sketch.add(f"{name}_potential", _node(sketch.nir, "I", neuron, fields, {}))
    threshold = stored(_shifted_threshold(neuron, shape) / unit)
    fires = sketch.after(potential, name, sketch.nir.Threshold(threshold))
    kept = 1 - neuron.potential_decay / UNITY
    taken = stored(-kept * spread(neuron.threshold, shape) / unit)
    back = sketch.after(fires, f"{name}_reset", sketch.nir.Scale(taken))
    sketch.edges.append((back, potential))
    return Placed(potential, fires, None if leak or not np.any(bias) else bias / unit)
