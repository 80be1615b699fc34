"""``snnc noise``: the table, files, JSON, and what a user can do wrong."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from .conftest import MODEL, Command

QUICK = ("--steps", "1,4", "--thresholds", "0.3,0.7,max", "--samples", "2")


def test_table_and_files(snnc: Command, data: Path, tmp_path: Path) -> None:
    table, plot = tmp_path / "noise.csv", tmp_path / "noise.svg"
    asked = ("noise", MODEL, "--data", data, *QUICK, "--csv", table, "--plot", plot)
    done = snnc(*asked)
    assert done.code == 0, done.err
    for said in ("h1: 768 neurons", "h2: 384 neurons", "SQNR dB", "real best", "2 samples, 4 frames"):
        assert said in done.out, said
    assert "…" not in done.out  # nothing was cut
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 3
    assert plot.stat().st_size > 5000 and plot.read_bytes().startswith(b"<?xml")
    assert snnc(*asked).code == 0  # earlier results may be replaced


def test_json_and_the_ideal_alone(snnc: Command, data: Path) -> None:
    done = snnc("noise", MODEL, "--data", data, *QUICK, "--ideal", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert [p["population"] for p in found["populations"]] == ["h1", "h2"]
    points = found["populations"][0]["points"]
    assert len(points) == 6 and all(point["spiking"] is None for point in points)
    again = json.loads(snnc("noise", MODEL, "--data", data, *QUICK, "--ideal", "--json").out)
    assert again == found
    down = snnc("noise", MODEL, "--data", data, *QUICK, "--ideal", "--json", "--start", "0")
    first = json.loads(down.out)["populations"][0]["points"][0]
    assert first["granular_mean"] > 0 and first["theory_mean"] > 0 == points[0]["theory_mean"]


def test_files_of_torch_save(snnc: Command, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    torch.save(net, tmp_path / "net.pt")
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).integers(0, 3, (4, 6, 2)))
    done = snnc("noise", tmp_path / "net.pt", "--data", tmp_path / "x.npz", "--steps", "2")
    assert done.code == 0 and "3 neurons" in done.out, done.err


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--steps", "1;2"], ["D308", "'1;2'", "--steps 1,2,4,8"]),
        (["--steps", "0"], ["D305", "--steps is 0, the smallest is 1"]),
        (["--thresholds", "often"], ["D308", "'often'", "p99"]),
        (["--thresholds", "-1"], ["D305", "a factor of --thresholds is -1, the smallest is 1e-06"]),
        (["--thresholds", "p0"], ["D305", "a percentile of --thresholds is 0, it must be above 0"]),
        (["--thresholds", "own"], ["D315", "no thresholds of its own"]),
        (["--start", "1"], ["D305", "--start is 1, it must be below 1"]),
        (["--samples", "0"], ["D305", "--samples is 0"]),
        (["--plot", "noise.jpg"], ["D326", "'.jpg'", ".png, .svg, .pdf"]),
        (["--plot", "noise"], ["D326", "the name does not determine a format"]),
        (["--csv", "nowhere/noise.csv"], ["D111", "nowhere"]),
        (["--csv", "."], ["D151", "is a folder"]),
        (["--csv", "mine.txt"], ["D119", "not an earlier result"]),
        (["--csv", "both.svg", "--plot", "both.svg"], ["D119", "one file"]),
        (["--data", "none.npz"], ["D501", "no such file"]),
        (["--data", "other.npz"], ["D508", "(2, 16, 16)"]),
    ],
)
def test_wrong_use(
    snnc: Command,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    parts: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.txt").write_text("not a table")
    np.savez("other.npz", x=np.zeros((2, 3, 4), np.int64))
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    asked = ("noise", MODEL, "--data", data, "--csv", "noise.csv", "--plot", "noise.png", *options)
    done = snnc(*asked)
    assert done.code == 2, done
    for part in parts:
        assert part in done.err, (part, done.err)
    assert done.err.count("error[") == 1
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_data_and_model_are_not_written_over(snnc: Command, data: Path) -> None:
    before = data.read_bytes()
    assert "D119" in snnc("noise", MODEL, "--data", data, "--csv", data).err
    assert data.read_bytes() == before


def test_without_matplotlib(
    snnc: Command, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    files = ("--csv", tmp_path / "noise.csv", "--plot", tmp_path / "noise.png")
    done = snnc("noise", MODEL, "--data", data, *QUICK, *files)
    assert done.code == 2 and "D123" in done.err and "matplotlib>=3.8" in done.err
    assert not list(tmp_path.iterdir())
    assert snnc("noise", MODEL, "--data", data, *QUICK, "--ideal", *files[:2]).code == 0


def test_a_network_that_spikes_already(snnc: Command, tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    values = (np.full(2, v) for v in (0.01, 1.0, 0.0, 0.3))
    path = tmp_path / "lif.nir"
    nir.write(path, nir.NIRGraph.from_list(nir.Linear(np.eye(2)), nir.LIF(*values)))
    np.savez(tmp_path / "x.npz", x=np.ones((2, 3, 2), np.int64))
    done = snnc("noise", path, "--data", tmp_path / "x.npz", "--dt", "0.005")
    assert done.code == 2 and "D214" in done.err and "spikes already" in done.err
