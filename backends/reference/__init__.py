"""Target ``reference``: no chip; the program itself, run by our simulators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from snnc.backends import program_copy
from snnc.backends.base import Emitted, Engine, Progress
from snnc.backends.payload_files import read_payload
from snnc.backends.payload_names import refuse_other_names, strange_files
from snnc.errors import Diagnostic
from snnc.ir import (
    SEVERAL_SPIKES,
    STANDARD,
    Code,
    Encoding,
    Integers,
    Program,
    Target,
    Trace,
    read_program,
)
from snnc.sim import FAST, REFERENCE, simulate

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input,restart-frames,"
    "set-neurons,quantize-activations,send-changes,balance-thresholds,fold-thresholds,correct-rates,quantize-weights"
)
FILES = {"program": "payload/program.json", "weights": "payload/weights.npz"}


class ReferenceBackend:
    """Writes the program and runs it again from disk: the smallest back end there can be."""

    interface = 1
    name = "reference"
    target = Target(
        "reference",
        codes=tuple(Code),
        encodings=tuple(Encoding),
        shares_columns=True,
        neuron_models=(STANDARD, SEVERAL_SPIKES, "delta", "sigma-delta"),
        hardware="nothing: it runs on any computer",
        overflow="both simulators wrap and saturate alike",
    )

    def pipeline(self) -> str:
        """The same passes as for a chip, without its limits."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every program fits."""
        return iter(())

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """The folder ``payload`` with ``program.json`` and ``weights.npz``."""
        (folder / "payload").mkdir()
        for name, content in program_copy.written(folder).items():
            (folder / "payload" / name).write_bytes(content)
        return Emitted(dict(FILES))

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """The copy, value by value."""
        refuse_other_names(emitted.files, FILES)
        found = program_copy.differences(program, folder, emitted.files)
        return [*found, *strange_files(folder, FILES.values())]

    def engines(self) -> tuple[Engine, ...]:
        """The reference simulator and the fast one."""
        return tuple(Engine(name, "snnc", True, potentials=True) for name in (REFERENCE, FAST))

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
        """Read the program back and simulate it; there is nothing that could hang."""
        structure = read_payload(folder / emitted.files["program"])
        packed = read_payload(folder / emitted.files["weights"])
        program = read_program(structure, packed, place=str(folder))
        return simulate(program, spikes, states=potentials, simulator=engine, progress=progress)
