"""What is timed: the simulators of snnc, Lava, and float simulators in environments of their own."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samples.nir_readers.installed import BY_NAME, environment
from snnc.backends.loihi import LoihiBackend
from snnc.ir import Conv2d, Linear, Program, write_program
from snnc.sim import reference
from snnc.sim.fast import Simulator

from .cases import unpooled

PEERS = ("snntorch", "norse", "spikingjelly", "sinabs")
ENVIRONMENTS = Path("build/nir-readers/envs")
HERE = Path(__file__).parent

LAVA_STEPS = (100, 1600)
"""Lava is timed over both; the difference is what steps cost without its start."""


@dataclass(frozen=True)
class Row:
    """One measurement: the median, and the fastest and slowest run."""

    case: str
    batch: int
    engine: str
    version: str
    us_per_sample_step: float
    spread: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


def row(case: str, batch: int, engine: str, of: str, seconds: Sequence[float], count: int) -> Row:
    """Of runs over ``count`` sample-steps each."""
    each = [s / count * 1e6 for s in seconds]
    return Row(case, batch, engine, of, statistics.median(each), (min(each), max(each)))


def timed(run: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each run; one before does not count."""
    run()
    return [timed_once(run) for _ in range(runs)]


def timed_in_turn(these: Sequence[Callable[[], object]], runs: int) -> list[list[float]]:
    """Seconds of each run of several, in turn, so that a slow moment of the machine meets all."""
    for run in these:
        run()
    turns = [[timed_once(run) for run in these] for _ in range(runs)]
    return [list(column) for column in zip(*turns, strict=True)]


def timed_once(run: Callable[[], object]) -> float:
    """Seconds of one run."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def time_fast(
    case: str,
    program: Program,
    spikes: NDArray[np.int8],
    runs: int,
    name: str = "snnc fast",
    products: bool | None = None,
) -> Row:
    """The fast engine; as the peers do, it gives the last layer's output at each step."""
    simulator = Simulator(program, products=products)
    seconds = timed(lambda: simulator.run(spikes, only=()), runs)
    count = spikes.shape[0] * spikes.shape[1]
    return row(case, len(spikes), name, version("snnc"), seconds, count)


def time_reference(case: str, program: Program, spikes: NDArray[np.int8], runs: int) -> Row:
    """The reference simulator."""
    seconds = timed(lambda: reference.simulate(program, spikes.astype(np.int64)), runs)
    count = spikes.shape[0] * spikes.shape[1]
    return row(case, len(spikes), "snnc reference", version("snnc"), seconds, count)


def time_lava(case: str, program: Program, spikes: NDArray[np.int8], runs: int) -> Row:
    """Lava's runtime on the Loihi payload, one sample, without what it needs to start."""
    backend = LoihiBackend()
    longest = np.concatenate([spikes[:1]] * (LAVA_STEPS[1] // spikes.shape[1] + 1), axis=1)
    seconds = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in write_program(program).items():
            (folder / file).write_bytes(content)
        emitted = backend.emit(program, folder)
        for _ in range(runs):
            took = []
            for steps in LAVA_STEPS:
                began = time.perf_counter()
                given = longest[:, :steps].astype(np.int64)
                backend.run("lava", folder, emitted, given, time_limit=600)
                took.append(time.perf_counter() - began)
            seconds.append(took[1] - took[0])
    count = LAVA_STEPS[1] - LAVA_STEPS[0]
    return row(case, 1, "lava", version("lava-nc"), seconds, count)


def time_peer(peer: str, case: str, program: Program, spikes: NDArray[np.int8], runs: int) -> Row:
    """A float simulator in its own environment, which is made where it is missing."""
    reader = BY_NAME[peer]
    arrays: dict[str, Any] = {"x": spikes}
    threshold = 0
    for number, projection in enumerate(program.projections):
        target = program.by_name[projection.target].neuron
        assert isinstance(projection.op, Linear | Conv2d) and target is not None
        if target.threshold is not None:  # what reads out has that of the layer before
            threshold = int(target.threshold) >> target.input_shift
        arrays[f"threshold{number}"] = threshold
        op: Linear | Conv2d = projection.op
        if isinstance(op, Conv2d):
            op, arrays[f"pool{number}"] = unpooled(number, op) if case == "vgg" else (op, 1)
            arrays[f"stride{number}"], arrays[f"padding{number}"] = op.stride, op.padding
        arrays[f"weight{number}"] = op.weight
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "case.npz"
        np.savez(path, **arrays)
        python = environment(reader, ENVIRONMENTS)
        command = [str(python), str(HERE / "run_peer.py"), peer, str(path), str(runs)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = json.loads(done.stdout.splitlines()[-1])
    count = spikes.shape[0] * spikes.shape[1]
    return row(case, len(spikes), peer, reader.version, seconds, count)
