"""Every reason why a program does not fit Akida 1.0, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic, counted
from snnc.ir import (
    Encoding,
    Identity,
    Kind,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Shape,
    SignMode,
    size,
)
from snnc.ir.scaling import weights_of

from .chips import Chip
from .layout import CONVOLUTION, Chain, chain_of, frame_size, members, weights_in
from .limit_messages import GRADED, OWN_PASSES, SMALLER, exceeds, where_in
from .neuron_checks import check_neurons
from .target import LAYERS


def check(program: Program, chip: Chip) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    if program.steps_per_frame != 1:
        what = f"{program.steps_per_frame} steps a frame, akida has 1"
        why = "a layer adds up a frame and puts out its levels at once"
        yield Diagnostic("D482", what, program.name, why, "use --steps-per-frame 1")
    misshapen = list(_shapes(program))
    yield from misshapen
    if misshapen:
        return
    for projection in program.projections:
        yield from _connection(program, projection, chip)
    neurons = list(check_neurons(program, chip))
    yield from neurons
    if not neurons:
        yield from _sizes(program, chip)


def _shapes(program: Program) -> Iterator[Diagnostic]:
    """Operations that do not give their target's shape, or hold no weights."""
    for p in program.projections:
        where = where_in(p.origin, p.label)
        if isinstance(p.op, Identity):
            why = "akida has a weight at every synapse; snnc's passes write one there"
            yield Diagnostic("D415", "a connection without weights", where, why, OWN_PASSES)
            continue
        neurons, given = size(program.by_name[p.target].shape), _out_shape(program, p)
        if given is None or size(given) != neurons:
            fact = "cannot take its source's shape" if given is None else f"gives {size(given)} values"
            what = f"{fact}, its target has {counted(neurons, 'neuron')}"
            cure = "please report this: no pass of snnc may produce it"
            yield Diagnostic("D416", what, where, help=cure)


def _out_shape(program: Program, p: ProgramProjection) -> Shape | None:
    try:
        return p.op.out_shape(program.by_name[p.source].shape)
    except ValueError:
        return None


def _connection(program: Program, p: ProgramProjection, chip: Chip) -> Iterator[Diagnostic]:
    """Widths and payloads of one connection; a readout's weights are the host's in a loop."""
    where, source = where_in(p.origin, p.label), program.by_name[p.source]
    on_card = program.by_name[p.target].kind is Kind.NEURONS
    if on_card and p.weight_bits > chip.weight_bits.value:
        cure = f"use --weight-bits {chip.weight_bits.value}"
        yield exceeds("D413", "weight bits", p.weight_bits, chip.weight_bits, where, cure)
    if on_card and p.sign_mode is not SignMode.MIXED and np.abs(weights_of(p.op)).max(initial=0) > 128:
        what = f"{p.sign_mode.value} weights use the bit that is the sign's on akida"
        why = (
            f"weights of {chip.weight_bits.value} bits are whole numbers from -{chip.largest.value} to "
        )
        why += f"{chip.largest.value} ({LAYERS}), all into a population on one scale"
        yield Diagnostic("D414", what, where, why, OWN_PASSES)
    if not p.graded and _most_sent(source, chip) > 1:
        what = f"payloads up to {_most_sent(source, chip)} would count as one"
        yield Diagnostic("D444", what, where, "akida multiplies every level by the weight", GRADED)


def _most_sent(population: ProgramPopulation, chip: Chip) -> int:
    """The largest payload that a population sends."""
    if population.neuron is None:
        return 1 if population.encoding is Encoding.SPREAD else chip.most_input.value
    return population.neuron.levels


def _sizes(program: Program, chip: Chip) -> Iterator[Diagnostic]:
    """Inputs of dense layers, and weights of all."""
    chain = chain_of(program, chip)
    if chain is None:
        yield from _frame_size(program, chip)
        return
    for place in chain.places:
        inputs = size(place.given)
        if place.kind != CONVOLUTION and inputs > chip.inputs.value:
            where = place.projection.origin or place.projection.label
            yield exceeds("D401", "inputs of a dense layer", inputs, chip.inputs, where, SMALLER)
    total = sum(weights_in(program, place) for place in chain.places)
    if chip.weights is not None and total > chip.weights.value:
        cure = _cure(chain, chip)
        yield exceeds("D402", "number of weights", total, chip.weights, program.name, cure)


def _cure(chain: Chain, chip: Chip) -> str:
    unrolled = [p for p in chain.places if p.why_dense]
    if not unrolled:
        return SMALLER
    found = "; ".join(f"{p.projection.origin or p.population}: {p.why_dense}" for p in unrolled)
    has = f"use convolutions that the chip has ({chip.capabilities})"
    return f"{has}: others become dense layers ({found})"


def _frame_size(program: Program, chip: Chip) -> Iterator[Diagnostic]:
    inputs, units = frame_size(program)
    cure = "use a chain without loops and shortcuts, which keeps its convolutions, or a smaller network"
    if inputs > chip.inputs.value:
        what = "inputs of the dense layer of a frame"
        yield exceeds("D401", what, inputs, chip.inputs, program.name, cure)
    elif chip.weights is not None and inputs * units > chip.weights.value:
        what = "weights of the dense layer of a frame"
        yield exceeds("D402", what, inputs * units, chip.weights, program.name, cure)
    bits = sorted({m.dynamics.levels for m in members(program)})
    if chip.version == 1 and len(bits) > 1:
        levels = " and ".join(map(str, bits))
        what = f"populations with {levels} levels in a network with loops or shortcuts"
        why = "the host closes its loops: all populations are one layer, with one number of levels"
        yield Diagnostic("D481", what, program.name, why, "give all activations the same levels")
