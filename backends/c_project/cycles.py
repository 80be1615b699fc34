"""How many cycles a step takes on a Cortex-M: an estimate from the instructions that QEMU saw.

QEMU has no model of cycles. Arm's manuals state them for each instruction, from and to: a load is
pipelined or not, a taken branch refills the pipeline in 1 to 3 cycles, a division takes 2 to 12. Flash
without wait states, as there. A Cortex-M7 starts two instructions at once where it can; its manual
states no cycles, so that nothing is said of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

REFILL = (1, 3)
"""Cycles to refill the pipeline after a branch."""

LONG_M3 = {"mla": (2, 2), "mls": (2, 2), "umull": (3, 5), "smull": (3, 5)}
LONG_M3 |= {"umlal": (4, 7), "smlal": (4, 7)}
DIVISIONS = {"udiv": (2, 12), "sdiv": (2, 12)}

LISTED = re.compile(r"^0x([0-9a-f]{8}):\s+([0-9a-f ]+?)\s{2,}(\S+)\s*(.*)$")
RAN = re.compile(r"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/\S+\] (\S*)")

HARNESS = frozenset(
    (
        *(
            "main",
            "call",
            "moved",
            "written",
            "said",
            "failed",
            "opened",
            "SysTick_Handler",
            "Reset_Handler",
        ),
        *("network_reset", "network_spikes", "network_potentials", "network_output"),
    )
)
"""Functions that are no part of a step."""


@dataclass(frozen=True)
class Instruction:
    """One line of QEMU's listing: its address, bytes, name without suffixes, and operands."""

    address: int
    size: int
    name: str
    operands: str


@dataclass(frozen=True)
class Mix:
    """What was executed: instructions, and the fewest and most cycles that they take."""

    instructions: int
    least: int
    most: int


def mix(lines: Iterable[str], core: str) -> Mix:
    """Count what ``-d exec,nochain,in_asm`` wrote, without the harness.

    Args:
        lines: of the log: blocks of instructions when they are first seen, and a line for each run.
        core: a Cortex-M whose manual states cycles.
    """
    blocks: dict[int, list[Instruction]] = {}
    listing: list[Instruction] = []
    ran: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    before: list[Instruction] = []
    for line in lines:
        if listed := LISTED.match(line):
            listing.append(_read(listed))
        elif line.startswith("IN:"):
            listing = []
        elif run := RAN.match(line):
            start = int(run[1], 16)
            if listing and listing[0].address == start:
                blocks[start] = listing
            if before and start != before[-1].address + before[-1].size:
                taken[before[0].address] += 1
            before = [] if run[2] in HARNESS else blocks.get(start, [])
            if before:
                ran[start] += 1
    total = [0, 0, 0]
    for start, times in ran.items():
        for number, value in enumerate(_block(blocks[start], times, taken[start], core)):
            total[number] += value
    return Mix(*total)


def _read(listed: re.Match[str]) -> Instruction:
    name = listed[3].removesuffix(".w").removesuffix(".n")
    return Instruction(int(listed[1], 16), len(listed[2].replace(" ", "")) // 2, name, listed[4])


def _block(block: list[Instruction], times: int, taken: int, core: str) -> Iterator[int]:
    """Instructions, fewest and most cycles of all runs of a block, of which some ended in a jump."""
    costs = [cycles(each, core) for each in block]
    yield times * len(block)
    yield times * sum(low for low, _ in costs) + taken * REFILL[0]
    yield times * sum(high for _, high in costs) + taken * REFILL[1]


def cycles(each: Instruction, core: str) -> tuple[int, int]:
    """The fewest and the most cycles of an instruction; what a jump adds is counted apart."""
    name = each.name
    if name in DIVISIONS:
        return DIVISIONS[name]
    if core == "cortex-m3" and name in LONG_M3:
        return LONG_M3[name]
    if name in ("push", "pop") or name.startswith(("ldm", "stm")):
        registers = _registers(each.operands)
        return registers, registers + 1
    if name in ("ldrd", "strd"):
        return 2, 3
    if name in ("tbb", "tbh"):
        return 2, 2
    if name.startswith(("ldr", "str")):
        return 1, 2
    if name.startswith("it") and set(name[1:]) <= {"t", "e"}:
        return 0, 1
    return 1, 1


def _registers(operands: str) -> int:
    """How many registers are in a list such as ``{r4, r5, lr}``; ranges are written out by QEMU."""
    return operands.partition("{")[2].count(",") + 1
