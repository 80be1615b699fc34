"""What an ordinary module has for training only stays there: dropout, and batch normalisation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.authoring import FixedDropout, FrameNetwork, Rollout
from snnc.errors import UserError
from snnc.frontend import load_archive
from snnc.frontend.torch_save.through_torch import archive_of
from snnc.training import Batches, Recipe, Stdb, Streaming, Weights, fit
from snnc.training.config import read_config, train_config
from snnc.training.methods.norms import with_own_norms
from snnc.training.methods.thaw import graph_of, thaw

OWN = """from torch import nn


def build():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(),
        nn.Linear(144, 3), nn.BatchNorm1d(3)
    )
"""
CONFIG = """network = "own_plain:build"
[data]
train = "data.npz"
[[stage]]
method = "streaming{frozen=0}"
epochs = 2
batch = 7
[[stage]]
method = "weights{bits=8}"
epochs = 1
[output]
model = "out.pt"
"""


def read(net: nn.Module, shape: tuple[int, ...] = (1, 8, 8)) -> tuple[FrameNetwork, list[str]]:
    """As ``snnc train`` reads it; with the codes of what was said."""
    graph = load_archive(archive_of(Path("net"), net, shape), "net", dropout=True).graph
    graph, notes = with_own_norms(graph)
    return thaw(graph, norms=True), [note.code for note in notes]


def randomised(net: nn.Module) -> nn.Module:
    """Statistics and factors that are not those of a new layer."""
    torch.manual_seed(1)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for values in (module.running_mean, module.weight, module.bias):
                assert values is not None
                nn.init.uniform_(values, 0.5, 1.5)
            assert module.running_var is not None
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return net


def plain(p: float = 0.5) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4, momentum=0.25),
        nn.ReLU(),
        nn.Dropout(p),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 12),
        nn.BatchNorm1d(12, momentum=None),
        nn.ReLU(),
        nn.Dropout(p),
        nn.Linear(12, 3),
    )


def test_in_evaluation_it_is_the_module() -> None:
    net = randomised(plain()).eval()
    found, said = read(net)
    x = torch.rand(5, 1, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(found.eval()(x[:, None])[:, 0], net(x), rtol=1e-4, atol=1e-5)
    assert not said


def test_training_is_that_of_the_module_where_nothing_is_drawn() -> None:
    """Statistics, gradients and an optimiser's steps, beside torch's own module without dropout."""
    net = randomised(plain(0.0))
    found, _ = read(net)
    net.train()
    found.train()
    ours, theirs = (torch.optim.SGD(each.parameters(), 0.1) for each in (found, net))
    generator = torch.Generator().manual_seed(3)
    for _ in range(5):
        x, y = torch.rand(16, 1, 8, 8, generator=generator), torch.arange(16) % 3
        losses = []
        for optimizer, answers in ((ours, found(x[:, None])[:, 0]), (theirs, net(x))):
            loss = nn.functional.cross_entropy(answers, y)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(loss.item())
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    norms = [m for m in found.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    own = [m for m in net.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    for mine, his in zip(norms, own, strict=True):
        assert mine.momentum == his.momentum
        torch.testing.assert_close(mine.running_mean, his.running_mean, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(mine.running_var, his.running_var, rtol=1e-3, atol=1e-4)


class Forked(nn.Module):
    """Dropout whose result goes two ways, dropout of channels, and a function in place of a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.drop, self.channels = nn.Dropout(0.25), nn.Dropout2d(0.75)
        self.a, self.b = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
        self.last = nn.Linear(256, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.drop(torch.relu(self.first(x)))
        x = self.channels(torch.relu(self.a(x) + self.b(x)))
        x = nn.functional.dropout(x.flatten(1), 0.125, self.training)
        answer: Tensor = self.last(x)
        return answer


def test_dropout_stays_where_it_is() -> None:
    found, said = read(Forked())
    by_edge = {
        edge.name: [m for m in found.get_submodule(edge.name).modules() if isinstance(m, FixedDropout)]
        for edge in found.edges
    }
    drops = [each for each in by_edge.values() if each]
    assert not said and [[(m.p, m.whole_channels) for m in each] for each in drops] == [
        [(0.25, False)],
        [(0.25, False)],
        [(0.75, True), (0.125, False)],
    ]
    assert drops[0][0] is drops[1][0]  # one mask for both ways
    found.train()
    found(torch.ones(6, 1, 1, 8, 8))
    (a,), _, (channels, flat) = drops
    masks = [m._mask for m in (a, channels, flat)]
    assert [tuple(mask.shape) for mask in masks if mask is not None] == [
        (6, 4, 8, 8),
        (6, 4, 1, 1),
        (6, 256),
    ]


def test_a_second_stage_has_it_too_and_the_grid_says_that_it_has_not() -> None:
    found, _ = read(plain())
    x = np.random.default_rng(0).integers(0, 4, (8, 2, 1, 8, 8)).astype(np.uint8)
    spiking = Stdb(steps=2).prepare(found, x)
    shares = [m.p for m in spiking.network.modules() if isinstance(m, FixedDropout)]
    assert shares == [0.5, 0.5] and not spiking.notes
    none = Stdb(steps=2, dropout=0.0).prepare(found, x).network
    assert not [m for m in none.modules() if isinstance(m, FixedDropout)]
    task = Weights(bits=8).prepare(found, x)
    assert [note.code for note in task.notes] == ["N700"]
    assert not [m for m in task.network.modules() if isinstance(m, FixedDropout)]
    assert not graph_of(found).name.startswith("snnc")


class PreActivated(nn.Module):
    """A batch normalisation over a sum, as in networks that normalise before they activate."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(1, 4, 1)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Linear(256, 3)

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.last(torch.relu(self.norm(self.a(x) + self.b(x))).flatten(1))
        return answer


def test_a_norm_over_a_sum_is_folded_with_a_warning() -> None:
    net = randomised(PreActivated()).eval()
    found, said = read(net)
    assert said == ["N700"]
    assert not [m for m in found.modules() if isinstance(m, nn.BatchNorm2d)]
    x = torch.rand(5, 1, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(found.eval()(x[:, None])[:, 0], net(x), rtol=1e-4, atol=1e-4)


def test_streaming_moves_statistics_and_the_file_compiles(tmp_path: Path) -> None:
    """The whole command: a module of one's own, trained in two stages."""
    (tmp_path / "own_plain.py").write_text(OWN)
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "data.npz",
        x=rng.integers(0, 4, (24, 1, 1, 8, 8)).astype(np.uint8),
        y=rng.integers(0, 3, 24),
    )
    (tmp_path / "run.toml").write_text(CONFIG)
    trained = train_config(read_config(tmp_path / "run.toml"))
    assert [note.code for note in trained.notes] == ["N700"]
    assert load_archive((tmp_path / "out.pt").read_bytes(), "out").graph.neurons


