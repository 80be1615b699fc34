"""Feed-forward networks: every frame is computed at once, shortcuts are padded, nothing is dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from snnc.frontend import load_model
from snnc.ir import Conv2d, Kind, Linear, SparseLinear, Target
from snnc.passes import Context, Pipeline
from snnc.sim.analog import run_frames
from tests.by_options import compile_model, verify_bundle

from .ordinary import Ceilings, Dense, resnet, vgg16, with_statistics

SMALL = (2, 8, 8)
IMAGE = (3, 32, 32)
Exporter = Callable[..., Path]


def assert_equals_torch(net: nn.Module, path: Path, shape: tuple[int, ...]) -> None:
    graph = load_model(path).graph
    assert {p.frames for p in graph.projections} == {0}
    frames = np.random.default_rng(0).normal(size=(2, 1, *shape)).astype(np.float32)
    found = run_frames(graph, frames)[graph.readout.name][:, 0]
    with torch.no_grad():
        expected = torch.cat([net(torch.from_numpy(f)) for f in frames]).numpy()
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)


@pytest.mark.parametrize("build", [Ceilings, Dense, lambda: resnet([1, 1], 8, 2)])
def test_small_networks(build: Callable[[], nn.Module], export: Exporter) -> None:
    torch.manual_seed(0)
    net = with_statistics(build())
    assert_equals_torch(net, export(net, SMALL), SMALL)


@pytest.mark.parametrize(
    ("build", "neurons", "weights"),
    [
        (vgg16, 14, 14_900_000),
        (lambda: resnet([2, 2, 2, 2]), 17, 11_100_000),
        (lambda: resnet([3, 4, 6, 3]), 33, 21_200_000),
    ],
    ids=["vgg16", "resnet18", "resnet34"],
)
def test_networks_of_the_size_people_use(
    build: Callable[[], nn.Module], neurons: int, weights: int, export: Exporter
) -> None:
    torch.manual_seed(0)
    net = with_statistics(build())
    assert sum(p.numel() for p in net.parameters()) > weights
    path = export(net, IMAGE)
    assert sum(p.kind is Kind.NEURONS for p in load_model(path).graph.populations) == neurons
    assert_equals_torch(net, path, IMAGE)


@pytest.mark.parametrize("build", [Ceilings, Dense])
def test_folding_keeps_concatenations_exact(build: Callable[[], nn.Module], export: Exporter) -> None:
    torch.manual_seed(0)
    graph = load_model(export(with_statistics(build()), SMALL)).graph
    folded = Pipeline.parse("fold-batch-norm,fold-linear-chains").run(graph, Context(Target("test")))
    frames = np.random.default_rng(0).normal(size=(2, 1, *SMALL))
    one, two = run_frames(graph, frames), run_frames(folded, frames)
    for name, values in one.items():
        np.testing.assert_allclose(values, two[name], atol=1e-9)
    kinds = {type(p.op) for p in folded.projections}
    if build is Dense:  # a convolution of a concatenation is a convolution of each part
        assert kinds == {Conv2d, Linear}
    else:
        assert SparseLinear in kinds  # the grouped convolution mixes parts of several sources


def test_thresholds_stay_below_ceilings(export: Exporter) -> None:
    torch.manual_seed(0)
    graph = load_model(export(with_statistics(Ceilings()), SMALL)).graph
    counts = np.random.default_rng(0).poisson(2.0, (4, 3, *SMALL))
    text = "fold-batch-norm,fold-linear-chains,match-delays,encode-input,"
    text += "balance-thresholds{percentile=100}"
    for calibration in (counts, None):
        balanced = Pipeline.parse(text).run(graph, Context(Target("test"), calibration))
        limited = [p for p in balanced.neurons if p.ceiling is not None]
        assert len(limited) == 4
        for population in limited:
            assert population.threshold is not None and population.ceiling is not None
            assert np.all(population.threshold <= population.ceiling)
        assert any(np.any(p.threshold == p.ceiling) for p in limited)


@pytest.mark.lava
@pytest.mark.parametrize("build", [Ceilings, Dense, lambda: resnet([1, 1], 4, 2)])
def test_they_run_on_loihi(build: Callable[[], nn.Module], export: Exporter, tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = export(with_statistics(build()), SMALL)
    data = tmp_path / "data.npz"
    images = np.random.default_rng(0).poisson(0.7, (8, 1, *SMALL))
    np.savez(data, x=np.repeat(images, 3, axis=1))
    compile_model(path, "loihi", tmp_path / "b", calibration=data, steps_per_frame=8)
    verified = verify_bundle(tmp_path / "b", data=data, samples=2, engine="lava-inprocess")
    assert verified.comparison.mismatches == 0
    assert all(p.spikes for p in verified.comparison.populations if p.quantity == "spikes")
