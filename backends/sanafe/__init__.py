"""SANA-FE: the program on its model of Loihi 1, for its estimate of energy and time.

SANA-FE is GPL-3: it is in an environment of its own, and nothing of it is imported or copied here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from snnc.backends.base import INTERFACE, Emitted, Engine, Progress
from snnc.backends.payload_names import refuse_other_names
from snnc.bounds import Bounds
from snnc.errors import Diagnostic
from snnc.ir import Integers, Program, Target, Trace
from snnc.placement import METHODS
from snnc.settings import refuse_wrong

from . import engine as sanafe
from .checks import check
from .emit import FILES, differences, emit
from .target import INPUT_BITS, TARGET, Options, target

__all__ = ["SanafeBackend"]

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input{code=spread},restart-frames,"
    "set-neurons,quantize-activations,balance-thresholds,fold-thresholds,correct-rates,quantize-weights"
)
"""Loihi's own, with binary input: SANA-FE's spikes carry no payload."""


@dataclass(frozen=True)
class SanafeBackend:
    """Writes SANA-FE's architecture and network files; runs them there, with energy and time.

    Options:
        input-bits: bits of the input's payloads, 1 to 16, where it has any (``encode-input`` with
        another
            code than ``spread``): each is an input neuron with synapses of its own.
        placement: who is on which core: ``traffic`` (few messages between cores, within every limit of
            a core), ``metis`` or ``kahypar`` (the same, from a partitioner's split), ``random`` (by
            chance, within limits), or ``order`` (the order of appearance; places are the only limit).
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {"input_bits": Bounds(1, INPUT_BITS.value)}
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"placement": METHODS}

    input_bits: int = 4
    placement: str = "traffic"
    interface = INTERFACE

    def __post_init__(self) -> None:
        refuse_wrong(self, "sanafe")

    @property
    def _options(self) -> Options:
        return Options(self.input_bits, self.placement)

    @property
    def name(self) -> str:
        """As on the command line."""
        return TARGET.name

    @property
    def target(self) -> Target:
        """Loihi 1 with binary spikes, and so many bits of an input's payload."""
        return target(self.input_bits)

    def pipeline(self) -> str:
        """The passes that a program for SANA-FE needs."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why SANA-FE cannot do exactly what the program does."""
        return check(program, self.input_bits)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """Write SANA-FE's files, what the host does, a README and who is on which core."""
        return emit(program, folder, self._options, example)

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """Files that are not what the program makes them."""
        refuse_other_names(emitted.files, FILES)
        return differences(program, folder, self._options)

    def engines(self) -> tuple[Engine, ...]:
        """SANA-FE with the bundle's architecture, and with its own for Loihi."""
        return sanafe.engines()

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
        """Run the bundle from disk."""
        return sanafe.run(
            engine,
            folder,
            emitted,
            spikes,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
        )
