"""What can be wrong with one projection."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.backends.limit_messages import OWN_PASSES
from snnc.errors import Diagnostic
from snnc.ir import (
    Array,
    Code,
    Conv2d,
    Identity,
    Linear,
    Op,
    Program,
    ProgramProjection,
    SparseLinear,
    on_grid,
    size,
    weight_range,
    weight_step,
)

from .limit_messages import below, exceeds, where_in
from .registers import chip_exponent
from .target import DELAY, WEIGHT_BITS, WEIGHT_EXPONENT, WEIGHT_WIDTHS


def fits(program: Program, projection: ProgramProjection) -> bool:
    """Whether the operation takes its source's shape and gives its target's size."""
    try:
        given = projection.op.out_shape(program.by_name[projection.source].shape)
    except ValueError:
        return False
    return size(given) == size(program.by_name[projection.target].shape)


def check_projection(program: Program, projection: ProgramProjection) -> Iterator[Diagnostic]:
    """Delay, payload, width, grid, exponent and shape of one projection."""
    where = where_in(projection.origin, projection.label)
    if projection.delay > DELAY.value:
        cure = "let relays carry it (--set 'match-delays{relays=true}'), or use fewer steps a frame"
        yield exceeds("D411", "delay", projection.delay, DELAY, where, cure)
    if projection.delay < 0:
        cure = "use more steps a frame: every connection takes one step already"
        yield below("D411", "delay", projection.delay, 0, where, cure)
    if projection.graded:
        yield Diagnostic(
            "D427",
            "a projection that multiplies payloads, spikes of loihi1 have none",
            where,
            "a discrete axon of Loihi 1 carries no payload",
            "use --code rate and the input encoding spread",
        )
    if projection.weight_bits not in WEIGHT_WIDTHS:
        allowed = ", ".join(map(str, WEIGHT_WIDTHS))
        yield Diagnostic(
            "D413",
            f"{projection.weight_bits} weight bits; loihi1 stores {allowed}",
            where,
            f"stated by {WEIGHT_BITS.source}",
            f"use one of --weight-bits {allowed}",
        )
    elif not isinstance(projection.op, Identity):
        yield from _grid(projection, where)
    if isinstance(projection.op, Identity):
        yield Diagnostic(
            "D415",
            "a connection without weights",
            where,
            "loihi1 has a weight at every synapse; snnc's passes write one there",
            OWN_PASSES,
        )
    else:
        yield from _exponent(program, projection, where)
    if not fits(program, projection):
        yield Diagnostic(
            "D416",
            "its operation does not lead from its source's shape to its target's",
            where,
            help="please report this: no pass of snnc may produce it",
        )


def op_weights(op: Op) -> Array:
    """Every weight that an operation holds, each once."""
    if isinstance(op, Conv2d | Linear):
        return op.weight
    return np.asarray(op.weight.data) if isinstance(op, SparseLinear) else np.zeros(0, np.int64)


def _grid(projection: ProgramProjection, where: str) -> Iterator[Diagnostic]:
    weights = op_weights(projection.op)
    bits, mode = projection.weight_bits, projection.sign_mode
    if not on_grid(weights, bits, mode):
        low, high = weight_range(bits, mode)
        yield Diagnostic(
            "D414",
            f"weights {int(weights.min())} to {int(weights.max())} are not all on the grid "
            f"{low} to {high} in steps of {weight_step(bits, mode)}",
            where,
            f"{bits} bits, {mode.value} signs: the chip would clip and truncate them silently",
            OWN_PASSES,
        )


def _exponent(program: Program, projection: ProgramProjection, where: str) -> Iterator[Diagnostic]:
    """The chip shifts each weight and cuts off what falls below 1; a program shifts their sum."""
    population = program.by_name[projection.target]
    if population.neuron is None or population.neuron.code is not Code.RATE:
        return
    exponent = chip_exponent(population, projection)
    if abs(exponent) > WEIGHT_EXPONENT.value:
        yield Diagnostic(
            "D412",
            f"weight exponent {exponent} is not in -{WEIGHT_EXPONENT.value} to "
            f"{WEIGHT_EXPONENT.value} on loihi1",
            where,
            f"stated by {WEIGHT_EXPONENT.source}; the program's is {projection.exponent}, with an "
            f"input shift of {population.neuron.input_shift}",
            OWN_PASSES,
        )
    for power, what in ((-exponent, "weight exponent"), (-projection.exponent, "exponent of the sum")):
        if power > 0 and np.any(op_weights(projection.op) % (1 << power)):
            yield Diagnostic(
                "D421",
                f"{what} {-power}: weights that are not multiples of {1 << power} would be cut off",
                where,
                "the chip shifts each weight, a program shifts their sum: these "
                "are equal only if no bits are cut off",
                "quantize for loihi1, whose passes use exponents of 0 and more and a shift of 6",
            )
            return
