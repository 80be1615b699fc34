"""How much is said: progress, ``-q``, ``-v``, and words that are nearly right."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from snnc.backends import Engine
from snnc.commands.output import console
from snnc.commands.output import progress as showing
from snnc.commands.output.progress import Phases, clock, progress
from snnc.errors import Diagnostic, Severity

from .conftest import MODEL, Command


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("compile", MODEL, "--target", "Loihi"), "loihi"),
        (("compile", MODEL, "--target", "loihi-1"), "loihi1"),
        (("compile", MODEL, "--target", "reference", "--code", "rat"), "rate"),
        (("compile", MODEL, "--target", "reference", "--code", "Graded"), "graded"),
        (("compile", MODEL, "--target", "reference", "--passes", "Match_Delays"), "match-delays"),
        (
            ("compile", MODEL, "--target", "reference", "--print-after", "lower-weights"),
            "quantize-weights",
        ),
        (("tune", MODEL, "--target", "reference", "--data", "x.npz", "--code", "gradd"), "graded"),
        (("finetune", MODEL, "--method", "stbd", "--data", "x.npz"), "stdb"),
    ],
)
def test_a_word_that_is_nearly_right(
    snnc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], meant: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = snnc(*words)
    assert done.code == 2 and not any(tmp_path.iterdir())
    assert f"did you mean {meant}?" in done.err


def test_an_engine_that_is_nearly_right(snnc: Command, finished: Path) -> None:
    done = snnc("verify", finished, "--engine", "lava_inproces")
    assert done.code == 2 and "did you mean lava-inprocess?" in done.err


def test_quiet_and_verbose(snnc: Command, tmp_path: Path) -> None:
    words = ("compile", MODEL, "--target", "reference", "--code", "graded", "-o", tmp_path / "b")
    usual, quiet, verbose = (snnc(*words, *more) for more in ((), ("-q",), ("-v",)))
    assert usual.code == quiet.code == verbose.code == 0
    assert usual.out == quiet.out == verbose.out
    assert "note[N703]" in usual.err and "note[" not in quiet.err and "warning[N732]" in quiet.err
    assert "\n  at   h1\n" in verbose.err and "\n  at   h1\n" not in usual.err
    assert "times: " in verbose.err and "altogether" in verbose.err and "times: " not in usual.err
    for more in ("-q", "--quiet"):
        before = snnc(more, *words)
        assert before.code == 0 and (before.out, before.err) == (quiet.out, quiet.err)
    assert "\n  at   h1\n" in snnc("-v", *words).err
    for both in (snnc(*words, "-q", "-v"), snnc("-q", *words, "-v"), snnc("-q", "-v", *words)):
        assert both.code == 2 and "opposites" in both.err
    assert "note[N703]" in snnc(*words).err  # nothing of it stays


def test_one_reason_is_read_once(capsys: pytest.CaptureFixture[str]) -> None:
    """As of fifty populations; errors are shown in full."""

    def said(severity: Severity) -> list[str]:
        named = [
            Diagnostic("N720", f"fact {i}", f"h{i}", "the reason", "the cure", severity) for i in "12"
        ]
        other = Diagnostic("N720", "fact 3", "h3", "another reason", "the cure", severity)
        console.diagnostics([*named, other])
        return capsys.readouterr().err.splitlines()

    first = ["warning[N720]: fact 1", "  at   h1", "  why  the reason", "  help the cure"]
    third = ["warning[N720]: fact 3", "  at   h3", "  why  another reason", "  help the cure"]
    assert said(Severity.WARNING) == [*first, "warning[N720] h2: fact 2", *third]
    assert len(said(Severity.ERROR)) == 12
    console.set_verbosity(console.Verbosity.VERBOSE)
    try:
        assert [line.split()[0] for line in said(Severity.NOTE)].count("why") == 2
    finally:
        console.set_verbosity(console.Verbosity.NORMAL)
    assert len(said(Severity.NOTE)) == 3


def test_phases_have_their_own_times(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    phases = Phases()
    for what, done, total, took in (
        ("load", 0, 5, 2.0),
        ("pass", 1, 5, 3.0),
        ("train, epoch 1 of 2: loss 3", 0, 10, 4.0),
        ("train, epoch 1 of 2: loss 2", 2, 10, 0.0),
        ("train, epoch 1 of 2: loss 2", 4, 10, 1.0),
        ("load", 0, 5, 1.0),
    ):
        phases(what, done, total)
        if done == 2:
            assert phases.left == pytest.approx(4.0 / 2 * 8)
            assert "about 0:16 left" in phases.line() and "0:04" in phases.line()
        elif done == 0:
            assert phases.left is None
        now[0] += took
    phases.close()
    assert phases.times == {"load": 3.0, "pass": 3.0, "train, epoch 1 of 2": 5.0}
    assert phases.summary() == (
        "times: load 3.0 s, pass 3.0 s, train, epoch 1 of 2 5.0 s, altogether 11.0 s"
    )
    assert [clock(s) for s in (7, 750.9, 3723)] == ["0:07", "12:30", "1:02:03"]


def test_a_pipe_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(showing, "HALF_MINUTE", 0.05)
    console.set_verbosity(console.Verbosity.NORMAL)
    with progress() as report:
        report("lava", 1, 20)
        time.sleep(0.3)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 2 and lines[0].startswith("lava: 1 of 20, 0:00")
    assert showing.HALF_MINUTE == 0.05
    time.sleep(0.1)
    assert capsys.readouterr().err == ""  # it has ended


def test_a_phase_is_named_while_it_runs(snnc: Command, tmp_path: Path) -> None:
    """What is reported when a pass begins is its name, not that of the pass before it."""
    from snnc import api
    from snnc.ir import Graph
    from snnc.passes import Pass

    said: list[str] = []
    wrong: list[tuple[str, str]] = []

    def after(a_pass: Pass, _: Graph) -> None:
        if said[-1] != a_pass.name:
            wrong.append((said[-1], a_pass.name))

    def report(what: str, *_: int) -> None:
        said.append(what)

    api.compile(MODEL, "reference", tmp_path / "b", code="graded", after_pass=after, progress=report)
    assert not wrong and {"load", "prove ranges", "judge", "emit", "done"} <= set(said)


@pytest.fixture
def without_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing that runs Lava's bundles is installed."""
    from snnc.backends.loihi import LoihiBackend

    def engines(_: object) -> tuple[Engine, ...]:
        return tuple(Engine(name, "0.10.0", False, "pip install lava") for name in ("lava", "other"))

    monkeypatch.setattr(LoihiBackend, "engines", engines)


