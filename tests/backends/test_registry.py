"""What becomes of plug-ins that are broken, outdated or clash: named, left out, and no harm done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from snnc.backends import Found, find_backend, registered_backends
from snnc.errors import UserError
from snnc.passes import parse_pass, registered, registered_passes
from tests.plugin_packages import install

MODEL = str(Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model.pt")

GOOD = """
from snnc.backends import Engine
from snnc.backends.reference import ReferenceBackend
class Good(ReferenceBackend):
    name = "good"
class Optional(Good):
    name = "optional"
    def engines(self):
        return (Engine("simulator", "", False, "pip install 'optional[simulator]'"),)
class Newer(Good):
    name, interface = "newer", 99
class Older(Good):
    name, interface = "older", 0
class Silent:
    name = "silent"
    target = None
class Partial:
    name, interface = "partial", 1
class Misnamed(Good):
    name = "other"
class Engineless(Good):
    name = "engineless"
    def engines(self):
        raise OSError("no licence server")
class Taken(Good):
    name = "loihi"
def raising():
    raise ValueError("no key")
"""
PASSES = """
from dataclasses import dataclass
from typing import ClassVar
from snnc.passes import Pass
@dataclass(frozen=True)
class Nothing(Pass):
    interface: ClassVar[int] = 1
    name: ClassVar[str] = "nothing"
    def run(self, graph, context):
        return graph
