"""What a compile says of what it kept, which code it takes by itself, and what it tries for a cure."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from snnc import Rollout
from snnc.backends import find_backend
from snnc.bundle.folder import read_bundle
from snnc.frontend import load_model
from snnc.ir import Graph, Kind, Linear, Population, Projection
from snnc.sim import tally
from snnc.tuning.measure import float_answers
from snnc.workflows import compile as compiling
from snnc.workflows import kept, room
from snnc.workflows.calibrating import ENOUGH, MOST_ASIDE, drawn_order, in_order, set_aside
from snnc.workflows.tried import Tried
from snnc.workflows.ways import ORDER, Candidate, candidates

from .conftest import MODEL, Command


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text())


def wide(path: Path, inputs: int, most: int) -> Path:
    """One wide layer of positive weights: its worst input is far above what is usual."""
    torch.manual_seed(0)
    net = Rollout((inputs,))
    net.node("h")
    net.readout("answer")
    first, last = nn.Linear(inputs, 12), nn.Linear(12, 4)
    with torch.no_grad():
        first.weight.copy_(torch.rand(12, inputs) / inputs)
    net.edge("input", "h", first)
    net.edge("h", "answer", last)
    counts = (torch.rand(64, 2, inputs) ** 6 * (most + 0.99)).to(torch.int64)
    net.export(path, calibration=counts)
    return path


def test_the_code_is_chosen_and_said_with_what_it_keeps(snnc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = snnc("compile", MODEL, "--target", "loihi", "-o", folder)
    assert done.code == 0 and "note[N780]" in done.err and "--code graded" in done.err
    found = manifest(folder)
    kept = found["kept"]
    assert (found["code"], kept["samples"], kept["aside"]) == ("graded", 16, True)
    assert found["tried"][-1]["decisions"] == kept["decisions"] >= 0.99
    assert f"{kept['decisions']:.1%} of the float network's decisions kept" in done.out
    for each in kept["populations"]:
        assert (
            f"  {each['population']}: error {each['error']:.2%}; most from {each['cause']}" in done.out
        )
    shown = snnc("inspect", folder)
    assert f"kept         {kept['decisions']:.1%} of the float" in shown.out
    notes = {note["code"]: note for note in found["notes"]}
    chosen, rounded = notes["N780"], notes["N703"]
    lines = shown.out.splitlines()
    assert not chosen["where"] and f"note         N780: {chosen['what']}" in lines
    assert rounded["where"] and f"note         N703 {rounded['where']}: {rounded['what']}" in lines


@pytest.mark.slow
def test_labels_say_what_the_loss_is_worth(snnc: Command, tmp_path: Path) -> None:
    """Accuracies of the samples set aside, counted again with the bundle and by hand."""
    rng = np.random.default_rng(0)
    x = rng.binomial(5, rng.random((64, 1, 2, 16, 16)) ** 4, (64, 6, 2, 16, 16))
    floats = float_answers(load_model(MODEL).graph, x)[:, -1].argmax(1)
    y = np.where(np.arange(64) % 4 == 0, (floats + 1) % 10, floats)
    data, folder = tmp_path / "labelled.npz", tmp_path / "out"
    np.savez(data, x=x, y=y)
    asked = ("compile", MODEL, "--target", "loihi", "--code", "rate", "--steps-per-frame", "2")
    done = snnc(*asked, "--calibration", data, "-o", folder)
    assert done.code == 0
    aside = drawn_order(64)[48:]
    meant = float((floats[aside] == y[aside]).mean())
    decided = tally(read_bundle(folder)[0].program, x[aside]).potential[:, -1].argmax(-1)
    found = float((decided == y[aside]).mean())
    assert manifest(folder)["kept"]["accuracy"] == {"float": meant, "integers": found}
    words = f"accuracy {found:.1%} in integers, {meant:.1%} in floats"
    assert words in done.out and words in done.err and words in snnc("inspect", folder).out
    differ = int((floats[aside] != decided).sum())
    assert f"a difference whose standard error is up to {(differ + 1) ** 0.5 / 18:.1%}" in done.err
    np.savez(data, x=x, y=y + 5)  # labels that no output has
    done = snnc(*asked, "--calibration", data, "-o", folder)
    assert done.code == 0 and "warning[N729]" in done.err
    assert manifest(folder)["kept"]["accuracy"] is None


def test_a_loss_is_a_warning_whose_cure_was_tried(snnc: Command, tmp_path: Path) -> None:
    asked = ("compile", MODEL, "--target", "loihi", "--set", "correct-rates{rounds=0}")
    done = snnc(*asked, "--code", "rate", "--steps-per-frame", "2", "-o", tmp_path / "lossy")
    before = manifest(tmp_path / "lossy")["kept"]
    assert done.code == 0 and "warning[N781]" in done.err
    assert f"on {1 - before['decisions']:.1%} of samples" in done.err
    said = r"help compile with (--code .*?) without --steps-per-frame: ([\d.]+)% of decisions kept"
    (cure,) = re.findall(said, done.err)
    assert snnc(*asked, *shlex.split(cure[0]), "-o", tmp_path / "better").code == 0
    after = manifest(tmp_path / "better")["kept"]
    assert after["decisions"] > before["decisions"] and f"{after['decisions']:.1%}" == f"{cure[1]}%"


def test_a_readout_of_few_bits_keeps_them(snnc: Command, tmp_path: Path) -> None:
    """It lasts fewer frames rather than round by much more than its bits do anyway."""
    asked = ("compile", MODEL, "--target", "loihi", "--code", "graded", "--weight-bits", "3")
    done = snnc(*asked, "-o", tmp_path / "few")
    lowered = r"note\[N721\] answer: .*?error of the weights ([\d.]+)% instead of ([\d.]+)%"
    for after, before in re.findall(lowered, done.err, re.S):
        assert float(after) <= 1.1 * float(before) + 0.01
    assert done.code == 0 and "warning[N732]" in done.err


def test_the_usual_input_may_not_fit_and_another_one_does(snnc: Command, tmp_path: Path) -> None:
    model = wide(tmp_path / "wide.pt", 1500, 16)
    asked = ("compile", model, "--target", "loihi", "--code", "rate", "--steps-per-frame", "16")
    usual = snnc(*asked, "--set", "encode-input{code=graded}", "-o", tmp_path / "graded")
    assert usual.code == 2 and "D319" in usual.err
    done = snnc(*asked, "-o", tmp_path / "out")
    assert done.code == 0 and "note[N782]" in done.err, done.err
    assert manifest(tmp_path / "out")["input"]["encoding"] == "spread"


def test_a_refusal_names_what_was_tried_and_works(snnc: Command, tmp_path: Path) -> None:
    model = wide(tmp_path / "wide.pt", 1500, 255)
    asked = ("compile", model, "--target", "loihi")
    done = snnc(*asked, "--code", "rate", "--steps-per-frame", "16", "-o", tmp_path / "out")
    assert done.code == 2 and not (tmp_path / "out").exists()
    (cure,) = re.findall(
        r"help compile with (--code .*?) without --steps-per-frame: [\d.]+% of decisions", done.err
    )
    assert snnc(*asked, *shlex.split(cure), "-o", tmp_path / "out").code == 0
    assert snnc(*asked, "-o", tmp_path / "auto").code == 0


def test_of_a_large_network_few_ways_are_tried() -> None:
    target = find_backend("loihi").target

    def graph(inputs: int) -> Graph:
        ends = [Population("input", Kind.INPUT, (inputs,), "input")]
        ends.append(Population("answer", Kind.READOUT, (1000,), "answer"))
        way = Projection("input", "answer", (Linear(np.zeros((1000, inputs))),), 1, "way")
        return Graph("wide", tuple(ends), (way,))

    assert len(candidates(target, graph(3999), None, 128)) == len(ORDER)
    assert candidates(target, graph(4000), None, 128) == ORDER[:2]


@pytest.mark.parametrize("keep", ["0", "1.5", "-1"])
def test_a_fraction_that_is_none(keep: str, snnc: Command, tmp_path: Path) -> None:
    done = snnc("compile", MODEL, "--target", "loihi", "--keep", keep, "-o", tmp_path / "out")
    assert done.code == 2 and "D305" in done.err and not (tmp_path / "out").exists()


def test_calibration_is_from_all_over_the_file() -> None:
    """Sorted by class, ten classes: the first few in the drawn order have nearly all of them."""
    labels = np.repeat(np.arange(10), 100).reshape(-1, 1, 1)
    drawn = in_order(labels)
    assert sorted(drawn.ravel().tolist()) == labels.ravel().tolist()
    assert len(np.unique(drawn[:ENOUGH])) == 10 and len(np.unique(drawn[:32])) >= 8
    assert np.array_equal(drawn, in_order(labels))


@pytest.mark.parametrize(
    ("samples", "aside"), [(1, 0), (15, 0), (16, 4), (64, 16), (256, 128), (10**4, MOST_ASIDE)]
)
def test_some_samples_are_set_aside(samples: int, aside: int) -> None:
    assert set_aside(samples) == aside


def test_of_a_large_network_no_cure_is_tried(
    snnc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the best of two attempts, which is not kept meanwhile, is the same when made again."""
    lossy = ("compile", MODEL, "--target", "loihi", "--set", "correct-rates{rounds=0}")
    few = (*lossy, "--code", "rate", "--steps-per-frame", "2")
    usual = snnc("compile", MODEL, "--target", "loihi", "--code", "graded", "-o", tmp_path / "usual")
    assert usual.code == 0
    monkeypatch.setattr(room, "LARGE", 1)
    done = snnc(*few, "-o", tmp_path / "lossy")
    assert done.code == 0 and "warning[N781]" in done.err
    assert "of so large a network few are tried" in done.err
    monkeypatch.setattr(Tried, "keeps", lambda *_: False)
    auto = snnc("compile", MODEL, "--target", "loihi", "--keep", "1", "-o", tmp_path / "auto")
    assert auto.code == 0 and len(manifest(tmp_path / "auto")["tried"]) == 2
    program = "program.json"
    assert (tmp_path / "auto" / program).read_bytes() == (tmp_path / "usual" / program).read_bytes()


