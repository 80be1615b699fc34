"""Every reason why a program cannot be C for this chip, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.backends.c_code import lay_out
from snnc.errors import Diagnostic
from snnc.ir import (
    IntegerNeuron,
    Kind,
    Limit,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Target,
    on_grid,
    size,
    weight_range,
)
from snnc.ir.scaling import weights_of

from .target import BIAS_EXPONENT, CURRENT_DECAY, DECAY, NAME, NUMBER, SHIFT, STATE_BITS, WEIGHT_BITS

AGAIN = "use the target's own passes (leave --passes out)"
SMALLER = "use fewer neurons, fewer steps a frame (shorter delays), or a chip with more: {}{{{}=...}}"
Found = tuple[str, str, int, int, Limit, str]
"""Code, what it is, its value, the least, the limit, and the cure."""


def check(program: Program, target: Target) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    found = list(check_numbers(program))
    yield from found
    if not found:  # of a program that cannot be laid out nothing can be counted
        yield from _memory(program, target)


def check_numbers(program: Program) -> Iterator[Diagnostic]:
    """Everything that C cannot say, whatever the chip's size."""
    for population in program.populations:
        yield from _population(population)
    for projection in program.projections:
        yield from _projection(program, projection)


def _memory(program: Program, target: Target) -> Iterator[Diagnostic]:
    layout = lay_out(program, target)
    for code, memory, needed in (
        ("C401", "flash", layout.table_bytes),
        ("C402", "RAM", layout.ram_bytes),
    ):
        limit = target.own_limits[memory]
        if needed > limit.value:
            what = f"{memory} for {needed} bytes, there are {limit.value}"
            why = f"tables and state without code and stack; stated by {limit.source}"
            yield Diagnostic(code, what, program.name, why, SMALLER.format(NAME, memory.lower()))


def _outside(where: str, found: Iterator[Found]) -> Iterator[Diagnostic]:
    """A diagnostic for every value that is not within its limits."""
    for code, name, value, least, limit, cure in found:
        if not least <= value <= limit.value:
            what = f"{name} {value} is not in {least} to {limit.value} on {NAME}"
            yield Diagnostic(code, what, where, f"unit: {limit.unit}; stated by {limit.source}", cure)


def _population(population: ProgramPopulation) -> Iterator[Diagnostic]:
    where = population.origin or population.name
    neuron = population.neuron
    if neuron is None:
        return
    if (neuron.threshold is None) is not (population.kind is Kind.READOUT):
        what = "a readout fires" if population.kind is Kind.READOUT else "neurons without a threshold"
        yield Diagnostic("C403", what, where, "a readout alone has no threshold", AGAIN)
        return
    yield from _outside(where, _numbers(neuron))
    if neuron.code.exact and neuron.clear_interval < 1:
        what = f"the code {neuron.code.value} with a frame of {neuron.clear_interval} steps"
        yield Diagnostic("C404", what, where, "its neurons decide at the end of a frame", AGAIN)


def _numbers(neuron: IntegerNeuron) -> Iterator[Found]:
    yield "D404", "state of bits", neuron.state_bits, 2, STATE_BITS, AGAIN
    yield "D405", "input shift", neuron.input_shift, 0, SHIFT, AGAIN
    yield "D403", "current decay", neuron.current_decay, 0, CURRENT_DECAY, "let it last shorter"
    yield "D403", "potential decay", neuron.potential_decay, 0, DECAY, "use a slower decay"
    yield "D410", "bias exponent", neuron.bias_exponent, 0, BIAS_EXPONENT, AGAIN
    for name, value in (
        ("first step with bias", neuron.bias_start),
        ("steps between clearings", neuron.clear_interval),
    ):
        yield "C409", name, value, 0, NUMBER, AGAIN
    yield "C409", "steps between biases", neuron.bias_interval, 1, NUMBER, AGAIN
    yield "C410", "levels", neuron.levels, int(neuron.code.exact), NUMBER, "train with fewer levels"
    most = NUMBER.value
    for value in _ends(neuron.start_value):
        yield "D408", "start value", value, -most, NUMBER, AGAIN
    for value in _ends(neuron.bias_mantissa):
        yield "D409", "bias mantissa", value, -most, NUMBER, "quantize with a larger bias exponent"
    if neuron.threshold is not None:
        for value in _ends(neuron.threshold):
            yield "D407" if value < 1 else "D406", "threshold", value, 1, NUMBER, AGAIN


def _ends(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> set[int]:
    return {int(values.min()), int(values.max())}


def _projection(program: Program, projection: ProgramProjection) -> Iterator[Diagnostic]:
    where = projection.origin or projection.label
    yield from _outside(where, _connection(projection))
    shape, neurons = program.by_name[projection.source].shape, program.by_name[projection.target].shape
    try:
        given = projection.op.out_shape(shape)
    except ValueError as problem:
        yield Diagnostic("D416", f"it does not fit its source: {problem}", where, "", AGAIN)
        return
    if size(given) != size(neurons):
        what = f"it gives {size(given)} values, its target has {size(neurons)} neurons"
        yield Diagnostic("D416", what, where, "", AGAIN)
    bits, mode = projection.weight_bits, projection.sign_mode
    try:
        weights = weights_of(projection.op)
    except TypeError:
        return  # passes on one to one
    if 1 <= bits <= WEIGHT_BITS.value and not on_grid(weights, bits, mode):
        low, high = weight_range(bits, mode)
        what = f"weights {weights.min()} to {weights.max()} are not all on the grid {low} to {high}"
        yield Diagnostic("D414", what, where, f"{bits} bits, {mode.value} signs", AGAIN)


def _connection(projection: ProgramProjection) -> Iterator[Found]:
    cure = "use more steps a frame: every connection takes one step already"
    yield "D411", "delay", projection.delay, 0, NUMBER, cure
    yield "D412", "weight exponent", projection.exponent, -SHIFT.value, SHIFT, AGAIN
    yield "D413", "weight bits", projection.weight_bits, 1, WEIGHT_BITS, "use fewer --weight-bits"