@dataclass(frozen=True)
class Undated(Pass):
    name: ClassVar[str] = "undated"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path; what was found before is forgotten."""
    registered_backends.cache_clear()
    registered_passes.cache_clear()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("vendor_chip", "vendor_exit", "vendor_two", "vendor_passes"):
        sys.modules.pop(name, None)
    registered_backends.cache_clear()
    registered_passes.cache_clear()


def vendor(folder: Path, **targets: str) -> None:
    entries = {name: f"vendor_chip:{value}" for name, value in targets.items()}
    install(folder, "vendor-chip", {"snnc.backends": entries}, GOOD)


def by_name(name: str) -> list[Found]:
    return [found for found in registered_backends() if found.name == name]


def test_a_good_one_is_there(folder: Path) -> None:
    vendor(folder, good="Good")
    (found,) = by_name("good")
    assert (found.distribution, found.problem) == ("vendor-chip 1.0", "")
    assert find_backend("good").name == "good"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("newer", "Newer", "written for interface 99, a newer snnc; this one has 1"),
        ("older", "Older", "written for interface 0, an older snnc; this one has 1"),
        ("silent", "Silent", "it does not say for which interface of snnc it was written"),
        ("partial", "Partial", "it lacks check, differences, emit, engines, pipeline, run, target"),
        ("misnamed", "Misnamed", "it calls itself 'other', its entry point 'misnamed'"),
        ("raises", "raising", "ValueError: no key"),
        ("absent", "Nobody", "AttributeError"),
    ],
)
def test_a_bad_one_is_named_and_left_out(folder: Path, name: str, value: str, problem: str) -> None:
    vendor(folder, good="Good", **{name: value})
    (found,) = by_name(name)
    assert found.backend is None and problem in found.problem
    with pytest.raises(UserError) as refused:
        find_backend(name)
    assert refused.value.diagnostics[0].code == "D312"
    assert problem in str(refused.value) and "vendor-chip 1.0" in str(refused.value)
    assert find_backend("good").name == "good" and find_backend("loihi").name == "loihi"


def test_an_import_that_exits_harms_nobody(folder: Path) -> None:
    install(folder, "vendor-exit", {"snnc.backends": {"gone": "vendor_exit:X"}}, "raise SystemExit(3)")
    (found,) = by_name("gone")
    assert found.problem == "SystemExit: 3"


def test_engines_that_cannot_be_asked_are_named(folder: Path) -> None:
    vendor(folder, engineless="Engineless")
    (found,) = by_name("engineless")
    assert found.engines() == ((), "OSError: no licence server")


def test_ours_stay_ours(folder: Path) -> None:
    vendor(folder, loihi="Taken")
    ours, theirs = by_name("loihi")
    assert ours.backend is not None and ours.distribution.startswith("snnc ")
    assert theirs.backend is None and "clash: snnc " in theirs.problem
    assert type(find_backend("loihi")).__module__ == "snnc.backends.loihi"


def test_of_two_others_neither_is_used(folder: Path) -> None:
    vendor(folder, good="Good")
    install(folder, "vendor-two", {"snnc.backends": {"good": "vendor_two:Good"}}, GOOD)
    assert [found.backend for found in by_name("good")] == [None, None]
    assert {found.problem for found in by_name("good")} == {
        "clash: vendor-chip 1.0 has that name too",
        "clash: vendor-two 1.0 has that name too",
    }


def test_passes_likewise(folder: Path) -> None:
    entries = {
        "nothing": "vendor_passes:Nothing",
        "undated": "vendor_passes:Undated",
        "number": "vendor_passes:dataclass",
        "match-delays": "vendor_passes:Nothing",
    }
    install(folder, "vendor-passes", {"snnc.passes": entries}, PASSES)
    problems = {(f.name, f.problem) for f in registered_passes() if f.problem}
    assert {name for name, _ in problems} == {"undated", "number", "match-delays"}
    assert parse_pass("nothing").name == "nothing"
    assert registered()["match-delays"].__module__ == "snnc.passes.match_delays"
    with pytest.raises(UserError, match=r"D307.*pass undated cannot be used: it does not say"):
        parse_pass("undated")


def test_the_commands_show_them(tmp_path: Path) -> None:
    vendor(tmp_path, good="Good", newer="Newer", optional="Optional")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"}

    def snnc(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "import sys; from snnc.commands.start import main; sys.argv[0] = 'snnc'; main()"
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    listed = snnc("targets")
    assert listed.returncode == 0 and "good" in listed.stdout and "vendor-chip 1.0" in listed.stdout
    assert "target newer of vendor-chip 1.0 cannot be used: written for interface 99" in listed.stdout
    assert "'optional[simulator]'" in listed.stdout
    installed = snnc("targets", "install", "good")
    assert installed.returncode == 0 and "nothing to install" in installed.stdout
    refused = snnc("targets", "install", "newer")
    assert refused.returncode == 2 and "D312" in refused.stderr
    unknown = snnc("targets", "install", "goood")
    assert unknown.returncode == 2 and "did you mean good?" in unknown.stderr


FAULTY = """
from snnc.backends.reference import ReferenceBackend
class Faulty(ReferenceBackend):
    name = "faulty"
    def check(self, program):
        yield from ()
        raise KeyError("axons")
class Shaky(ReferenceBackend):
    name = "shaky"
    def run(self, engine, folder, emitted, spikes, **how):
        trace = super().run(engine, folder, emitted, spikes, **how)
        return type(trace)(trace.spikes, {})
"""


def test_a_crash_names_the_package(tmp_path: Path) -> None:
    entries = {"faulty": "vendor_faulty:Faulty", "shaky": "vendor_faulty:Shaky"}
    install(tmp_path / "packages", "vendor-faulty", {"snnc.backends": entries}, FAULTY)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "packages")}
    code = "import sys; from snnc.commands.start import main; sys.argv[0] = 'snnc'; main()"

    def snnc(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)

    done = snnc("compile", MODEL, "--target", "faulty", "--steps-per-frame", "4")
    assert done.returncode == 70 and not list(tmp_path.glob("*.faulty"))
    assert (
        "target faulty of vendor-faulty 1.0 failed while checking the program: KeyError" in done.stderr
    )
    assert (
        snnc("compile", MODEL, "--target", "shaky", "--steps-per-frame", "4", "-o", "b").returncode == 0
    )
    done = snnc("verify", "b", "--samples", "1")
    assert done.returncode == 70
    assert "target shaky of vendor-faulty 1.0 failed while running the engine reference" in done.stderr
