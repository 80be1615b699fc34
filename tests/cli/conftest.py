"""The command line in this process, what a refusal looks like, and a small bundle to work on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from snnc.commands.app import app

MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model.pt"


@dataclass(frozen=True)
class Done:
    """What a command gave."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


def refused(done: Done, *parts: str) -> None:
    """Exit code 2 and a message with all parts, on standard error, without a traceback."""
    assert done.code == 2, done
    assert "Traceback" not in done.err
    for part in parts:
        assert part in done.err, (part, done.err)


def compile_(snnc: Command, *more: str | Path, model: Path = MODEL, target: str = "loihi") -> Done:
    """``snnc compile`` of the shipped network, if no other is given."""
    return snnc("compile", model, "--target", target, *more)


def save(path: Path, **arrays: Any) -> Path:
    """An archive of arrays."""
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="session")
def snnc() -> Command:
    """Run ``snnc`` with arguments; an exception that is not an exit fails the test."""

    def run(*arguments: str | Path) -> Done:
        result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
        return Done(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, snnc: Command) -> Path:
    """A bundle of the shipped network in rates, four steps a frame. Do not change it: copy it."""
    folder = tmp_path_factory.mktemp("finished") / "digits.loihi"
    rates = ("--code", "rate", "--steps-per-frame", "4")
    done = snnc("compile", MODEL, "--target", "loihi", *rates, "-o", folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory, snnc: Command) -> Path:
    """A bundle whose engine is snnc itself. Do not change it: copy it."""
    folder = tmp_path_factory.mktemp("reference") / "digits.reference"
    done = snnc("compile", MODEL, "--target", "reference", "--code", "graded", "-o", folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def bundle(finished: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(finished, tmp_path / "copy.loihi"))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three short streams of random counts with labels."""
    path = tmp_path_factory.mktemp("data") / "data.npz"
    x = np.random.default_rng(0).poisson(0.1, (3, 4, 2, 16, 16)).astype(np.uint8)
    np.savez(path, x=x, y=np.array([1, 2, 3]))
    return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, to see that nothing is written."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
