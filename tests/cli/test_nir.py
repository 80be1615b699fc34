"""NIR files on the command line: exit codes and messages, no tracebacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .conftest import MODEL, Command

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'snnc[nir]'")


@pytest.fixture
def lif(tmp_path: Path) -> Path:
    """Two leaky neurons."""
    values = (np.full(2, v) for v in (0.01, 1.0, 0.0, 0.3))
    nir.write(tmp_path / "lif.nir", nir.NIRGraph.from_list(nir.Linear(np.eye(2)), nir.LIF(*values)))
    return tmp_path / "lif.nir"


@pytest.mark.lava
def test_compile_and_verify(snnc: Command, lif: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = snnc("compile", lif, "--target", "loihi", "--dt", "0.005", "-o", folder)
    assert done.code == 0, done.err
    assert "1 steps a frame; thresholds as the model has them" in " ".join(done.out.split())
    assert "N707" in done.err
    assert snnc("verify", folder, "--engine", "lava-inprocess", "--samples", "3").code == 0
    assert snnc("inspect", lif, "--dt", "0.005").code == 0


def test_what_a_user_can_do_wrong(snnc: Command, lif: Path, tmp_path: Path) -> None:
    target = ("--target", "loihi", "-o", tmp_path / "out")
    asked = snnc("compile", lif, *target)
    assert asked.code == 2 and "D212" in asked.err and "--dt SECONDS" in asked.err
    conflict = snnc("compile", lif, *target, "--dt", "0.005", "--steps-per-frame", "4")
    assert conflict.code == 2 and "D314" in conflict.err
    archive = snnc("compile", MODEL, *target, "--dt", "0.005")
    assert archive.code == 2 and "D118" in archive.err
    lif.write_bytes(lif.read_bytes()[:1000])
    damaged = snnc("compile", lif, *target, "--dt", "0.005")
    assert damaged.code == 2 and "D117" in damaged.err
    assert not (tmp_path / "out").exists()
