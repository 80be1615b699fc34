"""``snnc tune``: the whole front as a table, a picture and for machines."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.moving_digits.events import training_and_test
from snnc.bundle.folder import read_bundle

from .conftest import Command

MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model_8_levels.pt"
TO_LOIHI = ("tune", MODEL, "--target", "loihi")
IN_PROCESS = ("--workers", "1")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred test streams with labels."""
    _, test = training_and_test(1)
    path = tmp_path_factory.mktemp("digits") / "test.npz"
    np.savez(path, x=test.x[:100], y=test.y[:100])
    return path


def tuned(snnc: Command, digits: Path, *more: str | Path) -> dict[str, Any]:
    done = snnc(*TO_LOIHI, "--data", digits, *IN_PROCESS, "--json", *more)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_columns_are_called_by_what_differs(snnc: Command, digits: Path) -> None:
    some = ("--samples", "20", "--steps-per-frame", "8", "--weight-bits", "8")
    done = snnc(*TO_LOIHI, "--data", digits, *IN_PROCESS, *some, "--code", "rate,graded")
    assert done.code == 0 and "None" not in done.out and "graded 8 levels" in done.out


def test_fewer_bits_cost_accuracy_and_corrected_biases_bring_some_back(
    snnc: Command, digits: Path
) -> None:
    graded = ("--code", "graded", "--weight-bits")
    nearest = ("--set", "quantize-weights{rounding=nearest}")
    corrected = tuned(snnc, digits, *graded, "8,3", *nearest)
    assert corrected["samples"] == 100 and corrected["judged_by"] == "accuracy"
    eight, three = (row["accuracy"][-1] for row in corrected["rows"])
    both = "quantize-weights{correct-bias=no,rounding=nearest}"
    plain = tuned(snnc, digits, *graded, "3", "--set", both)
    assert corrected["float"][-1] - eight < 0.03
    # 0.92 against 0.71 on 500 streams: far more than chance on 100.
    assert three - plain["rows"][0]["accuracy"][-1] > 0.08


def test_a_row_is_what_compile_run_and_inspect_say(snnc: Command, digits: Path, tmp_path: Path) -> None:
    """The whole way round: by a bundle on disk."""
    asked = ("--code", "frame,graded", "--weight-bits", "4", "--samples", "30")
    for row in tuned(snnc, digits, *asked)["rows"]:
        folder, out = tmp_path / row["code"], tmp_path / f"{row['code']}.npz"
        words = shlex.split(row["options"])
        assert snnc("compile", MODEL, "--target", "loihi", *words, "-o", folder).code == 0
        data = ("--data", digits, "--samples", "30")
        ran = snnc("run", folder, *data, "-o", out, "--operations", "--json")
        spent = json.loads(ran.out)["operations"]
        with np.load(out) as answers, np.load(digits) as given:
            right = (answers["prediction"] == given["y"][:30, None]).mean(axis=0)
        assert row["accuracy"] == list(right)
        assert row["synaptic_operations"] == spent["snn"]["synaptic"]
        by_memory = {name: each["snn"]["total"] for name, each in spent["picojoules"].items()}
        assert row["picojoules"] == by_memory and len(by_memory) == 2
        delays = json.loads(snnc("inspect", folder, "--json").out)["delays"]
        begins = read_bundle(folder)[0].program.input.start  # steps count from the input's first
        assert row["first_answer"]["steps"] == delays["first_answer"] - begins
        # K steps a frame, 12 frames; the answer comes as many frames after the input as it first does.
        late = row["last_answer_steps"] - row["first_answer"]["steps"]
        frames = 11 - row["first_answer"]["frame"]
        assert late == frames * row["steps_per_frame"] > 0
        assert f"{row['neurons']} neurons" in snnc("inspect", folder).out


