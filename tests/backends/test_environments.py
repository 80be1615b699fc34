"""Environments of engines: made, found again, repaired. Nothing here needs a network."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from snnc.backends import Engine, Environment, installing
from snnc.backends.environments import Licence, State, environments_folder
from snnc.backends.registry import Found
from snnc.errors import UserError

PLAIN = Environment("plain", (), "import json", "pip")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNNC_ENGINES", str(tmp_path / "engines"))
    return tmp_path / "engines"


@pytest.mark.slow
def test_made_found_again_and_repaired(folder: Path) -> None:
    assert (PLAIN.state(), PLAIN.python(), PLAIN.version()) == (State.MISSING, None, "")
    said: list[str] = []
    assert PLAIN.install(said.append) and said[0].startswith("making the environment plain in ")
    assert PLAIN.state() is State.READY and PLAIN.python() == PLAIN.interpreter
    assert PLAIN.version()[:1].isdigit() and folder in PLAIN.interpreter.parents
    assert not PLAIN.install()
    engine = Engine.inside(PLAIN, "simulator", "chip")
    assert engine.installed and engine.version == PLAIN.version() and not engine.how_to_install

    PLAIN.interpreter.unlink()
    assert PLAIN.state() is State.DAMAGED and PLAIN.python() is None
    missing = Engine.inside(PLAIN, "simulator", "chip")
    assert not missing.installed and missing.how_to_install == "snnc targets install chip"
    assert PLAIN.install() and PLAIN.state() is State.READY

    # The interpreter is there, a package is not: the probe finds it.
    probing = replace(PLAIN, probe="import pip")
    assert probing.folder != PLAIN.folder and probing.install()
    for package in probing.folder.glob("lib/*/site-packages/pip"):
        shutil.rmtree(package)
    assert probing.state() is State.READY and probing.install()


def test_what_pip_says_is_told() -> None:
    impossible = Environment(
        "impossible", (("--no-index", "no-such-package-of-snnc"),), "import x", "x"
    )
    with pytest.raises(UserError) as refused:
        impossible.install()
    (found,) = refused.value.diagnostics
    assert found.code == "D616" and "no-such-package-of-snnc" in found.why
    assert impossible.state() is State.MISSING and impossible.python() is None


def test_a_probe_that_fails_leaves_it_unfinished() -> None:
    broken = replace(PLAIN, probe="import no_such_module_of_snnc")
    with pytest.raises(UserError, match=r"D616.*its test"):
        broken.install()
    assert broken.state() is State.MISSING


def test_an_exit_in_the_middle_of_the_probe_is_a_failure() -> None:
    with pytest.raises(UserError, match=r"D616.*its test"):
        replace(PLAIN, probe="raise SystemExit(0)").install()


def test_a_program_that_is_missing_is_named_before_anything_is_made() -> None:
    needing = replace(PLAIN, needs=("no-such-compiler",))
    with pytest.raises(UserError, match=r"D617.*no-such-compiler"):
        needing.install()
    assert needing.state() is State.MISSING


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SNNC_ENGINES", str(tmp_path / "file" / "engines"))
    with pytest.raises(UserError, match="D618"):
        PLAIN.install()


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed then, which is no reason to have no targets."""
    for name in ("SNNC_ENGINES", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert (PLAIN.state(), PLAIN.python(), PLAIN.version()) == (State.MISSING, None, "")
    with pytest.raises(UserError, match=r"D618.*no home directory") as refused:
        PLAIN.install()
    assert "set SNNC_ENGINES" in str(refused.value)


def test_a_cache_that_is_no_absolute_path_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SNNC_ENGINES")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "some/where")
    assert environments_folder() == tmp_path / ".cache" / "snnc" / "engines"


def test_two_at_once_make_one() -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: PLAIN.install(), range(2)))
    assert sorted(done) == [False, True]


def test_a_licence_is_asked_for_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    licence = Licence("Licence of plain", "one copy", "a page")
    asked: list[Licence] = []

    def no(shown: Licence) -> bool:
        asked.append(shown)
        return False

    said: list[str] = []

    theirs = replace(PLAIN, steps=(("--no-index", "no-such-package-of-snnc"),), licence=licence)
    engine = Engine.inside(theirs, "simulator", "chip")
    found = Found("chip", "", SimpleNamespace(engines=lambda: (engine,)))
    monkeypatch.setattr(installing, "find_target", lambda name: found)
    with pytest.raises(UserError) as refused:
        installing.install_engines("chip", said.append, no)
    (told,) = refused.value.diagnostics
    assert told.code == "D609" and "Licence of plain" in told.what and "one copy" in told.why
    assert asked == [licence] and theirs.state() is State.MISSING
    with pytest.raises(UserError) as tried:  # accepted: pip is asked, which has no such package
        installing.install_engines("chip", said.append, lambda _: True)
    assert tried.value.diagnostics[0].code == "D616"
    with pytest.raises(UserError) as silent:  # nobody is asked, nobody has accepted
        installing.install_engines("chip", said.append)
    assert silent.value.diagnostics[0].code == "D609"
