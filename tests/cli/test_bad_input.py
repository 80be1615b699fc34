"""What a user can do wrong: one clear message, exit code 2, nothing written, no traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import MODEL, Command, compile_, refused


def test_more_steps_than_memory(snnc: Command, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*arguments: object, **more: object) -> None:
        raise MemoryError("Unable to allocate 7 PiB")  # as numpy says it

    monkeypatch.setattr("snnc.passes.balance_thresholds.balance", greedy)
    measured = ("--set", "balance-thresholds{method=percentile}")
    done = compile_(snnc, "--code", "rate", "--steps-per-frame", "65536", *measured, target="reference")
    refused(done, "D612", "Unable to allocate", "pass balance-thresholds", "65536 steps each")
    refused(done, "fewer --steps-per-frame", "balance-thresholds{samples=8}")
    assert list(place.iterdir()) == []


def test_memory_that_ends_elsewhere(
    snnc: Command, bundle: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*arguments: object, **more: object) -> None:
        raise MemoryError

    monkeypatch.setattr("snnc.workflows.run.tally", greedy)
    refused(snnc("run", bundle, "--data", data, "-o", bundle.parent / "out.npz"), "D612")


def test_simulators(snnc: Command, bundle: Path, data: Path) -> None:
    out = bundle.parent / "answers.npz"
    wrong = ("--simulator", "quick")
    refused(snnc("run", bundle, "--data", data, "-o", out, *wrong), "D326", "fast or reference")
    assert not out.exists()
    refused(snnc("verify", bundle, *wrong), "D326")
    refused(snnc("verify", bundle, "--ladder", "--simulator", "reference"), "D327", "--simulator")
    found = []
    for name in ("fast", "reference"):
        assert snnc("run", bundle, "--data", data, "-o", out, "--simulator", name).code == 0
        found.append(np.load(out)["potential"])
    assert np.array_equal(*found)


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--weight-bits", "9"], ["D306", "9 weight bits", "1, 2, 3, 4, 5, 6, 7, 8"]),
        (["--weight-bits", "0"], ["D305", "--weight-bits is 0, the smallest is 1"]),
        (["--steps-per-frame", "0"], ["D305", "--steps-per-frame is 0, the smallest is 1"]),
        (
            ["--code", "rate", "--steps-per-frame", "200", "--set", "match-delays{relays=false}"],
            ["D303", "199 steps exceeds 62", "--steps-per-frame 63", "relays=true"],
        ),
        (["--set", "match-delays{max-delay=-1}"], ["D305", "max-delay is -1, the smallest is 0"]),
        (["--passes", "match-delay"], ["D328", "did you mean match-delays?"]),
        (["--passes", "quantize-weights"], ["D310"]),
        (["--passes", "fold-batch-norm"], ["D313", "match-delays"]),
        (["--set", "encode-input{code=morse}"], ["D326", "'morse'", "graded, spread"]),
        (["--set", "encode-input{cod=spread}"], ["D329", "'cod'", "it has code"]),
        (["--set", "encode-input{code=spread,code=graded}"], ["D320", "twice: spread and graded"]),
        (
            ["--weight-bits", "8", "--set", "quantize-weights{bits=4}"],
            ["D320", "quantize-weights{bits}", "4 and 8", "--weight-bits 8", "--set quantize-weights"],
        ),
        (
            ["--steps-per-frame", "8", "--set", "match-delays{steps-per-frame=16}"],
            ["D320", "match-delays{steps-per-frame}", "16 and 8"],
        ),
        (["--code", "graded", "--set", "choose-code{code=frame}"], ["D320", "frame and graded"]),
        (
            ["--set", "quantize-weights{bits=4}", "--set", "quantize-weights{bits=6}"],
            ["D320", "4 and 6"],
        ),
        (
            ["--passes", "choose-code{code=frame},fold-batch-norm", "--code", "graded"],
            ["D320", "--passes and --code graded"],
        ),
        (["--allow-overflow", "--set", "quantize-weights{ranges=true}"], ["D320", "true and false"]),
        (["--print-after", "nothing"], ["D328", "'nothing'"]),
        (["--calibration", "absent.npz"], ["D501", "absent.npz"]),
    ],
)
def test_options(snnc: Command, place: Path, options: list[str], parts: list[str]) -> None:
    refused(compile_(snnc, *options), *parts)
    assert list(place.iterdir()) == []


def test_the_same_value_twice_is_no_contradiction(snnc: Command, place: Path) -> None:
    same = ("--steps-per-frame", "4", "--set", "match-delays{steps-per-frame=4}")
    done = compile_(snnc, *same, "-o", "out", target="reference")
    assert done.code == 0 and "4 steps a frame" in done.out


def test_unknown_target(snnc: Command, place: Path) -> None:
    refused(compile_(snnc, target="lohi"), "D311", "did you mean loihi?")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04garbage", MODEL.read_bytes()[:5000]])
def test_not_a_model(snnc: Command, place: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    refused(compile_(snnc, model=path), "D10", "model.pt")
    assert list(place.iterdir()) == []


def test_a_pickle_that_would_run_code_does_not(snnc: Command, place: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            return (os.system, (f"touch {marker}",))

    import pickle

    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps(Evil()))
    refused(compile_(snnc, model=path), "D103", "system")
    assert not marker.exists() and list(place.iterdir()) == []


def test_wrong_engine_and_samples(snnc: Command, finished: Path) -> None:
    refused(snnc("verify", finished, "--engine", "lavva"), "D604", "lava")
    refused(snnc("verify", finished, "--samples", "0"), "D305")


def test_a_command_line_that_cannot_be_read(snnc: Command) -> None:
    for words in ([], ["compile"], ["compile", "m.pt"], ["fly"], ["verify", "b", "--samples", "x"]):
        assert snnc(*words).code == 2


@pytest.mark.parametrize("limit", ["0", "-3", "nan", "inf"])
@pytest.mark.parametrize("more", [(), ("--ladder",)])
def test_a_time_limit_that_is_none(
    limit: str, more: tuple[str, ...], snnc: Command, finished: Path
) -> None:
    refused(snnc("verify", finished, "--time-limit", limit, *more), "D305", "--time-limit")


def test_inspect_refuses_options_of_the_other_kind(snnc: Command, finished: Path) -> None:
    refused(snnc("inspect", finished, "--dt", "1"), "D327", "--dt is for a model", "is a bundle")
    refused(snnc("inspect", finished, "--module", "a:b"), "D327", "--module is for a model")
    refused(snnc("inspect", MODEL, "--allow-altered"), "D327", "--allow-altered is for a bundle")


def test_a_model_whose_name_is_no_text(snnc: Command, place: Path, data: Path) -> None:
    """The manifest could not say from which file it was compiled; who only looks needs no name."""
    odd = place / "n\udce9t.pt2"
    odd.write_bytes(MODEL.read_bytes())
    refused(compile_(snnc, model=odd), "D146", "n\\udce9t.pt2", "rename it")
    assert list(place.iterdir()) == [odd]
    assert snnc("inspect", odd).code == 0
    counts = place / "c\udce9.npz"
    counts.write_bytes(data.read_bytes())
    refused(compile_(snnc, "--calibration", counts), "D146", "c\\udce9.npz")


def test_names_that_no_file_can_have(snnc: Command, place: Path, bundle: Path, data: Path) -> None:
    long = place / ("a" * 300)
    refused(snnc("inspect", long), "D1", "File name too long")
    refused(snnc("run", bundle, "--data", data, "-o", long / "x"), "D1", "File name too long")
    circle = place / "circle.npz"
    circle.symlink_to(circle)
    refused(snnc("run", bundle, "--data", circle, "-o", place / "out.npz"), "D501", "symbolic links")
    refused(snnc("run", bundle, "--data", data, "-o", circle), "D1")
    config = place / "run.toml"
    config.write_text('model = "a\\u0000b"\n')
    refused(snnc("train", config), "D325", "zero byte")
