"""snnTorch's networks compiled: what is said of them, what the integers keep, the ladder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import snntorch
import snntorch.utils
import torch
from torch import nn

import snnc

from .cases_snntorch import Loop, Stepping
from .comparing import frames_of, linear


def test_the_ladder_of_a_network_with_steps_of_its_own(tmp_path: Any) -> None:
    """Data of other frames than the network can take: all rungs run on what it takes."""
    net = Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9), 10, axis=-1)
    x = frames_of(net, (12,), 0.4, 1, 1)
    bundle = snnc.compile(
        net, target="reference", calibration=x, input_shape=(12,), output=tmp_path / "net.bundle"
    )
    climbed = bundle.ladder((x, None), model=net)
    assert "N799" in {note.code for note in climbed.warnings}
    rungs = {rung.name: rung for rung in climbed.rungs}
    assert not rungs["graph in floats"].differences
    assert rungs["integer program"].differences < 0.02 * rungs["integer program"].compared
    same = np.repeat(x[:, :1], 10, axis=1)
    assert not [w for w in bundle.ladder((same, None), model=net).warnings if w.code == "N799"]


def test_a_network_in_which_nothing_spikes_is_said(tmp_path: Any) -> None:
    net = Loop(snntorch.Leaky(beta=0.9, threshold=1e3), snntorch.Leaky(beta=0.9, threshold=1e3), None)
    bundle = snnc.compile(net, target="reference", input_shape=(12,), output=tmp_path / "net.bundle")
    (said,) = (note for note in bundle.manifest.notes if note.code == "N779")
    assert said.severity.value == "warning" and "no neuron spikes" in said.what


class LateReset(nn.Module):
    """Forgets everything in one step, long after its first."""

    def __init__(self, when: int) -> None:
        super().__init__()
        self.fc, self.lif, self.when = linear(12, 9, 0), snntorch.Leaky(beta=0.95), when

    def forward(self, x: Any) -> Any:
        mem, spikes = self.lif.reset_mem(), []
        for step in range(len(x)):
            mem = torch.zeros_like(mem) if step == self.when else mem
            spike, mem = self.lif(self.fc(x[step]), mem)
            spikes.append(spike)
        return torch.stack(spikes)


@pytest.mark.parametrize("when", [20, 100, 250])
def test_what_happens_late_is_seen_without_data(tmp_path: Any, when: Any) -> None:
    with pytest.raises(snnc.UserError, match=rf"D686(.|\n)*first in step {when + 1}(.|\n)*256 steps"):
        snnc.compile(LateReset(when), "reference", tmp_path / "a.bundle", input_shape=(12,))
    assert not (tmp_path / "a.bundle").exists()


def test_what_no_comparison_sees_is_said(tmp_path: Any) -> None:
    """Later than the random steps; calibration data of the length in use show it."""
    net = LateReset(300)
    bundle = snnc.compile(net, "reference", tmp_path / "a.bundle", input_shape=(12,))
    (said,) = (note for note in bundle.manifest.notes if note.code == "N779")
    assert said.what.endswith("on random spikes, 4 samples of 256 steps")
    assert "later than this" in said.help
    long = (np.random.default_rng(0).random((2, 320, 12)) < 0.3).astype(np.int64)
    with pytest.raises(snnc.UserError, match="first in step 301"):
        snnc.compile(net, "reference", tmp_path / "b", input_shape=(12,), calibration=long)


def test_a_loop_that_ends_before_the_frames(tmp_path: Any) -> None:
    """Nothing shows it before data of as many frames come."""
    x = frames_of(None, (12,), 0.4, 1, 1)
    with pytest.raises(snnc.UserError, match="takes 20 steps of 24") as caught:
        snnc.compile(
            Stepping(1, 20),
            target="reference",
            calibration=x,
            input_shape=(12,),
            output=tmp_path / "net.bundle",
        )
    assert {d.code for d in caught.value.diagnostics} == {"D685"}
    assert not (tmp_path / "net.bundle").exists()


class Short(nn.Module):
    """Made for recordings of 25 steps: it ends there, or has nothing for the 26th."""

    def __init__(self, fails: bool) -> None:
        super().__init__()
        self.fc, self.lif, self.shares = linear(12, 9, 0), snntorch.Leaky(beta=0.95), [1.0] * 25
        self.fails = fails

    def forward(self, x: Any) -> Any:
        mem, spikes = self.lif.reset_mem(), []
        for step in range(len(x) if self.fails else min(len(x), 25)):
            spike, mem = self.lif(self.fc(x[step]) * self.shares[step], mem)
            spikes.append(spike)
        return torch.stack(spikes)


@pytest.mark.parametrize("fails", [False, True])
def test_without_data_a_network_is_run_as_long_as_it_can_be(tmp_path: Any, fails: Any) -> None:
    bundle = snnc.compile(Short(fails), "reference", tmp_path / "a.bundle", input_shape=(12,))
    notes = {note.code: note for note in bundle.manifest.notes}
    assert notes["N779"].what.endswith("on random spikes, 4 samples of 25 steps")
    assert "every spike is the network's own" in notes["N779"].what
    assert notes["N799"].severity.value == "warning" and "25 steps" in notes["N799"].what
    why = "IndexError" if fails else "it takes 25 steps of 26"
    assert why in notes["N799"].why


class Resetting(nn.Module):
    """As snnTorch's tutorials have it: neurons keep their states, forward begins with a reset."""

    def __init__(self) -> None:
        super().__init__()
        kept: Any = {"beta": 0.9, "init_hidden": True}
        self.net = nn.Sequential(
            linear(12, 9, 0), snntorch.Leaky(**kept), linear(9, 5, 1), snntorch.Leaky(**kept)
        )

    def forward(self, x: Any) -> Any:
        snntorch.utils.reset(self.net)
        return torch.stack([self.net(frame) for frame in x.unbind(0)])


