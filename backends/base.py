"""What a back end is: the protocol that ``snnc`` talks to, and nothing target-specific."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from snnc.errors import Diagnostic
from snnc.ir import Integers, Program, Target, Trace

from .environments import Environment

INTERFACE = 1
"""Version of everything that a back end of another package relies on: this protocol, what it is given
and what it gives. It grows when a back end that was written for it would no longer work."""

Progress = Callable[[int], None]
"""Called with the number of samples that are done."""


@dataclass(frozen=True)
class Engine:
    """One way to run a target's bundle: what ``snnc targets`` shows.

    Attributes:
        name: as in ``verify --engine``.
        version: of the tool behind it, empty when it is not installed.
        installed: whether it can run here.
        how_to_install: one line for the user, empty when nothing is to be done.
        if_different: what to try where its spikes are others, for an engine that leaves out a part of
            the payload on purpose; empty for all others.
        environment: where it is installed, if not beside snnc; ``snnc targets install`` makes it.
        potentials: whether it can show the potentials of hidden populations; only then is
            :meth:`Backend.run` ever asked for them.
        partial: whether it can record some hidden populations and leave out the others; only then does
            :meth:`Backend.run` get ``populations``.
    """

    name: str
    version: str
    installed: bool
    how_to_install: str = ""
    if_different: str = ""
    environment: Environment | None = None
    potentials: bool = False
    partial: bool = False

    @staticmethod
    def inside(environment: Environment, name: str, target: str, *, potentials: bool = False) -> Engine:
        """An engine that is there where its environment is."""
        version = environment.version()
        cure = "" if version else f"snnc targets install {target}"
        return Engine(
            name, version, bool(version), cure, environment=environment, potentials=potentials
        )


@dataclass(frozen=True)
class Emitted:
    """What a payload consists of.

    Attributes:
        files: the files that the back end itself reads again, by role (POSIX paths relative to the
            bundle); the manifest keeps them.
        notes: effects that have a name and a size, beyond those of the passes.
    """

    files: dict[str, str]
    notes: tuple[Diagnostic, ...] = ()


class Backend(Protocol):
    """A target. Found through the entry-point group ``snnc.backends``.

    A back end that is a frozen dataclass has its fields as options: ``--target name{option=value}``.
    A class of another package that leaves anything out is named by ``snnc targets`` and not used.
    """

    @property
    def interface(self) -> int:
        """The :data:`INTERFACE` that it was written for, as a number: ``interface = 1``."""
        ...

    @property
    def name(self) -> str:
        """As on the command line."""
        ...

    @property
    def target(self) -> Target:
        """What it can do, for passes and checks."""
        ...

    def pipeline(self) -> str:
        """The passes that this target wants, as text (``name{option=value},name,...``)."""
        ...

    def check(self, program: Program) -> Iterator[Diagnostic]:
        """Every reason why a program does not fit the target, not the first only."""
        ...

    def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
        """Write the payload into an existing folder; same program and example, same bytes.

        Args:
            program: passed :meth:`check`.
            folder: the bundle-to-be, which holds the compiler's own two files.
            example: a few inputs, (samples, steps, \\*input shape), for effects that can only be
                measured by running the network.
        """
        ...

    def differences(self, program: Program, folder: Path, emitted: Emitted) -> list[str]:
        """Where the payload on disk says something else than the program; empty when nowhere.

        Raises:
            Exception: whatever a damaged payload makes a parser raise.
        """
        ...

    def engines(self) -> tuple[Engine, ...]:
        """The engines that can run this target's bundles; the first is the default."""
        ...

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
        """Run the bundle in ``folder`` from disk; spikes (samples, steps, \\*input shape).

        Each sample starts from the network's start state. Records every population's spikes and the
        readout's potential.

        Args:
            engine: one of :meth:`engines`.
            folder: the bundle.
            emitted: what its payload consists of.
            spikes: input payloads.
            time_limit: seconds.
            progress: told how many samples are done.
            potentials: also record the potential of every hidden population, or say in
                ``Trace.unread`` why one has none. True only for an engine that says that it can
                (``Engine.potentials``), so that a back end without such an engine needs no such
                argument.

        A back end with an engine that can leave out hidden populations (``Engine.partial``) also takes
        ``populations: frozenset[str] | None = None``, those to record, None for all. No other is
        given it.

        Raises:
            UserError: the engine is not installed, failed, or ran out of time.
        """
        ...
