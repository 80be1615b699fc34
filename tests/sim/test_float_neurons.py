"""Neurons in floats, compiled: every number is that of ``FloatNeurons``, to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from snnc.ir import Comparison, Kind, Neuron, Population, Reset, size
from snnc.sim import spiking
from snnc.sim.fast import float_neurons

rng = np.random.default_rng()

SHAPES = ((3, 5, 7), (float_neurons.IN_CACHE + 1,), (2, float_neurons.IN_CACHE // 2, 1))
"""Less than what is computed together, one more, and just as much."""


def neurons(shape: tuple[int, ...], neuron: Neuron | None, *, start: int, bias: bool) -> Population:
    """With thresholds of channels that quarters of input can hit, and amplitudes of their own."""
    channels = shape[:1]
    spread = rng.integers(1, 4, channels) / 2
    biases = rng.integers(-1, 3, (*channels, *[1] * (len(shape) - 1))) / 4
    return Population(
        "a",
        Kind.NEURONS,
        shape,
        "a",
        bias=biases if bias else None,
        neuron=neuron,
        threshold=spread,
        amplitude=spread / 3,
        start=start,
    )


def _refused() -> None:
    raise AssertionError("compiled code has no such neuron")


def both(
    population: Population, per_frame: int, end: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[spiking.Floats, spiking.Floats]:
    """By numpy and compiled, on quarters, so that potentials meet thresholds exactly."""
    given = (rng.integers(-3, 6, (3, 11, *population.shape)) / 4).astype(np.float32)
    found = []
    for least in (given.size + 1, given.size):
        monkeypatch.setattr(spiking, "LEAST_COMPILED", least)
        found.append(spiking.spikes_of(population, given, per_frame, end))
    return found[0], found[1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("comparison", Comparison)
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("start", "end", "bias"), [(0, 11, True), (3, 9, True), (2, 11, False)])
def test_the_same_numbers(
    shape: tuple[int, ...],
    comparison: Comparison,
    restart: bool,
    start: int,
    end: int,
    bias: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    neuron = Neuron(comparison=comparison, restart=restart, start_value=0.5)
    expected, found = both(neurons(shape, neuron, start=start, bias=bias), 4, end, monkeypatch)
    assert np.array_equal(expected, found) and found.dtype == np.float32
    assert 0.02 < np.count_nonzero(found[:, :end]) / (3 * end * size(shape)) < 0.98
    assert not found[:, end:].any()


def test_a_threshold_that_is_met_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the test above could not tell one comparison from the other."""
    monkeypatch.setattr(spiking, "LEAST_COMPILED", 0)
    given = np.ones((1, 1, 4), np.float32)
    for comparison, fires in ((Comparison.GREATER, False), (Comparison.GREATER_EQUAL, True)):
        population = Population(
            "a",
            Kind.NEURONS,
            (4,),
            "a",
            neuron=Neuron(comparison=comparison, start_value=0.0),
            threshold=np.ones(()),
            start=0,
        )
        assert bool(spiking.spikes_of(population, given, 1, 1).all()) is fires


@pytest.mark.parametrize("amplitude", [0.0, -0.5, np.inf])
def test_spikes_that_are_worth_nothing_are_not_compiled(
    amplitude: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """numpy writes -0.0 or not-a-number where nothing fires."""
    monkeypatch.setattr(spiking, "_compiled", _refused)
    population = replace(neurons((4, 6), None, start=0, bias=True), amplitude=np.asarray(amplitude))
    with np.errstate(invalid="ignore"):
        expected, found = both(population, 4, 11, monkeypatch)
    np.testing.assert_array_equal(expected, found)


@pytest.mark.parametrize(
    "variables",
    [{"NUMBA_DISABLE_JIT": "1"}, {"NUMBA_CPU_FEATURES": "avx2"}, {"LIMIT": str(2**40)}],
    ids=["switched off", "no feature", "a limit of memory"],
)
def test_without_compiled_code_numpy_computes_the_same(variables: dict[str, str]) -> None:
    """In a process of its own: numba reads its settings once."""
    code = (
        "import os, resource, sys\n"
        "if 'LIMIT' in os.environ:\n"
        "    most = int(os.environ['LIMIT']), resource.RLIM_INFINITY\n"
        "    resource.setrlimit(resource.RLIMIT_AS, most)\n"
        "import numpy as np\n"
        "from snnc.ir import Kind, Population\n"
        "from snnc.sim import spiking\n"
        "spiking.LEAST_COMPILED = 0\n"
        "one = np.ones(())\n"
        "p = Population('a', Kind.NEURONS, (4,), 'a', threshold=one, amplitude=one, start=0)\n"
        "sent = spiking.spikes_of(p, np.full((1, 3, 4), 0.5, np.float32), 9, 3)\n"
        "assert 'snnc.sim.fast' not in sys.modules\n"
        "print(sent[0, :, 0].tolist())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "[0.0, 1.0, 0.0]\n"


@pytest.mark.parametrize(
    "neuron", [Neuron(reset=Reset.ZERO), Neuron(potential_kept=0.5), Neuron(current_kept=0.5)]
)
def test_other_neurons_are_not_compiled(neuron: Neuron, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spiking, "_compiled", _refused)
    expected, found = both(neurons((4, 6), neuron, start=1, bias=True), 4, 11, monkeypatch)
    assert np.array_equal(expected, found) and found.any()