def test_a_reset_in_forward_leaves_the_users_network_alone(tmp_path: Any) -> None:
    """It goes through all neurons of the process: it put tensors of the trace into the user's own."""
    net, other = Resetting(), Resetting()
    x = torch.from_numpy(frames_of(net, (12,), 0.4, 1, 1)).float().moveaxis(1, 0)
    with torch.no_grad():
        before, _ = net(x), other(x)
        neurons: list[Any] = [net.net[1], net.net[3], other.net[1]]
        potentials = [part.mem.clone() for part in neurons]
        bundle = snnc.compile(net, "reference", tmp_path / "a.bundle", input_shape=(12,))
        for part, kept in zip(neurons, potentials, strict=True):
            assert torch.equal(part.mem, kept)
        assert torch.equal(net(x), before)
    climbed = bundle.ladder((x.moveaxis(0, 1).numpy().astype(int), None), model=net)
    assert not {rung.name: rung for rung in climbed.rungs}["graph in floats"].differences


def test_a_reset_in_every_step_is_seen(tmp_path: Any) -> None:
    class Forgetful(Resetting):
        def forward(self, x: Any) -> Any:
            snntorch.utils.reset(self.net)
            return self.net(x)

    with pytest.raises(snnc.UserError, match="D686"):
        snnc.compile(Forgetful(), "reference", tmp_path / "a.bundle", input_shape=(12,))


def test_values_that_are_no_counts(tmp_path: Any) -> None:
    """The chip's weights have the scale of the values in them: that rung was given the values too.

    Then it decided like the rung above for one sample in eight, with a cause that was not so.
    """
    net = Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9), 10, axis=-1)
    rng = np.random.default_rng(0)
    still = rng.integers(0, 17, (64, 12)) / 16 * (rng.random((64, 12)) < 0.6)
    bundle = snnc.compile(
        net,
        target="reference",
        calibration=still,
        input_shape=(12,),
        repeat=10,
        output=tmp_path / "net.bundle",
    )
    kept = bundle.manifest.kept
    assert kept is not None and kept.aside and kept.samples == 16
    assert (kept.decisions or 0.0) >= 0.9 and kept.error < 0.3
    assert [each.population for each in kept.populations] == ["lif1", "lif2", "readout"]
    assert all(0 < each.error < 0.3 for each in kept.populations)
    rungs = {rung.name: rung for rung in bundle.ladder((still, None), model=net).rungs}
    assert not rungs["graph in floats"].differences
    assert not rungs["graph on the input's counts"].differences
    for name in ("graph with the chip's weights", "integer program"):
        assert rungs[name].differences < 0.05 * rungs[name].compared, name
        assert (rungs[name].agreement or 0.0) > 0.9, name


def test_images_that_are_not_repeated_as_often_as_the_network_does(tmp_path: Any) -> None:
    net = Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9), 10, axis=-1)
    x = frames_of(None, (12,), 0.4, 1, 1)[:, :1]
    bundle = snnc.compile(
        net, target="reference", calibration=x, input_shape=(12,), output=tmp_path / "net.bundle"
    )
    (said,) = (note for note in bundle.notes if note.code == "N799")
    assert "10 steps; the data have 1 frame" in said.what and "--repeat 10" in said.help


def test_a_loss_names_a_cure_that_was_tried(tmp_path: Any) -> None:
    """Little room for thresholds rounds weights less and keeps more; it is proved for fewer frames."""
    net = Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9), 30, axis=-1)
    rng = np.random.default_rng(0)
    still = rng.integers(0, 17, (256, 12)) / 16 * (rng.random((256, 12)) < 0.6)
    given: Any = {"target": "loihi", "calibration": still, "input_shape": (12,), "repeat": 30}
    lossy = snnc.compile(net, output=tmp_path / "lossy.bundle", **given)
    (said,) = (note for note in lossy.notes if note.code == "N781")
    cure = "quantize-weights{headroom=16}"
    assert f"--set '{cure}': 100.0% of decisions kept, ranges proved for" in said.help
    assert "of the data's 30 frames when tried" in said.help
    better = snnc.compile(net, output=tmp_path / "better.bundle", changes=[cure], **given)
    assert better.manifest.kept is not None and better.manifest.kept.decisions == 1.0
    assert not [note for note in better.notes if note.code == "N781"]
    assert [note for note in better.notes if note.code == "N732"], "what the cure costs is said"
