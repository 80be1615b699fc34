"""``verify --ladder``: every rung, and for each kind of fault its rung and its cause."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.bundle.folder import MANIFEST, digest
from snnc.bundle.manifest_file import manifest_text
from snnc.ir import Comparison, Program, read_program, write_program
from snnc.ir.scaling import weights_of, with_weights

from .conftest import Command

pytest.importorskip("torch", reason="the training extra is not installed")
pytestmark = pytest.mark.lava

MODELS = Path(__file__).resolve().parents[2] / "samples" / "moving_digits"
RUNGS = [
    "torch model",
    "graph in floats",
    "graph with quantized activations",
    "graph with the chip's weights",
    "integer program",
    "bundle",
    "engine lava-inprocess",
]
LADDER = ("--ladder", "--engine", "lava-inprocess", "--samples", "3", "--json")


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory, snnc: Command) -> Path:
    """The network that was trained with levels, beside its model, in the code ``graded``."""
    place = tmp_path_factory.mktemp("ladder")
    shutil.copy(MODELS / "model_8_levels.pt", place / "net.pt")
    folder = place / "net.loihi"
    done = snnc("compile", place / "net.pt", "--target", "loihi", "--code", "graded", "-o", folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def changed(exact: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy whose program, or whose payload's, was changed by a function."""

    def change(how: Callable[[Program], Program], *, payload: bool = False) -> Path:
        shutil.copy(exact.parent / "net.pt", tmp_path / "net.pt")
        folder = Path(shutil.copytree(exact, tmp_path / "net.loihi"))
        manifest = json.loads((folder / MANIFEST).read_text())
        paths = {"program.json": "program.json", "weights.npz": "weights.npz"}
        if payload:
            files = manifest["payload"]
            paths = {"program.json": files["program"], "weights.npz": files["weights"]}
        text, packed = [(folder / paths[n]).read_bytes() for n in ("program.json", "weights.npz")]
        for name, content in write_program(how(read_program(text, packed))).items():
            (folder / paths[name]).write_bytes(content)
            manifest["files"][paths[name]] = digest(content)
        (folder / MANIFEST).write_bytes(manifest_text(manifest))
        return folder

    return change


def rungs(snnc: Command, folder: Path, *more: str | Path, code: int = 0) -> list[dict[str, Any]]:
    done = snnc("verify", folder, *LADDER, *more)
    assert done.code == code, done.err
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_an_exact_network_differs_by_the_rounding_of_its_weights_alone(
    snnc: Command, exact: Path
) -> None:
    found = rungs(snnc, exact)
    assert [r["rung"] for r in found] == RUNGS
    differing = [r["rung"] for r in found if r["differences"]]
    assert differing == ["graph with the chip's weights"]
    (rounded,) = (r for r in found if r["differences"])
    assert rounded["cause"].startswith("weight rounding: 8 bits")
    first = rounded["first_divergence"]
    assert {"layer", "neuron", "sample", "frame", "expected", "actual"} <= first.keys()
    for rung in found[1:]:
        assert rung["compared"] > 0 and rung["agreement"] > 0.9
        assert {p["population"] for p in rung["populations"]} == {"h1", "h2", "answer"}
        assert (rung["cause"] is None) == (rung["differences"] == 0)
    assert set(found[0]) >= {"rung", "compared", "differences", "max_abs", "first_divergence", "cause"}


def test_rates_differ_by_their_code(snnc: Command, finished: Path) -> None:
    found = {r["rung"]: r for r in rungs(snnc, finished)}
    assert found["graph in floats"]["differences"] == 0
    levels = found["graph with quantized activations"]
    assert levels["differences"] and levels["cause"].split(":")[0] in ("code", "clipping")
    assert found["integer program"]["cause"].startswith("code")
    assert found["bundle"]["differences"] == found["engine lava-inprocess"]["differences"] == 0


def test_a_low_range_is_named_as_clipping(snnc: Command, tmp_path: Path) -> None:
    low = "quantize-activations{percentile=1,levels=1000}"
    folder = tmp_path / "low.loihi"
    asked = ("compile", MODELS / "model.pt", "--target", "loihi", "--code", "graded", "-o", folder)
    assert snnc(*asked, "--set", low).code == 0
    levels = rungs(snnc, folder)[2]
    assert levels["max_abs"] > 0.5 and levels["cause"].startswith("clipping")
    first = levels["first_divergence"]
    ends = re.search(rf"{first['layer']}, channel \d+ ends at (\S+)$", levels["cause"])
    assert ends and float(ends[1]) < 0.2 * levels["max_abs"]


def first_neurons(program: Program, **changes: Any) -> Program:
    p = program.by_name["h1"]
    assert p.neuron is not None
    new = replace(p, neuron=replace(p.neuron, **changes))
    return replace(program, populations=tuple(new if q is p else q for q in program.populations))


