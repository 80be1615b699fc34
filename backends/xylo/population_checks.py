"""What can be wrong with populations: their neurons, how many they are, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic
from snnc.ir import STANDARD, IntegerNeuron, Kind, Program

from .layout import HIDDEN, INPUT, OUTPUT, bias_begins, bias_of, kind_of, late_by, places
from .messages import NO_OUTPUTS, OWN_PASSES, SMALLER, exceeds, named
from .neuron import NEURON
from .target import BIAS, INPUTS, OUTPUTS, STATE_BITS, THRESHOLD
from .target import HIDDEN as HIDDEN_LIMIT

SCALE = "run the pass common-weight-shifts, or train with smaller weights and biases"


def check_populations(program: Program) -> Iterator[Diagnostic]:
    """Thresholds, biases and widths."""
    for p in program.populations:
        if p.neuron is not None and kind_of(p) is not None:
            yield from _numbers(p.neuron, named(p.origin, p.name))
    yield from _biases(program)


def _numbers(neuron: IntegerNeuron, where: str) -> Iterator[Diagnostic]:
    largest, smallest = int(neuron.fires_at.max()), int(neuron.fires_at.min())
    if largest > THRESHOLD.value:
        yield exceeds("D406", "threshold", largest, THRESHOLD, where, SCALE)
    if smallest < 1:
        yield Diagnostic("D407", f"threshold {smallest} is below 1 on xylo", where, help=SCALE)
    bias = int(np.abs(bias_of(neuron)).max())
    if bias > BIAS.value:
        yield exceeds("D409", "bias", bias, BIAS, where, SCALE)
    if neuron.state_bits != STATE_BITS.value:
        what = f"state of {neuron.state_bits} bits, xylo has {STATE_BITS.value}"
        yield Diagnostic("D404", what, where, f"stated by {STATE_BITS.source}", OWN_PASSES)


def strangers(program: Program) -> Iterator[Diagnostic]:
    """Populations whose neurons are not Xylo's, and readouts that are."""
    for p in program.populations:
        if p.neuron is None:
            continue
        where = named(p.origin, p.name)
        if p.kind is Kind.READOUT:
            if p.neuron.model != STANDARD:
                what = f"a readout of the model {p.neuron.model}"
                why = "the host adds up what the readout receives, as docs/numerics.md says"
                yield Diagnostic("D332", what, where, why, OWN_PASSES)
        elif p.neuron.model != NEURON.name:
            relay = p.relay_of is not None
            what = "a relay neuron" if relay else f"neurons of the model {p.neuron.model}"
            why = "no neuron of Xylo emits what it receives in the same step and keeps nothing"
            if not relay:
                why = "Xylo's neurons have currents that last, several spikes a step and a leak"
            yield Diagnostic("D332", f"{what}; xylo has the model xylo", where, why, OWN_PASSES)


def check_sizes(program: Program) -> Iterator[Diagnostic]:
    """More channels or neurons than there are."""
    found = places(program)
    limits = (
        ("D440", INPUT, "number of input channels", INPUTS, "pool or select input channels"),
        ("D441", HIDDEN, "number of hidden neurons", HIDDEN_LIMIT, SMALLER),
        ("D442", OUTPUT, "number of output neurons", OUTPUTS, NO_OUTPUTS),
    )
    for code, kind, what, limit, cure in limits:
        there = [p for p in found if p.kind == kind]
        total = sum(p.size for p in there)
        where = ", ".join(named(program.by_name[p.population].origin, p.population) for p in there)
        if total > limit.value:
            yield exceeds(code, what, total, limit, where, cure)


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
