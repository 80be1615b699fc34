"""lava-dl's blocks, every one and every option that is read: every spike is the live network's own."""

from __future__ import annotations

import contextlib
import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

with contextlib.redirect_stdout(io.StringIO()):  # what it misses for its examples
    from lava.lib.dl import slayer

import snnc
from snnc.errors import UserError
from snnc.frontend import IntegerModel
from snnc.frontend.model import Own
from snnc.frontend.own_networks import of_blocks
from snnc.frontend.source import ModelSource
from snnc.ir import Kind
from snnc.sim import REFERENCE
from snnc.workflows.live_blocks import compared_blocks, with_block_comparison

C: Any = slayer.block.cuba
NEURON = {"threshold": 1.25, "current_decay": 0.25, "voltage_decay": 0.03, "requires_grad": True}
NORM = {**NEURON, "norm": slayer.neuron.norm.MeanOnlyBatchNorm}


class Chain(nn.Module):
    """As in lava-dl's tutorials."""

    def __init__(self, *blocks: Any) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        return x


def dense(inputs: int, outputs: int, neuron: Any = None, **options: Any) -> Any:
    return C.Dense(dict(neuron or NEURON), inputs, outputs, weight_scale=4, **options)


def trained(net: nn.Module, shape: tuple[int, ...], delays: int = 0) -> nn.Module:
    """Run in training, as users do before they save; delays as training would leave them."""
    torch.manual_seed(1)
    noise = np.random.default_rng(1)
    net.train()
    net(torch.from_numpy((noise.random((3, *shape, 20)) < 0.4).astype(np.float32)))
    for module in net.modules():
        if isinstance(module, slayer.axon.Delay):
            module.delay.data.uniform_(0, delays)
        if isinstance(module, slayer.neuron.norm.MeanOnlyBatchNorm):
            module.running_mean = torch.linspace(-0.4, 0.3, len(module.running_mean))
    return net


def integers(net: nn.Module, shape: tuple[int, ...]) -> Any:
    return of_blocks(Own(net, (), ""), shape, "net")


def equal(net: nn.Module, shape: tuple[int, ...] = (12,), delays: int = 0, spikes: int = 300) -> Any:
    """Every spike of every layer is the network's own, on both simulators."""
    model = integers(trained(net, shape, delays), shape)
    for simulator in ("fast", REFERENCE):
        found = compared_blocks(model, None, simulator)
        assert found.differ == 0, found
        assert found.spikes > spikes, found
    return model


def fired(model: IntegerModel) -> list[Any]:
    """Its populations that fire."""
    return [p for p in model.program.populations if p.kind is Kind.NEURONS]


@pytest.fixture(autouse=True)
def _seed() -> Any:
    torch.manual_seed(0)


@pytest.mark.parametrize(
    "options, delays",
    [
        ({}, 0),
        ({"weight_norm": True}, 0),
        ({"delay": True}, 30),
        ({"weight_norm": True, "delay": True}, 62),
        ({"delay_shift": False}, 0),
        ({"delay_shift": False, "delay": True}, 9),
    ],
)
def test_dense(options: Any, delays: Any) -> None:
    model = equal(Chain(dense(12, 9, **options), dense(9, 9, **options), dense(9, 5)), delays=delays)
    found = {p.delay for p in model.program.projections}
    assert max(found) == 0 if not delays else delays // 2 < max(found) <= delays


def test_biases_begin_where_training_has_them() -> None:
    """A layer of SLAYER has its bias in all steps, those too before the first spike can arrive."""
    for shift in (True, False):
        blocks = [dense(12, 9, NORM, delay_shift=shift) for _ in range(1)]
        blocks += [dense(9, 7, NORM, delay_shift=shift), dense(7, 5, NORM, delay_shift=shift)]
        model = equal(Chain(*blocks))
        starts = [p.neuron.bias_start for p in fired(model)]
        assert starts == ([1, 1, 1] if shift else [1, 2, 3])
        assert all(np.any(p.neuron.bias_mantissa) for p in fired(model))
        assert not [note for note in model.notes if note.code == "N776"]


def test_convolutions() -> None:
    net = Chain(
        C.Conv(dict(NEURON), 2, 4, 3, padding=1, weight_scale=4, weight_norm=True),
        C.Pool(dict(NEURON), 2, stride=2, weight_scale=2),
        C.Conv(dict(NORM), 4, 6, 3, stride=2, groups=2, weight_scale=4),
        C.Flatten(),
        dense(6, 5, delay=True),
    )
    model = equal(net, (2, 8, 8), delays=3)
    assert [p.shape for p in fired(model)] == [(4, 8, 8), (4, 4, 4), (6, 1, 1), (5,)]


