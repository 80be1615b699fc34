"""Max-pooling out of ordinary neurons: exact in the exact codes, from torch to Lava."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.backends.loihi import LoihiBackend
from snnc.errors import UserError
from snnc.frontend.load import load_archive
from snnc.frontend.torch_export.torch_run import run_torch
from snnc.ir import Array, Graph, Integers, per_channel
from snnc.lowering import lower
from snnc.passes import Context, Pass, Pipeline
from snnc.sim import encode, simulate
from snnc.sim.analog import frame_values, run_frames
from snnc.verify import spikes_by_frame
from tests.by_options import compile_model, verify_bundle

FIVE = (8, 12, 16, 16, 16)
"""Channels of blocks that halve 32x32 images to 1x1, as VGG's five do."""

FRAMES = 4


def pooled(sizes: tuple[int, ...] = FIVE) -> nn.Module:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for before, after in zip((3, *sizes), sizes, strict=False):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(sizes[-1], 10)).train()
    with torch.no_grad():
        for _ in range(10):
            net(torch.tensor(images(32)[:, 0], dtype=torch.float32))
    return net.eval()


def images(samples: int, frames: int = 1, seed: int = 0) -> Integers:
    return np.random.default_rng(seed).integers(0, 4, (samples, frames, 3, 32, 32))


