"""Where the code ``delta`` pays: operations and energy beside ``graded``, at several frame lengths.

    python -m benchmarks.changes [--sets digits nmnist speech] [--epochs 4]

The moving digits with the shipped network; N-MNIST (``../shared/data/nmnist``) with the chain of
``samples/nmnist``, whose layers each have one receiver, and the network with shortcuts, where all
populations are received together; spoken digits (``../shared/data/fsdd``) with the recurrent network of
``samples/speech``. The last three are trained here, briefly and for each length anew, because a network
has the frames that it was trained on: their accuracy is shown, and what is compared is cost. Levels are
compared too: they have to be the same. Energy is the estimate of docs/energy.md (``fitted``).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

import snnc
from samples.from_recordings.__main__ import Recipe, as_wav, train
from samples.moving_digits.events import Sensor, make_streams, split_images
from samples.nmnist.network import CHAIN, NODES, RANGE, SENSOR, _answering, _normed, build
from samples.speech.networks import recurrent
from snnc.ir import Kind, Program
from snnc.sim import encode, simulate
from snnc.verify import spikes_by_frame

DIGITS = Path(__file__).parents[1] / "samples" / "moving_digits" / "model_8_levels.pt"
SHARED = Path("../shared/data")
ALL = "send-changes{where=all}"
WAYS = (("graded", ()), ("delta", (ALL,)), ("delta", ()))
CALIBRATION, COMPARED = 128, 16
MODEL = "fitted"


@dataclass(frozen=True)
class Budget:
    """How long networks are trained: epochs (three times as many on speech), recordings at the most."""

    epochs: int
    recordings: int


@dataclass(frozen=True)
class Case:
    """A network and its data, counts (samples, frames, \\*shape), for one length of a frame."""

    name: str
    frame: str
    model: Path | snnc.Rollout
    calibration: NDArray[np.integer[Any]]
    x: NDArray[np.integer[Any]]
    y: NDArray[np.int64]


@dataclass(frozen=True)
class Row:
    """What it came to, a sample; of each triple the code ``graded``, all changes, those that pay."""

    name: str
    frame: str
    frames: int
    samples: int
    right: float
    operations: tuple[float, ...]
    picojoules: tuple[float, ...]
    active: float
    changing: float
    senders: tuple[str, ...]
    differ: int


def digits(_: Budget) -> Iterator[Case]:
    """Four, two and one steps of the camera a frame; the network was trained on four."""
    seen, unseen = split_images()
    for steps in (4, 2, 1):
        sensor = Sensor(frames=12 * 4 // steps, steps=steps)
        train_part, test = make_streams(seen[:CALIBRATION], 0, sensor), make_streams(unseen, 1, sensor)
        frame = f"{steps} of 48 steps"
        yield Case("moving digits", frame, DIGITS, train_part.x, test.x, test.y)


def leveled_chain() -> snnc.Rollout:
    """The chain of ``samples/nmnist`` with eight levels an activation."""
    net = snnc.Rollout((2, *SENSOR))
    before, source = 2, "input"
    for name, channels in zip(NODES, CHAIN, strict=True):
        net.node(name, activation=snnc.QuantizedReLU(8, RANGE))
        net.edge(source, name, torch.nn.Sequential(*_normed(before, channels, 3)))
        before, source = channels, name
    net.readout("answer", accumulate=True)
    net.edge(source, "answer", torch.nn.Sequential(*_answering(before * 5 * 5)))
    return net


def nmnist(budget: Budget) -> Iterator[Case]:
    """310 ms in windows of 10, 20 and 40 ms."""
    nets: tuple[tuple[str, Callable[[], snnc.Rollout]], ...] = (
        ("N-MNIST, chain", leveled_chain),
        ("N-MNIST, shortcuts", lambda: build(8)),
    )
    for window in (40, 20, 10):
        seen, unseen = (
            snnc.frames(SHARED / "nmnist" / part, dt=f"{window}ms", frames=4 + 320 // window, largest=7)
            for part in ("Train", "Test")
        )
        for name, net in nets:
            recipe = Recipe((), budget.epochs, 32, 4e-3)
            yield trained(name, f"{window} ms", net(), first(seen, budget), unseen, recipe)


def speech(budget: Budget) -> Iterator[Case]:
    """One second in windows of 5 to 50 ms."""
    with tempfile.TemporaryDirectory() as place:
        folders = [as_wav(SHARED / "fsdd" / f"{p}.npz", Path(place) / p) for p in ("train", "test")]
        for window in (50, 25, 10, 5):
            seen, unseen = (
                snnc.frames(sounds, dt=f"{window}ms", frames=1000 // window, label_from="{label}_*")
                for sounds in folders
            )
            recipe = Recipe((), 3 * budget.epochs, 64, 2e-3)
            yield trained(
                "spoken digits", f"{window} ms", recurrent(32, 15), first(seen, budget), unseen, recipe
            )


def first(frames: snnc.Frames, budget: Budget) -> snnc.Frames:
    """So many recordings, drawn from all (seed 0)."""
    assert frames.y is not None
    drawn = np.random.default_rng(0).permutation(len(frames.x))[: budget.recordings]
    return replace(frames, x=frames.x[drawn], y=frames.y[drawn])


def trained(
    name: str, frame: str, net: snnc.Rollout, seen: snnc.Frames, unseen: snnc.Frames, recipe: Recipe
) -> Case:
    """A case of a network that is trained here (seed 0)."""
    assert seen.y is not None and unseen.y is not None
    torch.manual_seed(0)
    train(net, torch.tensor(seen.x, dtype=torch.float32), torch.tensor(seen.y), recipe)
    return Case(name, frame, net, seen.x[:CALIBRATION], unseen.x, unseen.y)


def measured(case: Case) -> Row:
    """Compile in all three ways, count, and compare levels on some samples."""
    operations, energies, levels = [], [], []
    right, senders = 0.0, tuple[str, ...]()
    activity = (0.0, 0.0)
    for code, changes in WAYS:
        bundle = snnc.compile(
            case.model, "loihi", code=code, changes=changes, calibration=case.calibration
        )
        ran = bundle.run((case.x, case.y), operations=True)
        assert ran.cost is not None and ran.accuracy is not None
        operations.append(float(ran.cost.snn.synaptic))
        energies.append(float(ran.cost.energies[MODEL].snn.total.total))
        right = float(ran.accuracy[-1])
        senders = tuple(p.name for p in bundle.program.populations if p.sends_changes)
        levels.append(said(bundle.program, case.x[:COMPARED]))
        if code == "graded":
            activity = shares(levels[0])
    differ = sum(
        int(np.count_nonzero(values != other[name]))
        for other in levels[1:]
        for name, values in levels[0].items()
    )
    return Row(
        case.name,
        case.frame,
        case.x.shape[1],
        len(case.x),
        right,
        tuple(operations),
        tuple(energies),
        *activity,
        senders,
        differ,
    )


def said(program: Program, counts: NDArray[np.integer[Any]]) -> dict[str, NDArray[np.int64]]:
    """The levels of every population in the data's frames."""
    trace = simulate(program, encode(program, counts))
    return {
        p.name: spikes_by_frame(program, p.name, trace.spikes[p.name])[:, : counts.shape[1]]
        for p in program.populations
        if p.kind is Kind.NEURONS and p.relay_of is None
    }


