"""BrainChip's Akida 1.0 (AKD1000, AKD1500) and 2.0, by the published layer API of its package alone.

The package is proprietary: it is in an environment of its own that the user makes after having accepted
its licence, and nothing of it is imported or copied here (docs/akida.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from snnc.backends.base import Emitted, Engine, Progress
from snnc.backends.payload_names import refuse_other_names
from snnc.errors import Diagnostic
from snnc.ir import Integers, Program, Target, Trace
from snnc.settings import refuse_wrong

from . import engine as software
from .checks import check
from .chips import DEVICES, chip_of
from .comparison import differences
from .emit import FILES, emit
from .installed import engines

__all__ = ["AkidaBackend"]


@dataclass(frozen=True)
class AkidaBackend:
    """Writes layers for Akida, and runs them on BrainChip's software backend.

    Options:
        device: on which the network has to map: ``akd1000`` or ``akd1500`` of version 1, or a virtual
            device of version 2, ``two-nodes-ipv2`` to ``twelve-nodes-ipv2``.
    """

    device: str = DEVICES[0]

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"device": DEVICES}
    interface: ClassVar[int] = 1

    def __post_init__(self) -> None:
        refuse_wrong(self, "akida")

    @property
    def name(self) -> str:
        """As on the command line."""
        return "akida"

    @property
    def target(self) -> Target:
        """What the version of Akida can do; the same for its devices but for their size."""
        return chip_of(self.device).target

    def pipeline(self) -> str:
        """The passes that a program for Akida needs."""
        return chip_of(self.device).pipeline

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program does not fit."""
        return check(program, chip_of(self.device))

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """Write layers, script and README into ``folder``."""
        return emit(program, folder, self.device)

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """The payload beside what the program makes, value by value."""
        refuse_other_names(emitted.files, FILES)
        return differences(program, folder, self.device)

    def engines(self) -> tuple[Engine, ...]:
        """akida's software backend, in an environment of its own."""
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
        """Run the bundle from disk on akida's software backend."""
        return software.run(
            engine,
            folder,
            spikes,
            device=self.device,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
        )
