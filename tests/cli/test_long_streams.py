"""What ``--code auto`` takes, and what N732 names, where ranges are proved for less than the data."""

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
from snnc.bundle.folder import read_bundle
from snnc.workflows import room
from snnc.workflows.more_frames import nearest_to_its_end
from snnc.workflows.tried import Tried

from .conftest import MODEL, Command

KEPT = "100.0% of decisions kept"
SHORT = f"--code graded: {KEPT}, ranges proved for 2 of the data's 12 frames"


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text())


def said(folder: Path, code: str) -> Any:
    (note,) = (each for each in manifest(folder)["notes"] if each["code"] == code)
    return note


def adding_up(path: Path) -> Path:
    """A small network whose answer adds up a bias: no code is proved for its streams of 40 frames."""
    torch.manual_seed(0)
    net = Rollout((4,))
    net.node("h")
    net.readout("answer", accumulate=True)
    last = nn.Linear(6, 3)
    with torch.no_grad():
        last.bias.fill_(1000.0)
    net.edge("input", "h", nn.Linear(4, 6))
    net.edge("h", "answer", last)
    net.export(path, calibration=torch.randint(0, 4, (64, 40, 4)))
    return path


def beyond(snnc: Command, folder: Path, frames: int) -> str | None:
    """The cure in N725 for random streams of so many frames; None without it."""
    data = folder.parent / "data.npz"
    np.savez(data, x=np.random.default_rng(0).integers(0, 5, (2, frames, 2, 16, 16)))
    done = snnc("run", folder, "--data", data)
    assert done.code == 0, done.err
    found = re.findall(r"N725(?:.*\n)*?  help (.*)", done.err)
    return found[0] if found else None


def test_the_code_that_is_taken_is_proved_for_the_data(snnc: Command, tmp_path: Path) -> None:
    """The demo's network: 255 levels keep all decisions, but are proved for 2 of 12 frames."""
    folder = tmp_path / "out"
    done = snnc("compile", MODEL, "--target", "loihi", "-o", folder)
    assert done.code == 0 and "N732" not in done.err, done.err
    found = manifest(folder)
    assert found["steps_per_frame"] == 1 and found["kept"]["decisions"] == 1
    assert all(claim["frames"] is None or claim["frames"] >= 12 for claim in found["ranges"]["claims"])
    first, last = found["tried"]
    assert first["options"] == "--code graded" and first["proved_frames"] == 2
    assert last["options"].startswith("--code graded --set") and "proved_frames" not in last
    why = said(folder, "N780")["why"]
    assert why == (
        "the cheapest that keeps 99% of decisions with ranges proved for the data's 12 frames; "
        f"tried {SHORT}"
    )
    assert [each.proved_frames for each in read_bundle(folder)[0].manifest.tried] == [2, None]
    assert beyond(snnc, folder, 12) is None
    # Scales are chosen for as many frames as the calibration data have, and codes tried for them.
    assert beyond(snnc, folder, 20) == "compile with --calibration data like these"


def test_a_short_proof_names_a_code_that_was_tried(snnc: Command, tmp_path: Path) -> None:
    asked = ("compile", MODEL, "--target", "loihi")
    done = snnc(*asked, "--code", "graded", "-o", tmp_path / "short")
    assert done.code == 0 and "warning[N732]" in done.err
    help = said(tmp_path / "short", "N732")["help"]
    (cure,) = re.findall(
        rf"^compile with (--code .*): {KEPT} when tried, ranges proved for all 12 frames; or use ", help
    )
    better = snnc(*asked, *shlex.split(cure), "-o", tmp_path / "better")
    assert better.code == 0 and "N732" not in better.err and "N781" not in better.err
    assert manifest(tmp_path / "better")["kept"]["decisions"] == 1
    assert beyond(snnc, tmp_path / "short", 12) == (
        "use streams of up to 2 frames, or compile with a model whose weights into answer are mostly "
        "well below the largest, or without --code, which looks for one that is proved for them"
    )


def test_an_answer_that_adds_up_is_not_cured_by_room_for_neurons(snnc: Command, tmp_path: Path) -> None:
    """In the code ``rate`` neurons begin each frame anew; their potential is nearer to its end."""
    folder = tmp_path / "out"
    assert snnc("compile", MODEL, "--target", "loihi", "--code", "rate", "-o", folder).code == 0
    bundle = read_bundle(folder)[0]
    (claim, *_) = bundle.manifest.ranges.claims
    shares = {
        r["population"]: max(r["high"] / r["most"], r["low"] / r["least"])
        for r in claim.registers
        if r["register"] == "potential"
    }
    assert claim.frames is not None and max(shares, key=lambda name: shares[name]) != "answer"
    assert nearest_to_its_end(bundle.program, claim.registers) == "answer"


