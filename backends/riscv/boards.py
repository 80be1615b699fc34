"""The boards with a RISC-V core that a project can be made for, and the machines of QEMU for them."""

from __future__ import annotations

from importlib.resources import files

from snnc.backends.c_project import KIBIBYTE, Board, Tools

NAME = "riscv"
"""As on the command line."""

TOOLS = Tools(
    NAME,
    "riscv64-unknown-elf-",
    "qemu-system-riscv32",
    ("--specs=picolibc.specs",),
    "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc",
    files(__package__).joinpath("project"),
    ("startup.c", "stop.h"),
    "_start",
)
FLAGS = ("-march=rv32imac", "-mabi=ilp32", "-mcmodel=medany")

HIFIVE1 = Board(
    TOOLS,
    "hifive1-revb",
    "SiFive HiFive1 Rev B with an FE310-G002 (RV32IMAC)",
    "rv32imac",
    FLAGS,
    0x20010000,
    4032 * KIBIBYTE,
    0x80000000,
    16 * KIBIBYTE,
    "board_hifive1.c",
    ("-M", "sifive_e,revb=true"),
    "SiFive HiFive1 Rev B Getting Started Guide: 4 MB of flash from 0x20000000, the first 64 KB "
    "being the boot loader's; SiFive FE310-G002 Manual, chapter 4: 16 KiB of data memory",
    write="openocd -f board/sifive-hifive1-revb.cfg -c 'program network.bin 0x20010000 reset exit'",
    clock=16_000_000,
    clocked="the board's crystal",
)

VIRT = Board(
    TOOLS,
    "qemu-virt",
    "QEMU's machine virt with a core of RV32IMAC",
    "rv32imac",
    FLAGS,
    0x80000000,
    4096 * KIBIBYTE,
    0x80400000,
    4096 * KIBIBYTE,
    "board_virt.c",
    ("-M", "virt", "-bios", "none"),
    "our own choice, of the 128 MiB of RAM from 0x80000000 that the machine has: 4 MiB for code and "
    "constants, 4 MiB for data",
)

BOARDS = {board.name: board for board in (HIFIVE1, VIRT)}
DEFAULT = HIFIVE1.name
