"""``--memory``: refused before the work where the weights alone do not fit, and never waited for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from snnc.workflows import room

from .conftest import Command, compile_, refused


def test_a_network_that_cannot_fit_is_refused(
    snnc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the byte: three copies fit, one byte less does not."""
    output = tmp_path / "b"
    asked: list[int] = []

    def memory() -> int:
        return asked[0]

    monkeypatch.setattr(room, "machine_memory", memory)
    asked.append(1000)
    done = compile_(snnc, "-o", output)
    refused(done, "D629", "each held 3 times with 8 bytes", "--memory")
    assert not output.exists()
    weights = int(done.err.split(" weights, each")[0].rsplit(" of ", 1)[1].replace(",", ""))
    asked[0] = 3 * 8 * weights - 1
    refused(compile_(snnc, "-o", output), "D629")
    asked[0] += 1
    assert compile_(snnc, "-o", output).code == 0 and output.exists()


def test_a_size_that_is_none(snnc: Command, tmp_path: Path) -> None:
    refused(compile_(snnc, "--memory", "much", "-o", tmp_path / "b"), "D305", "6GiB")
    refused(compile_(snnc, "--memory", "6KiB", "-o", tmp_path / "b"), "D628", "6.0 KiB")


MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model.pt"


def test_a_small_limit_ends_with_a_message(tmp_path: Path) -> None:
    """In processes of their own: a library that finds no room may try again for ever (OpenBLAS).

    The least that is named is enough for the libraries: what is missing then is said, too.
    """

    def ended(memory: str) -> str:
        words = ["compile", str(MODEL), "--target", "loihi", "--memory", memory, "-q"]
        done = subprocess.run(
            [sys.executable, "-m", "snnc", *words, "-o", str(tmp_path / memory)],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode in (0, 2) and "Traceback" not in done.stderr, done.stderr
        return done.stderr

    said = ended("150MB")
    least = re.search(r"any command take, ([0-9.]+) MiB", said)
    assert "D628" in said and least is not None
    said = ended(f"{float(least[1]) + 1:.0f}MiB")
    assert "D612" not in said or "give --memory more than" in said
