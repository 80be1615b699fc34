"""NIR files on the command line: exit codes and messages, no tracebacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .conftest import MODEL, Command

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")


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
    assert "1 step a frame; thresholds as the model has them" in " ".join(done.out.split())
    assert "N707" in done.err
    assert snnc("verify", folder, "--engine", "lava-inprocess", "--samples", "3").code == 0
    assert snnc("inspect", lif, "--dt", "0.005").code == 0


@pytest.mark.lava
def test_the_ladder_says_what_it_cannot_show(snnc: Command, lif: Path, tmp_path: Path) -> None:
    folder, data = tmp_path / "out", tmp_path / "silence.npz"
    assert snnc("compile", lif, "--target", "loihi", "--dt", "0.005", "-o", folder).code == 0
    np.savez(data, x=np.zeros((2, 4, 2), np.int64))
    for more in ((), ("--json",)):
        ladder = ("--ladder", "--engine", "lava-inprocess", "--data", data)
        done = snnc("verify", folder, *ladder, *more)
        assert done.code == 0, done.err
        assert "N731" in done.err and "begins with the integer program" in done.err
        assert "compile reported its changes: " in done.err and "N707 (1)" in done.err
        assert "N711" in done.err
    assert "no rung differs, from the integer program down" in snnc("verify", folder, *ladder).out


def test_operations_without_an_ann(snnc: Command, lif: Path, tmp_path: Path) -> None:
    folder, data = tmp_path / "out", tmp_path / "data.npz"
    np.savez(data, x=np.full((2, 4, 2), 2))
    assert snnc("compile", lif, "--target", "reference", "--dt", "0.005", "-o", folder).code == 0
    done = snnc("run", folder, "--data", data, "--operations")
    assert done.code == 0, done.err
    assert "the network spiked already" in done.out and "ANN, float32" not in done.out


def test_calibration_data_change_no_threshold(snnc: Command, lif: Path, tmp_path: Path) -> None:
    """They are said to be used for what they are used for."""
    np.savez(tmp_path / "data.npz", x=np.full((3, 5, 2), 2))
    made = [tmp_path / "without", tmp_path / "with"]
    for folder, more in zip(made, [(), ("--calibration", tmp_path / "data.npz")], strict=True):
        done = snnc("compile", lif, "--target", "reference", "--dt", "0.005", "-o", folder, *more)
        assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "calibrated" not in said
    assert "thresholds as the model has them; 3 samples say how large inputs get" in said
    assert (made[0] / "weights.npz").read_bytes() == (made[1] / "weights.npz").read_bytes()


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


def test_out_is_refused_until_the_user_chooses(snnc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "digits.nir"
    done = snnc("compile", MODEL, "--target", "nir", "-o", folder)
    assert done.code == 2 and "D417" in done.err and "soft reset" in done.err and "h1" in done.err
    assert not folder.exists()
    wrong = snnc("compile", MODEL, "--target", "nir{unsaid=perhaps}", "-o", folder)
    assert wrong.code == 2 and "D326" in wrong.err and "composite" in wrong.err
    wrong = snnc("compile", MODEL, "--target", "nir{reset=soft}", "-o", folder)
    assert wrong.code == 2 and "target nir has no option 'reset'" in wrong.err


def test_out_as_a_composite(snnc: Command, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "digits.nir"
    target = ("--target", "nir{unsaid=composite}", "--steps-per-frame", "4")
    done = snnc("compile", MODEL, *target, "-o", folder)
    assert done.code == 0 and "N712" in done.err
    verified = snnc("verify", folder, "--data", data)
    assert verified.code == 0 and "0 of " in verified.out
    assert snnc("run", folder, "--data", data, "-o", tmp_path / "answers.npz").code == 0
    assert "network.nir" in (folder / "README.md").read_text()
    assert snnc("inspect", folder).code == 0
    assert "nir" in snnc("targets").out


def test_out_with_metadata(snnc: Command, data: Path, tmp_path: Path) -> None:
    """The file to the letter is another network: verify says so; with its metadata it is the same."""
    folder = tmp_path / "digits.nir"
    target = ("--target", "nir{unsaid=metadata}", "--steps-per-frame", "4")
    done = snnc("compile", MODEL, *target, "-o", folder)
    assert done.code == 0 and "N713" in done.err and "of neuron-steps differ" in done.err
    literal = snnc("verify", folder, "--data", data)
    assert literal.code == 1 and "first divergence" in literal.out
    assert "N726" in literal.err and "--engine nir-metadata" in literal.err
    informed = snnc("verify", folder, "--data", data, "--engine", "nir-metadata")
    assert informed.code == 0 and "N726" not in informed.err


def test_an_altered_nir_file_is_refused(snnc: Command, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "digits.nir"
    target = ("--target", "nir{unsaid=composite}", "--steps-per-frame", "4")
    assert snnc("compile", MODEL, *target, "-o", folder).code == 0
    path = folder / "network.nir"
    graph = nir.read(path)
    graph.nodes["h1_to_h2"].weight[0, 0, 0, 0] += 1
    nir.write(path, graph)
    assert "D116" in snnc("verify", folder, "--data", data).err
    forced = snnc("verify", folder, "--data", data, "--allow-altered")
    assert forced.code == 1 and "h1_to_h2.weight[0, 0, 0, 0] is" in forced.out
    path.write_bytes(path.read_bytes()[:5000])
    damaged = snnc("verify", folder, "--data", data, "--allow-altered")
    assert damaged.code == 2 and "D144" in damaged.err
