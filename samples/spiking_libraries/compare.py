"""Each library's trained networks beside what snnc makes of them, spike by spike.

A library's networks are trained in its own environment (a minute of one core; what is there is not
trained again), their state dicts compiled with ``--module``, and every spike of every neuron
compared with the network itself, in floats and of the integers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .environments import LIBRARIES, ROOT, environment

Ints = NDArray[Any]
Spikes = dict[str, Ints]
"""By population, (samples, steps, \\*shape)."""

RESULTS = ROOT / "build" / "spiking_libraries"
SAMPLES = 50


@dataclass(frozen=True)
class Row:
    """A network of a library.

    Attributes:
        network: of this folder.
        library: with its version.
        values: neuron-steps compared.
        spikes: of the network itself.
        floats, rounded: neuron-steps that differ: of the graph in floats, of the integer program. A
            network of integers has no graph in floats; both are the program's.
        kept: of ``SAMPLES`` samples, decisions of the integers that are those of the graph in floats,
            or of the network of integers itself.
        right: of ``SAMPLES`` samples, those that the integers decide right.
    """

    network: str
    library: str
    values: int
    spikes: int
    floats: int
    rounded: int
    kept: int
    right: int


def rows(library: str) -> Iterator[Row]:
    """The networks of a library, compared in its environment.

    Raises:
        NotInstalledError: it cannot be installed.
        RuntimeError: its process fails.
    """
    command = [sys.executable, "-m", "samples.spiking_libraries.compare", "--inside", library]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(library), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield Row(**json.loads(line))


def inside(library: str) -> Iterator[Row]:
    """The same, in this process."""
    from .train import Task, trained

    module = import_module(f"samples.spiking_libraries.{library}_digits")
    tasks: tuple[Task, ...] = module.TASKS
    for task in tasks:
        folder = RESULTS / task.name
        if not (folder / "about.json").exists():
            trained(task, say=lambda _: None)
        factory = f"{module.__name__}:{task.make.__name__}"
        yield _compared(task.name, folder, factory, task.shape)


def _compared(name: str, folder: Path, factory: str, shape: tuple[int, ...]) -> Row:
    import snnc
    from snnc.bundle.data import Data
    from snnc.frontend import ModelSource

    with np.load(folder / "test.npz") as stored:
        data = Data(stored["x"][:SAMPLES].astype(np.int64), stored["y"][:SAMPLES])
    text = ",".join(map(str, shape))
    source = ModelSource(folder / "weights.pt", input_shape=text, module=factory)
    with tempfile.TemporaryDirectory() as place:
        bundle = snnc.compile(
            source.path,
            target="reference",
            calibration=folder / "calibration.npz",
            input_shape=text,
            module=factory,
            output=Path(place) / "net.bundle",
        )
        program = bundle.program
        decided = np.asarray(bundle.run((data.x, data.y)).answers)[:, -1].reshape(SAMPLES, -1)
    live, floats, theirs = _itself(source, data.x)
    frames = data.x[:, : next(iter(live.values())).shape[1]]
    integers = _integers(program, frames, list(live))
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    ours = decided.argmax(1)
    return Row(
        name,
        about["library"],
        sum(spikes.size for spikes in live.values()),
        sum(int(spikes.sum()) for spikes in live.values()),
        sum(int(((floats or integers)[n] != live[n]).sum()) for n in live),
        sum(int((integers[n] != live[n]).sum()) for n in live),
        int((ours == theirs).sum()),
        int((ours == data.y).sum()),
    )


def _itself(source: Any, x: Ints) -> tuple[Spikes, Spikes, Ints]:
    """Spikes of the network itself, of its graph in floats (none of integers), and decisions."""
    from snnc.sim.step_floats import run_in_floats

    if (ready := source.load_integers()) is not None:
        live = ready.live.run(x)
        last = list(live)[-1]
        return live, {}, live[last].sum(1).reshape(SAMPLES, -1).argmax(1)
    model = source.load()
    frames = model.live.comparable(x)
    sent, floats = model.live.run(frames).sent, run_in_floats(model.graph, frames)
    names = [p.name for p in model.graph.neurons if p.name in sent]
    decided = floats.answers.reshape(SAMPLES, -1).argmax(1)
    return {n: sent[n] for n in names}, {n: floats.spikes[n] for n in names}, decided


def _integers(program: Any, frames: Ints, names: list[str]) -> Spikes:
    """Spikes of the integer program, step by step."""
    from snnc.sim import encode, simulate
    from snnc.verify import spikes_by_frame

    trace = simulate(program, encode(program, frames))
    return {n: spikes_by_frame(program, n, trace.spikes[n])[:, : frames.shape[1]] for n in names}


def main() -> None:
    """Print a row for each network: of this process's library, or of all in their environments."""
    if sys.argv[1:2] == ["--inside"]:
        for row in inside(sys.argv[2]):
            print(json.dumps(asdict(row)), flush=True)
        return
    for library in sys.argv[1:] or LIBRARIES:
        for row in rows(library):
            print(json.dumps(asdict(row)), flush=True)


if __name__ == "__main__":
    main()