def test_recurrent() -> None:
    equal(Chain(dense(12, 9), C.Recurrent(dict(NEURON), 9, 7, weight_scale=4), dense(7, 5)))


@pytest.mark.parametrize("neuron", [NEURON, NORM])
def test_a_readout_that_never_fires(neuron: Any) -> None:
    net = Chain(dense(12, 9), C.Affine(dict(neuron), 9, 4, weight_scale=4, weight_norm=True))
    model = equal(net, spikes=100)
    values = model.live.run(np.ones((2, 20, 12), np.int64))["blocks.1"]
    assert np.abs(values).max() > 1000 and model.program.readout.name == "blocks.1"


def test_a_readout_that_adds_up() -> None:
    equal(Chain(dense(12, 9), C.Affine(dict(NEURON), 9, 4, weight_scale=4, dynamics=False)), spikes=100)


def test_input_and_average() -> None:
    model = equal(
        Chain(C.Input(delay_shift=False), dense(12, 9), dense(9, 6), C.Average(num_outputs=3))
    )
    assert model.program.readout.shape == (3,)
    assert model.program.input.shape == (12,)


def test_names_and_answers() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.input, self.answer = dense(64, 9), dense(9, 5)

        def forward(self, x: Any) -> Any:
            out = self.answer(self.input(x.reshape(len(x), -1, x.shape[-1])))
            return out.mean(-1)

    model = equal(Named(), (1, 8, 8))
    assert [p.name for p in model.program.populations] == ["input", "input_", "answer_", "answer"]


# What the user gives


def make() -> nn.Module:
    """What ``--module`` names."""
    global built
    built += 1
    return Chain(
        dense(12, 9, weight_norm=True, delay=True),
        C.Recurrent(dict(NEURON), 9, 7, weight_scale=4),
        dense(7, 5, NORM),
    )


built = 0


def counts(samples: int = 6) -> Any:
    return (np.random.default_rng(0).random((samples, 30, 12)) < 0.4).astype(np.int64)


def test_a_state_dict(tmp_path: Path) -> None:
    """Shapes that the first forward gives, and what the last run left, are no obstacle."""
    global built
    net = trained(make(), (12,), 20)
    saved = {name: values.shape for name, values in net.state_dict().items()}
    assert saved["blocks.0.delay.delay"] == (9,) and saved["blocks.1.spike_state"] == (3, 7)
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    built = 0
    bundle = snnc.compile(
        tmp_path / "weights.pt",
        target="loihi",
        module=f"{__name__}:make",
        calibration=counts(),
        output=tmp_path / "net.loihi",
    )
    assert built == 1
    notes = {note.code: note for note in bundle.notes}
    assert notes["N779"].what.startswith("every spike is the network's own: 3,780")
    assert "gives the answer of a step 3 later" in notes["N778"].why
    theirs = integers(net, (12,)).live.run(counts())
    whole = integers(net, (12,)).program
    for name, mine in {p.name: p for p in bundle.program.populations}.items():
        assert mine.shape == whole.by_name[name].shape
    answers = np.asarray(bundle.run(counts()).answers)
    np.testing.assert_array_equal(answers[:, -1], theirs["blocks.2"].sum(1))
    with pytest.raises(UserError, match="D644"):
        ModelSource(tmp_path / "weights.pt", input_shape="12", module=f"{__name__}:make").load()


def test_a_state_dict_of_other_networks_is_built_once(tmp_path: Path) -> None:
    global built
    torch.save(plain().state_dict(), tmp_path / "weights.pt")
    source = ModelSource(tmp_path / "weights.pt", input_shape="12", module=f"{__name__}:plain")
    built = 0
    assert source.load_integers() is None
    assert source.load().graph is not None
    assert built == 1


def plain() -> nn.Module:
    """A network of another kind."""
    global built
    built += 1
    return nn.Sequential(nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 3))


def test_a_live_network_is_left_as_it_is(tmp_path: Path) -> None:
    net = trained(make(), (12,), 20)
    before = {name: values.clone() for name, values in net.state_dict().items()}
    bundle = snnc.compile(net, target="reference", calibration=counts(), output=tmp_path / "b")
    assert {note.code for note in bundle.notes} >= {"N778", "N779"}
    assert net.training
    for name, values in net.state_dict().items():
        assert torch.equal(values, before[name])
    with pytest.raises(UserError, match="D644"):
        ModelSource(Path("net"), input_shape="12", network=net).load()


# What is refused


