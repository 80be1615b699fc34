"""The main job on the shipped network: compile it for Loihi, prove it on Lava, and count what it costs.

Runs the commands that a user would type (they are printed), then compiles for K = 4, 8 and 32 steps a
frame too, and counts right answers on all 500 test streams beside the float rollout. Needs no torch:
the network was trained by ``train.py`` and is read from ``model.pt``.

    python -m samples.moving_digits.demo
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

import snnc
from samples.moving_digits.data import write_data
from snnc.frontend import load_model
from snnc.sim.analog import run_frames

MODEL = Path(__file__).with_name("model.pt")
STEPS = (4, 8, 16, 32)
PROVED_STEPS = 16
PROVED_STREAMS = 20

NEXT = """K: time steps in a frame. The first two answers precede any input.
Next: source .venv/bin/activate, and docs/index.md for the same step by step, and a network of your own.
"""


def command(*arguments: str | Path) -> None:
    """Run a command as a user would type it, and stop where it fails."""
    words = [str(a) for a in arguments]
    sys.stdout.write(f"\n$ snnc {' '.join(words)}\n")
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "snnc", *words], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def float_accuracy(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Accuracy of the float rollout after each frame."""
    graph = load_model(MODEL).graph
    answers = run_frames(graph, x)[graph.readout.name]
    return np.asarray((answers.argmax(-1) == y[:, None]).mean(axis=0))


def compiled(steps: int, folder: Path) -> snnc.Bundle:
    """The network in rates with that many steps a frame, in a folder that is replaced."""
    return snnc.compile(MODEL, "loihi", folder, code="rate", steps_per_frame=steps)


def accuracies(test: Path, bundles: Mapping[int, snnc.Bundle]) -> dict[str, NDArray[np.float64]]:
    """Accuracy after each frame, of the float rollout and of the integers.

    Args:
        test: the data file, with labels.
        bundles: by steps a frame.

    Returns:
        Shares of right answers, (frames,), by what gave them.
    """
    with np.load(test) as data:
        rows = {"float rollout": float_accuracy(data["x"].astype(np.int64), data["y"])}
    for steps, bundle in bundles.items():
        accuracy = bundle.run(test).accuracy
        assert accuracy is not None
        rows[f"integers, K = {steps}"] = accuracy
    return rows


def main() -> None:
    """Compile, verify, and print the table."""
    place = Path("build/moving_digits")
    write_data(place)
    test = place / "test.npz"
    folders = {k: place / f"digits_{k}.loihi" for k in STEPS}
    proved = folders[PROVED_STEPS]
    model = MODEL.relative_to(Path.cwd())
    rates = ("--code", "rate", "--steps-per-frame", str(PROVED_STEPS))
    command("compile", model, "--target", "loihi", *rates, "-o", proved)
    command("verify", proved, "--data", test, "--samples", str(PROVED_STREAMS))

    console = Console(width=None if sys.stdout.isatty() else 120)
    with console.status("counting right answers on all test streams"):
        bundles = {
            k: snnc.load(folder) if k == PROVED_STEPS else compiled(k, folder)
            for k, folder in folders.items()
        }
        rows = accuracies(test, bundles)
    with np.load(test) as data:
        streams = len(data["y"])
    title = f"accuracy in % after each frame, {streams} test streams"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("frame", justify="right")
    for name in rows:
        table.add_column(name, justify="right")
    for frame, accuracy in enumerate(zip(*rows.values(), strict=True)):
        table.add_row(f"{frame + 1}", *(f"{100 * a:.1f}" for a in accuracy))
    console.print(table)
    sys.stdout.write(NEXT)


if __name__ == "__main__":
    main()
