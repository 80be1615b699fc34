"""Networks whose input has counts of both signs: reference, fast simulator and Lava, value by value.

python -m tests.verify.signed --networks 50
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.progress import track

from snnc.sim import FAST, REFERENCE, encode, simulate
from snnc.verify import compare
from tests.traces import differences
from tests.verify.bundles import KEPT, Made, Variant, made, written
from tests.verify.claims import prove_at
from tests.verify.corners import adversarial

SIGNED = (
    Variant("loihi", "rate"),
    Variant("loihi", "graded"),
    Variant("loihi", "rate", (KEPT,)),
    Variant("loihi", "graded", ("encode-input{code=graded}",)),
)
FRAMES, SAMPLES = 4, 12


@dataclass
class Found:
    """How one network compares: values compared with each engine, and what differs."""

    values: int = 0
    wrong: list[str] = field(default_factory=list)


def compared(network: Made, *, lava: bool) -> Found:
    """Run a network on inputs that fill its registers, within what is claimed.

    Args:
        network: compiled for loihi.
        lava: on Lava's models in one process too, which takes seconds to start.
    """
    found, rng = Found(), np.random.default_rng(network.seed)
    for claim in network.claims:
        frames = min(FRAMES, claim.frames or FRAMES)
        whole = adversarial(
            network.program, prove_at(network, claim), claim.low, claim.high, frames, rng
        )
        counts = whole[rng.permutation(len(whole))[:SAMPLES]]
        assert counts.min() < 0 < counts.max()
        spikes = encode(network.program, counts)
        wanted = simulate(network.program, spikes, simulator=REFERENCE, states=True)
        got = simulate(network.program, spikes, simulator=FAST, states=True)
        found.values += sum(v.size for v in (*got.spikes.values(), *got.potentials.values()))
        found.wrong += [f"{network}, fast: {text}" for text in differences(wanted, got)]
        if lava:
            with written(network, spikes) as (folder, emitted):
                got = network.backend.run("lava-inprocess", folder, emitted, spikes, time_limit=300)
            result = compare(network.program, wanted, got)
            found.values += result.compared
            if result.mismatches:
                found.wrong.append(f"{network}, Lava: {result.mismatches}, {result.first_divergence}")
    return found


def networks(number: int, seed: int) -> Iterator[Made]:
    """So many networks with signed input, the variants in turn."""
    return (made(SIGNED[n % len(SIGNED)], seed + n, signed=True) for n in range(number))


def main() -> None:
    """Compare many networks; exit code 1 where a value differs."""
    parser = argparse.ArgumentParser(description="Compare engines on counts of both signs.")
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = int(time.time()) % 10**6 if given.seed is None else given.seed
    console, values, wrong = Console(), 0, 0
    for network in track(networks(given.networks, seed), "networks", given.networks, console=console):
        found = compared(network, lava=True)
        values += found.values
        wrong += len(found.wrong)
        for text in found.wrong:
            console.print(text, markup=False)
    console.print(
        f"{given.networks} networks with counts of both signs, seed {seed}: {values} values of fast "
        f"simulator and Lava compared with the reference, {wrong} runs differ"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
