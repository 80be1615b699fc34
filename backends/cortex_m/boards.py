"""The boards that a project can be made for, and the machines of QEMU that stand in for them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

KIBIBYTE = 1024


@dataclass(frozen=True)
class Board:
    """A board with a Cortex-M.

    Attributes:
        name: as in ``cortex-m{board=...}``.
        chip: what is on it.
        core: as GCC's ``-mcpu`` has it.
        flash_origin, flash: where programs and constants lie, and how many bytes there are.
        ram_origin, ram: the same of RAM, as far as it is in one piece.
        driver: the file with its serial line.
        machine: QEMU's, with what its serial line needs.
        tick: nanoseconds of the core's clock in that machine.
        shift: of ``-icount``: an instruction takes 2^shift ns, which is more than two ticks.
        source: who states the memories.
        write: the command that writes ``network.bin`` into its flash; empty where there is none.
    """

    name: str
    chip: str
    core: str
    flash_origin: int
    flash: int
    ram_origin: int
    ram: int
    driver: str
    machine: tuple[str, ...]
    tick: Fraction
    shift: int
    source: str
    write: str = ""


def _mps2(name: str, core: str, machine: str, note: str) -> Board:
    memory = 4 * KIBIBYTE * KIBIBYTE
    return Board(
        name,
        f"Arm MPS2 with the FPGA image of a {core}",
        core.lower(),
        0,
        memory,
        0x20000000,
        memory,
        "board_mps2.c",
        ("-M", machine),
        Fraction(40),
        7,
        f"Arm {note}, memory map: 4 MB of ZBT SSRAM 1 from 0, which stands in for flash, and 4 MB of "
        "ZBT SSRAM 2 and 3 from 0x20000000",
    )


NUCLEO = Board(
    "nucleo-f411re",
    "ST Nucleo-64 with an STM32F411RE (Cortex-M4)",
    "cortex-m4",
    0x08000000,
    512 * KIBIBYTE,
    0x20000000,
    128 * KIBIBYTE,
    "board_stm32f4.c",
    ("-M", "netduinoplus2"),
    Fraction(10**9, 168 * 10**6),
    4,
    "ST RM0383, section 2.1: STM32F411xE, 512 Kbytes of flash and 128 of SRAM",
    "st-flash write network.bin 0x08000000",
)

BOARDS = {
    board.name: board
    for board in (
        _mps2("mps2-an385", "Cortex-M3", "mps2-an385", "DAI 0385"),
        _mps2("mps2-an386", "Cortex-M4", "mps2-an386", "DAI 0386"),
        _mps2("mps2-an500", "Cortex-M7", "mps2-an500", "DAI 0500"),
        NUCLEO,
    )
}
DEFAULT = NUCLEO.name
