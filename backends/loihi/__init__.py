"""Loihi 2, as lava-nc 0.10.0 models it. Importing this does not import Lava."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from snnc.backends import program_copy
from snnc.backends.base import Emitted, Engine, Progress
from snnc.errors import Diagnostic
from snnc.ir import Integers, Program, Target, Trace

from . import checks
from . import engine as lava
from .emit import emit
from .installed import engines
from .target import LOIHI

__all__ = ["LoihiBackend"]


class LoihiBackend:
    """Emits a Python package for Lava and runs it on Lava's own models."""

    name: str = LOIHI.name
    target: Target = LOIHI

    def pipeline(self) -> str:
        """The passes that a program for Loihi needs."""
        return (
            "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input,restart-frames,"
            "set-neurons,quantize-activations,balance-thresholds,fold-thresholds,quantize-weights"
        )

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program does not fit."""
        return checks.check(program)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """Write the package and its README into ``folder``."""
        return emit(program, folder)

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """The package's copy of the program, value by value."""
        return program_copy.differences(program, folder, emitted.files)

    def engines(self) -> tuple[Engine, ...]:
        """Lava's runtime, and Lava's models in one process."""
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
    ) -> Trace:
        """Run the bundle from disk on one of the engines."""
        return lava.run(engine, folder, emitted, spikes, time_limit=time_limit, progress=progress)