def test_two_edges_of_one_node_share_a_mask() -> None:
    net = Rollout((1, 2, 2))
    net.node("h")
    net.readout("y")
    drop = FixedDropout(0.5)
    net.edge("input", "h", nn.Conv2d(1, 16, 1))
    net.edge("h", "h", nn.Sequential(drop, nn.Conv2d(16, 16, 1)))
    net.edge("h", "y", nn.Sequential(drop, nn.Flatten(), nn.Linear(64, 2)))
    x = np.random.default_rng(0).integers(0, 4, (8, 4, 1, 2, 2)).astype(np.uint8)
    task = Stdb(steps=2, dropout=0.5).prepare(net, x)
    drops = [m for m in task.network.modules() if isinstance(m, FixedDropout)]
    assert len(drops) == 1
    task = Streaming().prepare(net, x)
    batches = Batches(x, np.zeros(8, np.int64), 4)
    fit(task, batches, batches, Recipe(epochs=1))
    assert net.to_bytes() == net.to_bytes()


def test_dropout_by_kind_and_none_before_a_pool() -> None:
    net = FrameNetwork((1, 8, 8))
    for name in ("pooled", "image", "flat"):
        net.node(name)
    net.readout("y")
    net.edge("input", "pooled", nn.Conv2d(1, 4, 3, padding=1), delay=0)
    net.edge("pooled", "image", nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(4, 4, 3)), delay=0)
    net.edge("image", "flat", nn.Sequential(nn.Flatten(), nn.Linear(16, 8)), delay=0)
    net.edge("flat", "y", nn.Linear(8, 2), delay=0)
    x = np.random.default_rng(0).integers(0, 4, (8, 1, 1, 8, 8)).astype(np.uint8)

    def shares(**options: float) -> dict[str, list[float]]:
        found = Stdb(steps=2, **options).prepare(net, x).network  # type: ignore[arg-type]
        return {
            e.source: [
                m.p for m in found.get_submodule(e.name).modules() if isinstance(m, FixedDropout)
            ]
            for e in found.edges
        }

    assert shares() == {"input": [], "pooled": [], "image": [], "flat": []}
    assert shares(dropout=0.5) == {"input": [], "pooled": [], "image": [0.5], "flat": [0.5]}
    both = {"input": [], "pooled": [], "image": [0.3], "flat": [0.5]}
    assert shares(dropout=0.5, dropout_conv=0.3) == both
    assert shares(dropout_conv=0.3) == {**both, "flat": []}


def test_a_batch_that_cannot_be_normalised(tmp_path: Path) -> None:
    """A sample that is left over joins the batch before it; a batch of one is refused."""
    x = np.random.default_rng(0).integers(0, 4, (9, 1, 1, 8, 8)).astype(np.uint8)
    y = np.arange(9) % 3
    sizes = [len(labels) for _, labels in Batches(x, y, 4, shuffle=True)]
    assert sizes == [4, 5] and len(Batches(x, y, 4, shuffle=True)) == 2
    assert [len(labels) for _, labels in Batches(x, y, 4)] == [4, 4, 1]
    found, _ = read(plain())
    with pytest.raises(UserError) as caught:
        fit(Streaming().prepare(found, x), Batches(x, y, 1, shuffle=True), Batches(x, y), Recipe())
    assert [d.code for d in caught.value.diagnostics] == ["D521"]