@pytest.mark.parametrize("held", [1, 10**5, 2**24])
def test_a_large_network_is_judged_alike(
    held: int, snnc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights are held once, as integers; and however many samples' values are held together."""
    found = []
    for name, least in (("usual", room.LARGE), ("large", 1)):
        monkeypatch.setattr(room, "LARGE", least)
        done = snnc("compile", MODEL, "--target", "loihi", "--code", "graded", "-o", tmp_path / name)
        assert done.code == 0
        found.append(manifest(tmp_path / name)["kept"] | {"accuracy": 0.0})
        monkeypatch.setattr(kept, "HELD_VALUES", held)
        monkeypatch.setattr(kept, "BLOCK_VALUES", 2**20)
    usual, large = (each.pop("populations") for each in found)
    assert found[0] == pytest.approx(found[1], rel=1e-9)
    for one, other in zip(usual, large, strict=True):
        assert one["population"] == other["population"] and one["cause"] == other["cause"]
        assert one["by_stage"] == pytest.approx(other["by_stage"], rel=1e-6)


def test_what_was_said_of_the_best_is_said_again(
    snnc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large network the best is made again; that its input is encoded another way is not lost."""
    model = wide(tmp_path / "wide.pt", 1500, 16)
    asked = ("compile", model, "--target", "loihi")
    ways = (Candidate("rate", 16), Candidate("rate", 4))
    monkeypatch.setattr(compiling, "candidates", lambda *_: ways)
    monkeypatch.setattr(Tried, "keeps", lambda *_: False)
    usual = snnc(*asked, "-o", tmp_path / "usual")
    monkeypatch.setattr(room, "LARGE", 1)
    large = snnc(*asked, "-o", tmp_path / "large")
    assert usual.code == large.code == 0
    codes = [[n["code"] for n in manifest(tmp_path / way)["notes"]] for way in ("usual", "large")]
    assert "N782" in codes[0] and codes[0] == codes[1]
