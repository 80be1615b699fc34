"""The shipped network with levels: torch with the chip's integers, the program, and Lava are equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.moving_digits.events import training_and_test
from snnc.frontend import load_model
from snnc.sim import answers, encode, simulate
from snnc.sim.analog import run_frames
from snnc.verify import spikes_by_frame
from tests.by_options import compile_model, verify_bundle

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from snnc.training import chip_twin  # noqa: E402  (only with torch)

MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model_8_levels.pt"
STREAMS, LOSS = 300, 0.005
"""Test streams, and the accuracy that the chip's integers may lose."""


@pytest.fixture(scope="module")
def streams() -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    _, test = training_and_test(1)
    return test.x[:STREAMS].astype(np.int64), test.y[:STREAMS]


@pytest.mark.parametrize("code", ["frame", "graded", "delta"])
def test_torch_with_the_chips_weights_is_the_program(
    code: str,
    streams: tuple[np.ndarray, np.ndarray],  # type: ignore[type-arg]
    tmp_path: Path,
) -> None:
    x, y = streams
    every = ["send-changes{where=all}"] if code == "delta" else []
    compiled = compile_model(MODEL, "loihi", tmp_path / "net.loihi", code=code, changes=every)
    assert compiled.manifest.ranges.status == "proved"
    program = compiled.program
    twin = chip_twin(program)
    states: dict[str, list[Any]] = {"h1": [], "h2": []}
    for name, kept in states.items():
        twin.get_submodule(name).register_forward_hook(lambda _m, _i, out, to=kept: to.append(out))
    with torch.no_grad():
        expected = twin(torch.from_numpy(x.astype(np.float64))).numpy()
    trace = simulate(program, encode(program, x))
    potential = answers(program, trace.potentials["answer"])
    assert potential.shape == expected.shape == (STREAMS, 12, 10)
    assert np.array_equal(potential, expected)
    for name, kept in states.items():
        # The first calls find shapes and see a batch of one.
        whole = torch.stack([s for s in kept if len(s) == STREAMS], dim=1).numpy()
        found = spikes_by_frame(program, name, trace.spikes[name])
        assert found.shape[1] >= 11 and found.max() == 8
        assert np.array_equal(found, whole[:, : found.shape[1]])
    graph = load_model(MODEL).graph
    trained = run_frames(graph, x, only=["answer"])["answer"]
    right = [(a.argmax(-1) == y[:, None]).mean(axis=0) for a in (trained, potential)]
    assert right[0][-1] - right[1][-1] <= LOSS
    assert right[0][2:].mean() - right[1][2:].mean() <= LOSS


@pytest.mark.slow
@pytest.mark.lava
@pytest.mark.parametrize("code", ["frame", "graded", "delta"])
def test_lava_says_the_same(
    code: str,
    streams: tuple[np.ndarray, np.ndarray],  # type: ignore[type-arg]
    tmp_path: Path,
) -> None:
    every = ["send-changes{where=all}"] if code == "delta" else []
    compile_model(MODEL, "loihi", tmp_path / "net.loihi", code=code, changes=every)
    np.savez(tmp_path / "test.npz", x=streams[0][:20])
    verified = verify_bundle(tmp_path / "net.loihi", data=tmp_path / "test.npz", engine="lava")
    assert verified.comparison.samples == 20
    assert verified.comparison.mismatches == 0 and not verified.warnings
    assert all(p.spikes for p in verified.comparison.populations if p.quantity == "spikes")
