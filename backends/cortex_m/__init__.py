"""Target ``cortex-m``: the network as a C project for a microcontroller with an Arm Cortex-M."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from snnc.backends.c_project import Board, ProjectBackend

from .boards import BOARDS, DEFAULT, NAME

__all__ = ["CortexMBackend"]


@dataclass(frozen=True)
class CortexMBackend(ProjectBackend):
    """Writes a C project for a board with a Cortex-M, and runs it in QEMU.

    Options:
        board: mps2-an385 (Cortex-M3), mps2-an386 (M4), mps2-an500 (M7) or nucleo-f411re (M4).
        counts: the largest count of an input element in a frame; registers are proved for it.
        least: the smallest, 0 or below.
    """

    boards: ClassVar[Mapping[str, Board]] = BOARDS
    name: ClassVar[str] = NAME

    board: str = DEFAULT
