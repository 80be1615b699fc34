"""Random programs on the hardware, compared with the reference simulator.

In the tests some; as many as wanted with

    python -m tests.backends.fpga.networks --first 0 --count 30 --engine verilator
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console

from snnc.backends.fpga import FpgaBackend
from snnc.conformance.bench import Bench, Wrong
from snnc.conformance.builder import Built
from snnc.conformance.kit import Kit
from tests.sim.corpus import PLAIN, Case, case

KINDS = (*PLAIN, "signed", "extreme")
"""Of ``tests/sim/corpus.py``: together they have every field of a program."""

MOST_PAYLOAD = 23


def options(network: Case, lanes: int = 1) -> FpgaBackend:
    """A back end whose input can carry the network's, with registers of 32 bits."""
    largest = int(np.abs(network.spikes).max(initial=1))
    bits = min(MOST_PAYLOAD, max(1, largest.bit_length()))
    return FpgaBackend(bits, 32, parallelism=lanes)


def compared(network: Case, engine: str, lanes: int = 1) -> str:
    """What is different from the reference, hidden potentials included; empty where nothing is."""
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(options(network, lanes), Kit(), (engine,), Path(name))
        try:
            bench.exact(Built(network.program, network.spikes))
        except Wrong as problem:
            return str(problem)
    return ""


def main() -> None:
    """Run as many as are asked for, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=10, help="of each kind")
    parser.add_argument("--engine", default="verilator")
    parser.add_argument("--lanes", type=int, default=1)
    asked = parser.parse_args()
    console, found = Console(), Counter[str]()
    for seed in range(asked.first, asked.first + asked.count):
        for kind in KINDS:
            problem = compared(case(kind, seed), asked.engine, asked.lanes)
            found["different" if problem else "equal"] += 1
            if problem:
                console.print(f"{kind} {seed}: {problem}")
    console.print(dict(found))


if __name__ == "__main__":
    main()
