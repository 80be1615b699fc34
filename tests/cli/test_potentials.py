"""``verify --potentials``: what it compares, what it finds that spikes do not show, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from snnc.backends import Engine
from snnc.backends.reference import ReferenceBackend
from snnc.ir import Integers, Measured, Trace, fixed_point
from snnc.workflows import comparing

from .conftest import MODEL, Command

VALUES = 2 * 16 * (2 * 768 + 2 * 384 + 10)
"""Of two samples of four frames of four steps."""


@pytest.fixture(scope="module")
def plain(snnc: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped network for the target without a chip, four steps a frame."""
    folder = tmp_path_factory.mktemp("plain") / "digits.reference"
    words = ("--target", "reference", "--code", "rate", "--steps-per-frame", "4", "-o", folder)
    assert snnc("compile", MODEL, *words).code == 0
    return folder


Words = Callable[..., tuple[Any, ...]]


@pytest.fixture
def words(plain: Path, data: Path) -> Words:
    """A command of ``verify`` on two samples."""
    return lambda *more: ("verify", plain, "--data", data, "--samples", "2", *more)


def test_every_hidden_potential_is_compared(snnc: Command, words: Words) -> None:
    found = json.loads(snnc(*words("--potentials", "--json")).out)
    rows = [(p["population"], p["quantity"]) for p in found["populations"]]
    assert rows == [
        ("h1", "spikes"),
        ("h1", "potential"),
        ("h2", "spikes"),
        ("h2", "potential"),
        ("answer", "potential"),
    ]
    assert (found["compared"], found["mismatches"], found["unread"]) == (VALUES, 0, {})
    shown = snnc(*words("--potentials", "--engine", "fast"))
    assert shown.code == 0 and f"0 of {VALUES} values differ" in shown.out


