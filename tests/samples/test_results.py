"""What writes the pages of results: each experiment runs once, and the pages have every number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samples.nmnist.results import METHOD, RECIPE
from samples.results import record
from samples.results.page import pages
from samples.results.plots import plot_steps
from samples.results.record import Outcome, recorded
from snnc.training.config import read_config

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results.md"
NUMBERS = PAGE.with_suffix(".json")


def test_an_experiment_runs_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    runs: list[int] = []

    def run() -> Outcome:
        runs.append(1)
        return {"test": 90.5, "by_frame": [1, 2]}

    first, second = recorded("a/b", run), recorded("a/b", run)
    assert first == second == json.loads((tmp_path / "a" / "b.json").read_text())
    assert first["test"] == 90.5 and first["seconds"] >= 0 and len(runs) == 1


def test_one_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    with pytest.raises(ZeroDivisionError):
        recorded("a/b", lambda: {"test": 1 / 0})
    assert not (tmp_path / "a" / "b.json").exists()


def test_the_pages_are_those_of_the_numbers() -> None:
    numbers = json.loads(NUMBERS.read_text())
    for file, text in pages(numbers).items():
        assert (PAGE.parent / file).read_text() == text, f"{file}: make results"
    assert numbers["nmnist"]["exact"] == numbers["nmnist"]["by_frame"][-1]
    assert all(run["differ"] == 0 for runs in numbers["speech"]["compared"].values() for run in runs)
    assert all(
        row["differ"] == 0
        for part in ("nmnist", "fashion_mnist")
        for row in numbers[part]["lava"].values()
    )


def test_plots_by_steps_are_those_of_the_numbers(tmp_path: Path) -> None:
    plot_steps(json.loads(NUMBERS.read_text()), tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["cifar10_by_steps.svg", "fashion_mnist_by_steps.svg"]
    for name in names:
        written = (tmp_path / name).read_text()
        assert written == (PAGE.parent / "results" / name).read_text(), f"{name}: make results"
        assert len(written) < 100_000 and ">trained thresholds<" in written


def test_the_configuration_of_the_sample_is_one() -> None:
    """``train.toml`` has the recipe of the results; it only holds samples back to judge on."""
    config = read_config(PAGE.parents[1] / "samples" / "nmnist" / "train.toml")
    (stage,) = config.stages
    assert stage.recipe == RECIPE and stage.method == METHOD