class Other(Chain):
    """Does not call its blocks in a chain."""

    def __init__(self, way: str) -> None:
        super().__init__(dense(12, 9), dense(9, 9), dense(9, 9))
        self.way = way

    def forward(self, x: Any) -> Any:
        a = self.blocks[0](x)
        b = self.blocks[1](2 * a if self.way == "between" else a)
        if self.way == "twice":
            b = self.blocks[1](b)
        c = self.blocks[2](a + b if self.way == "skip" else b)
        return c.cumsum(-1) if self.way == "answer" else c


@pytest.mark.parametrize(
    "code, way, where, match",
    [
        ("D681", "skip", "blocks.2", "takes something else than what the block blocks.1"),
        ("D681", "between", "blocks.1", "takes something else than what the block blocks.0"),
        ("D685", "twice", "blocks.1", "called several times"),
        ("D684", "answer", "blocks.2", "nor its sum or mean"),
    ],
)
def test_other_orders(code: Any, way: Any, where: Any, match: Any) -> None:
    refused(code, Other(way), where, match)


def refused(code: str, net: nn.Module, where: str, match: str, shape: tuple[int, ...] = (12,)) -> None:
    with pytest.raises(UserError, match=match) as caught:
        integers(net, shape)
    assert [(d.code, d.where) for d in caught.value.diagnostics] == [(code, where)]


def with_(**options: Any) -> dict[str, Any]:
    return {**NEURON, **options}


class Changed(C.Dense):  # type: ignore[misc]
    """A subclass."""


@pytest.mark.parametrize(
    "block, match",
    [
        (lambda: dense(12, 9, with_(graded_spike=True)), "graded_spike"),
        (lambda: dense(12, 9, with_(shared_param=False)), "shared_param=False"),
        (lambda: dense(12, 9, with_(current_decay=0.0)), "never decays"),
        (lambda: dense(12, 9, with_(threshold=0.0)), "not above 0"),
        (lambda: dense(12, 9, with_(norm=slayer.neuron.norm.WgtScaleBatchNorm)), "WgtScaleBatchNorm"),
        (lambda: dense(12, 9, NORM, delay=True), "delays and a normalisation"),
        (lambda: C.KWTA(dict(NEURON), 12, 9, 3), "cuba.KWTA is not read"),
        (lambda: C.Input(dict(NEURON)), "takes values, not spikes"),
        (lambda: Changed(dict(NEURON), 12, 9), "Changed, a subclass"),
        (lambda: slayer.block.alif.Dense(ALIF, 12, 9), "alif.Dense is not read"),
        (lambda: slayer.block.rf.Dense(RF, 12, 9), "rf.Dense is not read"),
        (lambda: slayer.block.sigma_delta.Dense(SDNN, 12, 9), "sigma_delta.Dense"),
        (lambda: slayer.neuron.cuba.Neuron(**NEURON), "outside of a block"),
    ],
)
def test_blocks_that_are_not_read(block: Any, match: Any) -> None:
    refused("D681", Chain(block(), dense(9, 5)), "blocks.0", match)


ALIF: Any = {
    "threshold": 1.25,
    "threshold_step": 0.5,
    "current_decay": 0.25,
    "voltage_decay": 0.03,
    "threshold_decay": 0.1,
    "refractory_decay": 0.1,
}
SDNN: Any = {"threshold": 0.1, "activation": torch.relu}
RF: Any = {"threshold": 1.0, "period": 10.0, "decay": 0.1}


def test_frames_of_another_shape() -> None:
    refused("D683", Chain(dense(12, 9)), "Chain", "steps last", (13,))
    refused("D683", Chain(dense(12, 9)), "Chain", "channels, height and width", (3, 4))


def test_recurrent_delays_are_those_of_the_file() -> None:
    net = Chain(dense(12, 9), C.Recurrent(dict(NEURON), 9, 7, weight_scale=4, delay=True))
    refused("D641", trained(net, (12,), 5), "blocks.1/delay", "delays in a recurrent layer")


def test_what_the_export_does_not_say_shows_in_the_comparison() -> None:
    """A block whose forward was replaced is another network than its class says."""
    net: Any = trained(Chain(dense(12, 9), dense(9, 5)), (12,))
    first = net.blocks[0].neuron
    first.forward = partial(_doubled, first.forward)
    with pytest.raises(UserError, match="neuron-steps are not what the network itself") as caught:
        with_block_comparison(integers(net, (12,)), None)
    (said,) = caught.value.diagnostics
    assert said.code == "D686" and said.where == "blocks.0"


def _doubled(forward: Any, x: torch.Tensor) -> Any:
    return forward(2 * x)
