"""What goes wrong has the same code and text in Python and on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import snnc
from snnc.commands.app import app
from snnc.errors import Severity

from .conftest import MODEL

Case = tuple[Callable[[Path], Any], tuple[str, ...]]

COMPILE = ("compile", str(MODEL), "--target", "reference", "-o", "out")
CASES: dict[str, Case] = {
    "no such file": (
        lambda _: snnc.compile("none.pt", "reference", "out"),
        ("compile", "none.pt", "--target", "reference", "-o", "out"),
    ),
    "not a model": (
        lambda _: snnc.compile("text.pt", "reference", "out"),
        ("compile", "text.pt", "--target", "reference", "-o", "out"),
    ),
    "an output name that is too long": (
        lambda _: snnc.compile(MODEL, "reference", "o" * 300),
        (*COMPILE[:-1], "o" * 300),
    ),
    "a model in a file": (
        lambda _: snnc.compile("text.pt/net.pt", "reference", "out"),
        ("compile", "text.pt/net.pt", "--target", "reference", "-o", "out"),
    ),
    "no such target": (
        lambda _: snnc.compile(MODEL, "Loihi", "out"),
        ("compile", str(MODEL), "--target", "Loihi", "-o", "out"),
    ),
    "no such code": (
        lambda _: snnc.compile(MODEL, "reference", "out", code="rat"),
        (*COMPILE, "--code", "rat"),
    ),
    "too few steps": (
        lambda _: snnc.compile(MODEL, "reference", "out", steps_per_frame=0),
        (*COMPILE, "--steps-per-frame", "0"),
    ),
    "two values of one option": (
        lambda _: snnc.compile(
            MODEL, "reference", "out", weight_bits=4, changes="quantize-weights{bits=5}"
        ),
        (*COMPILE, "--weight-bits", "4", "--set", "quantize-weights{bits=5}"),
    ),
    "no such pass": (
        lambda _: snnc.compile(MODEL, "reference", "out", passes="match-delay"),
        (*COMPILE, "--passes", "match-delay"),
    ),
    "a time step of a network without": (
        lambda _: snnc.compile(MODEL, "reference", "out", dt=0.1),
        (*COMPILE, "--dt", "0.1"),
    ),
    "a shape that is in the file": (
        lambda _: snnc.compile(MODEL, "reference", "out", input_shape=(2, 16, 16)),
        (*COMPILE, "--input-shape", "2,16,16"),
    ),
    "data without x": (
        lambda _: snnc.compile(MODEL, "reference", "out", calibration="y.npz"),
        (*COMPILE, "--calibration", "y.npz"),
    ),
    "an output that is no bundle": (
        lambda _: snnc.compile(MODEL, "reference", "."),
        ("compile", str(MODEL), "--target", "reference", "-o", "."),
    ),
    "no bundle": (lambda _: snnc.load("nowhere").verify(), ("verify", "nowhere")),
    "no such engine": (
        lambda b: snnc.load(b).verify(engine="lava"),
        ("verify", "BUNDLE", "--engine", "lava"),
    ),
    "no samples": (lambda b: snnc.load(b).verify(samples=0), ("verify", "BUNDLE", "--samples", "0")),
    "no such simulator": (
        lambda b: snnc.load(b).run("x.npz", simulator="quick"),
        ("run", "BUNDLE", "--data", "x.npz", "--simulator", "quick"),
    ),
    "frames of another shape": (
        lambda b: snnc.load(b).run("x.npz"),
        ("run", "BUNDLE", "--data", "x.npz"),
    ),
    "the ladder and potentials": (
        lambda b: snnc.load(b).ladder(potentials=True),
        ("verify", "BUNDLE", "--ladder", "--potentials"),
    ),
    "an option of models for a bundle": (
        lambda b: snnc.inspect(b, dt=0.1),
        ("inspect", "BUNDLE", "--dt", "0.1"),
    ),
    "a list that is none": (
        lambda _: snnc.tune(MODEL, "reference", "x.npz", weight_bits=[8, 8]),
        ("tune", str(MODEL), "--target", "reference", "--data", "x.npz", "--weight-bits", "8,8"),
    ),
    "no such method": (
        lambda _: snnc.finetune(MODEL, "stbd", "x.npz"),
        ("finetune", str(MODEL), "--method", "stbd", "--data", "x.npz"),
    ),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with bad files, as working directory."""
    (tmp_path / "text.pt").write_text("not a model")
    (tmp_path / "file").touch()
    np.savez(tmp_path / "y.npz", y=np.arange(3))
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 3, 5), np.uint8))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_both_doors_say_the_same(name: str, bundle: snnc.Bundle, place: Path) -> None:
    call, words = CASES[name]
    before = sorted(place.iterdir())
    with pytest.raises(snnc.UserError) as raised:
        call(bundle.folder)
    done = CliRunner().invoke(app, [str(bundle.folder) if w == "BUNDLE" else w for w in words])
    assert done.exit_code == 2, done.output
    said = "\n".join(d.render() for d in raised.value.diagnostics if d.severity is Severity.ERROR)
    assert said == done.stderr.strip(), name
    assert sorted(place.iterdir()) == before


def test_the_cases_are_different() -> None:
    assert len(CASES) >= 12
