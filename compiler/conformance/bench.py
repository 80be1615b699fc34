"""What a case is tried on: a back end, its engines, and the comparison with the reference simulator."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from snnc.backends import Backend, Emitted
from snnc.errors import Severity, UserError
from snnc.ir import Integers, Program, ProgramPopulation, Trace, write_program
from snnc.ir.neuron_checks import check_changes, check_models
from snnc.sim.reference import simulate

from .builder import Built
from .kit import Kit

TIME_LIMIT = 300.0


class Wrong(Exception):
    """The back end does something else than the program."""


class NotInstalled(Exception):
    """No engine is there to run the case."""


@dataclass(frozen=True)
class Bench:
    """What a case is tried on.

    Attributes:
        backend: the target's.
        kit: what its networks are made of.
        engines: that run the case; an empty tuple means every one that is installed.
        folder: empty, the case's own.
        named: codes of the effects that the back end has named so far.
    """

    backend: Backend
    kit: Kit
    engines: tuple[str, ...]
    folder: Path
    named: set[str] = field(default_factory=set)

    def emit(self, program: Program, name: str = "bundle") -> tuple[Path, Emitted]:
        """The payload beside the compiler's own two files, as in a bundle.

        Raises:
            UserError: the back end refuses the program, with every reason.
        """
        target = self.backend.target
        found = [*check_models(program, target), *check_changes(program, target)]
        found += self.backend.check(program)
        errors = [d for d in found if d.severity is Severity.ERROR]
        if errors:
            raise UserError(*errors)
        folder = self.folder / name
        folder.mkdir()
        for file, content in write_program(program).items():
            (folder / file).write_bytes(content)
        emitted = self.backend.emit(program, folder)
        self.named.update(d.code for d in (*found, *emitted.notes))
        return folder, emitted

    def chosen(self) -> tuple[str, ...]:
        """The engines that can run and are asked for.

        Raises:
            NotInstalled: none is there.
        """
        engines = self.backend.engines()
        there = [
            e.name for e in engines if e.installed and (not self.engines or e.name in self.engines)
        ]
        if not there:
            raise NotInstalled("; ".join(f"{e.name}: {e.how_to_install}" for e in engines))
        return tuple(there)

    def exact(self, built: Built, folder: Path | None = None, emitted: Emitted | None = None) -> None:
        """Compare every engine with the reference simulator; hidden potentials too where it shows them.

        Raises:
            UserError: the back end refuses the program or the input.
            Wrong: a value differs, or the payload does.
        """
        if folder is None or emitted is None:
            folder, emitted = self.emit(built.program)
        different = self.backend.differences(built.program, folder, emitted)
        if different:
            raise Wrong(f"its own payload differs from the program: {different[0]}")
        wanted = simulate(built.program, built.spikes, states=True)
        seen = {p.name for p in built.program.populations if not _is_hidden(p)}
        for engine in self.chosen():
            found = self.run(engine, folder, emitted, built.spikes, potentials=self.shows(engine))
            unread = set(found.unread if self.shows(engine) else wanted.potentials) - seen
            problem = first_difference(wanted, found, unread)
            if problem:
                raise Wrong(f"{engine}: {problem}")

    def shows(self, engine: str) -> bool:
        """Whether an engine says that it can show hidden potentials."""
        return any(e.potentials for e in self.backend.engines() if e.name == engine)

    def run(
        self, engine: str, folder: Path, emitted: Emitted, spikes: Integers, *, potentials: bool = False
    ) -> Trace:
        """Run one engine; asked for hidden potentials as ``verify`` asks."""
        asked: dict[str, Any] = {"potentials": True} if potentials else {}
        return self.backend.run(engine, folder, emitted, spikes, time_limit=TIME_LIMIT, **asked)


def _is_hidden(population: ProgramPopulation) -> bool:
    return population.neuron is not None and population.neuron.threshold is not None


def first_difference(wanted: Trace, found: Trace, unread: Container[str] = ()) -> str:
    """The first value that differs, empty where all are the same; no potentials of ``unread``."""
    for quantity in ("spikes", "potentials"):
        ours: Mapping[str, Any] = getattr(wanted, quantity)
        theirs: Mapping[str, Any] = getattr(found, quantity)
        for name, values in ours.items():
            if quantity == "potentials" and name in unread:
                continue
            if name not in theirs:
                return f"no {quantity} of {name}"
            if theirs[name].shape != values.shape:
                return f"{quantity} of {name} have shape {theirs[name].shape}, not {values.shape}"
            places = np.argwhere(values != theirs[name])
            if len(places):
                at = tuple(int(i) for i in places[0])
                return (
                    f"{len(places)} of {values.size} {quantity} of {name} differ, first at sample "
                    f"{at[0]}, step {at[1] + 1}, neuron {list(at[2:])}: {theirs[name][at]} instead of "
                    f"{values[at]}"
                )
    return ""
