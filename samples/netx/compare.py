"""Recorded spikes, currents and potentials of lava-dl's networks, compared with snnc's: every value.

``python -m samples.netx.compare`` prints a row for each layer and quantity; ``--lava`` runs the same
programs on Lava's own models as well, and compares these with the simulator.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

import snnc
from snnc.ir import Program, Trace
from snnc.sim import FAST, encode, simulate
from snnc.sim.reference import run_steps

from . import sigma_delta
from .fetch import found
from .programs import Ints, Row, difference, early, program_of, recorded

RESET, RESET_OF_CONSTANT = 17, 16
"""Steps between resets in PilotNet's recordings, and in that of its input spikes, ``input-s.npy``."""

STEPS = 24
"""Of PilotNet's recordings."""

ON_LAVA = 1200
"""Steps of N-TIDIGITS on Lava, a third of a second each: behind them there are no more spikes."""


def currents(program: Program, x: Ints, steps: int) -> dict[str, Ints]:
    """Currents of all populations after each step, (steps, \\*shape), by the reference simulator."""
    rows: dict[str, list[Ints]] = {}

    def watch(name: str, registers: Mapping[str, Ints]) -> None:
        rows.setdefault(name, []).append(registers["current"][0])

    for _ in zip(range(steps), run_steps(program, encode(program, x)[:, :steps], watch), strict=False):
        pass
    return {name: np.stack(values) for name, values in rows.items()}


def tiny(root: Path) -> Iterator[Row]:
    """``tiny.net``: two convolutions behind input neurons; the first recorded step is empty."""
    truth, steps = root / "gts" / "tinynet", 15
    program, x = program_of(root / "tiny.net"), tiny_counts(root)
    trace = simulate(program, encode(program, x), simulator=FAST)
    for name, file in (("layer0", "input"), ("layer1", "layer1"), ("layer2", "output")):
        start = program.by_name[name].start
        ours = trace.spikes[name][0, start : start + steps]
        found = np.moveaxis(np.asarray(np.load(truth / f"{file}.npy")[0], np.int64), -1, 0)[1:]
        yield difference("tiny", name, "spikes", ours, found)
    arrived = np.moveaxis(np.load(truth / "current.npy")[0], -1, 0)[1:]
    start = program.by_name["layer1"].start
    u = currents(program, x, start + steps)["layer1"][start:]
    yield difference("tiny", "layer1", "current", u, np.asarray(64 * arrived, np.int64))


def tiny_counts(root: Path) -> Ints:
    """What its input neurons' biases were, for 16 steps."""
    bias = np.asarray(np.load(root / "gts/tinynet/input_bias.npy"), np.int64).T
    return np.broadcast_to(bias, (1, 16, *bias.shape)).copy()


def ntidigits(root: Path) -> Iterator[Row]:
    """N-TIDIGITS: delays by neuron of 0 to 62 steps; the recording is one step late."""
    program, x = program_of(root / "gts/ntidigits/ntidigits.net"), ntidigits_counts(root)
    trace = simulate(program, encode(program, x), simulator=FAST)
    truth = recorded(root / "gts/ntidigits/output.npy")
    ours = trace.spikes["layer4"][0, : len(truth) - 1]
    yield difference("N-TIDIGITS", "layer4", "spikes", ours, truth[1:])


def ntidigits_counts(root: Path) -> Ints:
    """Its input spikes, 3000 steps."""
    spikes = recorded(root / "gts/ntidigits/input.npy")
    return spikes.reshape(1, len(spikes), 1, 1, -1)


PILOTNET = {
    "input": "layer0",
    **{f"conv-{n}": f"layer{n + 1}" for n in range(5)},
    **{f"fc-{n}": f"layer{n + 7}" for n in range(3)},
}
"""Recordings of PilotNet and the layers that they are of."""


def pilotnet_counts(root: Path) -> Ints:
    """What its input neurons' biases were, for 24 steps."""
    image = np.asarray(np.load(root / "gts/pilotnet_lif/image.npy"), np.int64).T
    return np.broadcast_to(image, (1, 24, *image.shape)).copy()


def pilotnet_program(root: Path, reset_interval: int) -> Program:
    """As it was recorded: with resets, biases from step 1 on."""
    return early(program_of(root / "gts/pilotnet_lif/network.net", reset_interval), 1)


