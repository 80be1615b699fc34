"""Every reason why a program does not fit Xylo 2, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic
from snnc.ir import Kind, Limit, Program, ProgramProjection, size

from .layout import (
    HIDDEN,
    INPUT,
    OUTPUT,
    bias_begins,
    kind_of,
    late_by,
    lay_out,
    matrix_name,
    on_chip,
    places,
    whole_weights,
)
from .target import (
    BIAS,
    DELAY,
    FAN_OUT,
    INPUTS,
    OUTPUTS,
    SYNAPSES,
    WEIGHT_BITS,
    WEIGHT_SHIFT,
)
from .target import HIDDEN as HIDDEN_LIMIT

OWN_PASSES = "use the passes of the target itself (leave --passes out)"
SMALLER = "make the network smaller; snnc does not split one over several chips"


def exceeds(code: str, what: str, value: int, limit: Limit, where: str, cure: str) -> Diagnostic:
    """A value above its limit."""
    why = f"unit: {limit.unit}; stated by {limit.source}"
    return Diagnostic(code, f"{what} {value} exceeds {limit.value} on xylo", where, why, cure)


def named(origin: str, name: str) -> str:
    """The user's own name first, the program's after it where they differ."""
    return origin if origin == name else f"{origin} ({name})"


def check(program: Program) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    strange = list(_strangers(program))
    yield from strange
    yield from _sizes(program)
    wiring = [d for p in on_chip(program) for d in _projection(program, p)]
    yield from wiring
    yield from _outputs(program)
    yield from _biases(program)
    if not strange and not wiring:
        yield from _matrices(program)


def _strangers(program: Program) -> Iterator[Diagnostic]:
    """Populations whose neurons are not Xylo's, and readouts that are."""
    for p in program.populations:
        if p.neuron is None:
            continue
        where = named(p.origin, p.name)
        if p.kind is Kind.READOUT:
            if p.neuron.model != "standard":
                what = f"a readout of the model {p.neuron.model}"
                why = "the host adds up what the readout hears, as docs/numerics.md says"
                yield Diagnostic("D448", what, where, why, OWN_PASSES)
        elif p.neuron.model == "standard":
            relay = p.relay_of is not None
            what = "a relay neuron" if relay else "neurons of the model standard"
            why = "no neuron of Xylo passes on what it hears in the same step and forgets it"
            if not relay:
                why = "Xylo's neurons have currents that last, several spikes a step and a leak"
            yield Diagnostic("D448", f"{what}; xylo has the model xylo", where, why, OWN_PASSES)


def _sizes(program: Program) -> Iterator[Diagnostic]:
    found = places(program)
    limits = (
        ("D440", INPUT, "number of input channels", INPUTS, "pool or select input channels"),
        ("D441", HIDDEN, "number of hidden neurons", HIDDEN_LIMIT, SMALLER),
        ("D442", OUTPUT, "number of output neurons", OUTPUTS, "use bit-shift-decays{outputs=none}"),
    )
    for code, kind, what, limit, cure in limits:
        there = [p for p in found if p.kind == kind]
        total = sum(p.size for p in there)
        where = ", ".join(named(program.by_name[p.population].origin, p.population) for p in there)
        if total > limit.value:
            yield exceeds(code, what, total, limit, where, cure)


def _projection(program: Program, p: ProgramProjection) -> Iterator[Diagnostic]:
    """Delay, payloads and weights of one connection."""
    where = named(p.origin, p.label)
    source = program.by_name[p.source]
    if p.delay != DELAY.value:
        cure = "shorten the rollout's delays: every connection takes one step already"
        yield exceeds("D443", "delay", p.delay, DELAY, where, cure)
    if source.kind is Kind.NEURONS and not p.graded:
        what = "it counts spikes of one step as one"
        why = "Xylo adds the weight once for each of them"
        yield Diagnostic("D444", what, where, why, OWN_PASSES)
    try:
        weights = whole_weights(program, p)
    except ValueError as problem:
        what = f"weight exponent {p.exponent}: {problem}"
        yield Diagnostic("D445", what, where, "Xylo shifts weights to the left only", OWN_PASSES)
        return
    expected = (size(source.shape), size(program.by_name[p.target].shape))
    if weights.shape != expected:
        what = f"weights of shape {weights.shape} between {expected[0]} and {expected[1]} neurons"
        yield Diagnostic("D445", what, where, help="please report this: no pass of snnc may produce it")


