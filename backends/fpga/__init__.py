"""Target ``fpga``: the network as synthesizable SystemVerilog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from snnc.backends.base import INTERFACE, Emitted, Engine, Progress
from snnc.backends.payload_files import different
from snnc.backends.payload_names import refuse_other_names, strange_files
from snnc.bounds import Bounds, refuse_outside
from snnc.errors import Diagnostic, Severity, UserError
from snnc.ir import Integers, Program, Target, Trace
from snnc.settings import refuse_wrong

from . import capacity, checks, emit, engine
from .devices import DEVICES, NONE
from .fit import fit_differences, fitted
from .readme import readme
from .staging import Asked
from .target import INPUT_BITS, MOST_INPUT_BITS, MOST_STATE_BITS, NAME, STATE_BITS, describe

__all__ = ["FpgaBackend"]

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input,restart-frames,"
    "set-neurons,quantize-activations,balance-thresholds,fold-thresholds,correct-rates,quantize-weights"
)
MOST_LANES = 16
"""Of ``parallelism``: each lane takes a memory of sums, and what arrived is the total of all lanes."""

USUAL_CLOCK, FASTEST_CLOCK = 25, 1000
"""MHz: of the board where no device is named, and the most that can be asked for."""


@dataclass(frozen=True)
class FpgaBackend:
    """Writes SystemVerilog, and runs it on Verilator or Icarus Verilog.

    Options:
        input-bits: bits of the input's payloads, without their sign, where it has any.
        state-bits: of current and potential in the program; registers are narrower where proved.
        spikes: the output's stream has the spikes of all neurons, too.
        device: synthesize, place and route for it, and refuse what does not fit; ``none``: do not.
        clock: of the board, in MHz; 0: as the device's board has it, 25 without one.
        parallelism: connections of a spike that are added up in one cycle.
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "input_bits": Bounds(1, MOST_INPUT_BITS),
        "state_bits": Bounds(8, MOST_STATE_BITS),
        "clock": Bounds(0, FASTEST_CLOCK),
        "parallelism": Bounds(1, MOST_LANES),
    }
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"device": (NONE, *DEVICES)}

    input_bits: int = INPUT_BITS
    state_bits: int = STATE_BITS
    spikes: bool = False
    device: str = NONE
    clock: int = 0
    parallelism: int = 1

    interface: ClassVar[int] = INTERFACE
    name: ClassVar[str] = NAME

    def __post_init__(self) -> None:
        refuse_wrong(self, NAME)
        refuse_outside(self, self.bounds, f"{NAME}{{}}")

    @property
    def target(self) -> Target:
        """What the hardware can do, whatever the device."""
        return describe(self.state_bits, self.input_bits)

    @property
    def asked(self) -> Asked:
        """What the options say of the files."""
        usual = USUAL_CLOCK if self.device == NONE else DEVICES[self.device].clock
        return Asked(self.input_bits, self.spikes, self.clock or usual, self.parallelism)

    def pipeline(self) -> str:
        """The passes of a chip that has every neuron."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program cannot be hardware; whether a device suffices, ``emit`` says."""
        return checks.check(program, self.target)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """The folder ``fpga`` with SystemVerilog, the memories' contents and a README.

        With a device also what the network takes of it, and a bitstream.

        Raises:
            UserError: D436, D437 it does not fit the device; D601, D606 to D608 the tools.
        """
        asked = self.asked
        layout = asked.layout(program)
        if self.device != NONE and (wrong := list(capacity.over(layout, self.device))):
            raise UserError(*wrong)
        files = emit.hardware_files(program, layout, asked.clock)
        beside = {emit.README: readme(program, layout, self.device, asked.clock).encode()}
        if self.device == NONE:
            return emit.emit(folder, files, beside)
        found, bitstream = fitted(files, self.device, asked.clock)
        beside[emit.FIT] = found.text
        if bitstream is not None:
            beside |= {emit.BITSTREAM: bitstream, **DEVICES[self.device].pins}
        note = Diagnostic("N794", found.said(), program.name, severity=Severity.NOTE)
        return Emitted(emit.emit(folder, files, beside).files, (note,))

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """Files that are not what the program gives; a bitstream has to be there, no more."""
        asked = self.asked
        layout = asked.layout(program)
        files = emit.hardware_files(program, layout, asked.clock)
        names = {name: f"{emit.FOLDER}/{name}" for name in files}
        refuse_other_names(emitted.files, names)
        found = [what for _, what in different(files, folder / emit.FOLDER)]
        beside = [emit.README]
        if self.device != NONE:
            found += fit_differences(folder / emit.FOLDER, self.device)
            placed = DEVICES[self.device].pins
            beside += [emit.FIT, *([emit.BITSTREAM, *placed] if placed else [])]
        known = [*(f"{emit.FOLDER}/{name}" for name in beside), *names.values()]
        return [*found, *strange_files(folder, known)]

    def engines(self) -> tuple[Engine, ...]:
        """Verilator, Icarus Verilog, and Verilator on what Yosys made of the hardware."""
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
            asked=self.asked,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
        )


_run = engine.run  # the protocol calls an argument of ``run`` engine, too