def pilotnet(root: Path, *, with_currents: bool = True) -> Iterator[Row]:
    """PilotNet: everything that is recorded of every layer but the last, 24 steps.

    The last layer's recording is of another run: in one step spikes of four neurons arrive that never
    fire together in the recording of their own layer.
    """
    program, x = pilotnet_program(root, RESET), pilotnet_counts(root)
    trace = simulate(program, encode(program, x), states=True, simulator=FAST)
    u = currents(program, x, STEPS + 1) if with_currents else {}
    for file, name in PILOTNET.items():
        yield from _pilotnet_layer(root, file, name, trace, u)
    program = pilotnet_program(root, RESET_OF_CONSTANT)
    ours = simulate(program, encode(program, x), simulator=FAST).spikes["layer0"][0, 1 : 1 + STEPS]
    found = recorded(root / "gts/pilotnet_lif/input-s.npy")
    yield difference(f"PilotNet, reset every {RESET_OF_CONSTANT}", "layer0", "spikes", ours, found)


def pilotnet_as_compiled(root: Path) -> Iterator[Row]:
    """The same with biases from each layer's first step, from that step on: what a bundle does."""
    program = program_of(root / "gts/pilotnet_lif/network.net", RESET)
    trace = simulate(program, encode(program, pilotnet_counts(root)), states=True, simulator=FAST)
    for file, name in PILOTNET.items():
        first = program.by_name[name].start - 1
        yield from _pilotnet_layer(root, file, name, trace, {}, first)


def _pilotnet_layer(
    root: Path, file: str, name: str, trace: Trace, u: dict[str, Ints], first: int = 0
) -> Iterator[Row]:
    """Spikes, current and potential of a layer, as far as they are recorded; ours are a step later."""
    here = slice(first + 1, STEPS + 1)
    network = "PilotNet" if u else "PilotNet, as compiled"
    truth = root / "gts" / "pilotnet_lif"
    spikes, v = trace.spikes[name][0, here], trace.potentials[name][0, here]
    yield difference(network, name, "spikes", spikes, recorded(truth / f"{file}.npy")[first:])
    if name in u and (truth / f"{file}-u.npy").is_file():
        found = recorded(truth / f"{file}-u.npy")[first:]
        yield difference(network, name, "current", u[name][here], found)
    if (truth / f"{file}-v.npy").is_file():
        found = recorded(truth / f"{file}-v.npy")[first:]
        yield difference(network, name, "potential", v, found, spikes)


def on_lava(root: Path) -> Iterator[Row]:
    """The same programs on Lava's models in one process, compared with the fast simulator."""
    runs = (
        ("tiny", program_of(root / "tiny.net"), tiny_counts(root)),
        (
            "N-TIDIGITS",
            program_of(root / "gts/ntidigits/ntidigits.net"),
            ntidigits_counts(root)[:, :1200],
        ),
        ("PilotNet", pilotnet_program(root, RESET), pilotnet_counts(root)),
        *sigma_delta.runs(root),
    )
    for name, program, x in runs:
        bundle = snnc.compile(program, "loihi", calibration=x, allow_overflow=True)
        found = bundle.verify(x, engine="lava-inprocess", potentials=True, time_limit=3600)
        for row in found.comparison.populations:
            yield Row(
                f"{name} on Lava",
                row.population,
                row.quantity,
                program.steps(x.shape[1]),
                row.compared,
                row.mismatches,
            )


def main() -> int:
    """Print all rows."""
    root = found()
    if root is None:
        print("the networks are not there: python -m samples.netx.fetch")
        return 2
    parts = [tiny(root), ntidigits(root), pilotnet(root), pilotnet_as_compiled(root)]
    parts += [sigma_delta.rows(root), sigma_delta.input_block(root)]
    if "--lava" in sys.argv:
        parts.append(on_lava(root))
    print("| network | layer | quantity | steps | values | differ | shown as 128 |")
    print("|" + "---|" * 7)
    different = 0
    for part in parts:
        for r in part:
            print(
                f"| {r.network} | {r.layer} | {r.quantity} | {r.steps} | {r.values:,} | {r.differ} | "
                f"{r.shown:,} |",
                flush=True,
            )
            different += r.differ
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
