"""Claims of proof: counts and frames that go together, and hold as they are stated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnc.backends.loihi.target import LOIHI
from snnc.backends.nir.target import NIR
from snnc.bundle.manifest_schema import Wrong, ranges
from snnc.bundle.ranges import PROVED, Bounded, Ranges
from snnc.ir import Code, Encoding, Linear, Program, ProgramProjection, SignMode, Target
from snnc.verify.claims import Claim, claims
from snnc.verify.observed import observe
from snnc.verify.ranges import prove
from snnc.workflows.claimed import beyond_proof, claims_in, claims_text
from snnc.workflows.range_report import prove_ranges, report_ranges
from tests.verify.test_ranges import one_layer

WIDE = Target("wide")
"""Nothing but the registers' own 24 bits limits what arrives."""


def summing(weight: int = 1, inputs: int = 1, encoding: Encoding = Encoding.ONCE) -> Program:
    """An input onto a readout that adds up: the smallest program whose proof ends with its frames."""
    given, _, out = one_layer(Code.GRADED, 0).populations
    assert out.neuron is not None
    adds = replace(out.neuron, clear_interval=0)
    op = Linear(np.full((1, inputs), weight))
    return Program(
        "sum",
        1,
        (
            replace(given, shape=(inputs,), encoding=encoding),
            replace(out, shape=(1,), neuron=adds),
        ),
        (ProgramProjection("in", "out", op, 8, SignMode.EXCITATORY, 0, 0, True, "fc"),),
    )


def stated(program: Program, target: Target, counts: Any = None) -> tuple[Claim, ...]:
    proof = prove_ranges(program, target, counts, False)
    return claims_in(report_ranges(program, target, proof, counts)[0])


