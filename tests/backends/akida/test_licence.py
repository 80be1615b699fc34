"""What a user is asked before anything proprietary is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

INSTALL = (sys.executable, "-m", "snnc", "targets", "install", "akida")
ASKED = "Do you accept it?"


def install(folder: Path, stdin: int, *more: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "SNNC_ENGINES": str(folder / "engines")}
    return subprocess.run(
        [*INSTALL, *more], stdin=stdin, capture_output=True, text=True, check=False, env=variables
    )


def is_refused(done: subprocess.CompletedProcess[str], folder: Path) -> None:
    said = done.stdout + done.stderr
    assert done.returncode == 2 and "D609" in done.stderr and "Traceback" not in said
    assert "BrainChip Software End User License Agreement" in done.stdout
    assert "--accept-licence" in done.stderr and not (folder / "engines").exists()


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"], ids=["no", "nothing", "end"])
def test_at_a_terminal_only_yes_accepts(answer: bytes, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    try:
        os.write(ours, answer)
        done = install(tmp_path, theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert ASKED in done.stdout + done.stderr
    is_refused(done, tmp_path)


def test_a_script_is_not_asked_and_installs_nothing(tmp_path: Path) -> None:
    yes, no_more = os.pipe()
    os.write(no_more, b"y\n")
    os.close(no_more)
    try:
        done = install(tmp_path, yes)
    finally:
        os.close(yes)
    assert ASKED not in done.stdout + done.stderr
    is_refused(done, tmp_path)


def test_yes_is_no_option(tmp_path: Path) -> None:
    done = install(tmp_path, subprocess.DEVNULL, "--yes")
    assert done.returncode == 2 and "--yes" in done.stderr and not (tmp_path / "engines").exists()
