"""What the targets of all families of cores have in common: a project for a board, run in QEMU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from snnc.backends.base import INTERFACE, Emitted, Engine, Progress
from snnc.backends.payload_files import different
from snnc.backends.payload_names import refuse_other_names, strange_files
from snnc.bounds import Bounds, refuse_outside
from snnc.choices import refuse_other
from snnc.errors import Diagnostic
from snnc.ir import Integers, Program, Target, Trace

from . import building, checks, emit, engine
from .board import Board
from .target import LARGEST, describe

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input,restart-frames,"
    "set-neurons,quantize-activations,balance-thresholds,fold-thresholds,correct-rates,quantize-weights"
)


@dataclass(frozen=True)
class ProjectBackend:
    """A back end whose boards are in ``boards``; a family's is a subclass with a name and a default."""

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "counts": Bounds(1, LARGEST),
        "least": Bounds(-LARGEST, 0),
    }
    boards: ClassVar[Mapping[str, Board]]

    board: str
    counts: int = 255
    least: int = 0

    interface: ClassVar[int] = INTERFACE
    name: ClassVar[str]

    def __post_init__(self) -> None:
        refuse_outside(self, self.bounds, f"{self.name}{{}}")
        refuse_other(self.board, "board", self.boards, f"{self.name}{{board=...}}")

    @property
    def _board(self) -> Board:
        return self.boards[self.board]

    @property
    def target(self) -> Target:
        """The board, and input of so many events."""
        return describe(self._board, self.counts, self.least)

    def pipeline(self) -> str:
        """The passes of a chip without limits on connections."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program does not fit."""
        compiled = building.has_compiler(self._board.tools)
        return checks.check(program, self._board, self.target, self.boards, compiled=compiled)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """A folder with a project; says how much memory it takes.

        Raises:
            UserError: D471, D472 a memory of the board is too small, by the linker.
        """
        return emit.emit(program, folder, self._board, self.target)

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """Files that are not what the program gives."""
        made = emit.project_files(program, self._board, self.target)
        names = {name: f"{self.name}/{name}" for name in made}
        refuse_other_names(emitted.files, names)
        found = [what for _, what in different(made, folder / self.name)]
        return [*found, *strange_files(folder, [f"{self.name}/{emit.README}", *names.values()])]

    def engines(self) -> tuple[Engine, ...]:
        """QEMU."""
        return (engine.engine(self._board.tools),)

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
        """Build the bundle's project and run its network."""
        return _run(
            engine,
            folder,
            spikes,
            self._board,
            self.target,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
        )


_run = engine.run  # the protocol calls an argument of ``run`` engine, too
