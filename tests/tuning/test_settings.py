"""What is tried: lists of the user's, defaults, and what training has settled."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import snnc
from snnc.backends import find_backend
from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.ir import Graph
from snnc.tuning import Grid, Setting
from snnc.workflows.ways import ORDER

MODELS = Path(__file__).resolve().parents[2] / "samples" / "moving_digits"
LOIHI, LOIHI1 = (find_backend(name).target for name in ("loihi", "loihi1"))


@pytest.fixture(scope="module")
def plain() -> Graph:
    return load_model(MODELS / "model.pt").graph


@pytest.fixture(scope="module")
def levels() -> Graph:
    return load_model(MODELS / "model_8_levels.pt").graph


def tried(grid: Grid, graph: Graph, *changes: str) -> tuple[Setting, ...]:
    return grid.settings(LOIHI, graph, changes, False)


def test_defaults(plain: Graph) -> None:
    found = tried(Grid(), plain)
    of_graded = len({c.levels for c in ORDER if c.code == "graded"})
    assert Counter(s.code for s in found) == {
        "rate": 12,
        "frame": 12,
        "graded": 3 * of_graded,
        "delta": 3 * of_graded,
    }
    assert {s.steps_per_frame for s in found if s.code in ("rate", "frame")} == {8, 16, 32, 64}
    assert {s.steps_per_frame for s in found if s.code in ("graded", "delta")} == {None}
    assert [s.weight_bits for s in found[:4]] == [8, 6, 4, 8]
    assert {s.code for s in Grid().settings(LOIHI1, plain, (), False)} == {"rate"}


def test_trained_levels_settle_the_levels_and_the_steps_of_frame(levels: Graph) -> None:
    found = tried(Grid(), levels)
    assert Counter(s.code for s in found) == {"rate": 12, "frame": 3, "graded": 3, "delta": 3}
    assert all(s.levels is None for s in found)


@pytest.mark.parametrize(("trained", "rows"), [(True, 3), (False, 6)])
def test_levels_that_max_pooling_adds_up_are_settled(trained: bool, rows: int, tmp_path: Path) -> None:
    """Its populations have none of their own, and any number asked for gave the same program."""
    torch.manual_seed(0)
    first, last = nn.Conv2d(1, 3, 3), nn.Linear(27, 4)
    middle = snnc.QuantizedReLU(7) if trained else nn.ReLU()
    net = nn.Sequential(first, nn.BatchNorm2d(3), middle, nn.MaxPool2d(2), nn.Flatten(), last).eval()
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(net, (torch.zeros(1, 1, 8, 8),)), path)
    graph = load_model(path).graph
    assert any(p.levels is None for p in graph.neurons)
    assert len(tried(Grid(("graded",)), graph)) == len(tried(Grid(("delta",)), graph)) == rows
    unclipped = tried(Grid(("graded",)), graph, "quantize-activations{clip=false}")
    assert len(unclipped) == 6  # there a population does not take the levels of what it adds up


def test_sums_of_very_many_levels_are_settled_by_calibration_alone(tmp_path: Path) -> None:
    first = nn.Conv2d(1, 4, 1, bias=False)
    nn.init.constant_(first.weight, 1.0)
    averaged = nn.AvgPool2d(16)  # 256 outputs of up to 255 levels: more than a sum may have
    net = nn.Sequential(
        first, snnc.QuantizedReLU(255, range=8.0), averaged, nn.ReLU(), nn.Flatten(), nn.Linear(4, 4)
    ).eval()
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(net, (torch.zeros(1, 1, 16, 16),)), path)
    assert len(tried(Grid(("graded",)), load_model(path).graph)) == 6


def test_training_with_spikes_settles_code_and_steps_and_trained_bits_the_bits(plain: Graph) -> None:
    spiking = replace(plain, trained_steps=4, trained_bits=3)
    assert tried(Grid(), spiking) == (Setting("rate", None, 3),)
    asked = tried(Grid(("frame",), (5,), (7,)), spiking)
    assert asked == (Setting("frame", 5, 7),)


def test_lists_are_obeyed_for_every_code(levels: Graph) -> None:
    found = tried(Grid.parse("graded, rate", "3,2", "5"), levels)
    places = [("graded", 3, 5), ("graded", 2, 5), ("rate", 3, 5), ("rate", 2, 5)]
    assert [(s.code, s.steps_per_frame, s.weight_bits) for s in found] == places


def test_what_set_says_holds(plain: Graph) -> None:
    found = tried(Grid(), plain, "quantize-weights{bits=5}", "match-delays{steps-per-frame=7}")
    assert {(s.steps_per_frame, s.weight_bits) for s in found} == {(None, None)}
    assert {s.code for s in tried(Grid(), plain, "choose-code{code=frame}")} == {"frame"}
    graded = tried(Grid(("graded",), None, (8,)), plain, "quantize-activations{levels=9}")
    assert graded == (Setting("graded", None, 8),)


@pytest.mark.parametrize(
    ("grid", "change"),
    [
        (Grid(bits=(8, 5)), "quantize-weights{bits=5}"),
        (Grid(steps=(7, 8)), "match-delays{steps-per-frame=8}"),
        (Grid(codes=("rate",)), "choose-code{code=frame}"),
    ],
)
def test_lists_and_set_must_not_contradict(plain: Graph, grid: Grid, change: str) -> None:
    with pytest.raises(UserError, match="D320"):
        tried(grid, plain, change)


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        (("graded,fast", None, None), "D326]: no code 'fast'"),
        (("rate,rate", None, None), "D320]: rate is given more than once"),
        (("", None, None), "D326]: no code ''"),
        ((None, "8;4", None), "D308]: expected comma-separated whole numbers, got '8;4'"),
        ((None, "0", None), "D305]: --steps-per-frame is 0, the smallest is 1"),
        ((None, None, ""), "D308]: expected comma-separated whole numbers, got ''"),
        ((None, None, "8,8,6"), "D320]: 8 is given more than once"),
    ],
)
def test_lists_that_are_none(lists: tuple[str | None, str | None, str | None], said: str) -> None:
    with pytest.raises(UserError) as refused:
        Grid.parse(*lists)
    assert said in str(refused.value)


def test_options_are_those_of_compile() -> None:
    asked = Setting("graded", None, 6, 31).options
    assert asked == (
        "--code",
        "graded",
        "--weight-bits",
        "6",
        "--set",
        "quantize-activations{levels=31}",
    )
