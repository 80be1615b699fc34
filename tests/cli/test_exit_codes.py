"""An exit code means one thing, whenever a request to stop comes and whatever is raised."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import MODEL, Command

AT_IMPORT = """
import os, signal, sys
wanted, number = sys.argv[1], int(sys.argv[2])
class Hook:
    def find_spec(self, name, path=None, target=None):
        if name == wanted and not Hook.done:
            Hook.done = True
            os.kill(os.getpid(), number)
    done = False
sys.meta_path.insert(0, Hook())
from snnc.commands.start import main
sys.argv = ["snnc", *sys.argv[3:]]
main()
"""
RAISING = """
import sys
from snnc.commands import main as cli_main
def app(): raise {problem}
cli_main.app = app
from snnc.commands.start import main
main()
"""


@pytest.mark.parametrize(
    ("module", "number"),
    [
        *(
            (name, signal.SIGINT)
            for name in ("snnc.commands.app", "typer", "numpy", "scipy.sparse", "snnc.sim")
        ),
        *(
            (name, signal.SIGTERM)
            for name in ("snnc.commands.main", "snnc.workflows.compile", "networkx")
        ),
        ("snnc.lowering", signal.SIGHUP),
    ],
)
def test_a_request_while_modules_are_imported(
    tmp_path: Path, module: str, number: signal.Signals
) -> None:
    command = ["compile", str(MODEL), "--target", "reference", "-o", str(tmp_path / "b")]
    done = subprocess.run(
        [sys.executable, "-c", AT_IMPORT, module, str(int(number)), *command],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 128 + number and done.stderr.splitlines()[-1:] == ["stopped"]
    assert "Traceback" not in done.stderr and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ("EOFError", 70),
        ("RuntimeError('x')", 70),
        ("__import__('typer').Abort()", 70),
        ("BrokenPipeError(32, 'x')", 70),  # no stream of ours raises it: see snnc/streams.py
        ("KeyboardInterrupt", 70),
    ],
)
def test_what_is_raised_outside_a_command(problem: str, code: int) -> None:
    words = [sys.executable, "-c", RAISING.format(problem=problem)]
    assert subprocess.run(words, capture_output=True).returncode == code


@pytest.mark.parametrize("problem", [EOFError, RuntimeError, ValueError, KeyError])
def test_what_a_command_raises_is_a_bug(
    snnc: Command, monkeypatch: pytest.MonkeyPatch, problem: type[Exception]
) -> None:
    def raises(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr("snnc.workflows.verify.verify_bundle", raises)
    done = snnc("verify", "b")
    assert done.code == 70 and "please report" in done.err


def test_a_temporary_folder_that_cannot_be_written(finished: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "snnc", "verify", str(finished), "--samples", "1"],
        env={**os.environ, "TMPDIR": "/proc", "TMP": "/proc", "TEMP": "/proc"},
        cwd="/proc",
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr
