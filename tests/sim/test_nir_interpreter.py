"""The NIR interpreter on networks small enough for paper; more in tests/frontend/test_nir.py."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.sim.nir_interpreter import run_nir

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'snnc[nir]'")


def one(value: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([value])


def test_reset_goes_to_v_reset() -> None:
    """IF, dt R = 1, threshold 2.5, v_reset 1: 1, 2, 3 fires to 1; 2, 3 fires to 1; 2."""
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(1)), nir.IF(one(1), one(2.5), one(1)))
    spikes = run_nir(graph, np.ones((1, 6, 1)), 1.0)["if"]
    assert spikes.ravel().tolist() == [0, 0, 1, 0, 1, 0]


def test_integrators_put_out_their_potential() -> None:
    """LI, dt/tau = 1/2, v_leak 4, R 2, one input of 1: (4 + 2)/2 = 3, then 3.5, 3.75."""
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(1)), nir.LI(one(2), one(2), one(4)))
    frames = np.array([1, 0, 0]).reshape(1, 3, 1)
    assert run_nir(graph, frames, 1.0)["li"].ravel().tolist() == [3, 3.5, 3.75]


def test_the_exponential_rule_is_exact_for_constant_input() -> None:
    """v(t) = R I (1 - exp(-t / tau))."""
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(1)), nir.LI(one(0.3), one(2), one(0)))
    found = run_nir(graph, np.ones((1, 5, 1)), 0.1, rule="exponential")["li"].ravel()
    assert np.allclose(found, 2 * (1 - np.exp(-0.1 * np.arange(1, 6) / 0.3)))


def test_a_convolution_is_a_cross_correlation() -> None:
    kernel = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    conv = nir.Conv2d((2, 2), kernel, 1, 0, 1, 1, one(0.5))
    graph = nir.NIRGraph.from_list(conv, nir.I(np.ones((1, 1, 1))))
    frames = np.array([[1.0, 0.0], [0.0, 1.0]]).reshape(1, 1, 1, 2, 2)
    assert run_nir(graph, frames, 1.0)["i"].item() == 1 + 4 + 0.5


def test_what_it_does_not_know_is_refused() -> None:
    threshold = nir.NIRGraph.from_list(nir.Linear(np.eye(1)), nir.Threshold(one(1)))
    with pytest.raises(ValueError, match="no primitive Threshold"):
        run_nir(threshold, np.ones((1, 1, 1)), 1.0)
    with pytest.raises(ValueError, match="no rule"):
        run_nir(threshold, np.ones((1, 1, 1)), 1.0, rule="best")