def shares(levels: dict[str, NDArray[np.int64]]) -> tuple[float, float]:
    """Of neurons and frames, in how many there is a level, and another one than in the last frame."""
    values = np.concatenate([v.reshape(*v.shape[:2], -1) for v in levels.values()], axis=2)
    before = np.concatenate([np.zeros_like(values[:, :1]), values[:, :-1]], axis=1)
    return float((values != 0).mean()), float((values != before).mean())


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Cost of changes and of levels.")
    sets = {"digits": digits, "nmnist": nmnist, "speech": speech}
    parser.add_argument("--sets", nargs="+", choices=sets, default=list(sets))
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--recordings", type=int, default=800)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in given.sets:
        for case in sets[name](Budget(given.epochs, given.recordings)):
            rows.append(measured(case))
            print(line(rows[-1]), flush=True)
    Console(width=150).print(table(rows))


def line(row: Row) -> str:
    """A row as docs/codes.md has it."""
    graded, everywhere, paying = row.operations
    spent = [f"{n / 1e6:,.2f}" for n in row.picojoules]
    senders = ", ".join(row.senders) or "none"
    return (
        f"| {row.name} | {row.frame} | {row.active:.1%} | {row.changing:.1%} | {graded:,.0f} | "
        f"{everywhere:,.0f} | {paying:,.0f} | {spent[0]} | {spent[1]} | {spent[2]} | {senders} | "
        f"{row.right:.1%} | {row.differ} |"
    )


def table(rows: list[Row]) -> Table:
    """The same on a terminal."""
    names = (
        "set",
        "frame",
        "level",
        "other level",
        "graded",
        "delta, all",
        "delta",
        "uJ",
        "all",
        "delta",
    )
    found = Table(*names, "changes from", "right", "differ", box=box.SIMPLE_HEAD)
    for row in rows:
        found.add_row(*(cell.strip() for cell in line(row).strip("|").split("|")))
    return found


if __name__ == "__main__":
    main()
