"""NIR, the exchange format of spiking networks: a ``.nir`` file that means what the program does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.backends.base import Emitted, Engine, Progress
from snnc.backends.payload_files import PAYLOAD, document_differences
from snnc.backends.payload_names import refuse_other_names, strange_files
from snnc.errors import Diagnostic
from snnc.files import parse_json, remember_hdf5
from snnc.ir import Integers, Program, Target, Trace
from snnc.optional import install_command, missing
from snnc.sim import encode

from . import engine as interpreter
from .bounds import Deadline
from .checks import check
from .choices import Choices
from .comparison import differences, stored
from .effects import effects
from .graph import write
from .reading import read
from .readme import readme
from .target import NIR, PIPELINE

__all__ = ["FILES", "NirBackend", "file_input"]

INSTALL = install_command("nir")
GRAPH, LAYOUT, README = "network.nir", "layout.json", "README.md"
FILES = {"graph": GRAPH, "layout": LAYOUT}
LITERAL, INFORMED = "nir", "nir-metadata"


@dataclass(frozen=True)
class NirBackend(Choices):
    """Writes a ``.nir`` file and runs it with the literal interpreter."""

    interface: ClassVar[int] = 1

    @property
    def name(self) -> str:
        """As on the command line."""
        return NIR.name

    @property
    def target(self) -> Target:
        """No limits but those of the reference simulator; potentials are cleared in metadata only."""
        return replace(NIR, clears=self.unsaid == "metadata")

    def pipeline(self) -> str:
        """The passes, without what NIR cannot represent and what can be left out."""
        return PIPELINE

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why NIR cannot say what the program does, with these options."""
        return check(program, self)

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """Write the graph, where everything is in it, and a README."""
        nir = _nir()
        written = write(nir, program, self)
        made = io.BytesIO()
        nir.write(made, written.graph)
        remember_hdf5(made.getvalue())
        (folder / GRAPH).write_bytes(made.getvalue())
        (folder / LAYOUT).write_text(written.layout.text(), encoding="utf-8")
        (folder / README).write_text(readme(program, self, written), encoding="utf-8")
        notes = effects(program, self, written, example)
        return Emitted(dict(FILES), tuple(notes))

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """Every number of the file that is not what the program makes it."""
        refuse_other_names(emitted.files, FILES)
        nir = _nir()
        meant = write(nir, program, self)
        found = read(folder, emitted.files)
        wrong = differences(stored(nir, meant.graph), found.graph)
        other = document_differences(
            LAYOUT, parse_json(meant.layout.text().encode(), LAYOUT, PAYLOAD), found.said
        )
        return [*wrong, *other, *strange_files(folder, [README, *FILES.values()])]

    def engines(self) -> tuple[Engine, ...]:
        """NIR's equations to the letter, and with what the file's metadata add."""
        try:
            found = version("nir")
        except PackageNotFoundError:
            found = ""
        cure = "" if found else INSTALL
        hint = f"use --engine {INFORMED}, which also follows snnc's metadata in the file"
        hints = {LITERAL: hint if self.unsaid == "metadata" else "", INFORMED: ""}
        return tuple(
            Engine(name, found, bool(found), cure, hint, potentials=True)
            for name, hint in hints.items()
        )

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
        """Run the file from disk in the interpreter."""
        _nir()
        deadline = Deadline.after(engine, time_limit)
        found = read(folder, emitted.files)
        return interpreter.run(
            found.graph,
            found.layout,
            spikes,
            metadata=engine == INFORMED,
            deadline=deadline,
            progress=progress,
            potentials=potentials,
        )


def file_input(folder: Path, program: Program, frames: NDArray[np.int64]) -> tuple[NDArray[Any], float]:
    """What a bundle's ``.nir`` file is given for frames of counts, and seconds a step.

    Args:
        folder: a bundle for NIR.
        program: its program.
        frames: counts, (samples, frames, \\*input shape).

    Returns:
        Values at each of the file's steps, (samples, steps, \\*shape of its Input), and seconds a step.
    """
    _nir()
    found = read(folder, FILES)
    spikes = encode(program, frames)
    return interpreter.node_input(found.graph, found.layout, spikes), found.layout.dt


def _nir() -> Any:
    """The package nir.

    Raises:
        UserError: D123 it is not installed.
    """
    try:
        import nir
    except ImportError as problem:
        what = "writing and running NIR files needs the package nir"
        raise missing("nir", what, problem) from None
    return nir
