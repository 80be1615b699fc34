"""``verify --sample-populations``: what is compared, what is left out, and that both are said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.ir import Program
from snnc.sim import simulate
from snnc.verify import compare
from snnc.workflows.populations import drawn
from tests.backends.loihi.networks import random_program, random_spikes
from tests.emitting import emitted_into

from .conftest import MODEL, Command


@pytest.fixture(scope="module")
def plain(snnc: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped network for the target without a chip, four steps a frame."""
    folder = tmp_path_factory.mktemp("plain") / "digits.reference"
    words = ("--target", "reference", "--code", "rate", "--steps-per-frame", "4", "-o", folder)
    assert snnc("compile", MODEL, *words).code == 0
    return folder


def chain() -> Program:
    """A program with several hidden populations."""
    found = random_program(3)
    assert len(found.populations) == 5
    return found


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    program = chain()
    names = {p.name for p in program.populations[1:-1]}
    draws = [drawn(program, 1, seed) for seed in range(20)]
    assert draws == [drawn(program, 1, seed) for seed in range(20)]
    assert {name for draw in draws if draw for name in draw} == names
    assert drawn(program, 3, 0) is None and drawn(program, None, 0) is None
    two = drawn(program, 2, 0)
    assert two is not None and len(two) == 2 and two < names


@pytest.mark.lava
@pytest.mark.parametrize("engine", ["lava", "lava-inprocess"])
def test_lava_records_what_is_wanted_alone(engine: str, tmp_path: Path) -> None:
    program = chain()
    spikes = random_spikes(program, 1, 2, 20)
    back_end, only = LoihiBackend(), drawn(program, 1, 0)
    assert only is not None
    emitted = emitted_into(tmp_path, back_end, program)
    got = back_end.run(
        engine, tmp_path, emitted, spikes, time_limit=120, potentials=True, populations=only
    )
    assert set(got.spikes) == {program.input.name, *only}
    assert set(got.potentials) | set(got.unread) == {program.readout.name, *only}
    found = compare(program, simulate(program, spikes, states=True), got, potentials=True, only=only)
    assert found.mismatches == 0 and len(found.left_out) == 2
    assert {row.population for row in found.populations} == {program.readout.name, *only}


def test_the_report_names_what_was_left_out(snnc: Command, plain: Path, data: Path) -> None:
    words = ("verify", plain, "--data", data, "--samples", "2", "--sample-populations", "1")
    done = snnc(*words)
    assert done.code == 0 and "0 of " in done.out
    assert "note[N800] --sample-populations: 1 of 2 hidden populations are compared" in done.err
    found = json.loads(snnc(*words, "--json").out)
    (left,) = found["left_out"]
    assert f"nothing is compared of {left}" in done.err
    assert {row["population"] for row in found["populations"]} == {"h1", "h2", "answer"} - {left}
    whole = json.loads(snnc("verify", plain, "--data", data, "--samples", "2", "--json").out)
    assert whole["left_out"] == [] and whole["compared"] > found["compared"]


def test_blocks_of_samples_change_nothing(snnc: Command, plain: Path, data: Path) -> None:
    words = ("verify", plain, "--data", data, "--samples", "12", "--json", "--potentials")
    one, two = (snnc(*words, "--workers", workers) for workers in ("1", "2"))
    assert one.code == two.code == 0 and one.out == two.out == snnc(*words).out


def test_runs_of_several_workers_are_the_same(snnc: Command, plain: Path, data: Path) -> None:
    words = ("run", plain, "--data", data, "--json", "--operations")
    assert snnc(*words, "--workers", "2").out == snnc(*words).out


def test_places_and_numbers_that_cannot_be(snnc: Command, plain: Path) -> None:
    for words, code in (
        (("--sample-populations", "0"), "D305"),
        (("--workers", "0"), "D305"),
        (("--workers", "2", "--scheduler", "tcp://x:1"), "D327"),
        (("--ladder", "--workers", "2"), "D327"),
        (("--ladder", "--sample-populations", "2"), "D327"),
    ):
        done = snnc("verify", plain, *words)
        assert (done.code, done.out) == (2, "") and f"error[{code}]" in done.err
