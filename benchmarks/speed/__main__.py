"""Times snnc's engines and their competitors in one run.

    python -m benchmarks.speed [--runs 5] [--peer sinabs ...] [--no-lava] [--only gesture ...]

Writes ``build/bench.json`` (one row a measurement) and the tables between the marks of
``docs/performance.md``, if nothing was left out. Competitors are installed in environments of their
own where they are missing.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

import snnc
from samples.moving_digits.data import write_data

from .cases import DENSITY, STEPS, Case, compared, delays, mlp, recurrent, rollout, spikes, standard
from .engines import PEERS, Row, time_fast, time_lava, time_peer, time_reference
from .roofline import time_roofline
from .tables import bare_table, growth_table, peer_table, plain_table, replace_marked

OUTPUT = Path("build/bench.json")
DOCUMENT = Path("docs/performance.md")
MODEL = Path("samples/moving_digits/model.pt")
DENSITIES = (0.001, 0.01, 0.05, 0.2, 0.5, 1.0)
WAYS = {"snnc fast": None, "event by event": False, "matrix products": True}
GROWTH = {
    "steps": tuple((100 * f, 64, 512, DENSITY) for f in (1, 2, 5, 10)),
    "samples": tuple((100, 64 * f, 512, DENSITY) for f in (1, 2, 5, 10)),
    "width": tuple((100, 64, 256 * f, DENSITY) for f in (1, 2, 5, 10)),
    "spikes": tuple((100, 64, 512, DENSITY * f) for f in (1, 2, 5, 10)),
}
"""(steps, samples, width, density) of 784-width-10."""


def against_peers(runs: int, peers: list[str], lava: bool, only: Sequence[str]) -> Iterator[Row]:
    """The networks that every competitor can run."""
    for case in compared():
        if only and case.name not in only:
            continue
        for batch in case.batches:
            given = case.spikes(batch)
            yield time_fast(case.name, case.program, given, runs)
            if not case.large:
                yield time_reference(case.name, case.program, given, min(runs, 3))
            for peer in peers:
                yield time_peer(peer, case.name, case.program, given, runs)
        if lava and not case.large:
            yield time_lava(case.name, case.program, case.spikes(1), min(runs, 5))


def bare_loops(runs: int) -> Iterator[tuple[Row, Row, float]]:
    """The bare additions of these networks, beside the whole of the fast simulator."""
    for case in compared():
        if case.name != "conv":
            batch = 64 if case.name == "mlp" else 1
            yield time_roofline(case.program, case.spikes(batch), runs)


def own_cases() -> Iterator[Case]:
    """Loops, delays and the shipped rollout network."""
    yield standard("recurrent", recurrent())
    yield standard("delays", delays())
    place = Path("build/moving_digits")
    write_data(place)
    bundle = place / "bench.loihi"
    snnc.compile(MODEL, "loihi", bundle, code=None)
    yield rollout(bundle, place / "test.npz")


def alone(runs: int) -> Iterator[Row]:
    """What no competitor runs exactly: both engines of ours."""
    for case in own_cases():
        for batch in case.batches:
            given = case.spikes(batch)
            yield time_fast(case.name, case.program, given, runs)
            yield time_reference(case.name, case.program, given, min(runs, 3))


def densities(runs: int) -> Iterator[Row]:
    """From silence to every neuron at every step, chosen by the engine and forced."""
    network = mlp()
    for density in DENSITIES:
        given = spikes(network, 64, density=density)
        for engine, products in WAYS.items():
            yield time_fast(f"mlp at {density:.1%}", network, given, runs, engine, products)


def growth(runs: int) -> Iterator[tuple[str, float, Row, float]]:
    """What grows, how much of it there is, the row, and seconds of the whole run."""
    for what, sizes in GROWTH.items():
        for index, (steps, samples, width, density) in enumerate(sizes):
            network = mlp(width)
            given = spikes(network, samples, steps, density)
            found = time_fast(f"mlp, {what} x{(1, 2, 5, 10)[index]}", network, given, runs)
            seconds = found.us_per_sample_step * samples * steps / 1e6
            yield what, float((1, 2, 5, 10)[index]), found, seconds


def fitted(points: list[tuple[float, float]]) -> tuple[float, float, float]:
    """A straight line through times, by least squares: its begin, its slope and R squared."""
    x, y = np.array(points).T
    slope, begin = np.polyfit(x, y, 1)
    left = np.square(y - begin - slope * x).sum() / np.square(y - y.mean()).sum()
    return float(begin), float(slope), float(1 - left)


def machine() -> str:
    """Where the numbers are from."""
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    cores = len(os.sched_getaffinity(0))
    day = datetime.now(UTC).date().isoformat()
    return f"{cores} cores of {model}, {platform.machine()}, Python {platform.python_version()}, {day}"


def main(
    runs: Annotated[int, typer.Option(help="of each, beside the first")] = 7,
    peer: Annotated[list[str] | None, typer.Option(help="only these competitors")] = None,
    lava: Annotated[bool, typer.Option(help="time Lava too")] = True,
    only: Annotated[list[str] | None, typer.Option(help="only these networks, and only them")] = None,
) -> None:
    """Time everything and write the tables; those of a part are only printed."""
    console = Console()
    rows: list[Row] = []

    def keep(found: Iterator[Row]) -> list[Row]:
        taken = []
        for one in found:
            low, high = one.spread
            console.print(
                f"{one.case}, batch {one.batch}, {one.engine} {one.version}: "
                f"{one.us_per_sample_step:.3g} us ({low:.3g} to {high:.3g})"
            )
            taken.append(one)
        rows.extend(taken)
        return taken

    beside = keep(against_peers(runs, peer or list(PEERS), lava, only or ()))
    if only:
        console.print("\n".join(peer_table(beside)), soft_wrap=True)
        return
    bare = list(bare_loops(runs))
    for loop, single, _ in bare:
        keep(iter([loop, single]))
    own = keep(alone(runs))
    at_densities = keep(densities(runs))
    points: dict[str, list[tuple[float, float]]] = {}
    grown: list[Row] = []
    for what, factor, one, seconds in growth(runs):
        grown += keep(iter([one]))
        points.setdefault(what, []).append((factor, seconds))
    lines = {what: fitted(found) for what, found in points.items()}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([one.as_json() for one in rows], indent=1) + "\n")
    text = "\n".join(
        [
            f"{runs} runs of each (Lava and the reference fewer), {STEPS} steps, {machine()}.",
            "",
            *peer_table(beside),
            "",
            *bare_table(bare),
            "",
            *plain_table(own),
            "",
            *plain_table(at_densities),
            "",
            *growth_table(points, lines),
        ]
    )
    if lava and not peer:
        replace_marked(DOCUMENT, text)
    else:
        console.print(text, soft_wrap=True)
    assert all(math.isfinite(one.us_per_sample_step) for one in rows)


if __name__ == "__main__":
    typer.run(main)