def test_the_tables(snnc: Command, digits: Path) -> None:
    asked = ("--code", "graded", "--weight-bits", "8,6", "--samples", "20", *IN_PROCESS)
    done = snnc(*TO_LOIHI, "--data", digits, *asked)
    assert done.code == 0, done.err
    for said in (
        "graded",
        "float",
        "8 bits",
        "6 bits",
        "20 samples, 12 frames",
        "nJ wide",
        "* the front",
    ):
        assert said in done.out, said
    assert "…" not in done.out and "snnc compile" in done.out
    assert [line.split()[:1] for line in done.out.splitlines()].count(["12"]) == 1  # the last frame
    assert "--calibration" not in done.out  # the archive has its own data


def test_a_refused_row_says_why(snnc: Command, digits: Path) -> None:
    asked = ("--code", "rate,frame", "--steps-per-frame", "4", "--weight-bits", "8", "--samples", "5")
    done = snnc("tune", MODEL, "--target", "loihi1", "--data", digits, *asked, *IN_PROCESS)
    assert done.code == 0, done.err
    reason = "D316: loihi1 has no neurons for the code frame"
    assert f"refused: --code frame --steps-per-frame 4 --weight-bits 8: {reason}" in done.out
    # Alone it is no row among others.
    done = snnc("tune", MODEL, "--target", "loihi1", "--data", digits, "--code", "frame", *IN_PROCESS)
    assert done.code == 2 and done.err.count("error[") == 1 and "error[D316]" in done.err


def test_warnings_of_many_compiles_are_one_line(snnc: Command, digits: Path) -> None:
    asked = ("--code", "rate", "--steps-per-frame", "64,63", "--weight-bits", "4", "--samples", "2")
    done = snnc(*TO_LOIHI, "--data", digits, *asked, *IN_PROCESS)
    assert done.code == 0, done.err
    words = [line.split()[:4] for line in done.out.splitlines()]
    assert any("".join(each[:4]).lstrip("*").startswith("rate644") for each in words)  # relays have 8
    # At 64 steps relays are needed (a note, not shown); at both the answer's register may fill.
    (said,) = (line for line in done.out.splitlines() if line.startswith("warning N732"))
    assert "in 2 of 2 rows, such as --code rate --steps-per-frame 64" in said and "N723" not in done.out


def test_workers_change_nothing(snnc: Command, digits: Path) -> None:
    asked = ("--code", "graded", "--weight-bits", "8,3", "--samples", "10")
    one = snnc(*TO_LOIHI, "--data", digits, *asked, "--json", "--workers", "1")
    two = snnc(*TO_LOIHI, "--data", digits, *asked, "--json", "--workers", "2")
    assert one.code == two.code == 0 and one.out == two.out


def test_calibration_is_not_what_is_judged(snnc: Command, digits: Path) -> None:
    asked = ("--code", "graded", "--weight-bits", "8")
    done = snnc(*TO_LOIHI, "--data", digits, "--calibration", digits, *asked, *IN_PROCESS)
    assert done.code == 0 and "note[N790]" in done.err and "judged on 25 of 100" in done.err
    assert "calibrated on 75 of 100 samples" in done.out
    assert f"--calibration {digits}" in done.out  # of the command that compiles so


