"""What somebody does who has the wheel and nothing else: ``PYTHON stranger.py``, in an empty folder.

Needs no clone, and no package but snnc: what a missing one would do has to be refused with the command
that installs it (D123). It says for each step whether that was done or refused, and at last which
versions were there and digests of what was compiled, to be compared with those of other environments.
The exit code is 1 where a step went otherwise. Takes one to five minutes of a core.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import snnc

MODEL, TRAIN, TEST = "small_digits.pt", "train.npz", "test.npz"
PACKAGES = ("numpy", "scipy", "numba", "networkx", "torch", "lava-nc", "nir", "onnx")
INSTALL = "pip install '"
LAST_LINES = 12


class Failed(Exception):
    """A step went otherwise."""


def has(*modules: str) -> bool:
    """Whether all of them can be found."""
    return all(find_spec(name) is not None for name in modules)


def command(*words: str, refused: str = "") -> str:
    """Run ``snnc``: done without a word of a bug, or refused with this code and what to install."""
    done = subprocess.run(
        [sys.executable, "-m", "snnc", *words], capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    cured = f"error[{refused}]" in said and INSTALL in said
    if (done.returncode != 2 or not cured) if refused else done.returncode:
        last = "\n".join(said.splitlines()[-LAST_LINES:])
        raise Failed(f"snnc {' '.join(words)}: exit code {done.returncode}\n{last}")
    return said


def prepare() -> None:
    """The shipped model, and random counts with the model's own answers as their labels."""
    subprocess.run([sys.executable, "-m", "snnc.shipped", "."], check=True, capture_output=True)
    command("compile", MODEL, "--target", "reference", "-o", "a")
    chance = np.random.default_rng(0)
    for name, samples in ((TRAIN, 120), (TEST, 40)):
        counts = chance.poisson(0.5, (samples, 6, 16)).astype(np.uint8)
        np.savez(name, x=counts, y=snnc.load("a").run(counts).predictions[:, -1])


def compile_and_verify() -> None:
    """The integer program itself, compared with the simulator and with the labels."""
    assert "0 of" in command("verify", "a", "--data", TEST)
    assert "100.0" in command("run", "a", "--data", TEST, "--operations")
    assert "h1" in command("inspect", "a")
    command("targets")
    command("tune", MODEL, "--target", "loihi", "--data", TEST, "--code", "graded", "--samples", "20")


def every_target() -> None:
    """What needs no package of a vendor to be written is written."""
    for target in ("loihi", "loihi1", "xylo", "sanafe", "akida", "cortex-m", "riscv", "fpga"):
        words = ("compile", MODEL, "--target", target, "-o", target)
        done = subprocess.run(
            [sys.executable, "-m", "snnc", *words], capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 2) or (done.returncode == 2 and "error[D" not in done.stderr):
            raise Failed(f"{target}: exit code {done.returncode}\n{done.stderr[-2000:]}")


def on_lava() -> None:
    """The chip's bundle on Intel's runtime, where that is installed."""
    if not has("lava"):
        done = subprocess.run(
            [sys.executable, "-m", "snnc", "verify", "loihi"], capture_output=True, text=True
        )
        if done.returncode != 2 or "snnc targets install loihi" not in done.stderr:
            raise Failed(f"verify loihi: exit code {done.returncode}\n{done.stderr[-2000:]}")
        return
    assert "lava (0.10.0) against the fast simulator" in command(
        "verify", "loihi", "--data", TEST, "--samples", "5"
    )


def from_onnx() -> None:
    """A chain as ONNX has it."""
    if not has("onnx"):
        Path("m.onnx").write_bytes(b"\x08\x0a\x12\x00")
        command("compile", "m.onnx", "--target", "reference", "-o", "onnx", refused="D123")
        return
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    chance = np.random.default_rng(1)
    shapes = {"w1": (16, 32), "w2": (32, 10)}
    weights = [
        numpy_helper.from_array(chance.normal(size=s).astype("f4"), n) for n, s in shapes.items()
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w2"], ["y"]),
    ]
    ends = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, s]) for n, s in (("x", 16), ("y", 10))
    ]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), "m.onnx")
    command("compile", "m.onnx", "--target", "reference", "-o", "onnx", "--calibration", TEST)


