"""Random programs on a board in QEMU and on the reference simulator.

python -m tests.backends.c_project.programs --networks 200
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from snnc.backends.c_code import lay_out
from snnc.backends.c_project import ProjectBackend
from snnc.backends.c_project.memory import estimated
from snnc.backends.cortex_m import CortexMBackend
from snnc.backends.riscv import RiscvBackend
from snnc.conformance.bench import first_difference
from snnc.errors import Severity, UserError
from snnc.ir import write_program
from snnc.sim.reference import simulate
from tests.sim.corpus import PORTABLE, Case, case, cases

REFUSED = "refused: "
FAMILIES: dict[str, type[ProjectBackend]] = {"cortex-m": CortexMBackend, "riscv": RiscvBackend}
BOARDS = {board: kind for kind in FAMILIES.values() for board in kind.boards}


@dataclass(frozen=True)
class Found:
    """What came of one program.

    Attributes:
        problem: why it is refused, or the first value that differs; empty where all are the same.
        narrow: populations whose potential takes less than 32 bits.
        slack: bytes of flash and of RAM that the estimate has more than the linker.
    """

    problem: str
    narrow: int = 0
    slack: tuple[float, float] = (0, 0)


def backend_for(network: Case, board: str) -> ProjectBackend:
    """A board whose registers are proved for exactly the input's range."""
    most = max(1, int(network.spikes.max(initial=1)))
    return BOARDS[board](board=board, counts=most, least=min(0, int(network.spikes.min(initial=0))))


def tried(network: Case, board: str) -> Found:
    """Run a network on a board, every spike and potential compared."""
    backend = backend_for(network, board)
    refused = [d for d in backend.check(network.program) if d.severity is Severity.ERROR]
    if refused:
        return Found(f"{REFUSED}{refused[0].render()}")
    layout = lay_out(network.program, backend.target)
    kinds = [p.buffers["potential"].kind for p in layout.places if "potential" in p.buffers]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in write_program(network.program).items():
            (folder / file).write_bytes(content)
        emitted = backend.emit(network.program, folder)
        try:
            found = backend.run(
                "qemu", folder, emitted, network.spikes, time_limit=300, potentials=True
            )
        except UserError as failed:
            return Found(failed.diagnostics[0].render())
    problem = first_difference(simulate(network.program, network.spikes, states=True), found)
    linked = {m.name: m.value for m in found.measured}
    flash, ram = estimated(layout)
    slack = (flash - linked["flash"], ram - linked["RAM"])
    return Found(problem, sum(kind != "int32_t" for kind in kinds), slack)


def tried_where_it_fits(network: Case, board: str) -> tuple[Found, bool]:
    """As :func:`tried`; on the family's largest board where this RAM is too small, and whether it was.

    Which board a network meets depends on how many boards and kinds of networks there are, so that a
    small one may be given any network: that refusal is right, and nothing is compared by it.
    """
    found, boards = tried(network, board), BOARDS[board].boards
    if not found.problem.startswith(f"{REFUSED}error[D472]"):
        return found, False
    return tried(network, max(boards, key=lambda name: boards[name].ram)), True


def main() -> None:
    """Compare on many networks; exit code 1 where any differs."""
    parser = argparse.ArgumentParser(description="Compare boards with the reference simulator.")
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=FAMILIES, default="cortex-m")
    given = parser.parse_args()
    console, boards = Console(), list(FAMILIES[given.target].boards)
    refused = wrong = narrow = 0
    least = [float("inf"), float("inf")]
    for number, (kind, seed) in enumerate(cases(given.networks, given.seed, PORTABLE)):
        found = tried(case(kind, seed), boards[number % len(boards)])
        narrow += found.narrow
        refused += found.problem.startswith(REFUSED)
        if found.problem:
            wrong += not found.problem.startswith(REFUSED)
            console.print(f"{kind} {seed}: {found.problem}", soft_wrap=True)
        else:
            least = [min(pair) for pair in zip(least, found.slack, strict=True)]
    console.print(
        f"{given.networks} random networks: {refused} refused, {wrong} differ; {narrow} populations "
        f"with less than 32 bits; the estimate has at least {least[0]:g} bytes of flash and "
        f"{least[1]:g} of RAM more than the linker"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
