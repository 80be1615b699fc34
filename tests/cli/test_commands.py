"""What the commands do when all is well."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.bundle.folder import read_bundle
from snnc.ir import pack_arrays, unpack_arrays

from .conftest import MODEL, Command


def test_the_bundle_is_complete_and_says_what_was_done(finished: Path) -> None:
    manifest = json.loads((finished / "manifest.json").read_text())
    assert manifest["target"] == "loihi{processes=any,chips=1}" and manifest["steps_per_frame"] == 4
    assert manifest["calibration"]["origin"] == "archive"
    assert "match-delays{steps-per-frame=4" in manifest["passes"]
    assert {note["code"] for note in manifest["notes"]} == {"N703", "N721", "N730"}
    present = {
        p.relative_to(finished).as_posix()
        for p in finished.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert present == {*manifest["files"], "manifest.json"}


def test_the_same_compile_gives_the_same_bytes(snnc: Command, finished: Path, tmp_path: Path) -> None:
    again = tmp_path / "another-name"
    rates = ["--code", "rate", "--steps-per-frame", "4"]
    command = ["compile", MODEL, "--target", "loihi", *rates, "-o", again]
    for _ in range(2):  # the second replaces the first
        assert snnc(*command).code == 0
        files = [p for p in finished.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        assert len(files) > 5
        for file in files:
            assert file.read_bytes() == (again / file.relative_to(finished)).read_bytes(), file
    assert [p.name for p in tmp_path.iterdir()] == ["another-name"]


def test_calibration_from_a_file_and_without_data(snnc: Command, data: Path, tmp_path: Path) -> None:
    # Random counts make h2's negative channels visible as a named effect; that is not tested here.
    done = snnc("compile", MODEL, "--target", "reference", "--calibration", data, "-o", tmp_path / "a")
    assert done.code == 0 and "calibrated on 3 samples of the given file" in done.out
    bare = without_calibration(tmp_path)
    done = snnc("compile", bare, "--target", "reference", "-o", tmp_path / "b")
    assert done.code == 0 and "data-free bound" in done.out and "N701" in done.err
    done = snnc("verify", tmp_path / "b", "--samples", "2")
    assert done.code == 0 and "random input" in done.out


def without_calibration(folder: Path) -> Path:
    """The shipped model without the calibration streams that it carries."""
    import zipfile

    path = folder / "bare.pt"
    with zipfile.ZipFile(MODEL) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if "calibration" not in name:
                new.writestr(name, old.read(name))
    return path


def test_print_after(snnc: Command, tmp_path: Path) -> None:
    done = snnc(
        "compile",
        MODEL,
        "--target",
        "reference",
        "--code",
        "rate",
        "--print-after",
        "match-delays",
        "-o",
        tmp_path / "b",
    )
    assert done.out.startswith("// after match-delays\ngraph model, 16 steps a frame\n")
    assert done.out.count("// after") == 1


def test_verify_equal_and_as_json(snnc: Command, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    assert snnc("compile", MODEL, "--target", "reference", "--code", "rate", "-o", folder).code == 0
    done = snnc("verify", folder, "--data", data, "--samples", "2", "--json")
    result = json.loads(done.out)
    assert done.code == 0
    assert result["engine"] == "reference" and result["samples"] == 2
    assert result["steps"] == 64 and result["mismatches"] == 0
    assert result["compared"] == 2 * 64 * (768 + 384 + 10) and result["first_divergence"] is None
    assert [p["population"] for p in result["populations"]] == ["h1", "h2", "answer"]


@pytest.mark.lava
def test_random_input_is_the_same_each_time(snnc: Command, finished: Path) -> None:
    words = ["verify", finished, "--samples", "1", "--engine", "lava-inprocess", "--json"]
    one, two = snnc(*words), snnc(*words)
    assert one.out == two.out and json.loads(one.out)["input"] == "random"


@pytest.mark.lava
def test_one_altered_weight_is_found(snnc: Command, bundle: Path) -> None:
    """The engine runs the altered weight; the reference runs what the manifest vouches for."""
    weights = bundle / "model_lava" / "weights.npz"
    arrays = unpack_arrays(weights.read_bytes())
    name = next(n for n in arrays if n.startswith("projection.0"))
    changed = arrays[name].copy()
    at = np.unravel_index(int(np.abs(changed).argmax()), changed.shape)
    changed[at] = -changed[at] // 2 * 2 if changed[at] > -256 else 254
    weights.write_bytes(pack_arrays({**arrays, name: changed}))
    assert snnc("verify", bundle).code == 2
    done = snnc("verify", bundle, "--allow-altered", "--samples", "2", "--engine", "lava-inprocess")
    assert done.code == 1, done.out
    assert "first divergence: step " in done.out and "h1[" in done.out


def test_run(snnc: Command, finished: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    done = snnc("run", finished, "--data", data, "-o", out)
    assert done.code == 0 and "answers for 3 samples, 4 frames each" in done.out
    with np.load(out) as results:
        assert results["potential"].shape == (3, 4, 10) and results["prediction"].shape == (3, 4)
        assert results["spikes.h1"].shape == (12, 8, 8)
        assert np.array_equal(results["prediction"], results["potential"].argmax(-1))


def test_inspect(snnc: Command, finished: Path) -> None:
    model, bundle = snnc("inspect", MODEL), snnc("inspect", finished)
    assert model.code == bundle.code == 0
    assert "h2 -> h2: conv2d" in model.out and "batch-norm" in model.out
    assert model.out.endswith(
        "  rollout: first response after 2 frames, full response never, because of a loop; "
        "inference factor 1\n"
    )
    assert "program model, 4 steps a frame" in bundle.out and "1162 neurons" in bundle.out


def test_lists(snnc: Command) -> None:
    targets, passes = snnc("targets"), snnc("passes")
    assert "loihi" in targets.out and "reference" in targets.out
    assert "quantize-weights{sign-mode=auto" in passes.out and "needs:" in passes.out


BLOCKED = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('torch', 'lava'):
            raise ImportError(f'{name} was imported')
sys.meta_path.insert(0, Refuse())
sys.argv = ['snnc', *sys.argv[1:]]
from snnc.commands.start import main
main()
"""


