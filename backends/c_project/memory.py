"""How much memory a project takes: estimated before it is compiled, and as the linker has it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from snnc.backends.c_code import Layout
from snnc.backends.c_code.table import SIGNED, UNSIGNED, narrowest, type_of

STACK = 2048
"""Bytes that the linker script keeps for the stack. Nothing recurs, and no function has arrays."""

CODE, POPULATION, CONNECTION = 2560, 384, 512
"""Bytes of code: of everything that is always there, of a population, of a connection. More than any of
the programs of the tests takes on any of the boards (tests/backends/c_project)."""

MAIN_RAM = 256
"""Bytes of RAM of main.c and frames.c beside counts and potentials, and for alignment."""


@dataclass(frozen=True)
class Sizes:
    """Bytes of flash and RAM, the stack included."""

    flash: int
    ram: int


def estimated(layout: Layout) -> tuple[int, int]:
    """Bytes of flash and of RAM that a project takes at the most."""
    connections = sum(len(place.connections) for place in layout.places)
    code = CODE + POPULATION * len(layout.places) + CONNECTION * connections
    kinds = SIGNED if layout.counts[0] < 0 else UNSIGNED
    entry = next(p for p in layout.places if p.population.neuron is None)
    readout = next(p for p in layout.places if p.population.neuron and "spikes" not in p.buffers)
    counts = entry.count * type_of(narrowest(*layout.counts, kinds)).itemsize
    own = counts + 4 * readout.count + MAIN_RAM
    return layout.table_bytes + code, layout.ram_bytes + own + STACK


def least(layout: Layout) -> tuple[int, int]:
    """Bytes of flash and of RAM that a project takes without its code: tables, state, stack."""
    return layout.table_bytes, layout.ram_bytes + STACK


def linked(text: str) -> Sizes:
    """What binutils' ``size`` says of a linked program (its default, Berkeley format).

    Raises:
        ValueError: it says something else.
    """
    numbers = re.match(r"\s*text\s+data\s+bss.*\n\s*(\d+)\s+(\d+)\s+(\d+)\s", text)
    if numbers is None:
        raise ValueError(f"not the output of size: {text[:200]!r}")
    code, data, zeros = map(int, numbers.groups())
    return Sizes(code + data, data + zeros)


def overflowed(text: str) -> dict[str, int]:
    """By how many bytes each memory is too small, from the linker's errors; empty where none is."""
    found = re.findall(r"region `(FLASH|RAM)' overflowed by (\d+) bytes", text)
    return {("flash" if name == "FLASH" else "RAM"): int(number) for name, number in found}
