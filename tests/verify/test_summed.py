"""Ranges behind neurons that send changes: no input leaves them, and simple ones are reached."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnc.backends.loihi.target import LOIHI
from snnc.conformance.builder import Network
from snnc.conformance.kit import Kit
from snnc.frontend.netx.sigma_delta import sums
from snnc.ir import Encoding, Linear, Program, validate
from snnc.verify.claims import claims
from snnc.verify.known import Range
from snnc.verify.ranges import Proof, bounded, prove
from snnc.workflows.range_report import prove_ranges, report_ranges

from .corners import adversarial, run

NEURON = {"input_shift": 0, "constants": {"spike_exp": 6, "state_exp": 6}}


def network(seed: int, *, spike_exp: int = 6, state_exp: int = 6) -> Program:
    """Input, delta neurons, two layers of sigma-delta neurons, a readout; delays, late biases."""
    rng = np.random.default_rng(seed)
    made = Network(Kit(graded=True, frame=1, weights=(-6, 8)), seed)
    made.input(3, encoding=Encoding.GRADED)
    shift = spike_exp + state_exp
    fields = {**NEURON, "constants": {"spike_exp": spike_exp, "state_exp": state_exp}}
    for name, count in (("first", 3), ("second", 4), ("third", 4)):
        threshold = max(1, int(rng.integers(0, 4)) << shift)
        fields |= {"model": "delta" if name == "first" else "sigma-delta"}
        fields |= {"threshold": np.asarray(threshold), "bias_exponent": shift}
        if name != "first":
            fields |= {"bias_mantissa": rng.integers(-9, 10, count), "bias_start": int(rng.integers(4))}
        made.neurons(name, count, **fields)
    made.readout(2)
    made.populations[-1] = replace(made.populations[-1], neuron=sums(1))
    made.connect("input", "first", Linear(np.eye(3, dtype=np.int64)), exponent=0)
    made.projections[-1] = replace(made.projections[-1], op=Linear(2 * np.eye(3, dtype=np.int64)))
    made.connect("first", "second", delay=int(rng.integers(3)), exponent=int(rng.integers(-1, 2)))
    made.connect("first", "third", exponent=-1)
    made.connect("second", "third", delay=int(rng.integers(2)), exponent=-3)
    made.connect("third", "readout")
    return validate(made.given(np.zeros((1, 1, 3), np.int64)).program)


def found_in(proof: Proof, population: str, register: str) -> Range:
    return next(r for r in proof.ranges if (r.population, r.register) == (population, register))


@given(st.integers(0, 10**6), st.sampled_from([(6, 6), (2, 3), (0, 0), (0, 7)]))
@settings(max_examples=60, deadline=None)
def test_no_input_leaves_a_range(seed: int, exponents: tuple[int, int]) -> None:
    program = network(seed, spike_exp=exponents[0], state_exp=exponents[1])
    frames = 1 + seed % 12
    proof = bounded(program, LOIHI, -4, 4, frames)
    rng = np.random.default_rng(seed)
    x = adversarial(program, proof.ranges, -4, 4, frames, rng)
    flipped = np.where(np.arange(frames)[:, None] % 2 == 0, x, -x)  # the largest changes
    drawn = rng.integers(-4, 5, (8, frames, 3))
    seen = run(program, np.concatenate([x, flipped, drawn]))
    assert not seen.beyond(proof.ranges)
    registers = {register for name, register in seen.ends if name == "second"}
    assert {"potential", "value", "change"} <= registers & {r.register for r in proof.ranges}


def test_simple_ranges_are_reached() -> None:
    """One weight of 2 each: the sum of all messages is the value, whatever was sent in which order."""
    made = Network(Kit(graded=True, frame=1))
    made.input(1, encoding=Encoding.GRADED)
    made.neurons("first", 1, model="delta", threshold=np.asarray(1), bias_exponent=12, **NEURON)
    made.neurons("second", 1, model="sigma-delta", threshold=np.asarray(1), bias_exponent=12, **NEURON)
    made.readout(1)
    made.populations[-1] = replace(made.populations[-1], neuron=sums(1))
    for source, target in (("input", "first"), ("first", "second"), ("second", "readout")):
        made.connect(source, target, Linear(np.full((1, 1), 2)))
    program = made.given(np.zeros((1, 1, 1), np.int64)).program
    proof = bounded(program, LOIHI, -5, 5, 8)
    x = np.array([5, -5, 5, -5, 0, 5, 5, 5])[None, :, None]
    seen = run(program, x)
    assert seen.ends["first", "value"] == (-10 << 12, 10 << 12)
    for name, register in (("first", "value"), ("first", "change"), ("second", "potential")):
        r = found_in(proof, name, register)
        assert (r.low, r.high) == seen.ends[name, register]
    # The answer: 2 times the sum over 2^6, less one for each step's rounding.
    r = found_in(proof, "readout", "potential")
    assert r.high == 2 * (2 * (10 << 6) >> 6) == seen.ends["readout", "potential"][1]
    assert -2 * program.steps(8) <= r.low <= seen.ends["readout", "potential"][0]


def test_what_a_projection_rounds_down_adds_up() -> None:
    """Messages of 1 and -1 by turns bring 2 >> 3 = 0 and -2 >> 3 = -1."""
    made = Network(Kit(graded=True, frame=1))
    made.input(1, encoding=Encoding.GRADED)
    plain = {"input_shift": 0, "constants": {"spike_exp": 0, "state_exp": 0}}
    made.neurons("first", 1, model="delta", threshold=np.asarray(1), bias_exponent=0, **plain)
    made.readout(1)
    made.populations[-1] = replace(made.populations[-1], neuron=sums(1))
    made.connect("input", "first", Linear(np.full((1, 1), 2)), exponent=-1)
    made.connect("first", "readout", Linear(np.full((1, 1), 2)), exponent=-3)
    program = made.given(np.zeros((1, 1, 1), np.int64)).program
    x = (np.arange(21) % 2)[None, :, None]
    low, _ = run(program, x).ends["readout", "potential"]
    r = found_in(bounded(program, LOIHI, 0, 1, 21), "readout", "potential")
    assert low == -9 and -22 <= r.low <= low


def test_rounding_limits_how_long_a_proof_lasts() -> None:
    """Each spike loses less than one: what a readout adds up falls with every step, not for ever."""
    program = network(3)
    proof = prove(program, LOIHI, -1, 1)
    assert proof.holds and not proof.unproved and proof.frames is not None
    assert proof.frames == 2**16 or not bounded(program, LOIHI, -1, 1, proof.frames + 1).holds
    short, long = (
        found_in(bounded(program, LOIHI, -1, 1, n), "readout", "potential") for n in (1, 1000)
    )
    assert long.low < short.low and long.high >= short.high


def test_claims_hold_at_their_corners() -> None:
    program = network(3)
    proof = prove(program, LOIHI, -1, 1)
    made = claims(program, LOIHI, proof, 5)
    assert all(claim.high >= 1 and claim.low == -claim.high for claim in made)
    for claim in made:
        frames = min(5, claim.frames or 5)
        x = adversarial(program, claim.ranges, claim.low, claim.high, frames, np.random.default_rng(0))
        assert not run(program, x).left(claim.ranges)


@pytest.mark.parametrize("counts", [0, 2**14])
def test_what_does_not_fit_is_refused_or_observed(counts: int) -> None:
    program = network(3)
    x = np.full((1, 4, 3), counts)
    if not counts:
        entry, _ = report_ranges(program, LOIHI, prove_ranges(program, LOIHI, x, False), x)
        assert entry.status == "proved"
        return
    entry, notes = report_ranges(program, LOIHI, prove_ranges(program, LOIHI, x, True), x)
    assert entry.observed is not None
    over = {(o["population"], o["register"]): o["overflows"] for o in entry.observed}
    assert over["first", "value"] > 0 and over["second", "input of one step"] > 0
    assert {note.code for note in notes} == {"N724"}
