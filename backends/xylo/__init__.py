"""Xylo 2, SynSense's chip for small recurrent networks, checked on the vendor's own simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from snnc.backends.base import Emitted, Engine, Progress
from snnc.backends.payload_names import refuse_other_names, strange_files
from snnc.errors import Diagnostic
from snnc.ir import Integers, Program, Trace

from . import checks
from . import engine as xylosim
from .comparison import differences
from .emit import FILES, README_FILE, emit
from .installed import engines
from .target import PIPELINE, XYLO

__all__ = ["XyloBackend"]


class XyloBackend:
    """Writes a configuration of Xylo 2 and runs it on xylosim."""

    interface: ClassVar[int] = 1
    name = "xylo"
    target = XYLO

    def pipeline(self) -> str:
        """The passes that a program for Xylo needs."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program does not fit."""
        return checks.check(program)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """Write configuration, mapping, readout and README into ``folder``."""
        return emit(program, folder, example)

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """The payload beside what the program makes, value by value."""
        refuse_other_names(emitted.files, FILES)
        found = differences(program, folder, emitted.files)
        return [*found, *strange_files(folder, [README_FILE, *FILES.values()])]

    def engines(self) -> tuple[Engine, ...]:
        """xylosim, in an environment of its own."""
        return engines()

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
        """Run the bundle from disk on xylosim."""
        return xylosim.run(
            engine,
            folder,
            emitted,
            spikes,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
        )
