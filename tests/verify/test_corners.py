"""What is claimed of ranges, run at its corners: a few bundles of each kind, drawn anew each time."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.verify.claims import Claim
from tests.verify.bundles import GRADED, KEPT, VARIANTS, Made, Variant, compiled, made
from tests.verify.claims import prove_at, tried
from tests.verify.corners import adversarial, run
from tests.verify.signed import compared, networks
from tests.verify.test_claims import claiming

SEED = int(time.time()) % 10**6
"""Another one each time; a failure names its bundle's."""


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_no_register_leaves_its_range_at_any_corner(variant: Variant) -> None:
    bundle = made(variant, SEED)
    found = tried(bundle, np.random.default_rng(SEED), outside=False)
    assert not found.wrong, f"seed {SEED}"
    assert found.corners == len(bundle.claims) > 0


def stated(bundle: Made, *found: Claim) -> Made:
    """The bundle with other claims, whose registers are those of its first one."""
    registers = bundle.ranges.claims[0].registers
    lies = tuple(replace(claim, registers=registers) for claim in claiming(*found).claims)
    return replace(bundle, ranges=replace(bundle.ranges, claims=lies))


def test_a_claim_that_pairs_counts_with_the_frames_of_others_is_caught() -> None:
    """As it was: the largest counts of one frame, the frames of the calibrated counts."""
    bundle = made(Variant("loihi", "rate", (KEPT,)), 4)
    first, last = bundle.claims[0], bundle.claims[-1]
    assert first.frames is not None and last.frames is not None and last.frames < first.frames
    mixed = stated(bundle, Claim(first.low, last.high, first.frames))
    assert tried(mixed, np.random.default_rng(0), outside=False).wrong
    assert not tried(bundle, np.random.default_rng(0), outside=False).wrong


def test_inputs_reach_what_is_claimed_of_the_first_layer() -> None:
    """A search that drives nothing would let every claim pass."""
    bundle = made(VARIANTS[0], 1)
    (claim,) = bundle.claims
    registers = bundle.ranges.claims[0].registers
    ranges = prove_at(bundle, claim)
    assert len(ranges) == len(registers)
    counts = adversarial(bundle.program, ranges, claim.low, claim.high, 4, np.random.default_rng(0))
    seen = run(bundle.program, counts)
    fed = {q.target for q in bundle.program.projections if q.source == bundle.program.input.name}
    only = [p for p in fed if len(bundle.program.into(p)) == 1]
    assert only
    for r in ranges:
        if r.population in only and r.register == "input of one step":
            low, high = seen.ends[r.population, r.register]
            # It names the neuron that comes nearest to the register's end: at the end where it does.
            nearest, reached = (r.low, low) if -r.low > r.high else (r.high, high)
            assert reached == nearest


@pytest.mark.parametrize("seed", [0, 14, SEED], ids=["0", "14", "fresh"])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    "variant",
    [
        Variant("loihi"),
        Variant("loihi", "rate", (KEPT,)),
        Variant("loihi", "frame"),
        Variant("loihi", "graded"),
        Variant("loihi", "graded", (GRADED,)),
    ],
    ids=str,
)
def test_scales_are_chosen_so_that_the_proof_holds(variant: Variant, signed: bool, seed: int) -> None:
    """Large counts: a scale that the proof refuses afterwards (D423) was chosen wrongly."""
    rng = np.random.default_rng([seed, 0])
    accumulates, _ = rng.random(2) < 0.5
    try:
        _, _, ranges = compiled(variant, rng, bool(accumulates), signed, scale=40)
        assert ranges.status == "proved"
    except UserError as refused:
        assert {d.code for d in refused.diagnostics} <= {"D302", "D303", "D319"}, f"seed {seed}"


@pytest.mark.lava
def test_counts_of_both_signs_are_the_same_on_every_engine() -> None:
    values, wrong = 0, []
    for network in networks(2, SEED):
        found = compared(network, lava=True)
        values += found.values
        wrong += found.wrong
    assert values and not wrong, f"seed {SEED}"
