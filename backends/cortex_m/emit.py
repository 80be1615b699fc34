"""Writes the payload: a project that builds with one command, and its README."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from snnc.backends.base import Emitted
from snnc.backends.c_code import Layout, code_files, lay_out
from snnc.backends.c_code.table import type_of
from snnc.errors import Diagnostic, Severity
from snnc.ir import Program, Target

from .boards import Board
from .memory import STACK, estimated

FOLDER = "cortex-m"
README = "README.md"
PROJECT = files(__package__).joinpath("project")
WHOLE = ("main.c", "frames.c", "frames.h", "board.h", "stop.h", "startup.c")
"""Files that are the same in every project."""

OPTIMIZE = ("-O2", "-ffunction-sections", "-fdata-sections")
LINK = ("-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections")

FLASHING = """
# Into the board's flash.
flash: network.bin
	{command}
"""


def core_flags(board: Board) -> tuple[str, ...]:
    """How the compiler is told the core."""
    return (f"-mcpu={board.core}", "-mthumb")


def sources(board: Board) -> tuple[str, ...]:
    """The C files of a project."""
    return ("network.c", "frames.c", "main.c", board.driver, "startup.c")


def emit(program: Program, folder: Path, board: Board, target: Target) -> Emitted:
    """Write the files into the bundle's folder ``cortex-m``; the manifest keeps their names."""
    made = project_files(program, board, target)
    (folder / FOLDER).mkdir()
    for name, content in made.items():
        (folder / FOLDER / name).write_bytes(content)
    (folder / FOLDER / README).write_bytes(_readme(program, board, target))
    layout = lay_out(program, target)
    flash, ram = estimated(layout)
    what = (
        f"at most {flash} of {board.flash} bytes of flash and {ram} of {board.ram} bytes of RAM of "
        f"{board.name}, stack included; bits of a potential, for counts {layout.counts[0]} to "
        f"{layout.counts[1]}: {_widths(layout)}"
    )
    note = Diagnostic("N795", what, program.name, severity=Severity.NOTE)
    return Emitted({name: f"{FOLDER}/{name}" for name in made}, (note,))


def _widths(layout: Layout) -> str:
    """How many bits the potentials of each population take."""
    held = [(p.population.name, p.buffers.get("potential")) for p in layout.places]
    return ", ".join(f"{name} {8 * type_of(b.kind).itemsize}" for name, b in held if b is not None)


def project_files(program: Program, board: Board, target: Target) -> dict[str, bytes]:
    """All files that are built, by name. The same program and options give the same bytes."""
    fixed = {name: PROJECT.joinpath(name).read_bytes() for name in (*WHOLE, board.driver)}
    made = {"Makefile": _makefile(board), "link.ld": _script(board)}
    return {
        **code_files(program, lay_out(program, target)),
        **fixed,
        **{name: text.encode() for name, text in made.items()},
    }


def _makefile(board: Board) -> str:
    serial = () if board.driver == "board_mps2.c" else ("-serial", "null")
    machine = (*board.machine, "-display", "none", "-monitor", "none", *serial, "-serial", "stdio")
    return _filled(
        "Makefile.in",
        board=board.name,
        chip=board.chip,
        core=" ".join(core_flags(board)),
        optimize=" ".join(OPTIMIZE),
        link=" ".join(LINK),
        driver=board.driver,
        qemu=" ".join([*machine, "-semihosting-config", "enable=on,target=native"]),
        flashing=FLASHING.format(command=board.write) if board.write else "",
        phony=" flash" if board.write else "",
    )


def _script(board: Board) -> str:
    return _filled(
        "link.ld.in",
        board=board.name,
        chip=board.chip,
        source=board.source,
        flash_origin=f"0x{board.flash_origin:08x}",
        flash=board.flash,
        ram_origin=f"0x{board.ram_origin:08x}",
        ram=board.ram,
        stack=STACK,
    )


def _readme(program: Program, board: Board, target: Target) -> bytes:
    layout = lay_out(program, target)
    flash, ram = estimated(layout)
    writing = f"make flash                 # {board.write}"
    return _filled(
        "readme.md.in",
        board=board.name,
        chip=board.chip,
        core=board.core,
        flash=flash,
        flash_there=board.flash,
        ram=ram,
        ram_there=board.ram,
        inputs=next(p.count for p in layout.places if p.population is program.input),
        outputs=next(p.count for p in layout.places if p.population is program.readout),
        least=layout.counts[0],
        most=layout.counts[1],
        frame=int(program.steps_per_frame),
        begin=int(program.input.start) + 1,
        answer=int(program.answer_step(0)),
        driver=board.driver,
        writing=writing if board.write else "# write network.bin with your board's own tool",
    ).encode()


def _filled(name: str, **values: str | int) -> str:
    return Template(PROJECT.joinpath(name).read_text(encoding="utf-8")).substitute(values)