@pytest.mark.usefixtures("without_engines")
def test_verify_without_an_engine_shows_what_needs_none(
    snnc: Command, finished: Path, data: Path
) -> None:
    done = snnc("verify", finished, "--data", data, "--samples", "2")
    assert done.code == 2 and "error[D601]: engine lava is not installed" in done.err
    assert "pip install lava" in done.err
    assert "0 of" in done.out and "the fast simulator against the reference" in done.out
    assert snnc("verify", finished, "--engine", "lava").out == ""


@pytest.mark.usefixtures("without_engines")
def test_the_ladder_without_an_engine_ends_with_the_bundle(
    snnc: Command, finished: Path, data: Path
) -> None:
    done = snnc("verify", finished, "--data", data, "--samples", "2", "--ladder")
    assert done.code == 2 and "error[D601]: engine lava is not installed" in done.err
    assert "torch model" in done.out and "bundle" in done.out and "engine lava" not in done.out


def test_verify_and_its_ladder_have_the_same_defaults() -> None:
    import inspect

    from snnc.api import Bundle

    one, two = (inspect.signature(f).parameters for f in (Bundle.verify, Bundle.ladder))
    alone = {"workers", "scheduler", "sample_populations", "seed"}  # the ladder runs here, and whole
    assert one.keys() - two.keys() == alone
    for name in one.keys() - alone:
        if name != "self":
            assert one[name].default == two[name].default, name
