"""Settings of the libraries with which nothing works: one message that names the variable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import MODEL


def snnc(place: Path, settings: dict[str, str], *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "snnc", *map(str, words)],
        env={**os.environ, **settings},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("NUMBA_DISABLE_JIT", "1", "compilation is switched off"),
        ("NUMBA_NUM_THREADS", "0", "must be > 0"),
        ("NUMBA_NUM_THREADS", "-3", "must be > 0"),
        ("NUMBA_CPU_FEATURES", "avx2", "'avx2' is not a feature"),
    ],
)
def test_numba(reference: Path, tmp_path: Path, name: str, value: str, why: str) -> None:
    commands: list[list[str | Path]] = [
        ["verify", reference],
        ["compile", MODEL, "--target", "reference", "-o", "out"],
    ]
    for words in commands:
        done = snnc(tmp_path, {name: value}, *words)
        assert done.returncode == 2 and done.stderr.count("error[D614]") == 1, done.stderr
        assert f"at   {name}={value}" in done.stderr and f"help unset {name}" in done.stderr
        assert why in done.stderr and "Traceback" not in done.stderr and list(tmp_path.iterdir()) == []
    # What needs no compiler works; so does the plain simulator.
    assert snnc(tmp_path, {name: value}, "inspect", reference).returncode == 0


def noise(place: Path, data: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return snnc(place, settings, "noise", MODEL, "--data", data, "--ideal", "--plot", "p.png")


def test_matplotlib(data: Path, tmp_path: Path) -> None:
    done = noise(tmp_path, data, {"MPLBACKEND": "foo"})
    assert done.returncode == 2 and done.stderr.count("error[D615]") == 1, done.stderr
    assert "at   MPLBACKEND=foo" in done.stderr and "help unset MPLBACKEND" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_style_of_the_users_changes_no_picture(data: Path, tmp_path: Path) -> None:
    """LaTeX may not be there, and the same numbers give the same file."""
    picture, found = tmp_path / "p.png", []
    (tmp_path / "rc").write_text("text.usetex: True\nlines.linewidth: 9\n")
    for settings in ({}, {"MATPLOTLIBRC": f"{tmp_path / 'rc'}"}, {"MPLBACKEND": "qtagg"}):
        done = noise(tmp_path, data, settings)
        assert done.returncode == 0, done.stderr
        found.append(picture.read_bytes())
    assert found[0] == found[1] == found[2]


BEGUN = """
import os, sys
from snnc.commands import start

def tell():
    sys.exit(os.environ["OPENBLAS_THREAD_TIMEOUT"] + f" {'numpy' in sys.modules}")

start.streams.open_streams = tell
start.main()
"""


@pytest.mark.parametrize(("given", "there"), [(None, "4"), ("20", "20")])
def test_blas_threads_wait_briefly_unless_told_otherwise(given: str | None, there: str) -> None:
    """OpenBLAS looks once, when numpy is imported: it must be said before."""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_THREAD_TIMEOUT"}
    environment |= {} if given is None else {"OPENBLAS_THREAD_TIMEOUT": given}
    done = subprocess.run(
        [sys.executable, "-c", BEGUN], env=environment, capture_output=True, text=True
    )
    assert done.stderr.strip() == f"{there} False"
