"""What the three codes cost on the shipped network with levels: steps and synaptic operations.

    python -m benchmarks.codes [--streams 500]

For each code, from the step before the input's first frame: steps until the first answer that has seen
input, and until the last frame's; how many synaptic operations a stream has cost until then (one for
each connection that is not zero of each spike or payload sent); and the accuracy of both answers.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

import snnc
from samples.moving_digits.events import training_and_test
from snnc.ir import Program, size
from snnc.ir.delays import delays_of
from snnc.ir.footprint import fan_out
from snnc.sim import answers, encode, run_steps

MODEL = Path(__file__).parents[1] / "samples" / "moving_digits" / "model_8_levels.pt"
CODES = (("rate", 8), ("rate", 16), ("rate", 32), ("frame", 8), ("graded", 1))
BATCH = 50


def operations(program: Program, spikes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Synaptic operations of each step, of all samples together."""
    connections = {
        p.name: sum(
            (fan_out(q.op, p.shape).ravel() for q in program.projections if q.source == p.name),
            np.zeros(size(p.shape), np.int64),
        )
        for p in program.populations
    }
    found = []
    for now in run_steps(program, spikes):
        sent = ((s != 0).reshape(len(s), -1).sum(axis=0) @ connections[n] for n, (s, _) in now.items())
        found.append(float(sum(sent)))
    return np.array(found)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Cost of the three codes.")
    parser.add_argument("--streams", type=int, default=500)
    streams = parser.parse_args().streams
    _, test = training_and_test(1)
    x, y = test.x[:streams].astype(np.int64), test.y[:streams]
    title = f"{len(x)} test streams of 12 frames, model_8_levels.pt, 8 weight bits"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    names = (
        "code",
        "K",
        "first: steps",
        "operations",
        "accuracy",
        "last: steps",
        "operations",
        "accuracy",
    )
    for name in names:
        table.add_column(name, justify="left" if name == "code" else "right")
    for code, steps in CODES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "net.loihi"
            program = snnc.compile(MODEL, "loihi", folder, code=code, steps_per_frame=steps).program
        table.add_row(code, f"{steps}", *_row(program, x, y))
    Console(width=120).print(table)


def _row(program: Program, x: NDArray[np.int64], y: NDArray[np.int64]) -> list[str]:
    readout = program.readout.name
    spent: NDArray[np.float64] | float = 0.0
    right = np.zeros(x.shape[1])
    for begin in range(0, len(x), BATCH):
        part = slice(begin, begin + BATCH)
        spikes = encode(program, x[part])
        spent = spent + operations(program, spikes)
        potentials = [now[readout][1].copy() for now in run_steps(program, spikes)]
        found = answers(program, np.stack(potentials, axis=1).astype(np.int32))
        right += (found.argmax(-1) == y[part, None]).sum(axis=0)
    total = np.cumsum(spent) / len(x)
    first = delays_of(program).first_answer
    assert first is not None
    cells = []
    for step in (first, program.answer_step(x.shape[1] - 1)):
        frame = (step - program.readout.start) // program.steps_per_frame - 1
        share = right[frame] / len(x)
        cells += [f"{step - program.input.start}", f"{total[step - 1]:,.0f}", f"{share:.1%}"]
    return cells


if __name__ == "__main__":
    main()