def test_counts_and_frames_go_together() -> None:
    """What was said of this: counts to 8452, up to 1057 frames. It saturates in the third."""
    program = summing(weight=250)
    found = stated(program, WIDE, np.full((1, 6, 1), 4))
    most = 2**23 - 1
    assert [(c.low, c.high, c.frames) for c in found] == [
        (0, 4, most // 250 // 4),
        (0, most // 250 // 6, 6),
        (0, most // 250, 1),
    ]
    for claim in found:
        assert claim.frames is not None
        for high, frames, holds in (
            (claim.high, claim.frames, True),
            (claim.high, claim.frames + 1, False),
            (claim.high + 1, claim.frames, False),
        ):
            over = observe(program, np.full((1, frames, 1), high)).overflows
            assert (sum(over.values()) == 0) is holds, (claim, high, frames)


def test_registers_stand_beside_the_counts_and_frames_that_they_are_for() -> None:
    program = summing(weight=3)
    counts = np.full((1, 6, 1), 4)
    entry, notes = report_ranges(program, WIDE, prove_ranges(program, WIDE, counts, False), counts)
    assert not notes
    for each in entry.claims:
        low, high, frames = each.low, each.high, each.frames
        assert frames is not None
        found = {r["register"]: (r["low"], r["high"]) for r in each.registers}
        assert low == 0 and found["potential"] == (0, 3 * high * frames)
        assert found["input of one step"] == found["current"] == (0, 3 * high)
        assert found["sum of in -> out"] == (0, 3 * high)


def test_a_register_is_bounded_after_the_frames_that_all_of_them_last() -> None:
    """A second readout-like population would hold far longer than the one that is claimed for."""
    given, h, out = one_layer(Code.RATE, 0).populations
    assert h.neuron is not None and out.neuron is not None
    slow = replace(h.neuron, clear_interval=0, bias_mantissa=np.asarray(-1))
    fast = replace(out.neuron, clear_interval=0, bias_mantissa=np.asarray(-1000))
    program = replace(
        one_layer(Code.RATE, 0),
        populations=(given, replace(h, neuron=slow), replace(out, neuron=fast)),
        projections=(),
    )
    proof = prove(program, LOIHI, 0, 1)
    assert proof.frames == (2**23 - 1) // 4000 and proof.shortest == "out"
    held = {r.population: r.low for r in proof.ranges if r.register == "potential"}
    assert held == {"h": -4 * proof.frames, "out": -4000 * proof.frames}


def test_what_hears_no_input_limits_the_counts_too() -> None:
    """Larger counts make the neurons count higher, and the readout behind them overflows first."""
    program = one_layer(Code.GRADED, 0)
    given, h, out = program.populations
    assert h.neuron is not None and out.neuron is not None
    first = replace(program.projections[0], op=Linear(np.ones((5, 20), np.int64)))
    counting = replace(h.neuron, threshold=np.asarray(1), levels=2**23 - 1)
    last = ProgramProjection(
        "h", "out", Linear(np.full((5, 5), 200)), 8, SignMode.EXCITATORY, 0, 0, True, "fc"
    )
    program = replace(
        program,
        populations=(given, replace(h, neuron=counting), replace(out, start=2)),
        projections=(first, last),
    )
    (claim,) = claims(program, WIDE, prove(program, WIDE, 0, 1), 2)
    # 20 inputs of c make 20 c, five times 200 of it arrive: c alone fits the neurons up to 419430.
    assert claim.high == (2**23 - 1) // (5 * 200 * 20) and claim.frames is None
    for high, holds in ((claim.high, True), (claim.high + 1, False)):
        over = observe(program, np.full((1, 3, 20), high)).overflows
        assert (sum(over.values()) == 0) is holds


def test_counts_of_both_signs_grow_at_both_ends() -> None:
    program = summing(weight=2, inputs=3)
    found = stated(program, WIDE, np.array([[[-2, 0, 1]]]))
    assert {c.low for c in found} == {-2, -found[-1].high} and found[0].high == 1
    assert found[-1].high == (2**23 - 1) // 6
    over = observe(program, np.full((1, 1, 3), -found[-1].high)).overflows
    assert not any(over.values())


def test_no_count_is_claimed_that_the_input_cannot_carry() -> None:
    spread = replace(summing(encoding=Encoding.SPREAD), steps_per_frame=4)
    graded = replace(spread.projections[0], graded=False)
    found = stated(replace(spread, projections=(graded,)), WIDE)
    assert [c.high for c in found] == [1, 4]


def test_no_register_of_32_bits_is_said_to_hold_two_to_the_31() -> None:
    """A current of 2^23 does not wrap in 24 bits; one of 2^31 does in 32."""
    program = summing(weight=1, inputs=512)
    given, out = program.populations
    assert out.neuron is not None
    for bits, most in ((24, 2**23), (32, 2**31 - 1)):
        wide = replace(
            program, populations=(given, replace(out, neuron=replace(out.neuron, state_bits=bits)))
        )
        (current,) = (r for r in prove(wide, NIR, 0, 1).ranges if r.register == "current")
        assert current.most == most


def claiming(*found: Claim) -> Ranges:
    return Ranges(PROVED, tuple(Bounded(c.low, c.high, c.frames) for c in found))


@pytest.mark.parametrize(
    ("counts", "frames", "beyond"),
    [
        ([[0, 4]], 24, 0),
        ([[0, 5]], 24, 1),
        ([[0, 5]], 12, 0),
        ([[0, 40]], 12, 0),
        ([[0, 40]], 13, 1),
        ([[0, 570]], 1, 0),
        ([[0, 570]], 2, 1),
        ([[0, 0]], 25, 1),
        ([[-1, 0]], 1, 1),
        ([[0, 4], [0, 41], [3, 3]], 12, 1),
    ],
)
def test_data_are_beyond_where_their_counts_and_frames_lie_in_no_claim(
    counts: list[list[int]], frames: int, beyond: int
) -> None:
    made = claiming(Claim(0, 4, 24), Claim(0, 40, 12), Claim(0, 570, 1))
    x = np.zeros((len(counts), frames, 3), np.int64)
    x[:, 0, :2] = counts
    found = beyond_proof(made, x, LOIHI)
    assert len(found) == min(1, beyond)
    if found:
        (warning,) = found
        assert warning.code == "N725" and f"{beyond} of {len(counts)} sample" in warning.what
        assert f"{counts[-1 if len(counts) == 1 else 1][1]} over {frames} frame" in warning.what
        assert claims_text(claims_in(made)) in warning.what
        assert LOIHI.overflow in warning.why


def test_any_number_of_frames() -> None:
    made = claiming(Claim(0, 3, None), Claim(0, 9, 2))
    assert claims_text(claims_in(made)) == (
        "counts from 0 to 3, any number of frames; or counts from 0 to 9, up to 2 frames"
    )
    assert not beyond_proof(made, np.full((1, 1000, 1), 3), LOIHI)
    assert beyond_proof(made, np.full((1, 1000, 1), 4), LOIHI)


@pytest.mark.parametrize(
    "entry",
    [
        {"status": "proved"},
        {"status": "proved", "claims": 3},
        {"status": "proved", "claims": ["x"]},
        {"status": "proved", "claims": [{"counts": [1], "frames": 2}]},
        {"status": "proved", "claims": [{"counts": [0, 1]}]},
        {"status": "proved", "claims": [{"counts": [0, 1], "frames": "many"}]},
        {"status": "proved", "claims": [{"counts": [0, None], "frames": 1}]},
    ],
)
def test_a_damaged_claim_is_a_message(entry: dict[str, Any]) -> None:
    with pytest.raises(Wrong, match=r"ranges\.claims"):
        ranges(entry, "ranges")
