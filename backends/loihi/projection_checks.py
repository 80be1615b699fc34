"""What can be wrong with one projection."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.backends.limit_messages import OWN_PASSES
from snnc.errors import Diagnostic, counted
from snnc.ir import (
    Conv2d,
    Identity,
    Linear,
    Program,
    ProgramProjection,
    Shape,
    SparseLinear,
    on_grid,
    size,
    weight_range,
    weight_step,
)

from .limit_messages import below, exceeds, where_in
from .target import DELAY, WEIGHT_BITS, WEIGHT_EXPONENT


def out_shape(program: Program, projection: ProgramProjection) -> Shape | None:
    """The shape that a projection gives, None where it cannot take its source's."""
    try:
        return projection.op.out_shape(program.by_name[projection.source].shape)
    except ValueError:
        return None


def check_projection(program: Program, projection: ProgramProjection) -> Iterator[Diagnostic]:
    """Delay, exponent, width, grid and shape of one projection."""
    where = where_in(projection.origin, projection.label)
    if projection.delay > DELAY.value:
        cure = "use fewer steps a frame, or shorten the rollout's delays"
        yield exceeds("D411", "delay", projection.delay, DELAY, where, cure)
    if projection.delay < 0:
        cure = "use more steps a frame: every connection takes one step already"
        yield below("D411", "delay", projection.delay, 0, where, cure)
    exponent = projection.exponent
    if abs(exponent) > WEIGHT_EXPONENT.value:
        yield Diagnostic(
            "D412",
            f"weight exponent {exponent} is not in -{WEIGHT_EXPONENT.value} to "
            f"{WEIGHT_EXPONENT.value} on loihi",
            where=where,
            why=f"stated by {WEIGHT_EXPONENT.source}",
            help=OWN_PASSES,
        )
    bits = projection.weight_bits
    if not 1 <= bits <= WEIGHT_BITS.value:
        yield Diagnostic(
            "D413",
            f"{bits} weight bits are not in 1 to {WEIGHT_BITS.value} on loihi",
            where=where,
            why=f"stated by {WEIGHT_BITS.source}",
            help=f"use --weight-bits {WEIGHT_BITS.value} or fewer",
        )
    elif not isinstance(projection.op, Identity):
        yield from _grid(projection, where)
    if isinstance(projection.op, Identity):
        yield Diagnostic(
            "D415",
            "a connection without weights",
            where=where,
            why="loihi has a weight at every synapse; snnc's passes write one there",
            help=OWN_PASSES,
        )
    yield from _shape(program, projection, where)


def _grid(projection: ProgramProjection, where: str) -> Iterator[Diagnostic]:
    op = projection.op
    if isinstance(op, Conv2d | Linear):
        weights = op.weight
    elif isinstance(op, SparseLinear):
        weights = op.weight.data
    else:
        return
    bits, mode = projection.weight_bits, projection.sign_mode
    if not on_grid(weights, bits, mode):
        low, high = weight_range(bits, mode)
        yield Diagnostic(
            "D414",
            f"weights {int(weights.min())} to {int(weights.max())} are not all on the grid "
            f"{low} to {high} in steps of {weight_step(bits, mode)}",
            where=where,
            why=f"{bits} bits, {mode.value} signs: Lava would clip and truncate them silently",
            help=OWN_PASSES,
        )


def _shape(program: Program, projection: ProgramProjection, where: str) -> Iterator[Diagnostic]:
    neurons = size(program.by_name[projection.target].shape)
    given = out_shape(program, projection)
    if given is None or size(given) != neurons:
        fact = (
            "cannot take its source's shape"
            if given is None
            else f"gives {counted(size(given), 'value')}"
        )
        yield Diagnostic(
            "D416",
            f"{fact}, its target has {counted(neurons, 'neuron')}",
            where=where,
            help="please report this: no pass of snnc may produce it",
        )