def first_projection(program: Program, **changes: Any) -> Program:
    first, *rest = program.projections
    return replace(program, projections=(replace(first, **changes), *rest))


def other_weights(program: Program) -> Program:
    op = program.projections[0].op
    return first_projection(program, op=with_weights(op, weights_of(op)[::-1]))


FAULTS: dict[str, Callable[[Program], Program]] = {
    "delay": lambda p: first_projection(p, delay=p.projections[0].delay + 1),
    "threshold": lambda p: first_neurons(p, threshold=p.by_name["h1"].neuron.threshold // 2),  # type: ignore[union-attr, operator]
    "bias": lambda p: first_neurons(p, bias_exponent=3),
    "code": lambda p: first_neurons(p, levels=2),
    "reset": lambda p: first_neurons(p, start_value=np.asarray(-4000), comparison=Comparison.GREATER),
    "weights": other_weights,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("payload", [False, True])
def test_a_fault_is_found_at_its_rung_with_its_cause(
    fault: str, payload: bool, snnc: Command, changed: Callable[..., Path]
) -> None:
    folder = changed(FAULTS[fault], payload=payload)
    if payload and fault == "delay":
        # Another Process carries it, and a payload that is put together otherwise never runs.
        refused = snnc("verify", folder, *LADDER, "--allow-altered")
        assert refused.code == 2 and "error[D602]" in refused.err
        return
    found = rungs(snnc, folder, "--allow-altered", code=1)
    differing = [r for r in found if r["must_be_equal"] and r["differences"]]
    assert differing[0]["rung"] == ("engine lava-inprocess" if payload else "bundle")
    assert differing[0]["cause"].startswith(fault)
    assert differing[0]["first_divergence"]["step"] >= 1


def test_overflow_is_named_as_saturation(snnc: Command, tmp_path: Path) -> None:
    folder, data = tmp_path / "net.loihi", tmp_path / "data.npz"
    model = MODELS / "model_8_levels.pt"
    assert snnc("compile", model, "--target", "loihi", "--code", "graded", "-o", folder).code == 0
    np.savez(data, x=np.random.default_rng(0).integers(0, 2**20, (2, 4, 2, 16, 16)))
    found = {r["rung"]: r for r in rungs(snnc, folder, "--data", data, code=1)}
    assert found["integer program"]["cause"].startswith("saturation")
    # However wrong, the engine does the same.
    assert found["engine lava-inprocess"]["differences"] == 0


def test_the_model_must_be_the_one(snnc: Command, exact: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copytree(exact, tmp_path / "alone" / "net.loihi"))
    missing = snnc("verify", alone, *LADDER)
    assert missing.code == 2 and "error[D128]" in missing.err and "--model" in missing.err
    other = snnc("verify", alone, *LADDER, "--model", MODELS / "model.pt")
    assert other.code == 2 and "error[D128]" in other.err and "sha256" in other.err
    assert len(rungs(snnc, alone, "--model", exact.parent / "net.pt")) == len(RUNGS)


def test_calibration_from_a_file_is_found_again(snnc: Command, tmp_path: Path) -> None:
    counts = np.random.default_rng(0).poisson(0.3, (8, 6, 2, 16, 16))
    np.savez(tmp_path / "cal.npz", x=counts)
    folder = tmp_path / "net.loihi"
    asked = ("compile", MODELS / "model.pt", "--target", "loihi", "--code", "graded", "-o", folder)
    assert snnc(*asked, "--calibration", tmp_path / "cal.npz").code == 0
    assert rungs(snnc, folder)[5]["differences"] == 0
    (tmp_path / "cal.npz").rename(tmp_path / "moved.npz")
    lost = snnc("verify", folder, *LADDER)
    assert lost.code == 2 and "error[D128]" in lost.err and "--calibration" in lost.err
    assert rungs(snnc, folder, "--calibration", tmp_path / "moved.npz")[5]["differences"] == 0


def test_a_pickled_module_of_whose_shape_calibration_told(snnc: Command, tmp_path: Path) -> None:
    from torch import nn, save

    from snnc import QuantizedReLU

    save(nn.Sequential(nn.Linear(4, 6), QuantizedReLU(4), nn.Linear(6, 3)), tmp_path / "net.pt")
    np.savez(tmp_path / "cal.npz", x=np.random.default_rng(0).poisson(1, (4, 5, 4)))
    folder = tmp_path / "net.loihi"
    asked = ("compile", tmp_path / "net.pt", "--target", "loihi", "--code", "frame", "-o", folder)
    assert snnc(*asked, "--calibration", tmp_path / "cal.npz").code == 0
    assert len(rungs(snnc, folder)) == len(RUNGS)


def test_changes_are_levels_on_every_rung(snnc: Command, tmp_path: Path) -> None:
    shutil.copy(MODELS / "model_8_levels.pt", tmp_path / "net.pt")
    folder, every = tmp_path / "net.loihi", "send-changes{where=all}"
    asked = ("--target", "loihi", "--code", "delta", "--set", every, "-o", folder)
    assert snnc("compile", tmp_path / "net.pt", *asked).code == 0
    found = rungs(snnc, folder)
    assert [rung["rung"] for rung in found] == RUNGS
    below = found[RUNGS.index("integer program") :]
    assert [rung["differences"] for rung in below] == [0, 0, 0]
    assert all(rung["compared"] > 0 for rung in below)


def test_options_of_the_ladder_need_it(snnc: Command, exact: Path) -> None:
    done = snnc("verify", exact, "--model", exact.parent / "net.pt")
    assert done.code == 2 and "--ladder" in done.err


def test_the_table_names_the_first_rung_that_differs(snnc: Command, exact: Path) -> None:
    done = snnc("verify", exact, "--ladder", "--engine", "lava-inprocess", "--samples", "2")
    assert done.code == 0
    assert "first rung that differs: graph with the chip's weights" in done.out
    assert "weight rounding" in done.out and "first divergence: frame" in done.out


def unseen_integer(program: Program) -> Program:
    """One weight of the network turned, of an input pixel that the data below never show."""
    op = program.projections[0].op
    weights = np.array(weights_of(op))
    weights.flat[0] -= 2 * int(np.sign(weights.flat[0]))  # towards 0, where the grid goes on
    return first_projection(program, op=with_weights(op, weights))


@pytest.mark.parametrize("payload", [False, True])
def test_integers_that_the_data_do_not_reach_are_compared(
    payload: bool, snnc: Command, changed: Callable[..., Path], tmp_path: Path
) -> None:
    folder = changed(unseen_integer, payload=payload)
    np.savez(tmp_path / "silence.npz", x=np.zeros((2, 3, 2, 16, 16), np.int64))
    more = ("--data", tmp_path / "silence.npz", "--allow-altered")
    found = {r["rung"]: r for r in rungs(snnc, folder, *more, code=1)}
    # The payload is compared with the bundle, the bundle with what the model compiles to.
    rung = found["engine lava-inprocess" if payload else "bundle"]
    assert rung["differences"] == 0
    assert rung["cause"].startswith("weights of ") and "do not show it" in rung["cause"]
    assert any("[0" in text and "compiled" in text for text in rung["integer_differences"])
    done = snnc("verify", folder, *LADDER[:-1], *more)
    assert "first rung that must be equal and is not" in done.out and "compiled" in done.out


def test_an_altered_payload_needs_permission(snnc: Command, changed: Callable[..., Path]) -> None:
    folder = changed(unseen_integer, payload=True)
    done = snnc("verify", folder, *LADDER)
    assert done.code == 2 and "error[D120]" in done.err


def test_the_rung_that_must_not_differ_is_named_too(
    snnc: Command, changed: Callable[..., Path]
) -> None:
    done = snnc("verify", changed(FAULTS["weights"]), *LADDER[:-1], "--allow-altered")
    assert done.code == 1
    below = done.out[done.out.index("first rung that differs: graph with the chip's weights") :]
    assert "first rung that must be equal and is not: bundle, from integer program:" in below
    assert "\nweights of " in below and "first divergence: step" in below


def test_calibration_data_must_be_those(snnc: Command, exact: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(1).poisson(0.3, (8, 6, 2, 16, 16))
    np.savez(tmp_path / "cal.npz", x=x)
    np.savez(tmp_path / "other.npz", x=x[::-1])
    folder = tmp_path / "net.loihi"
    asked = ("compile", MODELS / "model.pt", "--target", "loihi", "--code", "graded", "-o", folder)
    assert snnc(*asked, "--calibration", tmp_path / "cal.npz").code == 0
    other = ("--calibration", tmp_path / "other.npz")
    done = snnc("verify", folder, *LADDER, *other)
    assert done.code == 2 and "error[D128]" in done.err and "sha256" in done.err
    assert "calibration data" in done.err
    # Also instead of those that the model carries.
    done = snnc("verify", exact, *LADDER, *other)
    assert done.code == 2 and "error[D128]" in done.err


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (
            ("--target", "loihi{processes=stock}", "--code", "graded"),
            r"code: h1, channel \d+ has multiples of",
        ),
        (
            ("--target", "loihi", "--code", "rate", "--steps-per-frame", "4"),
            r"code: h1, channel \d+ has 4 levels",
        ),
    ],
)
def test_rounding_is_not_called_clipping(
    options: tuple[str, ...], cause: str, snnc: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "net.loihi"
    assert snnc("compile", MODELS / "model_bias_free.pt", *options, "-o", folder).code == 0
    levels = rungs(snnc, folder)[2]
    assert re.match(cause, levels["cause"])


def test_the_last_frames_that_are_not_compared_are_named(snnc: Command, finished: Path) -> None:
    done = snnc("verify", finished, *LADDER[:-1])
    assert "integer program: the last frames of h1, h2 end after the run" in done.out
