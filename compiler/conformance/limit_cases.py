"""Limits: what is at one runs, what is over it is refused with both numbers.

A target that states no limit of a name has nothing to refuse; such a case passes without a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.errors import Severity
from snnc.ir import LimitName, Linear, SparseLinear

from .bench import Bench, Wrong
from .builder import Built, Network, single
from .case import Cases
from .kit import Kit

CASES = Cases()
Build = Callable[[Kit, int], Built]


def _delayed(kit: Kit, value: int) -> Built:
    network = Network(kit, 700)
    network.input(5)
    network.neurons("hidden", 6)
    network.readout(3)
    network.connect("input", "hidden", delay=value)
    network.connect("hidden", "readout")
    return network.built(steps=value + 12)


def _exponent(kit: Kit, value: int) -> Built:
    network = Network(kit, 701)
    network.input(5)
    network.neurons("hidden", 6)
    network.readout(3)
    low = Linear(np.sign(network.drawn(6, 5)) * 2)
    network.connect("input", "hidden", low, exponent=value)
    network.connect("hidden", "readout")
    return network.built()


def _threshold(kit: Kit, value: int) -> Built:
    neuron = kit.neuron(True)
    return single(kit, 702, threshold=np.asarray(value << neuron.input_shift)).built()


def _bias(kit: Kit, value: int) -> Built:
    return single(kit, 703, bias_mantissa=np.asarray(value)).built()


def _bias_exponent(kit: Kit, value: int) -> Built:
    return single(kit, 704, bias_mantissa=np.asarray(1), bias_exponent=value).built()


def _decay(kit: Kit, value: int) -> Built:
    return single(kit, 705, potential_decay=value).built()


def _width(kit: Kit, value: int) -> Built:
    built = single(kit, 706).built()
    populations = tuple(
        p if p.neuron is None else replace(p, neuron=replace(p.neuron, state_bits=value))
        for p in built.program.populations
    )
    return replace(built, program=replace(built.program, populations=populations))


def _bits(kit: Kit, value: int) -> Built:
    built = single(kit, 707).built()
    projections = tuple(replace(q, weight_bits=value) for q in built.program.projections)
    return replace(built, program=replace(built.program, projections=projections))


def _crowd(kit: Kit, value: int) -> Built:
    """A population of so many neurons, each with one connection."""
    network = Network(kit, 709)
    network.input(4)
    network.neurons("crowd", value)
    network.readout(2)
    step = int(abs(network.drawn(40)).max()) or 2
    weight = np.full(value, step, np.int64)
    wired = sparse.csr_array((weight, (np.arange(value), np.arange(value) % 4)), (value, 4))
    network.connect("input", "crowd", SparseLinear(wired, (value,)))
    ends = sparse.csr_array((np.full(2, step), ([0, 1], [0, value - 1])), (2, value))
    network.connect("crowd", "readout", SparseLinear(ends, (2,)))
    return network.built(samples=1, steps=2)


LIMITS: tuple[tuple[str, LimitName, Build, bool], ...] = (
    ("delay", LimitName.DELAY, _delayed, True),
    ("exponent", LimitName.WEIGHT_EXPONENT, _exponent, True),
    ("threshold", LimitName.THRESHOLD, _threshold, True),
    ("bias", LimitName.BIAS, _bias, True),
    ("bias-exponent", LimitName.BIAS_EXPONENT, _bias_exponent, True),
    ("decay", LimitName.DECAY, _decay, True),
    ("state-bits", LimitName.STATE_BITS, _width, False),
    ("neurons", LimitName.NEURONS, _crowd, False),
)
"""Name of the case, the target's name of the limit, what builds a program with a value, and whether a
program at the limit is run too."""


def _at(limit: LimitName, build: Build) -> Callable[[Bench], None]:
    def run(bench: Bench) -> None:
        value = bench.backend.target.limit(limit)
        if value is not None:
            bench.exact(build(bench.kit, value))

    return run


def _over(limit: LimitName, build: Build) -> Callable[[Bench], None]:
    def run(bench: Bench) -> None:
        value = bench.backend.target.limit(limit)
        if value is not None:
            shift = bench.kit.neuron(True).input_shift if limit is LimitName.THRESHOLD else 0
            refused(bench, build(bench.kit, value + 1), value << shift)

    return run


def refused(bench: Bench, built: Built, *numbers: int) -> None:
    """Make sure that ``check`` refuses a program, in a message that has the numbers.

    Raises:
        Wrong: it does not, or it says too little.
    """
    errors = [d for d in bench.backend.check(built.program) if d.severity is Severity.ERROR]
    if not errors:
        raise Wrong(f"a program beyond the limit {numbers} is accepted")
    for found in errors:
        lacking = [part for part in ("code", "what", "where", "help") if not getattr(found, part)]
        if lacking:
            raise Wrong(f"the message has no {', '.join(lacking)}: {found.render()}")
    texts = [found.render() for found in errors]
    if not any(all(str(number) in text for number in numbers) for text in texts):
        raise Wrong(
            f"no message of check() names {' and '.join(map(str, numbers))} (thresholds: the limit's "
            f"mantissa << input shift); the first says: {texts[0]}"
        )


for name, limit, build, runs in LIMITS:
    if runs:
        CASES.case(f"limits/{name}-at", f"the largest {limit.text} runs")(_at(limit, build))
    beyond = f"a {limit.text} beyond the limit is refused"
    CASES.case(f"limits/{name}-over", beyond)(_over(limit, build))


@CASES.case("limits/weight-bits-over", "wider weights than the target has are refused")
def _weight_bits(bench: Bench) -> None:
    most = max(bench.backend.target.weight_bits)
    if bench.backend.target.limit(LimitName.WEIGHT_BITS) is not None:
        refused(bench, _bits(bench.kit, most + 1), most + 1)


@CASES.case("limits/several", "every violation is named, not the first only")
def _several(bench: Bench) -> None:
    delay = bench.backend.target.limit(LimitName.DELAY)
    bias = bench.backend.target.limit(LimitName.BIAS)
    if delay is None or bias is None:
        return
    changes: dict[str, Any] = {"bias_mantissa": np.asarray(bias + 1)}
    network = single(bench.kit, 710, **changes)
    network.projections.clear()
    network.connect("input", "hidden", delay=delay + 1)
    network.connect("hidden", "readout")
    built = network.built()
    refused(bench, built, delay)
    refused(bench, built, bias)


@CASES.case("limits/sources", "every limit says its unit and where it is stated")
def _sources(bench: Bench) -> None:
    target = bench.backend.target
    named = {**{n.text: limit for n, limit in target.limits.items()}, **target.own_limits}
    for name, limit in named.items():
        if not limit.unit.strip() or len(limit.source.strip()) < 5:
            raise Wrong(f"the limit {name!r} states no unit or no source")
