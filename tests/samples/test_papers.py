"""The networks of Rathi et al. 2020 and Castagnetti et al. 2023: weights, dropout, what is computed."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from samples.papers import castagnetti, rathi
from snnc.authoring import FixedDropout, FrameNetwork
from snnc.frontend import load_archive, load_model

from .test_paper_rollouts import layer_of


def halved(x: Tensor) -> Tensor:
    """Means over 2x2 pixels."""
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def dense(*sizes: int) -> int:
    return sum(a * b for a, b in pairwise(sizes))


def convolutions(*channels: int) -> int:
    return 9 * dense(*channels)


WEIGHTS = {
    "vgg5": convolutions(3, 64, 128, 128) + dense(8192, 4096, 4096, 10),
    "vgg9": convolutions(3, 64, 128, 256, 256, 512, 512, 512) + dense(2048, 4096, 4096, 10),
    "vgg11": convolutions(3, 64, 128, 256, 512, 512, 512, 512, 512) + dense(2048, 4096, 4096, 10),
    "vgg16": convolutions(3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    + dense(2048, 4096, 4096, 10),
    # three convolutions of 64, blocks of two, 1x1 shortcuts from stage to stage, one matrix
    "resnet6": convolutions(3, 64, 64, 64, 64, 64, 128, 128) + 64 * 128 + dense(128 * 8 * 8, 10),
    "resnet12": convolutions(3, 64, 64, 64, *[64] * 2, *[128] * 2, *[256] * 2, *[512] * 2)
    + (64 * 128 + 128 * 256 + 256 * 512)
    + dense(2048, 10),
    "resnet20": convolutions(3, 64, 64, 64, *[64] * 4, *[128] * 4, *[256] * 4, *[512] * 4)
    + (64 * 128 + 128 * 256 + 256 * 512)
    + dense(2048, 10),
    "resnet34": convolutions(3, 64, 64, 64, *[64] * 6, *[128] * 8, *[256] * 12, *[512] * 6)
    + (64 * 128 + 128 * 256 + 256 * 512)
    + dense(2048, 10),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_of_the_hybrid_papers_networks(name: str) -> None:
    assert set(WEIGHTS) == {*rathi.VGG, *rathi.RESNET}
    with torch.device("meta"):
        net = rathi.build(name)
        assert net(torch.zeros(1, 1, 3, 32, 32)).shape == (1, 1, 10)
    assert sum(p.numel() for p in net.parameters()) == WEIGHTS[name]
    assert not [n for n, _ in net.named_parameters() if not n.endswith("weight")]
    kinds = {type(m) for m in net.modules()}
    assert not kinds & {nn.BatchNorm2d, nn.MaxPool2d}


def masks(net: FrameNetwork) -> list[float]:
    """Dropout of each node, in order; 0 without."""
    norms = [net.get_submodule(name).norm for name in net.nodes]
    return [m.p if isinstance(m, FixedDropout) else 0 for m in norms]


def test_dropout_stands_where_no_pooling_follows() -> None:
    with torch.device("meta"):
        assert masks(rathi.build("vgg5")) == [0, 0.3, 0, 0.5, 0.5]
        assert masks(rathi.build("vgg9", dropout=0.2)) == [0, 0.2, 0, 0.2, 0, 0, 0.2, 0.5, 0.5]
        assert masks(rathi.build("vgg11")) == [0, 0.3, 0, 0.3, 0, 0, 0.3, 0.3, 0.5, 0.5]
        stages = {2: [0.3, 0, 0.3], 3: [0.3, 0.3, 0]}
        sixteen = [0.3, 0, 0.3, 0, *stages[3], *stages[3], 0.3, 0.3, 0.3, 0.5, 0.5]
        assert masks(rathi.build("vgg16")) == sixteen
        assert masks(rathi.build("resnet12")) == [0.3, 0.3, 0, *[0.3, 0] * 4]
        assert not [m for m in rathi.build("vgg9").modules() if isinstance(m, nn.Dropout)]


def test_the_hybrid_papers_start() -> None:
    """sqrt(2 / (9 * channels out)), of 590,000 weights; 0.01 for a matrix."""
    torch.manual_seed(0)
    net = rathi.build("vgg9", divisor=2)
    conv, matrix = layer_of(net, "conv6", "conv7"), layer_of(net, "dense1", "dense2")
    assert float(conv.weight.detach().std()) == pytest.approx(math.sqrt(2 / (9 * 256)), rel=0.01)
    assert float(matrix.weight.detach().std()) == pytest.approx(0.01, rel=0.01)
    assert abs(conv.weight.mean()) < 1e-3


def test_a_vgg_is_a_chain() -> None:
    torch.manual_seed(0)
    net = rathi.build("vgg9", classes=7, divisor=16).double().eval()
    weights = [p for _, p in net.named_parameters()]
    assert len(weights) == 10
    x = image = torch.rand(2, 3, 32, 32, dtype=torch.double)
    for number, weight in enumerate(weights[:7], start=1):
        x = F.conv2d(x, weight, padding=1).clamp(min=0)
        if number in (1, 3, 5, 6):
            x = halved(x)
    x = x.flatten(1)
    for weight in weights[7:9]:
        x = (x @ weight.T).clamp(min=0)
    right = x @ weights[9].T
    assert right.abs().max() > 0
    torch.testing.assert_close(net(image[:, None])[:, 0], right, rtol=1e-9, atol=0)


def test_a_resnet_adds_shortcuts() -> None:
    torch.manual_seed(0)
    net = rathi.build("resnet20", divisor=16).double().eval()
    x = image = torch.rand(2, 3, 32, 32, dtype=torch.double)

    def conv(source: str, target: str, sent: Tensor, stride: int = 1) -> Tensor:
        weight = layer_of(net, source, target).weight
        return F.conv2d(sent, weight, stride=stride, padding=weight.shape[-1] // 2)

    last = "input"
    for name in ("before1", "before2", "before3"):
        x, last = conv(last, name, x).clamp(min=0), name
    x = halved(x)
    for stage in (1, 2, 3, 4):
        for number in (1, 2):
            name, stride = f"stage{stage}_{number}", 2 if stage > 1 and number == 1 else 1
            inside = conv(last, f"{name}_inside", x, stride).clamp(min=0)
            short = conv(last, name, x, stride) if stride == 2 else x
            x, last = (conv(f"{name}_inside", name, inside) + short).clamp(min=0), name
    right = x.flatten(1) @ layer_of(net, last, "answer").weight.T
    assert right.abs().max() > 0
    torch.testing.assert_close(net(image[:, None])[:, 0], right, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_hybrid_papers_networks_through_the_front_end(name: str) -> None:
    net = rathi.build(name, divisor=16)
    graph = load_archive(net.to_bytes(), name).graph
    assert len(graph.populations) == len(net.nodes) + 2
    assert {p.frames for p in graph.projections} == {0}


def test_mnist_has_its_sizes() -> None:
    with torch.device("meta"):
        assert layer_of(rathi.build("vgg5", image=(1, 28, 28)), "conv3", "dense1").weight.shape == (
            4096,
            6272,
        )
        assert layer_of(rathi.build("vgg9", image=(1, 28, 28)), "conv7", "dense1").weight.shape == (
            4096,
            512,
        )


def test_the_trained_thresholds_network() -> None:
    with torch.device("meta"):
        net = castagnetti.build()
        assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    convolved = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    normed = 2 * sum(convolved[1:])
    matrices = dense(512, 512, 512, 10) + 512 + 512 + 10
    assert sum(p.numel() for p in net.parameters()) == convolutions(*convolved) + normed + matrices
    assert [n for n, m in net.named_children() if isinstance(m, nn.MaxPool2d)] == [
        f"pool{number}" for number in (2, 4, 7, 10, 13)
    ]


POOLINGS: dict[str, Callable[[], nn.Module]] = {
    "max": lambda: castagnetti.build(divisor=16),
    "average": lambda: castagnetti.build(pooling="average", divisor=16),
}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_trained_thresholds_network_through_the_front_end(pooling: str, tmp_path: Path) -> None:
    net = POOLINGS[pooling]().eval()
    program = torch.export.export(net, (torch.rand(1, 3, 32, 32),))
    torch.export.save(program, tmp_path / "net.pt2")
    graph = load_model(tmp_path / "net.pt2").graph
    assert len([p for p in graph.populations if p.name.startswith(("relu", "dense_relu"))]) == 15


def test_unknown_names() -> None:
    with pytest.raises(ValueError, match="unknown network 'vgg7'; known: vgg5"):
        rathi.build("vgg7")
    with pytest.raises(ValueError, match="pooling is 'sum'"):
        castagnetti.build(pooling="sum")  # type: ignore[arg-type]
