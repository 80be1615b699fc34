"""``python -m tests.backends.akida.random_programs [N [DEVICE]]``: N random programs, every value."""

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


def differing(seed: int, device: str = "akd1000") -> tuple[int, int]:
    """Values that differ between akida and the reference simulator, and values in all."""
    program = random_program(seed, device)
    spikes = random_spikes(program, seed, SAMPLES, STEPS, device)
    got, expected = run(program, spikes, device), simulate(program, spikes, states=True)
    arrays = [*expected.spikes.values(), *expected.potentials.values()]
    return compare(program, expected, got, potentials=True).mismatches, sum(a.size for a in arrays)


def main(number: int, device: str) -> int:
    """How many programs differ, are refused or do not map is printed; 1 where any differs."""
    found: Counter[str] = Counter()
    for seed in range(number):
        told = list(AkidaBackend(device=device).check(random_program(seed, device)))
        if told:
            found[f"refused {told[0].code}"] += 1
            continue
        try:
            wrong, values = differing(seed, device)
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
    words = dict(enumerate(sys.argv))
    sys.exit(main(int(words.get(1, 240)), words.get(2, "akd1000")))
