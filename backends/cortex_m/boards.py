"""The boards with a Cortex-M that a project can be made for, and the machines of QEMU for them."""

from __future__ import annotations

from fractions import Fraction
from importlib.resources import files

from snnc.backends.c_project import KIBIBYTE, Board, Tools

NAME = "cortex-m"
"""As on the command line."""

TOOLS = Tools(
    NAME,
    "arm-none-eabi-",
    "qemu-system-arm",
    ("--specs=nano.specs",),
    "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
    files(__package__).joinpath("project"),
    ("startup.c", "stop.h"),
    "Reset_Handler",
)

MANUALS = {
    "cortex-m3": "Arm DDI 0337I, table 3-1",
    "cortex-m4": "Arm 100166_0001_00, table 3-1",
}
"""Cores with published cycles, and where."""


def _mps2(name: str, core: str, note: str) -> Board:
    memory = 4 * KIBIBYTE * KIBIBYTE
    return Board(
        TOOLS,
        name,
        f"Arm MPS2 with the FPGA image of a {core}",
        core.lower(),
        (f"-mcpu={core.lower()}", "-mthumb"),
        0,
        memory,
        0x20000000,
        memory,
        "board_mps2.c",
        ("-M", name),
        f"Arm {note}, memory map: 4 MB of ZBT SSRAM 1 from 0, which stands in for flash, and 4 MB of "
        "ZBT SSRAM 2 and 3 from 0x20000000",
        shift=7,
        tick=Fraction(40),
        cycles=MANUALS.get(core.lower(), ""),
        clock=25_000_000,
        clocked="the FPGA image's clock",
    )


NUCLEO = Board(
    TOOLS,
    "nucleo-f411re",
    "ST Nucleo-64 with an STM32F411RE (Cortex-M4)",
    "cortex-m4",
    ("-mcpu=cortex-m4", "-mthumb"),
    0x08000000,
    512 * KIBIBYTE,
    0x20000000,
    128 * KIBIBYTE,
    "board_stm32f4.c",
    ("-M", "netduinoplus2"),
    "ST RM0383, section 2.1: STM32F411xE, 512 Kbytes of flash and 128 of SRAM",
    ("-serial", "null"),
    "st-flash write network.bin 0x08000000",
    shift=4,
    tick=Fraction(10**9, 168 * 10**6),
    cycles=MANUALS["cortex-m4"],
    clock=16_000_000,
    clocked="the chip's own oscillator, as after a reset",
)

BOARDS = {
    board.name: board
    for board in (
        _mps2("mps2-an385", "Cortex-M3", "DAI 0385"),
        _mps2("mps2-an386", "Cortex-M4", "DAI 0386"),
        _mps2("mps2-an500", "Cortex-M7", "DAI 0500"),
        NUCLEO,
    )
}
DEFAULT = NUCLEO.name