def test_a_mistake_below_the_threshold_is_found_with_it_and_not_without(
    snnc: Command, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A soft reset that takes 1 too much: potentials here lie 64 apart, so that no spike changes."""

    def fire(v: Integers, threshold: Integers, strict: bool, subtract: bool) -> Any:
        fired, kept = fixed_point.fire(v, threshold, strict, subtract)
        return fired, kept - fired

    monkeypatch.setattr("snnc.sim.reference.fire", fire)
    done = snnc(*words())
    assert done.code == 0 and "0 of " in done.out
    done = snnc(*words("--potentials"))
    assert done.code == 1, done.out
    found = json.loads(snnc(*words("--potentials", "--json")).out)
    first = found["first_divergence"]
    assert first["quantity"] == "potential" and first["actual"] == first["expected"] - 1
    assert all(p["mismatches"] == 0 for p in found["populations"] if p["quantity"] == "spikes")
    said = f"first divergence: step {first['step']}, {first['population']}{first['neuron']}, "
    assert f"{said}sample {first['sample']}: potential {first['actual']} on reference" in done.out


def test_an_engine_that_shows_none_is_refused_by_name(
    snnc: Command, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind, able = Engine("reference", "snnc", True), Engine("fast", "snnc", True, potentials=True)
    monkeypatch.setattr(ReferenceBackend, "engines", lambda self: (blind, able))
    done = snnc(*words("--potentials"))
    assert (done.code, done.out) == (2, "") and done.err.count("error[") == 1
    assert "error[D525]: engine reference cannot" in done.err and "use --engine fast" in done.err
    assert snnc(*words("--potentials", "--engine", "fast")).code == 0
    monkeypatch.setattr(ReferenceBackend, "engines", lambda self: (blind,))
    done = snnc(*words("--potentials"))
    assert done.code == 2 and "no engine of the target" in done.err and "--engine" not in done.err


def test_a_back_end_that_knows_no_potentials_still_runs(
    snnc: Command, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written for the same interface, before engines could show any."""
    run = ReferenceBackend.run

    def older(
        self: ReferenceBackend,
        engine: str,
        folder: Path,
        emitted: Any,
        spikes: Integers,
        *,
        time_limit: float,
        progress: Any = None,
    ) -> Trace:
        return run(self, engine, folder, emitted, spikes, time_limit=time_limit, progress=progress)

    monkeypatch.setattr(ReferenceBackend, "engines", lambda self: (Engine("reference", "snnc", True),))
    monkeypatch.setattr(ReferenceBackend, "run", older)
    assert snnc(*words()).code == 0


def altered(monkeypatch: pytest.MonkeyPatch, change: Callable[[Trace], Trace]) -> list[int]:
    """Change what the engine gives; the numbers of samples that it was asked to run."""
    run, asked = ReferenceBackend.run, []

    def changed(self: ReferenceBackend, *given: Any, **more: Any) -> Trace:
        asked.append(len(given[3]))
        return change(run(self, *given, **more))

    monkeypatch.setattr(ReferenceBackend, "run", changed)
    return asked


def test_what_cannot_be_read_is_named(
    snnc: Command, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons = {"h1": "its neurons keep nothing"}
    altered(monkeypatch, lambda trace: replace(trace, unread=reasons))
    done = snnc(*words("--potentials"))
    assert done.code == 0 and "N770" in done.err and "h1" in done.err and "keep nothing" in done.err
    assert json.loads(snnc(*words("--potentials", "--json")).out)["unread"] == reasons
    reasons["h2"] = "neither do these"
    done = snnc(*words("--potentials"))
    assert done.code == 2 and "error[D527]" in done.err and "neither do these" in done.err


@pytest.mark.parametrize("unread", [{"answer": "the host adds it up"}, {"h3": "gone"}, {"h1": ""}])
def test_an_engine_cannot_excuse_itself_from_what_is_compared_anyway(
    snnc: Command, words: Words, monkeypatch: pytest.MonkeyPatch, unread: dict[str, str]
) -> None:
    altered(monkeypatch, lambda trace: replace(trace, unread=unread))
    done = snnc(*words("--potentials"))
    assert done.code == 70 and "unread has" in done.err and "target reference" in done.err


def test_memory_stays_bounded(snnc: Command, words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks the same is found as at once, also where the difference is in the second block."""

    def change(trace: Trace) -> Trace:
        if "h2" in trace.potentials:
            trace.potentials["h2"][-1, 5, 0, 0, 0] += 1
        return replace(trace, measured=(Measured("time", 1.0, "s", "a clock"),))

    asked = altered(monkeypatch, change)
    whole = json.loads(snnc(*words("--potentials", "--json")).out)
    assert asked == [2] and whole["mismatches"] == 1
    one = 16 * (512 + 2 * 768 + 2 * 384 + 10) * comparing.BYTES_A_VALUE
    monkeypatch.setattr(comparing, "BLOCK_BYTES", 2 * one - 1)
    asked.clear()
    blocks = json.loads(snnc(*words("--potentials", "--json")).out)
    assert asked == [1, 1] and blocks["mismatches"] == 2  # one in the last sample of each block
    assert (blocks["samples"], blocks["compared"]) == (2, VALUES)
    assert [each["source"] for each in blocks["measured"]] == [
        "a clock, samples 0 to 0",
        "a clock, samples 1 to 1",
    ]
    monkeypatch.setattr(comparing, "BLOCK_BYTES", 2 * one)
    asked.clear()
    assert json.loads(snnc(*words("--potentials", "--json")).out) == whole and asked == [2]
    monkeypatch.setattr(comparing, "BLOCK_BYTES", 1)
    asked.clear()
    assert snnc(*words("--json")).code == 0 and asked == [2]  # without it as ever


def test_one_sample_that_does_not_fit_is_refused(
    snnc: Command, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "SHARE_OF_MEMORY", 1e-7)
    done = snnc(*words("--potentials"))
    assert done.code == 2 and "error[D526]" in done.err and "fewer frames" in done.err
    assert snnc(*words()).code == 0


def test_the_ladder_compares_none(snnc: Command, words: Words) -> None:
    done = snnc(*words("--potentials", "--ladder"))
    assert done.code == 2 and "error[D327]" in done.err and "--potentials" in done.err
