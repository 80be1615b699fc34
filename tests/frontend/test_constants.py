"""Weights that a network computes from its own constants: the numbers that torch computes, once."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.frontend.torch_export import folding
from snnc.ir import Linear
from snnc.sim.analog import run_frames

Exporter = Callable[..., Path]


class Standardized(nn.Conv2d):
    """Kernels of mean 0 and variance 1 (Qiao et al. 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        """One image."""
        variance, mean = torch.var_mean(self.weight, dim=[1, 2, 3], keepdim=True)
        kernels = (self.weight - mean) * torch.rsqrt(variance + 1e-4)
        return nn.functional.conv2d(x, kernels, self.bias)


class FakeQuantized(nn.Linear):
    """Weights on a grid of 8 bits, as torch.ao writes them."""

    def forward(self, x: Tensor) -> Tensor:
        """One vector."""
        scale = self.weight.detach().abs().amax(1) / 127
        zero = torch.zeros(len(scale), dtype=torch.int32)
        grid = torch.fake_quantize_per_channel_affine(self.weight, scale, zero, 0, -127, 127)
        return nn.functional.linear(x, grid, self.bias)


def dense(layer: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Flatten(), layer, nn.ReLU(), nn.Linear(16, 4))


def image(layer: nn.Module) -> nn.Module:
    return nn.Sequential(layer, nn.ReLU(), nn.Flatten(), nn.Linear(144, 4))


def _old(wrap: Any) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dense(wrap(nn.Linear(64, 16)))


def _orthogonal(how: str) -> nn.Module:
    return dense(parametrizations.orthogonal(nn.Linear(64, 16), "weight", how))


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "weight_norm": lambda: dense(parametrizations.weight_norm(nn.Linear(64, 16))),
    "weight_norm-conv": lambda: image(parametrizations.weight_norm(nn.Conv2d(1, 4, 3))),
    "weight_norm-old": lambda: _old(nn.utils.weight_norm),
    "spectral_norm": lambda: dense(parametrizations.spectral_norm(nn.Linear(64, 16))),
    "spectral_norm-conv": lambda: image(parametrizations.spectral_norm(nn.Conv2d(1, 4, 3))),
    "spectral_norm-old": lambda: _old(nn.utils.spectral_norm),
    "orthogonal-householder": lambda: _orthogonal("householder"),
    "orthogonal-exp": lambda: dense(
        parametrizations.orthogonal(nn.Linear(64, 16), "weight", "matrix_exp")
    ),
    "orthogonal-cayley": lambda: dense(
        parametrizations.orthogonal(nn.Linear(64, 16), "weight", "cayley")
    ),
    "standardized": lambda: image(Standardized(1, 4, 3)),
    "fake-quantized": lambda: dense(FakeQuantized(64, 16)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("decomposed", [False, True], ids=["as-exported", "decomposed"])
def test_answers_are_those_of_torch(name: str, decomposed: bool, export: Exporter) -> None:
    if decomposed and name == "orthogonal-cayley":
        pytest.skip("torch wraps the check of its solver in an effect token")
    torch.manual_seed(0)
    net = NETWORKS[name]().eval()
    graph = load_model(export(net, (1, 8, 8), decomposed=decomposed)).graph
    frames = np.random.default_rng(0).integers(0, 3, (5, 1, 1, 8, 8)).astype(np.float64)
    with torch.no_grad():
        expected = net(torch.tensor(frames[:, 0], dtype=torch.float32)).numpy()
    found = run_frames(graph, frames)[graph.readout.name][:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.filterwarnings("ignore")
def test_the_graph_has_the_weights_alone(export: Exporter) -> None:
    """The same as after torch's own ``remove_parametrizations``."""
    torch.manual_seed(0)
    net = dense(parametrizations.weight_norm(nn.Linear(64, 16)))
    before = load_model(export(net, (1, 8, 8))).graph
    nn.utils.parametrize.remove_parametrizations(net.get_submodule("1"), "weight")
    after = load_model(export(net, (1, 8, 8))).graph
    weights = [
        [op.weight for p in g.projections for op in p.ops if isinstance(op, Linear)]
        for g in (before, after)
    ]
    assert all(np.allclose(a, b, atol=1e-7) for a, b in zip(*weights, strict=True))


class Noisy(nn.Linear):
    """Weights that are drawn anew whenever they are used."""

    def forward(self, x: Tensor) -> Tensor:
        """One vector."""
        return nn.functional.linear(x, self.weight + torch.randn_like(self.weight), self.bias)


@pytest.mark.filterwarnings("ignore")
def test_what_is_not_on_the_list_is_refused(export: Exporter) -> None:
    with pytest.raises(UserError, match=r"(?s)D201.*randn_like"):
        load_model(export(dense(Noisy(64, 16)), (1, 8, 8)))


def test_nothing_on_the_list_draws_numbers_or_reads_files() -> None:
    """By what torch itself says of its operations, and by name."""
    drawing = torch.Tag.nondeterministic_seeded
    for name in folding.OF_WEIGHTS:
        packet = getattr(torch.ops.aten, name)
        for overload in packet.overloads():
            operation = getattr(packet, overload)
            assert drawing not in operation.tags, name
            taken = operation._schema.arguments
            texts = {a.name for a in taken if "str" in str(a.type) and "stride" not in a.name}
            # Modes of computing; the rest are overloads on texts, which give texts.
            gives_tensors = any("Tensor" in str(r.type) for r in operation._schema.returns)
            assert not gives_tensors or texts <= {"approximate", "mode", "ord", "rounding_mode"}, name
    assert "from_file" not in folding.OF_WEIGHTS


class Outer(nn.Module):
    """A matrix that is far larger than what is stored of it."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        """One vector."""
        return x + torch.outer(self.left, self.left)[:1, :4].flatten()


@pytest.mark.filterwarnings("ignore")
def test_large_results_are_refused_before_they_are_computed(export: Exporter) -> None:
    load_model(export(Outer(2**10), (4,)))
    with pytest.raises(UserError, match=r"(?s)D209.*gives 268435456 elements, the limit is 67108864"):
        load_model(export(Outer(2**14), (4,)))


@pytest.mark.parametrize("what", ["weight_norm", "fake-quantized"])
@pytest.mark.filterwarnings("ignore")
def test_large_arguments_are_refused_on_every_way(
    what: str, export: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stored number may stand for many, and each operation copies what it takes."""
    path = export(NETWORKS[what](), (1, 8, 8))
    load_model(path)
    monkeypatch.setattr(folding, "MOST_ELEMENTS", 64 * 16 - 1)
    with pytest.raises(UserError, match=r"(?s)D209.*takes 1024 elements, the limit is 1023"):
        load_model(path)


class Exponential(nn.Module):
    """A matrix whose exponential takes an hour."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.zeros(1))
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """One vector."""
        whole: Tensor = torch.linalg.matrix_exp(self.one.expand(self.size, self.size))
        return x + whole[:1, :4].flatten()


@pytest.mark.filterwarnings("ignore")
def test_large_matrices_are_not_inverted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, export: Exporter
) -> None:
    path = export(Exponential(32), (4,))
    load_model(path)
    monkeypatch.setattr(folding, "SLOW", 31)
    with pytest.raises(UserError, match=r"(?s)D209.*matrix of 32 rows, the limit is 31"):
        load_model(path)


@pytest.mark.filterwarnings("ignore")
def test_without_torch_it_is_named(export: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    path = export(NETWORKS["weight_norm"](), (1, 8, 8))
    original = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name == "torch":
            raise ImportError("No module named 'torch'")
        return original(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"(?s)D123.*_weight_norm.*pip install 'torch"):
        load_model(path)
