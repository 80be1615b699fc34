"""Loihi 1: limits, partition over cores, and two emulators of it that others wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from snnc.backends import program_copy
from snnc.backends.base import Emitted, Engine, Progress
from snnc.backends.payload_files import read_payload, read_payload_json
from snnc.backends.payload_names import refuse_other_names, strange_files
from snnc.errors import Diagnostic, UserError
from snnc.ir import Integers, Program, Target, Trace
from snnc.settings import refuse_wrong

from . import checks, traffic
from . import engine as emulators
from .cores import partition
from .emit import CORES_FILE, FILES, README_FILE, cores_json, emit
from .installed import engines
from .places import ORDER, TRAFFIC, WAYS, Split
from .target import LOIHI1

__all__ = ["Loihi1Backend"]

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input{code=spread},"
    "restart-frames,set-neurons{reset=zero},quantize-activations,balance-thresholds,"
    "ease-hard-reset,fold-thresholds,correct-rates,quantize-weights"
)


@dataclass(frozen=True)
class Loihi1Backend:
    """Writes the network's integers and its cores, and runs them on nengo-loihi and brian2-loihi.

    Options:
        placement: how neurons are cut into cores: ``order`` (as they come), or ``traffic`` (of some
            ways that lay channels of a pixel side by side, and that one, the way that sends the fewest
            messages from core to core).
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"placement": (ORDER, TRAFFIC)}

    placement: str = ORDER
    interface = 1

    def __post_init__(self) -> None:
        refuse_wrong(self, LOIHI1.name)

    @property
    def name(self) -> str:
        """As on the command line."""
        return LOIHI1.name

    @property
    def target(self) -> Target:
        """The chip's limits, however neurons are cut."""
        return LOIHI1

    def pipeline(self) -> str:
        """Binary input, hard reset, thresholds of multiples of 64."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program does not fit."""
        yield from checks.check(program, WAYS[self.placement])

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """Write the folder ``payload`` and a README; says how full cores are, and what they send."""
        return emit(program, folder, example, self.placement)

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """The payload's copy of the program, value by value, and its cores."""
        refuse_other_names(emitted.files, FILES)
        found = program_copy.differences(program, folder, emitted.files)
        path = emitted.files["cores"]
        other = f"{path} is another {CORES_FILE} than the program's"
        try:
            together = emulators.read_cores(program, folder / path).together
            split = Split(partition(program, together), together)
        except UserError:  # no such cores, or a way of cutting that does not fit
            return [*found, other]
        if read_payload(folder / path) != cores_json(split):
            found.append(other)
        path = emitted.files["placement"]
        told = read_payload_json(folder / path)
        found += [f"{path}: {what}" for what in traffic.differences(program, split, told)]
        return [*found, *strange_files(folder, [README_FILE, *FILES.values()])]

    def engines(self) -> tuple[Engine, ...]:
        """nengo-loihi's emulator and brian2-loihi."""
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
        """Run the bundle from disk on one of the engines."""
        return emulators.run(
            engine,
            folder,
            emitted,
            spikes,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
        )
