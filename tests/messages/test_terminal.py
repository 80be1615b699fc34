"""What a terminal gets beyond a pipe: the code as a link, and what to type to read more."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from snnc.errors import Diagnostic, Severity
from snnc.messages import links

COMMAND = [sys.executable, "-m", "snnc", "compile", "nowhere.pt", "--target", "loihi"]


def on_a_terminal(place: Path, environment: dict[str, str]) -> str:
    """What the command writes to a terminal as its standard error."""
    ours, theirs = pty.openpty()
    done = subprocess.run(
        COMMAND, cwd=place, stderr=theirs, stdout=subprocess.DEVNULL, env=os.environ | environment
    )
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 4096):
            text += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert done.returncode == 2
    return text.decode()


def test_the_code_is_a_link_and_explain_is_named(tmp_path: Path) -> None:
    text = on_a_terminal(tmp_path, {"TERM": "xterm-256color"})
    page = Path(__file__).resolve().parents[2] / "docs" / "messages.md"
    assert f";{page.as_uri()}#d101\x1b\\" in text and "D101" in text
    assert "snnc explain D101 says more" in text


def test_a_pipe_gets_neither(tmp_path: Path) -> None:
    done = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("error[D101]: ")
    assert "\x1b" not in done.stderr and "explain" not in done.stderr


def test_without_documents_there_is_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "page", lambda: None)
    assert links.link("D101") == ""


def test_the_hint_is_about_errors_alone() -> None:
    note = Diagnostic("N703", "rounded", severity=Severity.NOTE)
    first, second = Diagnostic("D411", "delay"), Diagnostic("D402", "synapses")
    assert links.hint([note]) == ""
    assert links.hint([note, first, first]) == "snnc explain D411 says more"
    assert links.hint([first, second, first]) == "snnc explain D411 says more (and D402)"
