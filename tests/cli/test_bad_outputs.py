"""Outputs that cannot be written, or would cost somebody a file: refused, and the file stays."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from .conftest import MODEL, Command, compile_, refused, save


def test_an_output_that_is_no_bundle_stays(snnc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    refused(compile_(snnc, "-o", folder), "D110", "precious")
    refused(compile_(snnc, "-o", folder / "thesis.txt"), "D110")
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_an_output_that_cannot_be_written(snnc: Command, tmp_path: Path) -> None:
    refused(compile_(snnc, "-o", tmp_path / "no" / "where"), "D111")
    refused(compile_(snnc, "-o", "/proc/digits.loihi"), "D112")
    refused(snnc("run", MODEL, "--data", "x.npz", "-o", "/proc/out.npz"), "D113")


def test_a_full_disk(tmp_path: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "snnc", "compile", str(MODEL), "--target", "loihi"]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "b")],
        preexec_fn=small,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "D112" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_run_overwrites_only_earlier_answers(
    snnc: Command, finished: Path, data: Path, tmp_path: Path
) -> None:
    out, other = tmp_path / "answers.npz", save(tmp_path / "other.npz", x=np.zeros(3))
    for _ in range(2):
        assert snnc("run", finished, "--data", data, "-o", out).code == 0
    before = data.read_bytes()
    refused(snnc("run", finished, "--data", data, "-o", data), "D119", "is the data file")
    refused(snnc("run", finished, "--data", data, "-o", other), "D119", "earlier answers")
    refused(snnc("run", finished, "--data", data, "-o", MODEL), "D119")
    refused(snnc("run", finished, "--data", data, "-o", finished / "o.npz"), "D119", "inside")
    assert data.read_bytes() == before


def test_compile_does_not_delete_what_is_not_the_bundles(snnc: Command, bundle: Path) -> None:
    (bundle / "notes.txt").write_text("mine")
    refused(compile_(snnc, "--steps-per-frame", "2", "-o", bundle), "D110", "notes.txt")
    assert (bundle / "notes.txt").read_text() == "mine"
    (bundle / "notes.txt").unlink()
    assert compile_(snnc, "--steps-per-frame", "2", "-o", bundle).code == 0


def test_a_bundle_of_another_format_is_replaced_unless_it_holds_something_else(
    snnc: Command, bundle: Path
) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps({**manifest, "format": 1}))
    asked = ("compile", MODEL, "--target", "loihi", "--steps-per-frame", "4", "-o", bundle)
    (bundle / "mine.txt").write_text("keep me")
    refused(snnc(*asked), "D110", "mine.txt")
    (bundle / "mine.txt").unlink()
    assert snnc(*asked).code == 0
    assert json.loads((bundle / "manifest.json").read_text())["format"] == manifest["format"]


def test_no_output_lands_in_a_bundle(
    snnc: Command, bundle: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the one that is read, not in another: its seal would break."""
    monkeypatch.chdir(tmp_path)
    inside, before = bundle / "in", sorted(bundle.rglob("*"))
    picture, table = bundle / "in.png", bundle / "in.csv"
    commands: list[list[str | Path]] = [
        ["compile", MODEL, "--target", "reference", "-o", inside],
        ["compile", MODEL, "--target", "reference", "-o", bundle / "payload" / "deep"],
        ["run", bundle, "--data", data, "-o", bundle / "in.npz"],
        ["noise", MODEL, "--data", data, "--csv", table],
        ["noise", MODEL, "--data", data, "--plot", picture],
        ["tune", MODEL, "--data", data, "--target", "reference", "--plot", picture],
        ["finetune", MODEL, "--data", data, "--method", "weights", "-o", bundle / "in.pt"],
        ["finetune", MODEL, "--data", data, "--method", "weights", "--curve", table],
        ["finetune", MODEL, "--data", data, "--method", "weights", "--checkpoint", inside],
    ]
    for words in commands:
        refused(snnc(*words), "D119", f"inside the bundle {bundle}")
    assert sorted(bundle.rglob("*")) == before and list(tmp_path.iterdir()) == [bundle]
    assert snnc("inspect", bundle).code == 0