def test_the_picture(snnc: Command, digits: Path, tmp_path: Path) -> None:
    plot = tmp_path / "front.svg"
    asked = ("--weight-bits", "8", "--samples", "4", "--code", "graded", *IN_PROCESS, "--plot", plot)
    assert snnc(*TO_LOIHI, "--data", digits, *asked).code == 0
    first = plot.read_bytes()
    assert first.startswith(b"<?xml") and len(first) > 5000
    assert snnc(*TO_LOIHI, "--data", digits, *asked).code == 0  # an earlier result may be replaced
    assert [p.name for p in tmp_path.iterdir()] == ["front.svg"]


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--weight-bits", "8;4"], ["D308", "8;4", "--weight-bits 8,6,4"]),
        (["--weight-bits", "9"], ["D306", "9 weight bits"]),
        (["--weight-bits", "8,8"], ["D320", "more than once"]),
        (["--code", "morse"], ["D326", "no code 'morse'"]),
        (["--steps-per-frame", "0"], ["D305", "--steps-per-frame is 0, the smallest is 1"]),
        (["--costs", "time"], ["D326", "'time'", "operations"]),
        (["--workers", "0"], ["D305", "--workers is 0"]),
        (["--samples", "0"], ["D305", "--samples is 0"]),
        (["--weight-bits", "8", "--set", "quantize-weights{bits=4}"], ["D320"]),
        (["--plot", "front.jpg"], ["D326", "'.jpg'"]),
        (["--plot", "nowhere/front.png"], ["D111", "nowhere"]),
        (["--plot", "mine.png"], ["D119", "not an earlier result"]),
        (["--data", "none.npz"], ["D501", "no such file"]),
        (["--data", "other.npz"], ["D508", "(2, 16, 16)"]),
        (["--calibration", "other.npz"], ["D508", "(2, 16, 16)"]),
        (["--target", "loihi3"], ["loihi3"]),
    ],
)
def test_wrong_use(
    snnc: Command,
    digits: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    parts: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.png").write_text("not a picture")
    np.savez("other.npz", x=np.zeros((2, 3, 4), np.int64))
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    done = snnc(*TO_LOIHI, "--data", digits, *IN_PROCESS, "--plot", "front.png", *options)
    assert done.code == 2, done
    for part in parts:
        assert part in done.err, (part, done.err)
    assert done.err.count("error[") == 1
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_without_matplotlib(
    snnc: Command, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = snnc(*TO_LOIHI, "--data", digits, "--plot", tmp_path / "front.png")
    assert done.code == 2 and "D123" in done.err and "--json" in done.err
    assert not list(tmp_path.iterdir())


def test_what_other_files_need(snnc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options that a pickle, a state dict or a NIR file needs, as for compile; no data of their own."""
    torch = pytest.importorskip("torch")
    nir = pytest.importorskip("nir")
    code = (
        "from torch import nn\n\ndef build():\n    return nn.Sequential(nn.Linear(2, 3), nn.ReLU())\n"
    )
    (tmp_path / "my_tune_net.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    torch.save(net.state_dict(), "weights.pt")
    values = (np.full(2, v) for v in (0.01, 1.0, 0.0, 0.3))
    nir.write("lif.nir", nir.NIRGraph.from_list(nir.Linear(np.eye(2)), nir.LIF(*values)))
    x = np.random.default_rng(0).integers(0, 9, (40, 6, 2))
    np.savez("data.npz", x=x, y=x[:, :, 0].sum(axis=1) % 2)
    np.savez("bare.npz", x=x)
    common = ("--target", "reference", "--weight-bits", "8,4", *IN_PROCESS)
    shape = ("--input-shape", "2")
    lif = ("--dt", "0.005", "--discretize", "exponential", "--allow-overflow")
    for model, more in (
        ("weights.pt", (*shape, "--module", "my_tune_net:build")),
        ("lif.nir", lif),
    ):
        done = snnc("tune", model, *common, "--data", "data.npz", *more)
        assert done.code == 0 and "compile" in done.out, done.err
        # A network of rates is calibrated on a part of the data, and the command says so.
        assert ("--calibration data.npz" in done.out) == (model != "lif.nir") == ("N790" in done.err)
        assert all(each in done.out for each in more)
    refused = snnc("tune", "lif.nir", *common, "--data", "bare.npz", *lif)
    assert refused.code == 2 and "error[D513]" in refused.err
    torch.save(
        torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1)), "one.pt"
    )
    done = snnc("tune", "one.pt", *common, "--data", "bare.npz", *shape, "--json")
    found = json.loads(done.out)
    assert found["judged_by"] == "error" and found["float"] is None
    assert min(row["error"][-1] for row in found["rows"]) < 0.2
