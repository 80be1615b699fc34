"""Loihi 2, as lava-nc 0.10.0 models it. Importing this does not import Lava."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar

from snnc.backends import program_copy
from snnc.backends.base import Emitted, Engine, Progress
from snnc.backends.payload_files import read_payload, read_payload_json
from snnc.backends.payload_names import refuse_other_names, strange_files
from snnc.bounds import Bounds
from snnc.errors import Diagnostic, Severity
from snnc.ir import Code, Encoding, Integers, Program, Target, Trace
from snnc.placement import ROLE
from snnc.settings import refuse_wrong

from . import checks, placing
from . import engine as lava
from .emit import DATA_FILES, README_FILE, emit, package_name, payload_names, template_files
from .installed import engines
from .layout import population_places
from .stock import obstacles
from .target import LOIHI, MOST_CHIPS, on_chips, with_options

__all__ = ["LoihiBackend"]


PIPELINE = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays,encode-input,restart-frames,"
    "set-neurons,quantize-activations,send-changes,balance-thresholds,fold-thresholds,correct-rates,quantize-weights"
)
STOCK_PIPELINE = (
    PIPELINE.replace("choose-code", "choose-code{code=graded}")
    .replace("quantize-activations", "quantize-activations{levels=15,shift=0,clip=false}")
    .replace("quantize-weights", "quantize-weights{power-of-two=true,correct-bias=no,per=population}")
)
PROCESSES = ("any", "stock")
LEVELS = (Encoding.GRADED, Encoding.SPREAD, Encoding.ONCE)
"""Input for networks of Lava's own processes, none of which sums changes over frames."""


@dataclass(frozen=True)
class LoihiBackend:
    """Emits a Python package for Lava and runs it on Lava's own models.

    Options:
        processes: ``any`` (neurons that Lava lacks are in the package), or ``stock`` (Lava's own
            processes alone, or refused: the code ``graded`` without constants and clips, the code
            ``rate`` with neurons as Lava's LIF has them).
        chips: that the network may take: 1, a board of 8, a system of 1152. Neurons and synapses of
            that many are what it is checked against.
    """

    processes: str = "any"
    chips: int = 1

    bounds: ClassVar[Mapping[str, Bounds]] = {"chips": Bounds(1, MOST_CHIPS.value)}
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"processes": PROCESSES}

    def __post_init__(self) -> None:
        refuse_wrong(self, "loihi")

    interface: ClassVar[int] = 1

    @property
    def name(self) -> str:
        """As on the command line."""
        return LOIHI.name

    @property
    def target(self) -> Target:
        """Loihi 2, so many chips; with Lava's own processes alone, only their codes and shifts."""
        found = replace(on_chips(self.chips), name=with_options(self._given))
        if not self._stock:
            return found
        codes = (Code.RATE, Code.GRADED)
        return replace(found, codes=codes, encodings=LEVELS, shift_is_fixed=True)

    @property
    def _given(self) -> dict[str, Any]:
        """Options that are not as they are if left out."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {f.name: values[f.name] for f in fields(self) if values[f.name] != f.default}

    @property
    def _stock(self) -> bool:
        return self.processes == "stock"

    def pipeline(self) -> str:
        """The passes that a program for Loihi needs."""
        return STOCK_PIPELINE if self._stock else PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why the program does not fit."""
        yield from checks.check(program, self._given)
        if self._stock:
            yield from _stock_only(program)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """Write the package and its README into ``folder``; says which neurons are not Lava's own."""
        emitted = emit(program, folder, self._stock, example)
        return replace(emitted, notes=(*emitted.notes, _whose(program, self._stock)))

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """The package's copy of the program, value by value, and its code, byte by byte."""
        refuse_other_names(emitted.files, payload_names(program))
        package = package_name(program.name)
        code = {f"{package}/{name}": content for name, content in template_files().items()}
        names = [README_FILE, *code, *(f"{package}/{name}" for name in DATA_FILES)]
        other = [
            f"{name} is not the code that snnc emits"
            for name, content in code.items()
            if not (folder / name).is_file() or read_payload(folder / name) != content
        ]
        found = program_copy.differences(program, folder, emitted.files)
        if ROLE in emitted.files:
            path = emitted.files[ROLE]
            names.append(path)
            told = placing.differences(program, read_payload_json(folder / path))
            found += [f"{path}: {what}" for what in told]
        return [*found, *other, *strange_files(folder, names)]

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
        potentials: bool = False,
        populations: frozenset[str] | None = None,
    ) -> Trace:
        """Run the bundle from disk on one of the engines."""
        return lava.run(
            engine,
            folder,
            emitted,
            spikes,
            time_limit=time_limit,
            progress=progress,
            potentials=potentials,
            populations=populations,
        )


def _stock_only(program: Program) -> Iterator[Diagnostic]:
    """One message with everything that Lava's own processes cannot say."""
    found = list(obstacles(program))
    if not found:
        return
    places: dict[str, list[str]] = {}
    for where, what in found:
        places.setdefault(what, []).append(where)
    listed = "; ".join(f"{what} ({', '.join(names)})" for what, names in places.items())
    yield Diagnostic(
        "D424",
        f"Lava's processes cannot express this network: {listed}",
        ", ".join(dict.fromkeys(where for where, _ in found)),
        "loihi{processes=stock} allows only Lava's own processes",
        "change what is listed, or leave the option out: the package then "
        "contains the neurons that Lava lacks",
    )


OWN = ("Spiking", "SeveralSpikes", "Counting", "Readout", "LateSigmaDelta")
"""Processes that the package brings; everything else is Lava's own."""


def _whose(program: Program, stock: bool) -> Diagnostic:
    """Which populations need processes that are not Lava's own."""
    custom = [p for p in population_places(program, stock) if p.process in OWN]
    what = "every process is Lava's own"
    if custom:
        named = ", ".join(f"{p.name} ({p.process})" for p in custom)
        what = f"not Lava's own processes: {named}"
    return Diagnostic("N730", what, program.name, severity=Severity.NOTE)
