"""The NIR interpreter on networks small enough for paper; more in tests/frontend/test_nir.py."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.sim.nir_interpreter import run_nir

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")


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
    class Unknown(nir.Scale):  # type: ignore[misc, name-defined]
        pass

    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(1)), Unknown(one(1)))
    with pytest.raises(ValueError, match="no primitive Unknown"):
        run_nir(graph, np.ones((1, 1, 1)), 1.0)
    with pytest.raises(ValueError, match="no rule"):
        run_nir(graph, np.ones((1, 1, 1)), 1.0, rule="best")


def test_samples_of_a_batch_do_not_meet() -> None:
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(1)), nir.IF(one(1), one(2.5)))
    frames = np.array([[1, 1, 1, 1], [3, 0, 2, 2]]).reshape(2, 4, 1)
    together = run_nir(graph, frames, 1.0)["if"]
    assert together[..., 0].tolist() == [[0, 0, 1, 0], [1, 0, 0, 1]]


def test_a_threshold_and_its_feedback_are_a_soft_reset() -> None:
    """Input 2 a step, threshold 3: 2; 4 fires, 1 stays; 3; 5 fires, 2 stays; 4 fires, 1 stays."""
    nodes = {
        "input": nir.Input(np.array([1])),
        "v": nir.I(one(1)),
        "fires": nir.Threshold(one(3)),
        "back": nir.Scale(one(-3)),
        "output": nir.Output(np.array([1])),
    }
    edges = [("input", "v"), ("v", "fires"), ("fires", "back"), ("back", "v"), ("fires", "output")]
    graph = nir.NIRGraph(nodes, edges)
    spikes = run_nir(graph, np.full((1, 5, 1), 2.0), 1.0)["fires"]
    assert spikes.ravel().tolist() == [0, 1, 0, 1, 1]


def test_metadata_is_followed_only_where_asked_for() -> None:
    """Soft reset from 1, at the threshold already: 2 + 1 fires, 0; 2; 4 fires, 1; 3 fires, 0."""
    said = {"snnc": {"reset": "subtract", "comparison": ">=", "start_value": 1.0}}
    neuron = nir.IF(one(1), one(3), metadata=said)
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(1)), neuron)
    frames = np.full((1, 4, 1), 2.0)
    assert run_nir(graph, frames, 1.0, metadata=True)["if"].ravel().tolist() == [1, 0, 1, 1]
    assert run_nir(graph, frames, 1.0)["if"].ravel().tolist() == [0, 1, 0, 1]


def test_delays_may_differ_between_elements() -> None:
    nodes = {"input": nir.Input(np.array([2])), "wait": nir.Delay(np.array([0.0, 2.0]))}
    nodes["output"] = nir.Output(np.array([2]))
    graph = nir.NIRGraph(nodes, [("input", "wait"), ("wait", "output")])
    frames = np.arange(1, 9).reshape(1, 4, 2)
    assert run_nir(graph, frames, 1.0)["output"][0].tolist() == [[1, 0], [3, 0], [5, 2], [7, 4]]


@pytest.mark.parametrize("padding", [0, (1, 2), "same", "valid"])
@pytest.mark.parametrize("groups", [1, 2])
def test_convolutions_equal_torch(padding: object, groups: int) -> None:
    torch = pytest.importorskip("torch")
    generator = np.random.default_rng(0)
    weight, bias = generator.normal(size=(4, 4 // groups, 3, 3)), generator.normal(size=4)
    stride = 1 if padding == "same" else 2
    conv = nir.Conv2d((9, 8), weight, stride, padding, 2, groups, bias)
    conv.input_type = {"input": np.array([4, 9, 8])}  # nir 1.0.8 forgets the groups
    nodes = {"input": nir.Input(np.array([4, 9, 8])), "conv": conv}
    nodes["output"] = nir.Output(conv.output_type["output"])
    graph = nir.NIRGraph(nodes, [("input", "conv"), ("conv", "output")])
    x = generator.normal(size=(3, 2, 4, 9, 8))
    found = run_nir(graph, x, 1.0)["output"]
    settings = {"stride": stride, "padding": padding, "dilation": 2, "groups": groups}
    tensors = (torch.from_numpy(v) for v in (x.reshape(6, 4, 9, 8), weight, bias))
    expected = torch.nn.functional.conv2d(*tensors, **settings)
    assert np.allclose(found.reshape(expected.shape), expected.numpy())


def test_potentials_are_those_after_the_reset() -> None:
    """IF, dt R = 1, threshold 2.5: 1, 2, 3 fires to 0; 1, 2."""
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(1)), nir.IF(one(1), one(2.5)))
    kept: dict[str, NDArray[np.float64]] = {}
    spikes = run_nir(graph, np.ones((1, 5, 1)), 1.0, potentials=kept)["if"]
    assert spikes.ravel().tolist() == [0, 0, 1, 0, 0]
    assert kept["if"].ravel().tolist() == [1, 2, 0, 1, 2]