def to_and_from_nir() -> None:
    """A NIR file written, run by NIR's equations, and read again."""
    words = ("compile", MODEL, "--target", "nir{unsaid=metadata}", "-o", "nir")
    if not has("nir"):
        command(*words, refused="D123")
        return
    command(*words)
    command("verify", "nir", "--engine", "nir-metadata", "--samples", "3")
    command("compile", "nir/network.nir", "--target", "reference", "-o", "nir-again")


def report() -> None:
    """One page, and no more."""
    words = ("report", "a", "--data", TEST, "-o", "report.html")
    command(*words, refused="" if has("jinja2", "plotly") else "D123")


def with_torch() -> None:
    """What needs PyTorch: a rollout of one's own, fine-tuning, noise, the ladder."""
    tuned = ("finetune", MODEL, "--method", "weights{code=graded}", "--bits", "4", "--data", TRAIN)
    short = ("--epochs", "2", "-o", "tuned.pt")
    noise = ("noise", MODEL, "--data", TRAIN, "--steps", "4", "--samples", "20")
    ladder = ("verify", "a", "--ladder", "--data", TEST, "--samples", "3")
    if not has("torch"):
        for words in ((*tuned, *short), noise, ladder, ("methods",)):
            command(*words, refused="D123")
        try:
            _ = snnc.Rollout
        except snnc.UserError as problem:
            assert INSTALL in problem.diagnostics[0].help
        return
    train_a_rollout()
    command("compile", "own.pt", "--target", "loihi", "-o", "own", "--calibration", TRAIN)
    command(*tuned, *short)
    command("compile", "tuned.pt", "--target", "loihi", "-o", "tuned")
    command(*noise)
    command(*ladder)
    command("methods")


def train_a_rollout() -> None:
    """Three epochs of a network of one's own, as the README writes one."""
    import torch
    from torch import nn

    net = snnc.Rollout(input_shape=(16,))
    net.node("h1")
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Linear(16, 32))
    net.edge("h1", "h1", nn.Linear(32, 32))
    net.edge("h1", "answer", nn.Linear(32, 10))
    with np.load(TRAIN) as data:
        x, y = torch.tensor(data["x"]).float(), torch.tensor(data["y"])
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    losses = []
    for _ in range(3):
        loss = nn.functional.cross_entropy(net(x)[:, -1], y)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0], losses
    net.export("own.pt")


STEPS: tuple[Callable[[], None], ...] = (
    prepare,
    compile_and_verify,
    every_target,
    on_lava,
    from_onnx,
    to_and_from_nir,
    report,
    with_torch,
)


def digests() -> dict[str, str]:
    """Of what must be the same with every Python and numpy: programs, weights and payloads."""
    found = {}
    for name in ("a", "loihi", "cortex-m", "fpga"):
        whole = hashlib.sha256()
        for path in sorted(p for p in Path(name).rglob("*") if p.is_file()):
            if path.name != "manifest.json" and path.suffix != ".md":
                whole.update(path.relative_to(name).as_posix().encode() + path.read_bytes())
        found[name] = whole.hexdigest()[:16]
    return found


def versions() -> dict[str, str]:
    """Of Python and of the packages that matter; empty where one is not there."""
    found = {"python": sys.version.split()[0], "snnc": snnc.__version__}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def main() -> None:
    """All steps, in an order in which each has what it needs."""
    if any(Path.cwd().iterdir()):
        sys.exit("go to an empty folder first")
    wrong = 0
    for step in STEPS:
        began = time.perf_counter()
        try:
            step()
            outcome = "ok"
        except (Failed, AssertionError) as problem:
            outcome, wrong = f"FAILED {problem!r}".replace("\\n", "\n"), wrong + 1
        print(f"{step.__name__}: {outcome}, {time.perf_counter() - began:.0f} s", flush=True)  # noqa: T201
    print(json.dumps({"versions": versions(), "digests": digests()}, indent=1))  # noqa: T201
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
