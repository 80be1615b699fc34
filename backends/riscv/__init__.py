"""Target ``riscv``: the network as a C project for a microcontroller with a RISC-V core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from snnc.backends.c_project import Board, ProjectBackend

from .boards import BOARDS, DEFAULT, NAME

__all__ = ["RiscvBackend"]


@dataclass(frozen=True)
class RiscvBackend(ProjectBackend):
    """Writes a C project for a board with a RISC-V core of 32 bits, and runs it in QEMU.

    Options:
        board: hifive1-revb (SiFive FE310) or qemu-virt.
        counts: the largest count of an input element in a frame; registers are proved for it.
        least: the smallest, 0 or below.
    """

    boards: ClassVar[Mapping[str, Board]] = BOARDS
    name: ClassVar[str] = NAME

    board: str = DEFAULT
