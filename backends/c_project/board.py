"""What a project has to know of a board: its memories, its tools, and the machine of QEMU for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from importlib.resources.abc import Traversable

KIBIBYTE = 1024


@dataclass(frozen=True)
class Tools:
    """What a family of cores is built and run with.

    Attributes:
        target: the name of the family's target; the payload's folder too.
        prefix: of the compiler's and the linker's programs, ``arm-none-eabi-``.
        qemu: the program that runs them.
        linking: words for the linker beside those that all families share.
        packages: of Debian, that have them.
        files: the family's own files of a project; ``counting.h``, which the harness needs, is no part
            of one.
        whole: names of those that are in every project.
        entry: where a program begins.
    """

    target: str
    prefix: str
    qemu: str
    linking: tuple[str, ...]
    packages: str
    files: Traversable
    whole: tuple[str, ...]
    entry: str


@dataclass(frozen=True)
class Board:
    """A board.

    Attributes:
        tools: of its family.
        name: as in ``cortex-m{board=...}``.
        chip: what is on it.
        core: its core's name.
        flags: how the compiler is told the core.
        flash_origin, flash: where programs and constants lie, and how many bytes there are.
        ram_origin, ram: the same of RAM, as far as it is in one piece.
        driver: the file with its serial line.
        machine: QEMU's.
        source: who states the memories.
        serial: words for QEMU before the serial line that the driver uses.
        write: the command that writes ``network.bin`` into its flash; empty where there is none.
        shift: of ``-icount``: an instruction takes 2^shift ns.
        tick: nanoseconds of what the harness counts with; an instruction takes one or more than two.
        cycles: the manual that states cycles of its instructions; empty where none does.
        clock: Hz at which its driver leaves the core; 0 where there is no such thing.
        clocked: what clocks it, for messages.
    """

    tools: Tools = field(repr=False)
    name: str
    chip: str
    core: str
    flags: tuple[str, ...]
    flash_origin: int
    flash: int
    ram_origin: int
    ram: int
    driver: str
    machine: tuple[str, ...]
    source: str
    serial: tuple[str, ...] = ()
    write: str = ""
    shift: int = 0
    tick: Fraction = Fraction(1)
    cycles: str = ""
    clock: int = 0
    clocked: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The C files of a project."""
        own = tuple(name for name in self.tools.whole if name.endswith(".c"))
        return ("network.c", "frames.c", "main.c", self.driver, *own)

    @property
    def startup(self) -> tuple[str, ...]:
        """Those that any program needs."""
        return tuple(name for name in self.tools.whole if name.endswith(".c"))
