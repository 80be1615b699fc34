"""``snnc warm-up``: everything is compiled, once; nothing that runs later compiles anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snnc.sim.fast import compiled
from snnc.sim.fast.cache import SUFFIX

from .conftest import Command, refused

ROOT = Path(__file__).resolve().parents[2]


def in_a_new_process(home: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        env={**os.environ, "XDG_CACHE_HOME": str(home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_later_runs_find_all_they_need(tmp_path: Path) -> None:
    """Random networks use every feature of a program, in inputs of several widths."""
    tmp_path.chmod(0o700)
    said = in_a_new_process(tmp_path, "snnc", "warm-up")
    kernels = {path: path.stat().st_mtime_ns for path in tmp_path.rglob(f"*{SUFFIX}")}
    (folder,) = {path.parent for path in kernels}
    assert said.startswith(f"{len(kernels)} kernels are ready") and said.endswith(f" s: {folder}\n")
    in_a_new_process(tmp_path, "snnc", "warm-up")
    in_a_new_process(tmp_path, "tests.sim.corpus", "--networks", "60")
    assert kernels == {path: path.stat().st_mtime_ns for path in tmp_path.rglob(f"*{SUFFIX}")}


def test_what_is_not_kept_is_an_error(snnc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for this process alone helps no other."""
    monkeypatch.setattr(compiled, "FOLDER_NAME", "kernels-elsewhere")
    refused(snnc("warm-up"), "D613", "compiled kernels are not kept", str(compiled.FOLDER))