def _outputs(program: Program) -> Iterator[Diagnostic]:
    """What output neurons cannot hear, and that nothing but the readout hears them."""
    for p in program.projections:
        source, target = (kind_of(program.by_name[name]) for name in (p.source, p.target))
        where = named(p.origin, p.label)
        cure = "use bit-shift-decays{outputs=none}"
        if target == OUTPUT and source != HIDDEN:
            what = f"output neurons hear {'the input' if source == INPUT else 'output neurons'}"
            yield Diagnostic("D446", what, where, "they hear hidden neurons only", cure)
        elif source == OUTPUT and target is not None:
            why = "the spikes of output neurons leave the chip, and nothing on it hears them"
            yield Diagnostic("D446", "neurons hear output neurons", where, why, cure)


def _biases(program: Program) -> Iterator[Diagnostic]:
    first, latest = late_by(program), program.input.start + 1
    if not 0 <= first <= latest:
        what = f"biases begin after step {first}, the input's first spikes arrive after step {latest}"
        why = "biases act from the chip's first step on"
        yield Diagnostic("D447", what, program.name, why, OWN_PASSES)
    for p in program.populations:
        if p.neuron is None or kind_of(p) is None:
            continue
        begins = bias_begins(p.neuron)
        if begins is not None and begins != first:
            yield Diagnostic(
                "D447",
                f"its bias begins after step {begins}, another one after step {first}",
                named(p.origin, p.name),
                "all biases of Xylo act from its first step on",
                OWN_PASSES,
            )
        largest = int(np.abs(p.neuron.bias_mantissa << p.neuron.bias_exponent).max())
        if largest > BIAS.value:
            yield exceeds(
                "D447", "bias", largest, BIAS, named(p.origin, p.name), "train with smaller biases"
            )


def _matrices(program: Program) -> Iterator[Diagnostic]:
    """Whether each matrix fits 8 bits with one shift, and the recurrent one its memory."""
    layout = lay_out(program)
    low, high = -(2 ** (WEIGHT_BITS.value - 1)), 2 ** (WEIGHT_BITS.value - 1) - 1
    for name, matrix in layout.matrices.items():
        stored = matrix.weights
        if stored.size and (stored.min() < low or stored.max() > high):
            within = [p.label for p in on_chip(program) if matrix_name(program, p) == name]
            yield Diagnostic(
                "D449",
                f"weights {stored.min()} to {stored.max()} of the {name} matrix, not {low} to {high}",
                ", ".join(within),
                f"{WEIGHT_BITS.value} bits ({WEIGHT_BITS.source}), and one shift for the whole matrix, "
                f"here {matrix.shift}, at most {WEIGHT_SHIFT.value}",
                "run the pass common-weight-shifts, which xylo's own pipeline contains",
            )
    spoken = np.count_nonzero(layout.matrices[HIDDEN].whole, axis=1)
    for place in layout.of(HIDDEN):
        worst = int(spoken[place.where].max(initial=0))
        if worst > FAN_OUT.value:
            where = named(program.by_name[place.population].origin, place.population)
            cure = "prune connections, or use a narrower next layer"
            yield exceeds("D450", "fan-out", worst, FAN_OUT, where, cure)
    total = int(spoken.sum())
    if total > SYNAPSES.value:
        yield exceeds("D451", "number of recurrent connections", total, SYNAPSES, program.name, SMALLER)