def test_nothing_here_imports_torch_or_lava(finished: Path, data: Path, tmp_path: Path) -> None:
    for words in (
        ["--help"],
        ["targets"],
        ["compile", str(MODEL), "--target", "reference", "-o", str(tmp_path / "b")],
        ["verify", str(tmp_path / "b"), "--samples", "1"],
        ["run", str(finished), "--data", str(data), "-o", str(tmp_path / "o.npz")],
        ["inspect", str(finished)],
    ):
        done = subprocess.run([sys.executable, "-c", BLOCKED, *words], capture_output=True, text=True)
        assert done.returncode == 0, (words, done.stderr)


@pytest.mark.parametrize("delay", [0.3, 0.6, 0.9, 1.2, 1.5, 1.8])
def test_interrupting_compile_leaves_no_half_bundle(tmp_path: Path, delay: float) -> None:
    folder = tmp_path / "b"
    command = [
        sys.executable,
        "-m",
        "snnc",
        "compile",
        str(MODEL),
        "--target",
        "loihi",
        "-o",
        str(folder),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(delay)
    os.kill(process.pid, signal.SIGINT)
    code = process.wait(60)
    left = [p.name for p in tmp_path.iterdir()]
    if left:  # it had just finished
        assert left == ["b"] and not read_bundle(folder)[1]
    else:
        assert code != 0


class Loop(nn.Module):
    """A plain module: a loop of two connections that takes one frame."""

    state: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.out = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.register_buffer("state", torch.zeros(1, 4))

    def forward(self, x: Tensor) -> Tensor:
        """One frame."""
        hidden = torch.relu(self.second(torch.relu(self.first(x) + self.state)))
        self.state.copy_(hidden)
        out: Tensor = self.out(hidden)
        return out


def test_a_loop_that_needs_more_steps(snnc: Command, tmp_path: Path) -> None:
    program = torch.export.export(Loop().eval(), (torch.zeros(1, 3),))
    model, folder = tmp_path / "loop.pt2", tmp_path / "loop.reference"
    torch.export.save(program, model)
    compile_ = ["compile", model, "--target", "reference", "-o", folder]
    done = snnc(*compile_, "--steps-per-frame", "1")
    assert done.code == 2 and not folder.exists()
    assert "D302" in done.err and "relu -> relu_1 -> relu" in done.err
    assert "--steps-per-frame 2" in done.err
    assert snnc(*compile_, "--steps-per-frame", "2").code == 0
    assert "one event in 20 (not calibrated)" in snnc("verify", folder, "--samples", "2").out


def test_inspect_says_what_delays_cost_and_when_answers_have_seen_the_input(
    snnc: Command, finished: Path
) -> None:
    done = snnc("inspect", finished)
    lines = [line.split() for line in done.out.splitlines()]
    assert ["h2", "->", "h2", "1", "3", "1152"] in lines  # 4 steps a frame, 384 neurons
    assert "memory       1 loop, the longest takes 4 steps: h2 -> h2" in done.out
    table = json.loads(snnc("inspect", finished, "--json").out)["delays"]
    assert f"answer after step {table['first_answer']}: " in done.out
    assert table["complete_answer"] - table["first_answer"] == 4  # one frame through h1
    assert f"{table['totals']['buffered']} buffered" in done.out
    model = json.loads(snnc("inspect", MODEL, "--json").out)
    assert [p["name"] for p in model["populations"]] == ["input", "h1", "h2", "answer"]
    (loop,) = [q for q in model["projections"] if q["source"] == q["target"]]
    assert (loop["source"], loop["operations"], loop["frames"]) == ("h2", ["Conv2d"], 1)
    rollout = {"first_response": 2, "full_response": None, "inference_factor": 1}
    assert model["rollout"] == rollout


def test_run_says_accuracy_without_a_file_and_the_unit_with_one(
    snnc: Command, finished: Path, data: Path, tmp_path: Path
) -> None:
    done = snnc("run", finished, "--data", data)
    assert done.code == 0 and "accuracy" in done.out and "chip's units" not in done.out
    assert "no labels" not in done.out
    with np.load(data) as arrays:
        np.savez(tmp_path / "unlabelled.npz", x=arrays["x"])
    unlabelled = snnc("run", finished, "--data", tmp_path / "unlabelled.npz")
    assert unlabelled.code == 0 and "no accuracy: the data have no labels" in unlabelled.out
    out = tmp_path / "out.npz"
    done = snnc("run", finished, "--data", data, "-o", out)
    unit = read_bundle(finished)[0].manifest.readout.potential_of_one
    with np.load(out) as results:
        assert float(results["potential_of_one"]) == unit
    assert f"{unit:.6g} of them are 1 in the model's answer" in done.out
    found = json.loads(snnc("run", finished, "--data", data, "--json").out)
    assert len(found["predictions"]) == 3 and len(found["accuracy"]) == 4


def test_compile_as_json(snnc: Command, tmp_path: Path) -> None:
    done = snnc("compile", MODEL, "--target", "reference", "-o", tmp_path / "b", "--json")
    found = json.loads(done.out)
    assert found["folder"] == str(tmp_path / "b") and found["neurons"] == 1162
    assert found["target"] == "reference" and found["kept"]["decisions"] > 0.9


@pytest.mark.lava
def test_a_loop_over_more_steps_than_a_delay_can_have(snnc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    done = snnc("compile", MODEL, "--target", "loihi", "--steps-per-frame", "64", "-o", folder)
    assert done.code == 0, done.err
    assert "N723" in done.err and "384 relay neurons" in done.err and "delay of 63 steps" in done.err
    assert "1546 neurons" in done.out
    path = tmp_path / "frames.npz"
    np.savez(path, x=np.random.default_rng(0).integers(0, 3, (1, 5, 2, 16, 16)))
    done = snnc("verify", folder, "--data", path, "--engine", "lava-inprocess", "--json")
    result = json.loads(done.out)
    assert done.code == 0 and result["mismatches"] == 0
    (relay,) = [p for p in result["populations"] if p["population"] == "h2.relay"]
    assert relay["spikes"] > 0


def test_data_beyond_the_calibration_are_named(snnc: Command, finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    np.savez(path, x=np.full((1, 2, 2, 16, 16), 5000))
    done = snnc("run", finished, "--data", path, "-o", tmp_path / "o.npz")
    assert done.code == 0 and "N710" in done.err and "counts up to 5000, calibrated up to" in done.err


def test_labels_that_are_no_classes_are_named(snnc: Command, finished: Path, tmp_path: Path) -> None:
    """Counted from 1, the last class is outside."""
    path, out = tmp_path / "labels.npz", tmp_path / "o.npz"
    x = np.ones((3, 2, 2, 16, 16), int)
    np.savez(path, x=x, y=np.array([10, 9, 2**31 - 1]))
    done = snnc("run", finished, "--data", path, "-o", out)
    assert done.code == 0 and "N729" in done.err
    assert "2 of 3 labels are outside 0..9, such as 10" in done.err
    np.savez(path, x=x, y=np.array([0, 9, 5]))
    assert "N729" not in snnc("run", finished, "--data", path, "-o", out).err


@pytest.mark.parametrize("command", ["verify", "verify --ladder", "run", "noise", "tune", "finetune"])
@pytest.mark.parametrize(
    "labels", [[0, 10, 11], [-1, 3, 3], [0, 1, -5], [2**64 - 1, 0, 0], [2**31, 0, 0]]
)
def test_labels_that_are_no_classes_are_named_by_every_command(
    snnc: Command, reference: Path, tmp_path: Path, command: str, labels: list[int]
) -> None:
    """-1 is no word for "unlabelled", nor may 2^64 - 1 become it."""
    path, out = tmp_path / "labels.npz", tmp_path / "out"
    y = np.array(labels, np.uint64 if max(labels) >= 2**63 else np.int64)
    np.savez(path, x=np.ones((3, 3, 2, 16, 16), int), y=y)
    name, *more = command.split()
    words: dict[str, list[str | Path]] = {
        "verify": [reference],
        "run": [reference, "-o", out],
        "noise": [MODEL, "--ideal"],
        "tune": [MODEL, "--target", "reference", "--code", "graded", "--weight-bits", "8"],
        "finetune": [MODEL, "--method", "weights", "-o", out, "--epochs", "0"],
    }
    done = snnc(name, *words[name], *more, "--data", path)
    if min(labels) < 0 or max(labels) >= 2**31:
        strange = next(label for label in labels if not 0 <= label < 2**31)
        said = f"error[D505]: 1 of 3 labels in y are outside 0..2147483647, such as {strange}"
        assert done.code == 2 and said in done.err and str(path) in done.err
    elif command == "finetune":
        assert done.code == 2 and "error[D516]" in done.err and "outside 0..9, such as 1" in done.err
    else:
        assert done.code == 0 and done.err.count("warning[N729]: 2 of 3 labels are outside 0..9") == 1
    assert done.err.count("error[") == (done.code == 2)


def test_silence_is_no_evidence(snnc: Command, tmp_path: Path) -> None:
    folder, path = tmp_path / "b", tmp_path / "none.npz"
    assert snnc("compile", MODEL, "--target", "reference", "--code", "rate", "-o", folder).code == 0
    np.savez(path, x=np.zeros((1, 1, 2, 16, 16), int))
    done = snnc("verify", folder, "--data", path)
    assert done.code == 0 and "against the fast simulator" in done.out
    assert "N711" in done.err
    itself = ("--engine", "fast", "--simulator", "fast")
    assert "against itself" in snnc("verify", folder, "--data", path, *itself).out
    other = snnc("verify", folder, "--data", path, "--engine", "fast")
    assert "against the reference simulator" in other.out


def test_a_request_to_end_leaves_nothing_behind(tmp_path: Path, finished: Path) -> None:
    """SIGTERM, as job schedulers send it: the engine's child and its files go with the command."""
    command = [sys.executable, "-m", "snnc", "verify", str(finished), "--engine", "lava-inprocess"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        for _ in range(600):
            if list(tmp_path.glob("snnc-*/stderr.txt")):
                break
            time.sleep(0.1)
        assert list(tmp_path.glob("snnc-*/stderr.txt")), "the engine did not start"
        process.terminate()
        assert process.wait(60) == 143
    assert list(tmp_path.glob("snnc-*")) == []
