"""``python -m tests.backends.akida.random_programs [N]``: N random programs on akida, every value."""

from __future__ import annotations

import sys
from collections import Counter

from snnc.backends.akida import AkidaBackend
from snnc.errors import UserError
from snnc.sim import simulate
from snnc.verify.compare import compare

from .engines import run
from .networks import random_program, random_spikes

SAMPLES, STEPS = 2, 12


def differing(seed: int) -> tuple[int, int]:
    """Values that differ between akida and the reference simulator, and values in all."""
    program = random_program(seed)
    spikes = random_spikes(program, seed, SAMPLES, STEPS)
    got, expected = run(program, spikes), simulate(program, spikes, states=True)
    arrays = [*expected.spikes.values(), *expected.potentials.values()]
    return compare(program, expected, got, potentials=True).mismatches, sum(a.size for a in arrays)


def main(number: int) -> int:
    """How many programs differ, are refused or do not map is printed; 1 where any differs."""
    found: Counter[str] = Counter()
    for seed in range(number):
        told = list(AkidaBackend().check(random_program(seed)))
        if told:
            found[f"refused {told[0].code}"] += 1
            continue
        try:
            wrong, values = differing(seed)
        except UserError as refused:
            found["programs that differ"] += 1  # what the checks let pass has to run
            sys.stdout.write(f"{seed}: {refused}\n")
            continue
        found["values"] += values
        found["programs that differ" if wrong else "equal"] += 1
        if wrong:
            sys.stdout.write(f"{seed}: {wrong} differ\n")
    sys.stdout.write(f"{dict(found)}\n")
    return 1 if found["programs that differ"] else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 240))
