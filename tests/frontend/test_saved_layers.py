"""Every layer that a pickled module may have is rebuilt with its settings: what torch computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.frontend import Given, load_model
from snnc.frontend.torch_save.standard_layers import SMALLEST, build
from snnc.sim.analog import run_frames

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from torch import nn  # noqa: E402  (only with torch)

IMAGE, LINE = (2, 8, 8), (2, 12)

LAYERS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "hardsigmoid": (nn.Hardsigmoid(), LINE),
    "leaky": (nn.LeakyReLU(0.2), LINE),
    "prelu": (nn.PReLU(2, 0.3), LINE),
    "transposed": (nn.ConvTranspose1d(2, 3, 3, 2), LINE),
    "transposed-2d": (nn.ConvTranspose2d(2, 4, 3, 2, 1, 1, groups=2, bias=False), IMAGE),
    "shuffle": (nn.Sequential(nn.Conv2d(2, 4, 3), nn.PixelShuffle(2)), IMAGE),
    "max": (nn.Sequential(nn.ReLU(), nn.MaxPool1d(3, 2, 1)), LINE),
    "max-2d": (nn.Sequential(nn.ReLU(), nn.MaxPool2d((2, 3), 2, padding=1)), IMAGE),
    "upsample": (nn.Upsample(scale_factor=2, mode="bilinear"), IMAGE),
    "upsample-aligned": (nn.Upsample((5, 9), mode="bilinear", align_corners=True), IMAGE),
    "bilinear": (nn.UpsamplingBilinear2d(scale_factor=2), IMAGE),
    "nearest": (nn.UpsamplingNearest2d((12, 10)), IMAGE),
}


@pytest.mark.parametrize("name", LAYERS)
def test_equals_torch(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer, shape = LAYERS[name]
    net = nn.Sequential(layer, nn.Flatten()).eval()
    torch.save(net, tmp_path / "net.pt")
    given = Given(input_shape=",".join(map(str, shape)))
    graph = load_model(tmp_path / "net.pt", given=given).graph
    frames = np.random.default_rng(0).normal(size=(3, 1, *shape))
    found = run_frames(graph, frames)[graph.readout.name][:, 0]
    with torch.no_grad():
        expected = net(torch.tensor(frames[:, 0], dtype=torch.float32)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.LogSoftmax(1), nn.Sigmoid(), nn.Tanh()])
def test_a_last_activation_is_taken_off(last: nn.Module, tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(6, 3), last), tmp_path / "net.pt")
    model = load_model(tmp_path / "net.pt", given=Given("6"))
    assert [note.code for note in model.notes] == ["N766"] and not model.graph.neurons


@pytest.mark.parametrize("name", SMALLEST)
def test_a_small_one_can_be_made(name: str) -> None:
    layer = build(f"torch.nn.modules.{name}")
    assert type(layer).__module__ + "." + type(layer).__name__ == f"torch.nn.modules.{name}"


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 1, 1, stride=10**4, padding=10**4),
        nn.Conv2d(1, 1, 3, dilation=10**4, padding=10**4),
        nn.Conv2d(1, 1, 1, stride=2048, padding=2048),
    ],
)
def test_a_padding_that_would_fill_the_memory(layer: nn.Module, tmp_path: Path) -> None:
    """What comes out is small, and what is padded is not."""
    torch.save(nn.Sequential(layer, nn.Flatten()), tmp_path / "net.pt")
    with pytest.raises(
        UserError, match=r"pads \(1, 2, 1\) to \d+ x \d+, \d+ elements; the limit is 16777216"
    ):
        load_model(tmp_path / "net.pt", given=Given("1,2,1"))


def test_a_padding_at_the_limit(tmp_path: Path) -> None:
    torch.save(
        nn.Sequential(nn.Conv2d(1, 1, 1, stride=2047, padding=2047), nn.Flatten()), tmp_path / "net.pt"
    )
    assert load_model(tmp_path / "net.pt", given=Given("1,2,2")).graph.readout.shape == (9,)
