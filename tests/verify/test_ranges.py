"""Range proofs of whole programs: sound on inputs made to break them, and not idle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from snnc.backends.loihi.target import LOIHI
from snnc.ir import (
    Code,
    Comparison,
    Encoding,
    Graph,
    IntegerNeuron,
    Integers,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    SignMode,
    Target,
)
from snnc.sim import encode
from snnc.verify.known import KnownRanges
from snnc.verify.observed import observe
from snnc.verify.ranges import bounded, prove
from tests.backends.nir.networks import INPUT, random_graph
from tests.codes.networks import compiled, exact_network

EXAMPLES = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
CODES = st.sampled_from(["rate", "frame", "graded", "delta"])
REGISTERS = ("input of one step", "current", "potential")


def network(seed: int, code: str, keep: bool) -> Program:
    """A random network; with ``keep`` rate neurons keep their potential over frames."""
    if code != "rate":
        every = ("send-changes{where=all}",) if code == "delta" else ()
        return exact_network(seed, code, 4, 0.5, *every).program
    restart = "restart-frames{enabled=false}" if keep else "restart-frames"
    return compiled(random_graph(seed), "match-delays{steps-per-frame=4}", restart).program


def leaky(graph: Graph, potential_kept: float, current_kept: float = 0.0) -> Graph:
    """The same network, its neurons as somebody has trained them who wanted a memory."""
    return graph.with_populations(
        replace(p, neuron=replace(n, potential_kept=potential_kept, current_kept=current_kept))
        if (n := p.neuron) is not None
        else p
        for p in graph.populations
    )


def adversarial(program: Program, seed: int, high: int, frames: int) -> Integers:
    """Inputs that drive one neuron of what hears the input as far as they can, either way."""
    rng = np.random.default_rng(seed)
    rows = [
        q.op.matrix(program.input.shape) for q in program.projections if q.source == program.input.name
    ]
    found = [np.full((frames, *INPUT), high), np.zeros((frames, *INPUT), np.int64)]
    for matrix in rows:
        weights = matrix[[int(rng.integers(matrix.shape[0]))]].toarray().reshape(INPUT)
        found += [
            np.broadcast_to(np.where(sign * weights > 0, high, 0), (frames, *INPUT)) for sign in (1, -1)
        ]
    found += [rng.integers(0, high + 1, (frames, *INPUT)) for _ in range(2)]
    there = np.arange(frames).reshape(-1, *[1] * len(INPUT)) % 2  # changes are twice as large
    found += [np.where(there, one, other) for one, other in zip(found[::2], found[1::2], strict=False)]
    return np.array(found, np.int64)


@given(st.integers(0, 10**6), CODES, st.booleans())
@example(13743, "rate", True)  # starts two steps before the readout and is pushed down until its end
@EXAMPLES
def test_no_input_leaves_a_proved_range(seed: int, code: str, keep: bool) -> None:
    program = network(seed, code, keep)
    proof = prove(program, LOIHI, 0, 3)
    frames = 6 if proof.frames is None else min(6, proof.frames)
    seen = observe(program, adversarial(program, seed, 3, frames)).extremes
    for found in proof.ranges:
        if found.register in REGISTERS:
            low, high = seen[found.population, found.register]
            assert found.low <= low and high <= found.high, found


@given(st.integers(0, 10**6), CODES, st.booleans())
@EXAMPLES
def test_proofs_that_share_what_they_know_are_those_that_share_nothing(
    seed: int, code: str, keep: bool
) -> None:
    """Counts and frames up and down again: what is remembered of one must not serve another."""
    program, known = network(seed, code, keep), KnownRanges()
    for low, high, frames in ((0, 1, 1), (0, 9, 1), (-2, 9, 3), (0, 9, 3), (0, 9, None), (0, 1, 1)):
        shared = bounded(program, LOIHI, low, high, frames, known=known)
        assert shared == bounded(program, LOIHI, low, high, frames)


@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([1.0, 1.5, 3.0, 6.0]))
@EXAMPLES
def test_nor_where_neurons_fire_before_their_frames(seed: int, keep: bool, start: float) -> None:
    """As those of NIR files may: from a start at the threshold or above, in step 1."""
    program = network(seed, "rate", keep)
    full = tuple(
        replace(p, neuron=replace(n, start_value=np.floor(start * n.threshold).astype(np.int64)))
        if (n := p.neuron) is not None and n.threshold is not None and p.relay_of is None
        else p
        for p in program.populations
    )
    program = replace(program, populations=full)
    proof = prove(program, LOIHI, 0, 3)
    frames = 6 if proof.frames is None else min(6, proof.frames)
    seen = observe(program, adversarial(program, seed, 3, max(1, frames))).extremes
    for found in proof.ranges:
        if found.register in REGISTERS and found.holds:
            low, high = seen[found.population, found.register]
            assert found.low <= low and high <= found.high, found


def test_what_goes_on_until_the_readout_ends_is_counted_step_by_step() -> None:
    given, h, out = one_layer(Code.RATE, 0).populations
    assert h.neuron is not None and out.neuron is not None
    each = 64 * 2000
    falling = replace(h.neuron, clear_interval=0, bias_mantissa=np.asarray(-2000), bias_exponent=6)
    answer = replace(out, start=h.start + 3, neuron=replace(out.neuron, clear_offset=h.start + 4))
    program = replace(
        one_layer(Code.RATE, 0), populations=(given, replace(h, neuron=falling), answer), projections=()
    )
    proof = prove(program, LOIHI, 0, 0)
    # Without the 3 steps 16 frames would fit: 64 steps are 8192000, 67 are 8576000.
    assert (proof.frames, proof.shortest) == (15, "h")
    (found,) = [r for r in proof.ranges if (r.population, r.register) == ("h", "potential")]
    nothing = observe(program, np.zeros((1, 15, 20), np.int64))
    assert found.low == nothing.extremes["h", "potential"][0] == -63 * each
    assert observe(program, np.zeros((1, 16, 20), np.int64)).overflows["h", "potential"] > 0


def test_what_arrives_before_the_first_frame_is_counted_too() -> None:
    given, h, out = one_layer(Code.RATE, 0).populations
    assert h.neuron is not None and out.neuron is not None
    threshold = np.asarray(6400)
    firing = replace(h.neuron, clear_interval=0, threshold=threshold, start_value=threshold * 100)
    adding = replace(out.neuron, clear_interval=0)
    every = ProgramProjection(
        "h", "out", Linear(np.full((5, 5), 254)), 8, SignMode.EXCITATORY, 3, 0, False, "fc"
    )
    program = replace(
        one_layer(Code.RATE, 0),
        populations=(given, replace(h, start=3, neuron=firing), replace(out, start=4, neuron=adding)),
        projections=(every,),
    )
    proof = prove(program, LOIHI, 0, 0)
    # 64 * 8 * 254 * 5 a step: 3 frames are 12 steps, 7802880, and 3 more have been heard before them.
    assert (proof.frames, proof.shortest) == (2, "out")
    (found,) = [r for r in proof.ranges if (r.population, r.register) == ("out", "potential")]
    low, high = observe(program, np.zeros((1, 2, 20), np.int64)).extremes["out", "potential"]
    assert low == found.low == 0 and high == 11 * 650240 <= found.high
    assert observe(program, np.zeros((1, 3, 20), np.int64)).overflows["out", "potential"] > 0


@given(
    st.integers(0, 10**6),
    st.booleans(),
    st.sampled_from([0.999, 0.99, 0.8, 0.3]),
    st.sampled_from([0.0, 0.0, 0.5]),
    st.sampled_from(["subtract", "zero"]),
    st.sampled_from([-0.9, 0.0, 0.5]),
)
@EXAMPLES
def test_nor_with_a_leak(
    seed: int, keep: bool, potential: float, current: float, reset: str, start: float
) -> None:
    graph = leaky(random_graph(seed), potential, current)
    changes = ("match-delays{steps-per-frame=4}", f"set-neurons{{reset={reset},start-value={start}}}")
    restart = f"restart-frames{{enabled={'false' if keep else 'true'}}}"
    program = compiled(graph, *changes, restart).program
    assert all(
        p.neuron.potential_decay for p in program.populations if p.kind is Kind.NEURONS and p.neuron
    )
    proof = prove(program, LOIHI, 0, 3)
    frames = 6 if proof.frames is None else min(6, proof.frames)
    seen = observe(program, adversarial(program, seed, 3, max(1, frames))).extremes
    for found in proof.ranges:
        if found.register in REGISTERS and found.holds:
            low, high = seen[found.population, found.register]
            assert found.low <= low and high <= found.high, found


@pytest.mark.parametrize("code", [Code.RATE, Code.FRAME, Code.GRADED, Code.DELTA])
@pytest.mark.parametrize("seed", range(5))
def test_one_layer_reaches_its_bound(code: Code, seed: int) -> None:
    program = one_layer(code, seed)
    (weights,) = (q.op.matrix((20,)).toarray() for q in program.projections)
    turns = (1, -1, 1) if code is Code.DELTA else (1, 1, 1)
    counts = np.array(
        [
            [np.where(sign * turn * row > 0, 7, 0) for turn in turns]
            for row in weights
            for sign in (1, -1)
        ]
    )
    seen = observe(program, counts).extremes
    for found in prove(program, LOIHI, 0, 7).ranges:
        if found.register in REGISTERS:
            low, high = seen[found.population, found.register]
            assert found.low <= low <= 0.9 * found.low and 0.9 * found.high <= high <= found.high


def one_layer(code: Code, seed: int, steps: int = 4, weight: int = 100) -> Program:
    """Twenty inputs onto five neurons."""
    rng = np.random.default_rng(seed)
    steps = 1 if code.one_spike else steps
    exact = code.exact
    neuron = IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=0 if exact else 6,
        state_bits=24,
        threshold=np.asarray(weight * 20 if exact else weight * 64 * 300),
        comparison=Comparison.GREATER,
        reset=Reset.SUBTRACT,
        start_value=np.zeros((), np.int64),
        bias_mantissa=np.zeros((), np.int64),
        bias_exponent=0,
        bias_start=1,
        clear_interval=steps,
        clear_offset=2,
        code=code,
        levels=steps if code is Code.FRAME else 50 * exact,
        sums_changes=code is Code.DELTA,
    )
    readout = replace(neuron, threshold=None, code=Code.RATE, levels=0, sums_changes=False)
    op = Linear(rng.integers(-weight, weight, (5, 20)))
    encoding = Encoding.ONCE if exact else Encoding.GRADED
    encoding = Encoding.CHANGE if code is Code.DELTA else encoding
    graded = ProgramProjection("in", "h", op, 9, SignMode.MIXED, 0, 0, True, "fc")
    return Program(
        "one layer",
        steps,
        (
            ProgramPopulation("in", Kind.INPUT, (20,), "x", 0, None, encoding),
            ProgramPopulation("h", Kind.NEURONS, (5,), "h", 1, neuron),
            ProgramPopulation("out", Kind.READOUT, (5,), "out", 1, readout),
        ),
        (graded,),
    )


def test_what_breaks_is_named_with_both_numbers() -> None:
    program = one_layer(Code.FRAME, 0, weight=120)
    (broken, *_) = prove(program, LOIHI, 0, 1000).broken
    assert (broken.population, broken.register, broken.most) == ("h", "input of one step", 32767)
    row = program.projections[0].op.matrix((20,)).toarray()
    assert broken.high == 1000 * np.maximum(row, 0).sum(axis=1).max()
    assert prove(program, Target("wide"), 0, 1000).holds


def test_an_accumulator_is_proved_for_so_many_frames() -> None:
    program = exact_network(3, "graded", 4, 0.5).program
    readout = program.readout
    assert readout.neuron is not None
    forever = replace(readout, neuron=replace(readout.neuron, clear_interval=0))
    populations = tuple(forever if p is readout else p for p in program.populations)
    summing = replace(program, populations=populations)
    proof = prove(summing, LOIHI, 0, 3)
    assert proof.holds and proof.frames is not None
    (last,) = [r for r in proof.ranges if (r.population, r.register) == (readout.name, "potential")]
    # One frame more would not fit.
    assert max(last.high, -last.low) * (proof.frames + 1) / proof.frames > 2**23 - 1


def test_sums_of_changes_reach_their_bound_in_any_frame() -> None:
    """Two delays: in between the sum is one of this frame's levels and the last's, and no larger."""
    program = two_delays()
    proof = prove(program, LOIHI, 0, 7)
    assert proof.frames is None and proof.holds
    counts = np.zeros((1, 40, 2), np.int64)
    counts[0, ::2] = [7, 0]
    counts[0, 1::2] = [0, 7]
    counts[0, -4:] = [7, 7]
    counts[0, -2:] = [0, 0]
    seen = observe(program, counts).extremes
    (found,) = (r for r in proof.ranges if (r.population, r.register) == ("h", "potential"))
    assert seen["h", "potential"] == (found.low, found.high) == (-1260, 1680)
    # Of levels, one frame's sum at its end: both inputs cannot be 7 and 0 at once.
    (frame,) = (q.op.matrix((2,)).toarray()[0] * 2 for q in program.projections[:1])
    late = program.projections[1].op.matrix((2,)).toarray()[0] * 2
    assert np.maximum(frame + late, 0).sum() * 7 < found.high


def two_delays() -> Program:
    """Two inputs onto one neuron that sums changes; the second connection is a step later."""
    flat = one_layer(Code.DELTA, 0)
    neuron = replace(flat.by_name["h"].dynamics, clear_interval=3, bias_interval=3, bias_start=2)
    neuron = replace(neuron, clear_offset=3)

    def heard(weights: list[list[int]], delay: int) -> ProgramProjection:
        op = Linear(np.array(weights, np.int64))
        return ProgramProjection("in", "h", op, 8, SignMode.MIXED, 1, delay, True, "fc")

    given, _, out = flat.populations
    shapes = (replace(given, shape=(2,)), replace(out, shape=(1,), start=2))
    hidden = ProgramPopulation("h", Kind.NEURONS, (1,), "h", 2, neuron)
    return Program(
        "two delays", 3, (shapes[0], hidden, shapes[1]), (heard([[100, -60]], 1), heard([[-30, 20]], 2))
    )


def test_a_readout_that_adds_up_sums_of_changes_is_proved_for_as_many_frames() -> None:
    graded, delta = (
        exact_network(3, code, 4, 0.5, *changes).program
        for code, changes in (("graded", ()), ("delta", ("send-changes{where=all}",)))
    )
    claims = []
    for program in (graded, delta):
        readout = program.readout
        adding = replace(readout, neuron=replace(readout.dynamics, clear_interval=0))
        populations = tuple(adding if p is readout else p for p in program.populations)
        proof = prove(replace(program, populations=populations), LOIHI, 0, 3)
        (last,) = [r for r in proof.ranges if (r.population, r.register) == (readout.name, "potential")]
        claims.append((proof.frames, last.low, last.high))
        assert proof.holds and proof.frames is not None
    assert claims[0] == claims[1]


def test_what_is_observed_counts_what_does_not_fit() -> None:
    program = one_layer(Code.FRAME, 0)
    calm = observe(program, np.ones((2, 3, 20), np.int64))
    assert calm.samples == 2 and sum(calm.overflows.values()) == 0
    wild = observe(program, np.full((2, 3, 20), 2**20, np.int64))
    assert wild.overflows["h", "current"] > 0
    assert encode(program, np.ones((2, 3, 20), np.int64)).shape == (2, 13, 20)


@pytest.mark.parametrize("leaks", [True, False])
def test_spikes_that_a_memory_pays_for(leaks: bool) -> None:
    """A start below 0 leaks away; a current that stays brings more than has arrived."""
    program = one_layer(Code.RATE, 0)
    given, h, out = program.populations
    assert h.neuron is not None and out.neuron is not None
    neuron = replace(
        h.neuron,
        threshold=np.asarray(64 * 100),
        start_value=np.asarray(-(10**6) if leaks else 0),
        potential_decay=4096 if leaks else 0,
        current_decay=4095 if leaks else 0,
    )
    answer = replace(out, start=2, neuron=replace(out.neuron, clear_offset=3))
    eye = ProgramProjection(
        "h", "out", Linear(2 * np.eye(5, dtype=np.int64)), 8, SignMode.EXCITATORY, 0, 0, False, ""
    )
    weak = replace(program.projections[0], op=Linear(np.full((5, 20), 2)))
    program = replace(
        program, populations=(given, replace(h, neuron=neuron), answer), projections=(weak, eye)
    )
    counts = np.zeros((1, 2, 20), np.int64)
    counts[0, :, : 20 if leaks else 13] = 7 if leaks else 1
    low, high = observe(program, counts).extremes["out", "potential"]
    (bound,) = (
        r
        for r in prove(program, LOIHI, 0, int(counts.max())).ranges
        if (r.population, r.register) == ("out", "potential")
    )
    assert 0 < high <= bound.high and bound.low <= low


def test_a_late_projection_of_neurons_that_keep_their_potential() -> None:
    """Heard from frame 2 on, 2.5 thresholds once a frame: proved for ever, and for those frames too."""
    program = one_layer(Code.RATE, 0)
    given, h, out = program.populations
    assert h.neuron is not None and out.neuron is not None
    neuron = replace(h.neuron, threshold=np.asarray(6400), start_value=np.asarray(0), clear_interval=0)
    first = Linear(250 * np.eye(5, 20, dtype=np.int64))
    late = replace(program.projections[0], op=first, delay=7)
    populations = (
        replace(given, encoding=Encoding.ONCE),
        replace(h, start=0, neuron=neuron),
        replace(
            out, start=0, neuron=replace(out.neuron, clear_interval=0, bias_mantissa=np.asarray(0))
        ),
    )
    program = replace(program, populations=populations, projections=(late,))
    counts = np.ones((1, 8, 20), np.int64)
    low, high = observe(program, counts).extremes["h", "potential"]
    proof = prove(program, LOIHI, 0, 1)
    (bound,) = (r for r in proof.ranges if (r.population, r.register) == ("h", "potential"))
    assert proof.frames is None and 64 * 250 <= high <= bound.high and bound.low <= low
