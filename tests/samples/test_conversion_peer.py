"""benchmarks/conversion against SpikingJelly: the network handed over, the comparison, its recipes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.conversion.feed_forward import NotFeedForwardError, feed_forward
from benchmarks.conversion.networks import Divide, conv, rollout
from benchmarks.conversion.paired import best, comparison, pair, pairs
from benchmarks.conversion.peer import ENGINE, ENVIRONMENTS, READER, converted
from benchmarks.conversion.sets import Part
from benchmarks.conversion.spikingjelly_recipes import STEPS, Network, names

INSTALLED = ENVIRONMENTS / READER.name / f"{READER.package}.installed"


class Every(nn.Module):
    """Each operation of the population once."""

    def __init__(self, activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.stem = nn.Sequential(Divide(16.0), conv(1, 4, norm=True, activation=activation))
        self.group = conv(4, 4, groups=2, dilation=2, bias=False)
        self.wide = nn.Linear(32, 12)
        self.norm = nn.BatchNorm1d(12)
        self.head = nn.Linear(12, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.group(x)
        x = torch.cat([x + y, y], dim=1)
        x = nn.functional.avg_pool2d(x, 4)
        found: Tensor = self.head(torch.relu(self.norm(self.wide(x.flatten(1)))))
        return found


def _archive(net: nn.Module, folder: Path) -> Path:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(net.eval(), (torch.zeros(1, 1, 8, 8),)), buffer)
    path = folder / "net.pt2"
    path.write_bytes(buffer.getvalue())
    return path


def _net(activation: type[nn.Module] = nn.ReLU) -> nn.Module:
    """With running means and variances that are not those of a new layer."""
    torch.manual_seed(0)
    net = Every(activation).train()
    with torch.no_grad():
        for _ in range(20):
            net(torch.rand(64, 1, 8, 8) * 16)
    return net.eval()


def _images(count: int, seed: int) -> Part:
    x = np.random.default_rng(seed).integers(0, 17, (count, 1, 1, 8, 8)).astype(np.uint8)
    return Part(x, np.zeros(count, np.int64))


def _expected(net: nn.Module, part: Part) -> NDArray[np.float32]:
    with torch.no_grad():
        found: Tensor = net(torch.from_numpy(part.x[:, 0].astype(np.float32)))
    return np.asarray(found.numpy())


@pytest.mark.parametrize("activation", [nn.ReLU, nn.ReLU6])
def test_the_network_handed_over_is_the_network(activation: type[nn.Module], tmp_path: Path) -> None:
    net, part = _net(activation), _images(5, 1)
    steps = feed_forward(_archive(net, tmp_path))
    arrays = {name: torch.from_numpy(array) for name, array in steps.arrays.items()}
    rebuilt = Network(steps.steps, arrays).eval()
    np.testing.assert_allclose(_expected(rebuilt, part), _expected(net, part), rtol=1e-5, atol=1e-6)


def test_what_cannot_be_handed_over_says_why(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.sin(x)

    with pytest.raises(NotFeedForwardError, match="operation sin"):
        feed_forward(_archive(Odd(), tmp_path))
    net = rollout((4,), (3,), loops=[(1, 1)])
    net(torch.zeros(1, 2, 4))
    path = tmp_path / "rollout.pt2"
    path.write_bytes(net.to_bytes())
    with pytest.raises(NotFeedForwardError, match="rollout"):
        feed_forward(path)


def _row(engine: str, right: list[bool], network: str = "net", k: int = 8) -> dict[str, Any]:
    mine = engine == "fast simulator"
    return {
        "network": network,
        "seed": 0,
        "samples": len(right),
        "float": 100.0,
        "target": "loihi" if mine else "float simulation",
        "code": "rate",
        "k": k,
        "bits": None,
        "calibration": "random 256",
        "changes": [],
        "value": 100 * sum(right) / len(right),
        "compile_said": [],
        "engine": engine,
        "right": np.packbits(right).tobytes().hex(),
    }


def test_pairs_are_judged_sample_by_sample() -> None:
    # Ten samples, which do not fill two bytes: ours alone right in one, theirs alone in three.
    ours = [True, False, False, False, True, True, True, False, False, True]
    theirs = [False, True, True, True, True, True, True, False, False, True]
    found = pair(_row("fast simulator", ours), _row(f"{ENGINE}, max", theirs))
    assert found.gain == pytest.approx(-20)
    each = 100 * (np.array(ours) * 1.0 - np.array(theirs))
    assert found.deviation == pytest.approx(each.std() / np.sqrt(10))


def test_recipes_are_compared_where_both_convert() -> None:
    good, bad = [True] * 10, [True] * 9 + [False]
    rows = [
        _row("fast simulator", bad, "a"),
        _row("fast simulator", good, "b"),
        _row(f"{ENGINE}, max", good, "a"),
        _row(f"{ENGINE}, max", bad, "b"),
        _row(f"{ENGINE}, 1/2", bad, "a"),
        _row(f"{ENGINE}, 1/2", bad, "b"),
        _row(f"{ENGINE}, 1/2", good, "c"),
    ]
    assert best(rows, 8) == f"{ENGINE}, max"
    assert [p.gain for p in pairs(rows, 8, f"{ENGINE}, 1/2")] == pytest.approx([0, 10])
    assert [p.gain for p in pairs(rows, 8, None)] == pytest.approx([-10, 10])
    table, worse, *_ = comparison(rows)
    assert table.row_count == 3
    assert list(worse.columns[0].cells) == ["a"]


@pytest.mark.skipif(
    not INSTALLED.exists(), reason=f"{READER.package} is not installed in {INSTALLED.parent}"
)
def test_recipes_convert_the_network(tmp_path: Path) -> None:
    net, test = _net(), _images(20, 3)
    answers, refused = converted(
        feed_forward(_archive(net, tmp_path)), _images(64, 2), test, ENVIRONMENTS
    )
    expected = _expected(net, test)
    assert not refused
    assert set(answers) == {"float", *names()}
    np.testing.assert_allclose(answers["float"], expected, rtol=1e-4, atol=1e-5)
    spread = float(expected.std())
    half = answers["channel 99.9 %, half threshold"]
    errors = [float(np.sqrt(np.mean(np.square(found - expected)))) for found in half]
    assert len(errors) == len(STEPS)
    assert errors[-1] < min(errors[0], spread / 2)

    answers, refused = converted(
        feed_forward(_archive(_net(nn.ReLU6), tmp_path)), _images(64, 2), test, ENVIRONMENTS
    )
    assert set(refused) == set(names())
    assert all("ReLU6" in reason for reason in refused.values())
