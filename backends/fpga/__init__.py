"""Target ``fpga``: the network as synthesizable SystemVerilog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from snnc.backends.base import INTERFACE, Emitted, Engine, Progress
from snnc.backends.payload_names import refuse_other_names, strange_files
from snnc.bounds import Bounds, refuse_outside
from snnc.errors import Diagnostic
from snnc.ir import Integers, Program, Target, Trace

from . import checks, emit, engine, staging
from .layout import lay_out
from .target import INPUT_BITS, MOST_INPUT_BITS, MOST_STATE_BITS, NAME, STATE_BITS, describe

__all__ = ["FpgaBackend"]

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input,restart-frames,"
    "set-neurons,quantize-activations,balance-thresholds,fold-thresholds,correct-rates,quantize-weights"
)


@dataclass(frozen=True)
class FpgaBackend:
    """Writes SystemVerilog, and runs it on Verilator or Icarus Verilog.

    Options:
        input-bits: bits of the input's payloads, without their sign, where it has any.
        state-bits: of current and potential in the program; registers are narrower where proved.
        spikes: the output's stream has the spikes of all neurons, too.
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "input_bits": Bounds(1, MOST_INPUT_BITS),
        "state_bits": Bounds(8, MOST_STATE_BITS),
    }

    input_bits: int = INPUT_BITS
    state_bits: int = STATE_BITS
    spikes: bool = False

    interface: ClassVar[int] = INTERFACE
    name: ClassVar[str] = NAME

    def __post_init__(self) -> None:
        refuse_outside(self, self.bounds, f"{NAME}{{}}")

    @property
    def target(self) -> Target:
        """What the hardware can do, whatever the device."""
        return describe(self.state_bits, self.input_bits)

    def pipeline(self) -> str:
        """The passes of a chip that has every neuron."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program cannot be hardware."""
        return checks.check(program, self.target)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """The folder ``fpga`` with SystemVerilog, the memories' contents and a README."""
        return emit.emit(program, folder, lay_out(program, self.input_bits, self.spikes))

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """Files that are not what the program gives."""
        files = emit.hardware_files(program, lay_out(program, self.input_bits, self.spikes))
        names = {name: f"{emit.FOLDER}/{name}" for name in files}
        refuse_other_names(emitted.files, names)
        found = [what for _, what in staging.different(files, folder)]
        return [*found, *strange_files(folder, [f"{emit.FOLDER}/README.md", *names.values()])]

    def engines(self) -> tuple[Engine, ...]:
        """Verilator and Icarus Verilog."""
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
        """Simulate the bundle's hardware."""
        return _run(
            engine,
            folder,
            spikes,
            target=self.target,
            bits=self.input_bits,
            sends=self.spikes,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
        )


_run = engine.run  # the protocol calls an argument of ``run`` engine, too
