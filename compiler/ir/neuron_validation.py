"""Whether the fields of a population's neurons are within their ranges and go together."""

from __future__ import annotations

from collections.abc import Mapping

from snnc.errors import UserError, blamed, counted, fail

from .dynamics import STANDARD, Code, Comparison, Reset
from .neuron_models import find_model
from .program import IntegerNeuron, ProgramPopulation
from .program_ranges import register_end
from .ranged import array_in_range, check_array, in_range

OWNER = "IntegerNeuron"
KEEPS_NOTHING = 4095
"""The decay of a current that keeps nothing."""
NUMBERS = (
    "current_decay",
    "potential_decay",
    "input_shift",
    "state_bits",
    "bias_exponent",
    "bias_start",
    "bias_interval",
    "clear_interval",
    "clear_offset",
    "levels",
    "unit",
)


def check_neuron(population: ProgramPopulation, neuron: IntegerNeuron) -> None:
    """Make sure that every engine can compute with these neurons.

    Raises:
        UserError: D133, D135, D137, D333; see :func:`snnc.ir.validate`.
    """
    where = f"population {population.name}"
    for field in NUMBERS:
        in_range(OWNER, field, getattr(neuron, field), where)
    for field, kind in (("comparison", Comparison), ("reset", Reset), ("code", Code)):
        if not isinstance(getattr(neuron, field), kind):
            what = f"{field} is {getattr(neuron, field)!r:.100}"
            help = f"use one of snnc.ir.{kind.__name__}"
            raise fail("D133", what, where=f"{where}, {field}", help=help)
    for field in ("threshold", "start_value", "bias_mantissa"):
        values = getattr(neuron, field)
        if values is not None or field != "threshold":
            values = check_array(field, values, population.shape, where)
            array_in_range(OWNER, field, values, where)
    _check_start(neuron, where)
    _check_code(neuron, where)
    _check_sums(neuron, where)
    _check_model(neuron, where)


def _check_start(neuron: IntegerNeuron, where: str) -> None:
    largest = max(int(neuron.start_value.max()), -int(neuron.start_value.min()))
    if largest > register_end(neuron.state_bits):
        raise fail(
            "D133",
            f"start_value goes up to {largest}; registers of {neuron.state_bits} bits end at "
            f"{register_end(neuron.state_bits)}",
            where=f"{where}, start_value",
            why="it is put into the potential as it is",
        )


def _check_code(neuron: IntegerNeuron, where: str) -> None:
    """What an exact code takes for granted, and what has no meaning without one."""
    code, interval = neuron.code, neuron.clear_interval
    if not code.exact:
        if neuron.levels:
            what = f"levels are {neuron.levels} in the code {code.value}; in this code they must be 0"
            why = "only the exact codes count levels"
            raise fail("D137", what, where=f"{where}, levels", why=why)
        return
    if neuron.threshold is None:
        what = f"a readout has the code {code.value}; it can be {Code.RATE.value}"
        raise fail("D137", what, where=f"{where}, code", why="a readout sends nothing")
    if not interval:
        raise fail(
            "D137",
            f"clear_interval is 0 in the code {code.value}; it has to be 1 or more",
            where=f"{where}, clear_interval",
            why="it is the length of the frames in which neurons of an exact code count",
        )
    if not neuron.levels:
        what = f"levels are 0 in the code {code.value}; there have to be 1 or more"
        raise fail("D137", what, where=f"{where}, levels", why="neurons would never send anything")
    if (neuron.clear_offset - neuron.bias_start - 1) % interval:
        raise fail(
            "D137",
            f"clear_offset {neuron.clear_offset} is not the step after bias_start "
            f"{neuron.bias_start}, or whole frames of {counted(interval, 'step')} from it",
            where=f"{where}, clear_offset",
            why="in an exact code potentials begin every frame at their start value",
        )


def _check_sums(neuron: IntegerNeuron, where: str) -> None:
    """What neurons and readouts that sum changes have in common: whoever forgets loses the level."""
    if not isinstance(neuron.sums_changes, bool):
        what = f"sums_changes is {neuron.sums_changes!r:.100}, neither true nor false"
        raise fail("D133", what, where=f"{where}, sums_changes")
    if not neuron.sums_changes:
        return
    for field, found, only in (
        ("current_decay", neuron.current_decay, KEEPS_NOTHING),
        ("potential_decay", neuron.potential_decay, 0),
        ("model", neuron.model, STANDARD),
    ):
        if found != only:
            what = f"{field} is {found} in a population that sums changes; it has to be {only}"
            raise fail("D137", what, where=f"{where}, {field}", why="a sum of changes is a level")
    if neuron.threshold is not None and not neuron.code.exact:
        what = f"neurons that sum changes have the code {neuron.code.value}"
        why = "a spike takes nothing away from a sum of changes: they count levels"
        raise fail("D137", what, where=f"{where}, code", why=why)


def _check_model(neuron: IntegerNeuron, where: str) -> None:
    """Constants of a neuron model; the model itself says which it can follow, where it is installed."""
    constants = neuron.constants
    if not isinstance(neuron.model, str) or not neuron.model.isprintable() or not neuron.model:
        raise fail("D131", f"{neuron.model!r:.100} is not a valid name", where=f"{where}, model")
    if not isinstance(constants, Mapping) or not all(isinstance(name, str) for name in constants):
        what = f"constants are {constants!r:.100}, not numbers by name"
        raise fail("D137", what, where=f"{where}, constants")
    for name, value in constants.items():
        in_range(OWNER, "constants", value, f"{where}, {name!r:.100}")
    if neuron.model == STANDARD:
        if constants:
            what = f"the neuron model {STANDARD} has constants: {', '.join(constants):.100}"
            raise fail("D137", what, where=f"{where}, constants", why="its fields say all of it")
        return
    try:
        model = find_model(neuron.model)
    except UserError:  # said by whoever runs it: reading needs no model
        return
    with blamed(f"the neuron model {neuron.model}", "checking a neuron's fields"):
        problem = next(iter(model.problems(neuron)), None)
    if problem is not None:
        raise fail(
            "D333",
            f"the neuron model {neuron.model} cannot follow it: {problem}",
            where=where,
            why="neurons of another model would fire at other times",
            help="use the passes of the target itself (leave --passes out)",
        )
