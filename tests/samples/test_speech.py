"""Spoken digits: the parts, what varies recordings, and Xylo's neurons beside the chip's integers."""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np
import pytest
import torch

import snnc
from samples.speech import augmentation, data, xylo
from samples.speech.augmentation import varied
from samples.speech.cases import Case
from samples.speech.networks import chain, recurrent
from samples.speech.xylo import H2, Spikes, XyloNetwork

DATA = pytest.mark.skipif(not data.DATA.exists(), reason=f"{data.DATA} is not there")


@DATA
def test_the_test_part_has_the_official_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "PLACE", tmp_path)
    test = data.spoken("test", 16)
    assert test.x.shape == (180, 40, 16) and test.x.max() == 15
    assert set(test.number.tolist()) == {2, 3, 4}
    assert len(set(test.speaker.tolist())) == 6 and set(test.y.tolist()) == set(range(10))
    with np.load(data.DATA / "train.npz") as file:
        assert file["index"].min() >= 5
    again = data.spoken("test", 16)
    np.testing.assert_array_equal(test.x, again.x)


def made_up(numbers: list[int]) -> data.Spoken:
    speakers = np.array(["theo", "lucas"])
    return data.Spoken(
        np.zeros((2 * len(numbers), 40, 16), np.uint8),
        np.tile(np.arange(len(numbers)), 2),
        np.repeat(speakers, len(numbers)),
        np.tile(np.array(numbers), 2),
    )


def test_a_speaker_that_is_left_out_is_in_no_other_part(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = {"train": made_up(list(range(5, 25))), "test": made_up([2, 3, 4])}
    for part in sides.values():
        part.x[part.speaker == "theo"] = 1
    monkeypatch.setattr("samples.speech.cases.spoken", lambda part, bands: sides[part])
    parts = Case("levels", speaker="theo").parts()
    assert parts.test is not None and len(parts.test.y) == 23 and np.all(parts.test.x == 1)
    assert len(parts.train.y) + len(parts.validation.y) == 20
    assert not parts.train.x.any() and not parts.validation.x.any()


def test_varied_recordings_are_counts_and_silence_stays() -> None:
    torch.manual_seed(0)
    x = torch.randint(0, 16, (20, 40, 32)).float()
    x[:, :, 10:20] = 0
    x[3] = 0
    found = varied(x)
    assert found.shape == x.shape and not torch.equal(found, x)
    assert torch.equal(found, found.round()) and found.min() >= 0 and found.max() <= 15
    assert not found[3].any()
    assert not found[:, :, 12:18].any()  # bands move by two at most


def test_without_bounds_nothing_varies(monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("BANDS_MOVED", "STRETCHED", "LATER", "TILT", "GAIN"):
        monkeypatch.setattr(augmentation, bound, 0.0)
    x = torch.randint(0, 16, (5, 40, 32)).float()
    assert torch.equal(varied(x), x)


def test_a_later_begin_moves_all_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("BANDS_MOVED", "STRETCHED", "TILT", "GAIN"):
        monkeypatch.setattr(augmentation, bound, 0.0)
    x = torch.zeros(50, 40, 2)
    x[:, 10] = 7
    found = varied(x)
    begins = found[:, :, 0].argmax(1)
    assert torch.equal(found.sum((1, 2)), torch.full((50,), 14.0))
    assert begins.min() >= 10 and begins.max() <= 14 and len(set(begins.tolist())) > 2


def test_spikes_of_xylo() -> None:
    v = torch.tensor([-0.5, 0.2, 0.99, 1.0, 3.7, 40.0], requires_grad=True)
    sent = Spikes.apply(v)  # type: ignore[no-untyped-call]
    assert sent.tolist() == [0, 0, 0, 1, 3, 31]
    sent.sum().backward()
    assert v.grad is not None
    wanted = [np.exp(-2.0), np.exp(-0.6), 1, 1, 1, 0]
    np.testing.assert_allclose(v.grad.numpy(), wanted, rtol=1e-6)


def test_the_neuron_is_that_of_the_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/xylo.md, "The neuron": its example, but for the chip's rounding, at most 1 a step."""
    monkeypatch.setattr(xylo, "MEM", 2)
    i = v = torch.zeros(1)
    spikes, potentials = [], []
    for arriving in (100, 0, 0, -60, 0):
        i, v, sent = xylo._step(i, v, torch.tensor([arriving / 40]))
        spikes.append(int(sent))
        potentials.append(40 * float(v))
    assert spikes == [1, 0, 0, 0, 0]
    np.testing.assert_allclose(potentials, [10, 33, 38, 6, -6], atol=3)


def sums(net: XyloNetwork, x: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Answers after the last frame, (samples, 10)."""
    with torch.no_grad():
        return np.asarray(net(torch.tensor(x, dtype=torch.float32))[:, -1])


def distance(found: np.ndarray, wanted: np.ndarray) -> float:  # type: ignore[type-arg]
    """Relative, of all answers together."""
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def test_xylo_integers_answer_as_the_floats(tmp_path: Path) -> None:
    """Weights, loop and timing arrive: answers are near, and without the loop they are not."""
    torch.manual_seed(1)
    net = XyloNetwork()
    with torch.no_grad():
        net.w1.weight.mul_(3)
        net.loop.weight.mul_(4)
    rng = np.random.default_rng(2)
    x = (rng.integers(0, 16, (60, 20, 16)) * (rng.random((60, 20, 16)) < 0.3)).astype(np.uint8)
    floats = sums(net, x)
    net.write(tmp_path / "net.nir")
    done = snnc.compile(
        tmp_path / "net.nir",
        "xylo",
        tmp_path / "net.xylo",
        dt=xylo.STEP,
        reset="subtract",
        calibration=x[:16],
    )
    ran = done.run(x)
    found = ran.potential[:, -1] / ran.potential_of_one
    with torch.no_grad():
        net.loop.weight.zero_()
    assert distance(found, floats) < 0.2
    assert distance(found, sums(net, x)) > 0.4
    file = nir.read(tmp_path / "net.nir")
    assert file.nodes["loop"].weight.shape == (H2, H2)


def test_rollouts_have_the_loops_that_are_said() -> None:
    loops = [e for e in recurrent(32, 15).edges if e.source == e.target]
    assert [e.source for e in loops] == ["h1", "h2"] and {e.delay for e in loops} == {1}
    assert not [e for e in chain(16).edges if e.source == e.target]
    assert all("bias" not in name for name, _ in chain(16).named_parameters())