def exported(net: nn.Module, shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(net, (torch.zeros(1, *shape),)), buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def archive() -> bytes:
    return exported(pooled(), (3, 32, 32))


def lowered(archive: bytes, *changes: str) -> Graph:
    """The graph on Loihi's grid."""
    pipeline = Pipeline.parse(LoihiBackend().pipeline())
    for change in changes:
        pipeline = pipeline.with_text(change)
    return pipeline.run(load_archive(archive, "net").graph, Context(LoihiBackend().target, images(48)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "changes",
    [
        ("choose-code{code=graded}",),
        ("choose-code{code=graded}", "quantize-activations{per=population}"),
        ("choose-code{code=graded}", "quantize-activations{levels=15}"),
        ("choose-code{code=frame}", "match-delays{steps-per-frame=16}"),
    ],
)
def test_what_is_pooled_is_the_largest(changes: tuple[str, ...], archive: bytes) -> None:
    """No level is lost: torch's own max-pooling of the integer network's own values."""
    graph = lowered(archive, *changes)
    program = lower(graph, LoihiBackend().target)
    trace = simulate(program, encode(program, images(4, FRAMES, seed=1)))
    names = [p.name for p in graph.neurons]
    levels = {n: spikes_by_frame(program, n, trace.spikes[n])[:, :FRAMES] for n in names}
    blocks = [name for name in names if not name.endswith(("_2", "_3", "_4"))]
    rectified, first = blocks[::2], blocks[1::2]
    assert len(rectified) == 5
    for name, pool in zip(rectified, first, strict=True):
        source, found = levels[name], levels[f"{pool}_4"]
        merged = source.reshape(-1, *source.shape[2:])
        largest = nn.functional.max_pool2d(torch.tensor(merged, dtype=torch.float64), 2).numpy()
        assert largest.any() and np.array_equal(largest, found.reshape(largest.shape)), name


@pytest.mark.filterwarnings("ignore")
def test_the_program_is_the_graph_with_the_chips_weights(archive: bytes) -> None:
    graph = lowered(archive, "choose-code{code=graded}")
    program = lower(graph, LoihiBackend().target)
    counts = images(4, FRAMES, seed=1)
    trace = simulate(program, encode(program, counts))
    names = [p.name for p in graph.neurons]
    meant = run_frames(graph, frame_values(graph, counts), only=names)
    for name in names:
        found = spikes_by_frame(program, name, trace.spikes[name])[:, :FRAMES]
        assert meant[name].any() and np.array_equal(found, meant[name]), name


@pytest.mark.lava
@pytest.mark.filterwarnings("ignore")
def test_lava_gives_the_same(archive: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.pt2").write_bytes(archive)
    np.savez(tmp_path / "calibration.npz", x=images(48))
    np.savez(tmp_path / "data.npz", x=images(1, 13, seed=1))
    compile_model(
        tmp_path / "net.pt2",
        "loihi",
        tmp_path / "net.loihi",
        calibration=tmp_path / "calibration.npz",
        code="graded",
    )
    done = verify_bundle(
        tmp_path / "net.loihi", data=tmp_path / "data.npz", engine="lava-inprocess", samples=1
    )
    assert done.comparison.mismatches == 0
    assert all(p.spikes for p in done.comparison.populations if p.population.endswith("_4"))


@pytest.mark.filterwarnings("ignore")
def test_the_ladder_leaves_out_what_torch_never_has() -> None:
    """A ``relu`` behind the pooling is computed before it here, in a population that torch lacks."""
    torch.manual_seed(0)
    layers = (nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))
    model = load_archive(exported(nn.Sequential(*layers).eval(), (1, 8, 8)), "net")
    assert model.step is not None
    frames = np.random.default_rng(0).integers(0, 9, (2, 1, 1, 8, 8))
    theirs = run_torch(model.step, model.graph.readout.name, frames)
    ours = run_frames(model.graph, frames)
    assert len(ours) > len(theirs) > 0
    for name, values in theirs.items():
        np.testing.assert_allclose(values, ours[name], atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_in_the_code_rate_it_is_an_approximation() -> None:
    """Rates of differences: near, and nearer with more steps."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1800, 4)
    )
    graph, backend = load_archive(exported(net.eval(), (3, 32, 32)), "net").graph, LoihiBackend()
    apart = []
    for steps in (8, 32):
        with_steps = f"match-delays{{steps-per-frame={steps}}}"
        pipeline = Pipeline.parse(backend.pipeline()).with_text(with_steps)
        worth: dict[str, Array] = {}

        def keep(a_pass: Pass, graph: Graph, worth: dict[str, Array] = worth) -> None:
            if a_pass.name == "balance-thresholds":
                worth |= {p.name: per_channel(p.amplitude, p.shape) for p in graph.neurons}

        done = pipeline.run(graph, Context(backend.target, images(16)), keep)
        program, counts = lower(done, backend.target), images(4, FRAMES, seed=1)
        trace = simulate(program, encode(program, counts))
        rates = {
            name: spikes_by_frame(program, name, trace.spikes[name])[:, 1] / steps * worth[name]
            for name in ("1", "2_4")
        }
        largest = nn.functional.max_pool2d(torch.tensor(rates["1"]), 2).numpy()
        apart.append(float(np.abs(rates["2_4"] - largest).mean() / largest.mean()))
    assert apart[1] < apart[0] and apart[1] < 0.1, apart


class Pooling(nn.Module):
    """Max-pooling of a state: of the frame before, or of its own frame before."""

    def __init__(self, loop: bool) -> None:
        super().__init__()
        self.loop = loop
        self.into, self.back = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
        self.head = nn.Linear(64 if not loop else 256, 3)
        self.state: Tensor
        self.register_buffer("state", torch.zeros(1, 4, 8, 8))

    def forward(self, x: Tensor) -> Tensor:
        """One frame."""
        if self.loop:
            h = torch.relu(self.into(x) + self.back(nn.functional.max_pool2d(self.state, 3, 1, 1)))
            answer: Tensor = self.head(h.flatten(1))
        else:
            h = torch.relu(self.into(x))
            answer = self.head(nn.functional.max_pool2d(self.state, 2).flatten(1))
        self.state.copy_(h)
        return answer


def recurrent(loop: bool) -> Graph:
    torch.manual_seed(0)
    return load_archive(exported(Pooling(loop).eval(), (3, 8, 8)), "net").graph


@pytest.mark.filterwarnings("ignore")
def test_of_the_frame_before() -> None:
    """Of a state, which is never negative because what is written into it never is."""
    backend, counts = LoihiBackend(), images(6, 9)[..., :8, :8]
    pipeline = Pipeline.parse(backend.pipeline()).with_text("choose-code{code=graded}")
    done = pipeline.run(recurrent(loop=False), Context(backend.target, counts))
    program = lower(done, backend.target)
    trace = simulate(program, encode(program, counts))
    names = [p.name for p in done.neurons]
    meant = run_frames(done, frame_values(done, counts), only=names)
    for name in names:
        found = spikes_by_frame(program, name, trace.spikes[name])[:, : counts.shape[1]]
        assert meant[name].any() and np.array_equal(found, meant[name]), name


@pytest.mark.filterwarnings("ignore")
def test_a_loop_of_one_frame_has_no_room_for_it() -> None:
    """Each population takes a step, and in the exact codes a frame."""
    backend = LoihiBackend()
    pipeline = Pipeline.parse(backend.pipeline()).with_text("choose-code{code=graded}")
    with pytest.raises(UserError, match="D302"):
        pipeline.run(recurrent(loop=True), Context(backend.target, images(6, 9)[..., :8, :8]))


@pytest.mark.filterwarnings("ignore")
def test_wide_windows_that_overlap_take_few_neurons_and_lose_no_level() -> None:
    """Windows of 256 places, 9 populations; pairs of places would be 256 of them."""
    torch.manual_seed(0)
    layers = (nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(16, stride=1), nn.Flatten())
    net = nn.Sequential(*layers, nn.Linear(18, 4)).eval()
    graph = load_archive(exported(net, (1, 18, 18)), "net").graph
    assert len(graph.neurons) == 1 + 4 + 4 + 1
    x = np.random.default_rng(0).integers(0, 4, (8, 1, 1, 18, 18))
    backend = LoihiBackend()
    pipeline = Pipeline.parse(backend.pipeline()).with_text("choose-code{code=graded}")
    pipeline = pipeline.with_text("quantize-activations{levels=7}")
    program = lower(pipeline.run(graph, Context(backend.target, x)), backend.target)
    trace = simulate(program, encode(program, x[:2]))
    names = ("1", graph.neurons[-1].name)
    source, found = (spikes_by_frame(program, name, trace.spikes[name])[:, 0] for name in names)
    largest = nn.functional.max_pool2d(torch.tensor(source, dtype=torch.float64), 16, 1).numpy()
    assert largest.any() and np.array_equal(largest, found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("code", "window"), [("frame", 3), ("graded", 5)])
def test_a_rare_outlier_does_not_cut_what_is_pooled(code: str, window: int) -> None:
    """The source is cut at its range; so is the largest of its values, which is never their sum."""
    layers = (nn.Conv2d(1, 1, 1, bias=False), nn.ReLU(), nn.MaxPool2d(window), nn.Flatten())
    net = nn.Sequential(*layers, nn.Linear((15 // window) ** 2, 1, bias=False)).eval()
    with torch.no_grad():
        net.get_submodule("0").weight.fill_(1.0)  # type: ignore[operator]
    drawn = np.random.default_rng(0)
    x = drawn.integers(1, 9, (24, 3, 1, 15, 15))
    x[drawn.random(x.shape) < 4e-4] = 100
    backend = LoihiBackend()
    pipeline = Pipeline.parse(backend.pipeline()).with_text(f"choose-code{{code={code}}}")
    if code == "frame":
        pipeline = pipeline.with_text("match-delays{steps-per-frame=8}")
    graph = load_archive(exported(net, (1, 15, 15)), "net").graph
    program = lower(pipeline.run(graph, Context(backend.target, x)), backend.target)
    trace = simulate(program, encode(program, x[:4]))
    pooled = f"2_{window * window}"
    frames = x.shape[1]
    source = spikes_by_frame(program, "1", trace.spikes["1"])[:, :frames]
    found = spikes_by_frame(program, pooled, trace.spikes[pooled])[:, :frames]
    merged = torch.tensor(source.reshape(-1, *source.shape[2:]), dtype=torch.float64)
    largest = nn.functional.max_pool2d(merged, window).numpy()
    assert largest.any() and np.array_equal(largest, found.reshape(largest.shape))
