"""The target ``riscv`` in the conformance suite."""

from __future__ import annotations

from typing import ClassVar

from snnc.backends.c_project.conformance import ProjectConformance

from .boards import NAME


class RiscvConformance(ProjectConformance):
    """What all microcontrollers can do."""

    target: ClassVar[str] = NAME
