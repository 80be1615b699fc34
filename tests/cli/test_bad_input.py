"""What a user can do wrong: one clear message, exit code 2, nothing written, no traceback."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.bundle.data import read_data
from snnc.bundle.manifest import FORMAT
from snnc.errors import UserError
from snnc.ir import pack_arrays, unpack_arrays
from tests.sealing import edit_manifest, reseal

from .conftest import MODEL, Command


def refused(done: Any, *parts: str) -> None:
    """Exit code 2 and a message with all parts, on standard error, without a traceback."""
    assert done.code == 2, done
    assert "Traceback" not in done.err
    for part in parts:
        assert part in done.err, (part, done.err)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, to see that nothing is written."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def compile_(snnc: Command, *more: str | Path, model: Path = MODEL, target: str = "loihi") -> Any:
    return snnc("compile", model, "--target", target, *more)


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


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        ({"x": np.zeros((2, 3, 2, 8, 8), int)}, ["D508", "(2, 8, 8)", "(2, 16, 16)"]),
        ({"x": np.zeros((0, 3, 2, 16, 16), int)}, ["D504", "empty"]),
        ({"z": np.zeros(3)}, ["D502", "'x'", "z"]),
        ({"x": np.zeros((2, 3))}, ["D503"]),
        ({"x": np.full((1, 3, 2, 16, 16), 0.5)}, ["D506", "not whole"]),
        ({"x": np.full((1, 3, 2, 16, 16), np.nan)}, ["D506", "NaN"]),
        ({"x": np.full((1, 3, 2, 16, 16), 2**23)}, ["D507", "8388608"]),
        ({"x": np.full((1, 3, 2, 16, 16), np.iinfo(np.uint64).max)}, ["D507"]),
        ({"x": np.full((1, 3, 2, 16, 16), 1e300)}, ["D507", "e+300 exceeds 8388607"]),
        ({"x": np.full((1, 3, 2, 16, 16), np.longdouble(2) ** 16000)}, ["D501", "wider than a double"]),
        ({"x": np.ones((1, 3, 2, 16, 16), np.longdouble)}, ["D501", "wider than a double"]),
        ({"x": np.full((1, 3, 2, 16, 16), "a")}, ["D506"]),
        ({"x": np.zeros((2, 3, 2, 16, 16), int), "y": np.zeros(3, int)}, ["D505"]),
    ],
)
def test_data(
    snnc: Command,
    finished: Path,
    place: Path,
    tmp_path: Path,
    arrays: dict[str, Any],
    parts: list[str],
) -> None:
    path = save(tmp_path / "data.npz", **arrays)
    refused(compile_(snnc, "--calibration", path), *parts)
    refused(snnc("verify", finished, "--data", path), *parts)
    refused(snnc("run", finished, "--data", path, "-o", "out.npz"), *parts)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04nothing"])
def test_data_that_are_no_archive(
    snnc: Command, finished: Path, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    done = snnc("verify", finished, "--data", path)
    refused(done, "D501", "data.npz")
    assert "pickle" not in done.err  # numpy takes whatever it does not know for one


def test_pickled_data_are_not_loaded(snnc: Command, finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    refused(snnc("verify", finished, "--data", path), "D501")


def test_counts_that_spread_cannot_carry(snnc: Command, place: Path, tmp_path: Path) -> None:
    spread = (
        "fold-batch-norm,fold-linear-chains,match-delays{steps-per-frame=4},encode-input{code=spread},"
        "balance-thresholds,fold-thresholds,quantize-weights"
    )
    path = save(tmp_path / "data.npz", x=np.full((1, 3, 2, 16, 16), 5))
    refused(compile_(snnc, "--passes", spread, "--calibration", path), "D509", "largest 5")
    assert list(place.iterdir()) == []


def test_an_output_that_is_no_bundle_stays(snnc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    refused(compile_(snnc, "-o", folder), "D110", "precious")
    refused(compile_(snnc, "-o", folder / "thesis.txt"), "D110")
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_an_output_that_cannot_be_written(snnc: Command, tmp_path: Path) -> None:
    refused(compile_(snnc, "-o", tmp_path / "no" / "where"), "D111")
    refused(compile_(snnc, "-o", "/proc/digits.loihi"), "D112")
    refused(snnc("run", MODEL, "--data", "x.npz", "-o", "/proc/out.npz"), "D113")


def test_a_full_disk(tmp_path: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "snnc", "compile", str(MODEL), "--target", "loihi"]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "b")],
        preexec_fn=small,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "D112" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_not_a_bundle(snnc: Command, tmp_path: Path) -> None:
    for command in (("verify",), ("inspect",)):
        refused(snnc(*command, tmp_path), "D113", "manifest.json")
    (tmp_path / "manifest.json").write_text("{")
    refused(snnc("verify", tmp_path), "D114", "damaged")
    (tmp_path / "manifest.json").write_text(f'{{"format": {FORMAT}}}')
    refused(snnc("verify", tmp_path), "D114", "lacks")
    (tmp_path / "manifest.json").write_text('{"format": 99}')
    refused(snnc("verify", tmp_path), "D115", "99")


def test_a_manifest_that_points_outside(snnc: Command, bundle: Path) -> None:
    edit_manifest(bundle, payload={"program": "../../../etc/passwd", "weights": "x"})
    refused(snnc("verify", bundle), "D114", "payload.program", "none of its files")


def test_a_manifest_with_parts_of_the_wrong_kind(snnc: Command, bundle: Path) -> None:
    for changes in ({"files": 3}, {"payload": {"program": 5}}, {"readout": "x"}, {"target": ["loihi"]}):
        good = (bundle / "manifest.json").read_text()
        edit_manifest(bundle, **changes)
        refused(snnc("verify", bundle), "D11")
        (bundle / "manifest.json").write_text(good)


@pytest.mark.parametrize("name", ["model_lava/program.json", "model_lava/weights.npz", "README.md"])
def test_an_altered_bundle(snnc: Command, bundle: Path, data: Path, name: str) -> None:
    path = bundle / name
    path.write_bytes(path.read_bytes() + b" ")
    for command in (["verify", bundle], ["run", bundle, "--data", data, "-o", bundle.parent / "o"]):
        refused(snnc(*command), "D116", name, "--allow-altered")
    refused(snnc("inspect", bundle), "D116", name)


def test_a_bundle_with_files_missing_and_added(snnc: Command, bundle: Path) -> None:
    (bundle / "model_lava" / "weights.npz").unlink()
    (bundle / "model_lava" / "extra.py").write_text("import os")
    refused(snnc("verify", bundle), "missing", "weights.npz", "added", "extra.py")
    (bundle / "program.json").unlink()
    refused(snnc("verify", bundle, "--allow-altered"), "D114")


def test_damaged_weights_are_told(snnc: Command, bundle: Path) -> None:
    (bundle / "weights.npz").write_bytes(b"PK\x03\x04")
    refused(snnc("verify", bundle, "--allow-altered"), "D130", "weights.npz")


def test_wrong_engine_and_samples(snnc: Command, finished: Path) -> None:
    refused(snnc("verify", finished, "--engine", "lavva"), "D604", "lava")
    refused(snnc("verify", finished, "--samples", "0"), "D305")


def test_a_command_line_that_cannot_be_read(snnc: Command) -> None:
    for words in ([], ["compile"], ["compile", "m.pt"], ["fly"], ["verify", "b", "--samples", "x"]):
        assert snnc(*words).code == 2


def test_a_single_array_is_no_data_file(snnc: Command, finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "data.npy"
    np.save(path, np.zeros((1, 2, 2, 16, 16), int))
    refused(snnc("run", finished, "--data", path, "-o", tmp_path / "o.npz"), "D501", "single array")
    refused(snnc("verify", finished, "--data", path), "D501", "single array")


def test_run_overwrites_only_earlier_answers(
    snnc: Command, finished: Path, data: Path, tmp_path: Path
) -> None:
    out, other = tmp_path / "answers.npz", save(tmp_path / "other.npz", x=np.zeros(3))
    for _ in range(2):
        assert snnc("run", finished, "--data", data, "-o", out).code == 0
    before = data.read_bytes()
    refused(snnc("run", finished, "--data", data, "-o", data), "D119", "is the data file")
    refused(snnc("run", finished, "--data", data, "-o", other), "D119", "earlier answers")
    refused(snnc("run", finished, "--data", data, "-o", MODEL), "D119")
    refused(snnc("run", finished, "--data", data, "-o", finished / "o.npz"), "D119", "inside")
    assert data.read_bytes() == before


def test_compile_does_not_delete_what_is_not_the_bundles(snnc: Command, bundle: Path) -> None:
    (bundle / "notes.txt").write_text("mine")
    refused(compile_(snnc, "--steps-per-frame", "2", "-o", bundle), "D110", "notes.txt")
    assert (bundle / "notes.txt").read_text() == "mine"
    (bundle / "notes.txt").unlink()
    assert compile_(snnc, "--steps-per-frame", "2", "-o", bundle).code == 0


def test_a_payload_that_is_not_the_program_is_refused_whatever_data_show(
    snnc: Command, bundle: Path, data: Path
) -> None:
    weights = bundle / "model_lava" / "weights.npz"
    arrays = unpack_arrays(weights.read_bytes())
    name = next(n for n in arrays if n.endswith("bias_mantissa"))
    changed = arrays[name].copy()
    changed.flat[0] += 1
    weights.write_bytes(pack_arrays({**arrays, name: changed}))
    reseal(bundle)
    refused(snnc("verify", bundle), "D120", name, f"is {changed.flat[0]}, compiled")
    refused(snnc("run", bundle, "--data", data, "-o", bundle.parent / "o.npz"), "D120", name)


def test_a_manifest_that_contradicts_the_program(snnc: Command, bundle: Path) -> None:
    edit_manifest(bundle, steps_per_frame=8)
    refused(snnc("verify", bundle), "D114", "steps_per_frame 8", "4")


def test_a_bundle_of_another_format_is_replaced_unless_it_holds_something_else(
    snnc: Command, bundle: Path
) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps({**manifest, "format": 1}))
    asked = ("compile", MODEL, "--target", "loihi", "--steps-per-frame", "4", "-o", bundle)
    (bundle / "mine.txt").write_text("keep me")
    refused(snnc(*asked), "D110", "mine.txt")
    (bundle / "mine.txt").unlink()
    assert snnc(*asked).code == 0
    assert json.loads((bundle / "manifest.json").read_text())["format"] == manifest["format"]


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


def test_a_flipped_bit_in_a_compressed_archive(snnc: Command, bundle: Path, place: Path) -> None:
    """Each bit of a small one: refused or read, and never a traceback."""
    good = pack_arrays({"x": np.ones((2, 3, 4), np.int64)})
    path = place / "data.npz"
    for byte in range(0, len(good), 3):
        damaged = bytearray(good)
        damaged[byte] ^= 1 << byte % 8
        path.write_bytes(damaged)
        try:
            read_data(path)
        except UserError as problem:
            assert "D501" in str(problem) or "D107" in str(problem), problem


def test_no_output_lands_in_a_bundle(
    snnc: Command, bundle: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the one that is read, not in another: its seal would break."""
    monkeypatch.chdir(tmp_path)
    inside, before = bundle / "in", sorted(bundle.rglob("*"))
    picture, table = bundle / "in.png", bundle / "in.csv"
    commands: list[list[str | Path]] = [
        ["compile", MODEL, "--target", "reference", "-o", inside],
        ["compile", MODEL, "--target", "reference", "-o", bundle / "payload" / "deep"],
        ["run", bundle, "--data", data, "-o", bundle / "in.npz"],
        ["noise", MODEL, "--data", data, "--csv", table],
        ["noise", MODEL, "--data", data, "--plot", picture],
        ["tune", MODEL, "--data", data, "--target", "reference", "--plot", picture],
        ["finetune", MODEL, "--data", data, "--method", "weights", "-o", bundle / "in.pt"],
        ["finetune", MODEL, "--data", data, "--method", "weights", "--curve", table],
        ["finetune", MODEL, "--data", data, "--method", "weights", "--checkpoint", inside],
    ]
    for words in commands:
        refused(snnc(*words), "D119", f"inside the bundle {bundle}")
    assert sorted(bundle.rglob("*")) == before and list(tmp_path.iterdir()) == [bundle]
    assert snnc("inspect", bundle).code == 0
