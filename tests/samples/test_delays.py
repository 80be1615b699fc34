"""Networks that are trained with and without delays, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from samples.delays.networks import SHAPES, build, seen, spoken
from samples.delays.sets import SETS, moved
from samples.results.delays_figures import (
    advantages,
    energy_needed,
    first_answers,
    gap,
    last,
)
from samples.results.plots import plot_delays
from samples.results.tables import four_fifths

DESIGNS = {"spoken": spoken(6, 12, 15), "seen": seen(15), "relu": spoken(3, 12)}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", DESIGNS)
def test_weights_of_one_run_in_the_other(name: str, shape: str) -> None:
    if name == "seen" and SHAPES[shape].loops:
        pytest.skip("the network for N-MNIST is built without loops")
    design = DESIGNS[name]
    own, other = (build(design, SHAPES[shape], way) for way in (True, False))
    own.load_state_dict(other.state_dict())
    assert {e.delay for e in own.edges} == {1}
    assert {e.delay for e in other.edges if e.source != e.target} == {0}
    x = torch.rand(2, 9, *design.input_shape) * 5
    assert own(x).shape == other(x).shape == (2, 9, 10)


@pytest.mark.parametrize("name", DESIGNS)
def test_a_chain_is_only_late_and_shortcuts_mix_up_time(name: str) -> None:
    """Without biases, which act before the input arrives, the chain's answers are the same, later."""
    design, same = DESIGNS[name], {}
    torch.manual_seed(0)
    x = torch.rand(3, 12, *design.input_shape) * 8
    for shape in ("chain", "shortcuts"):
        streaming, without = (build(design, SHAPES[shape], way).double() for way in (True, False))
        for key, value in without.named_parameters():
            if key.endswith("bias"):
                value.data.zero_()
        streaming.load_state_dict(without.state_dict())
        late = len(design.layers) + 1
        with torch.no_grad():
            own, other = streaming(x.double())[:, late:], without(x.double())[:, :-late]
        assert other.abs().max() > 0
        same[shape] = torch.allclose(own, other)
    assert same == {"chain": True, "shortcuts": False}


def test_first_responses() -> None:
    for own in SETS.values():
        depth = len(own.design.layers) + 1
        assert build(own.design, SHAPES["chain"], True).first_response == depth
        assert build(own.design, SHAPES["shortcuts"], True).first_response == 1
        assert all(1 <= frame <= own.shown[-1] for frame in own.counted)


def test_moved_keeps_every_count() -> None:
    torch.manual_seed(3)
    x = torch.rand(2, 4, 2, 17, 17)
    found = moved(x)
    assert torch.allclose(found.sum((-1, -2)), x.sum((-1, -2))) and found.shape == x.shape


def energies(spent: float) -> dict[str, Any]:
    return {
        "ann_macs": round(100 * spent),
        "synaptic_operations": round(10 * spent),
        "microjoules": {
            "fitted": {"snn": spent, "ann_quantized": 3 * spent, "ann_float": 6 * spent},
            "wide": {"snn": spent, "ann_quantized": spent / 2, "ann_float": 2 * spent},
        },
    }


WAYS: dict[str, Any] = {
    "streaming": {
        "as_trained": [[0, 60, 95], [0, 50, 100]],
        "with_delays": [[0, 60, 95], [0, 50, 100]],
        "first_response": [1, 1],
    },
    "without_delays": {
        "as_trained": [[75, 85, 95], [50, 90, 90]],
        "with_delays": [[0, 10, 90], [0, 20, 80]],
        "first_response": [1, 1],
    },
    "operations": [
        {"by_frame": [0, 60, 95], "frames": {"1": energies(1), "2": energies(2), "3": energies(3)}},
        {"by_frame": [0, 50, 85], "frames": {"1": energies(1), "2": energies(2), "3": energies(3)}},
    ],
}


def test_figures_by_hand() -> None:
    assert four_fifths([0, 80, 70, 85, 100]) == 4 and four_fifths([90, 90]) == 1
    assert gap(WAYS, last) == [5, 20]
    assert first_answers(WAYS) == [3, 3]
    assert energy_needed(WAYS, "fitted", 80) == {
        "snn": [3, 3],
        "ann_quantized": [6, 6],
        "ann_float": [12, 12],
    }
    assert energy_needed(WAYS, "wide", 90)["snn"] == [3, None]
    times = advantages(WAYS, "wide", "ann_quantized")
    assert times == {50: 0.25, 70: (0.5 / 3 + 1 / 3) / 2, 80: pytest.approx(1 / 3), 90: None}


def test_plots_are_small_and_the_same_again(tmp_path: Path) -> None:
    found = {"some": {"title": "Some", "networks": {"chain": WAYS, "shortcuts": WAYS}}}
    plot_delays(found, tmp_path / "a")
    plot_delays(found, tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["some_by_frame.svg", "some_by_operations.svg"]
    for name in names:
        written = (tmp_path / "a" / name).read_bytes()
        assert written == (tmp_path / "b" / name).read_bytes() and len(written) < 100_000
