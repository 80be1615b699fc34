"""Random networks that use everything a program can say, on the sample's C and the reference simulator.

python -m tests.samples.c_corpus --networks 200
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from samples.c_backend.snnc_c import CBackend
from snnc.backends import Emitted
from snnc.conformance.bench import first_difference
from snnc.errors import Severity
from snnc.ir import Program, write_program
from snnc.sim.reference import simulate
from tests.sim.corpus import PORTABLE, Case, case, cases

REFUSED = "refused: "
LARGE = CBackend(flash=2**30, ram=2**30)


def problem_with(network: Case) -> str:
    """Why a network is refused, or the first value that differs; empty where all are the same."""
    refused = [d for d in LARGE.check(network.program) if d.severity is Severity.ERROR]
    if refused:
        return f"{REFUSED}{refused[0].what}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        emitted = _written(network.program, folder)
        found = LARGE.run("cc", folder, emitted, network.spikes, time_limit=120, potentials=True)
    return first_difference(simulate(network.program, network.spikes, states=True), found)


def _written(program: Program, folder: Path) -> Emitted:
    for file, content in write_program(program).items():
        (folder / file).write_bytes(content)
    return LARGE.emit(program, folder)


def main() -> None:
    """Compare on many networks; exit code 1 where any differs."""
    parser = argparse.ArgumentParser(description="Compare C with the reference simulator.")
    parser.add_argument("--networks", type=int, default=200)
    networks = parser.parse_args().networks
    console, refused, wrong = Console(), 0, 0
    for kind, seed in cases(networks, 0, PORTABLE):
        problem = problem_with(case(kind, seed))
        refused += problem.startswith(REFUSED)
        if problem and not problem.startswith(REFUSED):
            wrong += 1
            console.print(f"{kind} {seed}: {problem}")
    console.print(f"{networks} random networks: {refused} refused, {wrong} differ")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
