"""``snnc frames``: what is printed, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.recordings.writers import nmnist, some_events

from .conftest import Command, compile_, refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label in "ab":
        (tmp_path / "set" / label).mkdir(parents=True)
        (tmp_path / "set" / label / "1.bin").write_bytes(nmnist(some_events()))
    return tmp_path / "set"


def test_the_summary(snnc: Command, folder: Path, tmp_path: Path) -> None:
    done = snnc("frames", folder, "-o", tmp_path / "x.npz", "--dt", "10ms", "--frames", "9")
    assert done.code == 0, done.err
    for part in (
        "2 recordings, 2 classes: a, b",
        "9 frames of 10 ms each, shape of a frame (2, 34, 34)",
        "events a frame: median",
        "left out: ",
        "x (2, 9, 2, 34, 34) uint8, y",
    ):
        assert part in done.out, done.out
    assert "note[N771]" in done.err and "after the last frame" in done.err
    told = snnc("frames", folder, "-o", tmp_path / "x.npz", "--like", tmp_path / "x.npz", "--json")
    assert json.loads(told.out)["shape"] == [2, 9, 2, 34, 34]


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ([], ["D624", "nothing says what a frame is"]),
        (["--dt", "soon"], ["D624", "no time 'soon'"]),
        (["--dt", "1ms", "--events-per-frame", "5"], ["D327"]),
        (["--dt", "1ms", "--frames", "0"], ["D305", "--frames"]),
        (["--dt", "1ms", "--frames", "65537"], ["D305", "65536"]),
        (["--dt", "1ms", "--pool", "0"], ["D305", "--pool"]),
        (["--dt", "1ms", "--largest", "65536"], ["D305", "65535"]),
        (["--dt", "1ms", "--crop", "1,2,3"], ["D624", "TOP,LEFT,HEIGHT,WIDTH"]),
        (["--dt", "1ms", "--crop", "0,0,0,3"], ["D624", "--crop"]),
        (["--dt", "1ms", "--size", "0,3"], ["D624", "--size"]),
        (["--dt", "1ms", "--columns", "t,x,y"], ["D624", "--columns"]),
        (["--dt", "1ms", "--time-unit", "h"], ["D326", "--time-unit"]),
        (["--dt", "1ms", "--sound", "loud"], ["D326", "--sound"]),
        (["--dt", "1ms", "--range-db", "nan"], ["D305", "--range-db"]),
    ],
)
def test_options_that_are_refused(
    snnc: Command, folder: Path, tmp_path: Path, options: list[str], parts: list[str]
) -> None:
    refused(snnc("frames", folder, "-o", tmp_path / "x.npz", *options), *parts)
    assert not (tmp_path / "x.npz").exists()


def test_recordings_in_place_of_a_file(snnc: Command, folder: Path, tmp_path: Path) -> None:
    """--calibration and --data take what ``frames`` takes, and give what its file gives."""
    given = f"{folder}{{dt=10ms,frames=6,crop=9x9x16x16}}"
    assert snnc("frames", folder, "-o", tmp_path / "x.npz", *OPTIONS).code == 0
    bundle = tmp_path / "bundle"
    done = compile_(snnc, "-o", bundle, "--code", "rate", "--calibration", given)
    assert done.code == 0 and "note[N771]" in done.err, done.err
    direct = snnc("run", bundle, "--data", given, "--json")
    assert direct.code == 0, direct.err
    assert direct.out == snnc("run", bundle, "--data", tmp_path / "x.npz", "--json").out
    like = snnc("run", bundle, "--data", f"{folder}{{like={tmp_path / 'x.npz'}}}", "--json")
    assert like.out == direct.out


def test_a_file_with_braces_in_its_name(snnc: Command, tmp_path: Path) -> None:
    """It is a file, as before: what it lacks is a sample."""
    np.savez(tmp_path / "x{1}.npz", x=np.zeros((0, 3, 2, 16, 16)))
    done = compile_(snnc, "-o", tmp_path / "b", "--calibration", tmp_path / "x{1}.npz")
    refused(done, "D504")


OPTIONS = ("--dt", "10ms", "--frames", "6", "--crop", "9,9,16,16")


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ("", ["D624", "nothing says what a frame is"]),
        ("dt=1ms,fraems=3", ["D624", "no option 'fraems'", "did you mean frames?"]),
        ("dt=1ms,dt=2ms", ["D624", "dt is given twice"]),
        ("dt=1ms,frames=three", ["D624", "frames cannot be 'three'"]),
        ("dt=1ms,output=x.npz", ["D624", "no option 'output'"]),
    ],
)
def test_recordings_that_are_refused(
    snnc: Command, folder: Path, tmp_path: Path, options: str, parts: list[str]
) -> None:
    output = tmp_path / "bundle"
    done = compile_(snnc, "-o", output, "--calibration", f"{folder}{{{options}}}")
    refused(done, *parts)
    assert not output.exists()
