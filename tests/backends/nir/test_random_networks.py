"""Any network, any choice: the file's spikes in the literal interpreter are the program's."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from snnc.backends.nir import NirBackend
from snnc.errors import UserError
from snnc.sim import simulate
from snnc.verify import compare

from .networks import compiled, random_graph, spikes

pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

HARD = "set-neurons{reset=zero,start-value=0}"
IMPOSSIBLE = ("D302", "D418")
"""A loop that K steps do not carry; connections of the input that differ in length."""
SPREAD = "encode-input{code=spread}"
HARD_FROM_HALF = "set-neurons{reset=zero,start-value=0.5,comparison=>=}"


def mismatches(
    seed: int, target: NirBackend, *changes: str, engine: str = "nir", steps: int = 4
) -> int:
    """Values that differ between the program and the file, read back from disk; with potentials."""
    program = compiled(random_graph(seed), target, *changes, steps=steps)
    assert not list(target.check(program))
    given = spikes(program, seed)
    with TemporaryDirectory() as name:
        emitted = target.emit(program, Path(name))
        assert target.differences(program, Path(name), emitted) == []
        found = target.run(engine, Path(name), emitted, given, time_limit=60, potentials=True)
    return compare(program, simulate(program, given, states=True), found, potentials=True).mismatches


EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
SEEDS = st.integers(0, 10**6)
WEIGHTS = st.sampled_from(["integer", "real"])
STEPS = st.integers(1, 5)
SOFT_FROM_TIES = "set-neurons{start-value=0.5,comparison=>=}"
NEURONS = st.sampled_from(["set-neurons", SOFT_FROM_TIES, HARD, HARD_FROM_HALF])
WRITTEN = st.sampled_from([("composite", "nodes"), ("metadata", "nodes"), ("metadata", "registers")])
HARD_RESETS = st.sampled_from([HARD, HARD_FROM_HALF])


@EXAMPLES
@given(SEEDS, WEIGHTS, st.sampled_from(["values", "integrator"]))
def test_composite(seed: int, weights: str, answer: str) -> None:
    if not random_graph(seed).readout.accumulate:
        answer = "values"  # an integrator never forgets a frame: refused
    assert mismatches(seed, NirBackend(unsaid="composite", weights=weights, answer=answer)) == 0


@EXAMPLES
@given(SEEDS, WEIGHTS, st.sampled_from(["keep", "flat"]), STEPS, NEURONS, WRITTEN)
def test_a_scale_for_each_channel(
    seed: int, weights: str, shapes: str, steps: int, neurons: str, written: tuple[str, str]
) -> None:
    """Thresholds and start values then differ from channel to channel, of images as well."""
    said, delays = written
    target = NirBackend(unsaid=said, weights=weights, shapes=shapes, delays=delays)
    changes = ("quantize-weights{per=channel}", neurons)
    engine = "nir-metadata" if said == "metadata" else "nir"
    try:
        assert mismatches(seed, target, *changes, engine=engine, steps=steps) == 0
    except UserError as refused:
        assert refused.diagnostics[0].code in IMPOSSIBLE


@EXAMPLES
@given(SEEDS, WEIGHTS, st.sampled_from(["keep", "flat"]), HARD_RESETS)
def test_hard_reset(seed: int, weights: str, shapes: str, neurons: str) -> None:
    assert mismatches(seed, NirBackend(weights=weights, shapes=shapes), neurons) == 0


@EXAMPLES
@given(SEEDS, WEIGHTS, st.sampled_from(["keep", "flat"]), STEPS, HARD_RESETS)
def test_registers(seed: int, weights: str, shapes: str, steps: int, neurons: str) -> None:
    target = NirBackend(delays="registers", weights=weights, shapes=shapes)
    try:
        assert mismatches(seed, target, neurons, steps=steps) == 0
    except UserError as refused:
        assert refused.diagnostics[0].code in IMPOSSIBLE


@EXAMPLES
@given(SEEDS, st.booleans(), st.sampled_from([1.0, 1e-3, 0.3]), WEIGHTS, NEURONS)
@example(0, True, 1.0, "real", SOFT_FROM_TIES)  # potentials that equal their thresholds
def test_metadata(seed: int, restart: bool, dt: float, weights: str, neurons: str) -> None:
    change = f"restart-frames{{enabled={str(restart).lower()}}}"
    target = NirBackend(unsaid="metadata", dt=dt, weights=weights)
    assert mismatches(seed, target, change, neurons, engine="nir-metadata") == 0


@EXAMPLES
@given(SEEDS, st.booleans(), WEIGHTS, NEURONS)
@example(0, True, "real", HARD_FROM_HALF)
def test_registers_with_metadata(seed: int, restart: bool, weights: str, neurons: str) -> None:
    change = f"restart-frames{{enabled={str(restart).lower()}}}"
    target = NirBackend(unsaid="metadata", delays="registers", weights=weights)
    try:
        assert mismatches(seed, target, change, neurons, engine="nir-metadata") == 0
    except UserError as refused:
        assert refused.diagnostics[0].code in IMPOSSIBLE


@EXAMPLES
@given(SEEDS, WEIGHTS, st.sampled_from(["keep", "flat"]), STEPS, HARD_RESETS)
def test_chain(seed: int, weights: str, shapes: str, steps: int, neurons: str) -> None:
    target = NirBackend(wiring="chain", weights=weights, shapes=shapes)
    try:
        assert mismatches(seed, target, neurons, SPREAD, steps=steps) == 0
    except UserError as refused:
        assert refused.diagnostics[0].code in IMPOSSIBLE


@EXAMPLES
@given(SEEDS, WEIGHTS, STEPS)
@example(1, "real", 4)
def test_chain_with_soft_reset_in_metadata(seed: int, weights: str, steps: int) -> None:
    target = NirBackend(unsaid="metadata", wiring="chain", weights=weights)
    try:
        assert mismatches(seed, target, SPREAD, engine="nir-metadata", steps=steps) == 0
    except UserError as refused:
        assert refused.diagnostics[0].code in IMPOSSIBLE