def test_the_cure_of_a_loss_is_proved_for_the_data(snnc: Command, tmp_path: Path) -> None:
    """Otherwise N732 of what N781 names would lead back."""
    asked = ("compile", MODEL, "--target", "loihi", "--set", "correct-rates{rounds=0}")
    done = snnc(*asked, "--code", "rate", "--steps-per-frame", "2", "-o", tmp_path / "lossy")
    assert done.code == 0 and "N732" not in done.err
    help = said(tmp_path / "lossy", "N781")["help"]
    (cure,) = re.findall(r"^compile with (--code .*?) without --steps-per-frame: ", help)
    better = snnc(*asked, *shlex.split(cure), "-o", tmp_path / "better")
    assert better.code == 0 and "N732" not in better.err and "N781" not in better.err


def test_where_no_code_is_proved_for_the_data_the_cheapest_is_taken(
    snnc: Command, tmp_path: Path
) -> None:
    asked, folder = ("compile", adding_up(tmp_path / "net.pt"), "--target", "loihi"), tmp_path / "out"
    done = snnc(*asked, "--keep", "0.3", "-o", folder)
    assert done.code == 0 and "warning[N732]" in done.err
    found, why = manifest(folder), said(folder, "N780")["why"]
    refused, *tried = found["tried"]
    assert refused["refused"] and found["code"] == "frame" and found["steps_per_frame"] == 16
    assert [each["proved_frames"] for each in tried] == [20, 20, 15, 10, 5]
    assert why.startswith(
        "the cheapest that keeps 30% of decisions, ranges proved for 20 of the data's 40 frames: "
        "nothing that was tried keeps as much for all of them; tried --code graded: D319"
    )
    assert why.count("of the data's 40 frames") == len(tried)
    nothing = "; no other code or K that was tried keeps as much for all 40 frames"
    assert said(folder, "N732")["help"].endswith(nothing)
    usual = snnc(*asked, "--code", "frame", "--steps-per-frame", "16", "-o", tmp_path / "usual")
    assert usual.code == 0 and said(tmp_path / "usual", "N732")["help"].endswith(nothing)
    programs = [(each / "program.json").read_bytes() for each in (folder, tmp_path / "usual")]
    assert programs[0] == programs[1]


def test_with_overflow_allowed_nothing_is_asked_of_the_proof(snnc: Command, tmp_path: Path) -> None:
    done = snnc("compile", MODEL, "--target", "loihi", "--allow-overflow", "-o", tmp_path / "out")
    assert done.code == 0
    (only,) = manifest(tmp_path / "out")["tried"]
    assert only["options"] == "--code graded" and "proved_frames" not in only


def test_of_a_large_network_nothing_more_is_tried(
    snnc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LARGE", 1)
    done = snnc("compile", MODEL, "--target", "loihi", "-o", tmp_path / "out")
    assert done.code == 0 and "warning[N732]" in done.err
    (only,) = manifest(tmp_path / "out")["tried"]
    assert only["proved_frames"] == 2
    assert said(tmp_path / "out", "N780")["why"] == (
        "the cheapest that keeps 99% of decisions, ranges proved for 2 of the data's 12 frames: "
        "of so large a network nothing more is tried for that"
    )
    few = "; or try another --code or --steps-per-frame: of so large a network few are tried"
    assert said(tmp_path / "out", "N732")["help"].endswith(few)


def test_changes_that_are_proved_for_less_are_only_told_of(
    snnc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of this network ``delta`` costs less than ``graded``, and is as good otherwise."""
    asked = ("compile", MODEL.parents[1] / "small_digits" / "model.pt", "--target", "loihi")
    assert snnc(*asked, "-o", tmp_path / "usual").code == 0
    assert manifest(tmp_path / "usual")["code"] == "delta"
    monkeypatch.setattr(Tried, "is_shorter", lambda *_: True)
    assert snnc(*asked, "-o", tmp_path / "out").code == 0
    found = manifest(tmp_path / "out")
    assert found["code"] == "graded"
    assert [each["options"] for each in found["tried"]] == ["--code graded", "--code delta"]
    assert said(tmp_path / "out", "N780")["why"].endswith(
        "tried --code delta: 100.0% of decisions kept"
    )
