"""Whether a device's block memories can hold a network at all, known before anything is synthesized.

Counted from below, so that nothing is refused that would fit: a memory that is smaller than one block
may become logic, and bits of a table that are the same in all its words are not stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from snnc.errors import Diagnostic

from .devices import DEVICES, Device
from .layout import Layout
from .memories import Memory
from .target import NAME

PLAIN = "use a smaller network or fewer --weight-bits"


def needed_bits(layout: Layout) -> Mapping[str, int]:
    """Bits of each memory that Yosys stores, at the least, by name.

    The two tables that the hardware reads without a cycle's wait are logic, and not among them. Of an
    event only those bits of a neuron's number count that an address takes.
    """
    given = layout.parameters
    found = {m.name: len(m.words) * _varying(m) for m in layout.memories if m.name not in LOGIC}
    sizes = layout.memory_sizes
    unread = max(0, given["NEURON"] - (max(given["TAPS"], given["PLACES"]) - 1).bit_length())
    for name, less in (("events", unread), ("states", 0)):
        words, bits = sizes[name]
        found[name] = words * (bits - less)
    lanes = range(given["LANES"])  # each has its own sums
    return found | {f"sums of lane {lane}": given["SUMS"] * given["SUM"] for lane in lanes}


LOGIC = ("populations", "projections")


def _varying(memory: Memory) -> int:
    """Bits of a word that are not the same in all words."""
    first, seen = memory.words[0], 0
    for word in memory.words:
        seen |= word ^ first
    return seen.bit_count()


def least_blocks(bits: Mapping[str, int], device: Device) -> int:
    """Block memories of a device that these take at the least; what a block would hold is left out."""
    whole = device.memory_bits
    return sum(-(-each // whole) for each in bits.values() if each > whole)


def over(layout: Layout, name: str) -> Iterator[Diagnostic]:
    """D436 where a device has too few block memories for what a network has to store.

    Args:
        layout: the network.
        name: of the device, one of ``DEVICES``.
    """
    device, bits = DEVICES[name], needed_bits(layout)
    least = least_blocks(bits, device)
    if least <= device.memories:
        return
    larger = [
        n if d.family.placer else f"{n} (an estimate; no open tool places it)"
        for n, d in DEVICES.items()
        if least_blocks(bits, d) <= d.memories
    ]
    most = max(bits, key=lambda memory: bits[memory])
    yield Diagnostic(
        "D436",
        f"at least {least} block memories of {device.memory_bits} bits, {name} has {device.memories}",
        f"{NAME}{{device}}",
        f"its memories take {sum(bits.values())} bits at the least, {bits[most]} of them the {most}; "
        "known before synthesis, from the layout, and the sources in snnc's docs/fpga.md",
        f"{PLAIN}, or a larger device: {', '.join(larger)}"
        if larger
        else f"{PLAIN}: none of the devices {', '.join(DEVICES)} holds it",
    )
