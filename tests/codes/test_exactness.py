"""The exact codes equal the quantized rollout: every neuron, every frame, loops and shortcuts."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from snnc.ir import Kind
from snnc.sim import encode, simulate
from snnc.verify import spikes_by_frame
from tests.backends.nir.networks import random_counts

from .networks import differences, exact_network

EXAMPLES = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
SEEDS = st.integers(0, 10**6)
CODES = st.sampled_from(["frame", "graded", "delta"])
SHIFTS = st.sampled_from([0.0, 0.5])
BITS = st.sampled_from([2, 4, 8])
INPUTS = st.sampled_from(["once", "graded"])


@given(SEEDS, CODES, st.integers(1, 9), SHIFTS, BITS, INPUTS)
@EXAMPLES
def test_every_level_is_the_quantized_activation(
    seed: int, code: str, levels: int, shift: float, bits: int, code_of_input: str
) -> None:
    network = exact_network(
        seed,
        code,
        levels,
        shift,
        f"quantize-weights{{bits={bits}}}",
        f"encode-input{{code={code_of_input}}}",
    )
    assert differences(network, random_counts(seed, 3, 5)) == 0


@given(SEEDS, CODES)
@EXAMPLES
def test_spread_input_is_exact_too(seed: int, code: str) -> None:
    network = exact_network(
        seed, code, 4, 0.5, "encode-input{code=spread}", "match-delays{steps-per-frame=4}"
    )
    assert differences(network, np.minimum(random_counts(seed), 4)) == 0


@given(SEEDS, CODES, st.integers(1, 5), st.integers(0, 3))
@EXAMPLES
def test_a_frame_may_have_more_steps_than_levels(seed: int, code: str, levels: int, more: int) -> None:
    steps = f"match-delays{{steps-per-frame={levels + more}}}"
    network = exact_network(seed, code, levels, 0.5, steps)
    assert differences(network, random_counts(seed)) == 0


@given(SEEDS)
@EXAMPLES
def test_frame_and_graded_say_the_same(seed: int) -> None:
    counts = random_counts(seed)
    levels = []
    for code in ("frame", "graded"):
        # The same scales, so that the same weights are rounded.
        program = exact_network(seed, code, 5, 0.5, "quantize-weights{ranges=false}").program
        trace = simulate(program, encode(program, counts))
        names = [p.name for p in program.populations if p.kind is Kind.NEURONS]
        levels.append([spikes_by_frame(program, n, trace.spikes[n]) for n in names])
    for frame, graded in zip(*levels, strict=True):
        both = min(frame.shape[1], graded.shape[1])
        assert np.array_equal(frame[:, :both], graded[:, :both])
