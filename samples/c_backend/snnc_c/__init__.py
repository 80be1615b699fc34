"""Target ``c``: the network as C99 for a microcontroller. A sample of how a back end is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from snnc.backends import Emitted, Engine, Progress, refuse_other_names, strange_files
from snnc.backends.payload_files import different
from snnc.bounds import MOST, Bounds, refuse_outside
from snnc.errors import Diagnostic
from snnc.ir import Integers, Program, Target, Trace

from . import checks, emit, engine
from .target import FLASH, NAME, RAM, describe

__all__ = ["CBackend"]

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,drop-weak-weights,choose-code,match-delays,encode-input,"
    "restart-frames,set-neurons,quantize-activations,balance-thresholds,fold-thresholds,quantize-weights"
)


@dataclass(frozen=True)
class CBackend:
    """Writes C99 with integers alone, and runs it on this computer.

    Options:
        flash: bytes of flash for tables.
        ram: bytes of RAM for state.
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {"flash": Bounds(1, MOST), "ram": Bounds(1, MOST)}

    flash: int = FLASH
    ram: int = RAM

    interface: ClassVar[int] = 1
    name: ClassVar[str] = NAME

    def __post_init__(self) -> None:
        refuse_outside(self, self.bounds, f"{NAME}{{}}")

    @property
    def target(self) -> Target:
        """What C and the chip can do."""
        return describe(self.flash, self.ram)

    def pipeline(self) -> str:
        """The passes of a chip, with one of our own."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program does not fit."""
        return checks.check(program, self.target)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """The folder ``c`` with the code and a README; says how much memory it takes."""
        return emit.emit(program, folder, self.target)

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """Files that are not what the program gives."""
        files = emit.payload_files(program, self.target)
        names = {name: f"{emit.FOLDER}/{name}" for name in files}
        refuse_other_names(emitted.files, names)
        found = [what for _, what in different(files, folder / emit.FOLDER)]
        return [*found, *strange_files(folder, [f"{emit.FOLDER}/README.md", *names.values()])]

    def engines(self) -> tuple[Engine, ...]:
        """This computer's C compiler, and one from PyPI."""
        return engine.engines()

    def run(
        self,
        engine: str,
        folder: Path,
        emitted: Emitted,
        spikes: Integers,
        *,
        time_limit: float,
        progress: Progress | None = None,
        potentials: bool = False,
    ) -> Trace:
        """Compile the bundle's code and run it."""
        return _run(
            engine,
            folder,
            spikes,
            self.target,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
        )


_run = engine.run  # the protocol calls an argument of ``run`` engine, too
