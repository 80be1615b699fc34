"""A program.json that lies, in a bundle whose hashes are right, ends in one message and exit code 2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from snnc.commands.app import app
from snnc.ir import IntegerNeuron, ProgramPopulation, read_program, validate, write_program
from snnc.ir.neuron_validation import check_neuron

from .lies import LIES, Lie, honest, lying, pack

MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model.pt"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the target ``reference`` that holds the honest program. Each test changes it."""
    folder = tmp_path_factory.mktemp("lies") / "bundle"
    arguments: list[str | Path] = [
        "compile",
        MODEL,
        "--target",
        "reference",
        "--steps-per-frame",
        "4",
        "-o",
        folder,
    ]
    assert called(arguments) == (0, "")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x=np.ones((1, 2, 2, 6, 6), np.uint8))
    return path


def called(arguments: list[str | Path]) -> tuple[int, str]:
    """Exit code, and what was said on standard error of errors."""
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    lines = result.stderr.splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith("error")), len(lines))
    return result.exit_code, "\n".join(lines[first:])


def commands(bundle: Path, data: Path) -> list[list[str | Path]]:
    return [
        ["verify", bundle, "--data", data],
        ["run", bundle, "--data", data, "-o", data.with_name("answers.npz")],
        ["inspect", bundle],
    ]


def test_the_honest_one_is_taken(bundle: Path, data: Path) -> None:
    files = write_program(honest())
    pack(bundle, *files.values())
    for command in commands(bundle, data):
        assert called(command) == (0, "")
    assert write_program(read_program(*files.values())) == files


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_lie_is_one_message(lie: Lie, bundle: Path, data: Path) -> None:
    pack(bundle, *lying(lie.change))
    found = {called(command) for command in commands(bundle, data)}
    assert len(found) == 1
    ((code, said),) = found
    assert code == 2 and said.count("error[") == 1
    assert f"error[{lie.code}]" in said and str(bundle.name) in said
    plain = " ".join(said.split())
    assert [word for word in lie.said if word not in plain] == []


def test_there_are_enough(bundle: Path) -> None:
    assert len({lie.name for lie in LIES}) == len(LIES) > 38


def test_a_program_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def counted(population: ProgramPopulation, neuron: IntegerNeuron) -> None:
        seen.append(population.name)
        check_neuron(population, neuron)

    monkeypatch.setattr("snnc.ir.validation.check_neuron", counted)
    program = honest()
    assert validate(program) is validate(program)
    assert seen == ["maps", "counts", "counts.relay", "readout"]
