"""Writes the payload: a project that builds with one command, and its README."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from snnc.backends.base import Emitted
from snnc.backends.c_code import Layout, code_files, lay_out
from snnc.backends.c_code.table import type_of
from snnc.errors import Diagnostic, Severity, counted
from snnc.ir import Program, Target

from .board import Board
from .building import built, has_compiler
from .memory import STACK, Sizes, estimated
from .options import LINK, OPTIMIZE

README = "README.md"
PROJECT = files(__package__).joinpath("project")
WHOLE = ("main.c", "frames.c", "frames.h", "board.h")
"""Files that are the same in every project."""

FLASHING = """
# Into the board's flash.
flash: network.bin
	{command}
"""


def emit(program: Program, folder: Path, board: Board, target: Target) -> Emitted:
    """Write the files into the bundle's folder of the target's name; the manifest keeps their names.

    Raises:
        UserError: D471, D472 a memory of the board is too small: where the estimate is over and a
            compiler is there, the linker decides.
    """
    made = project_files(program, board, target)
    layout = lay_out(program, target)
    sizes, how = Sizes(*estimated(layout)), "at most "
    if (sizes.flash > board.flash or sizes.ram > board.ram) and has_compiler(board.tools):
        sizes, how = built(made, board), ""
    (folder / board.tools.target).mkdir()
    for name, content in made.items():
        (folder / board.tools.target / name).write_bytes(content)
    (folder / board.tools.target / README).write_bytes(_readme(program, board, target, sizes))
    what = (
        f"{how}{sizes.flash} of {board.flash} bytes of flash and {sizes.ram} of {board.ram} bytes of "
        f"RAM of {board.name}, stack included; bits of a potential, for counts {layout.counts[0]} to "
        f"{layout.counts[1]}: {_widths(layout)}"
    )
    note = Diagnostic("N795", what, program.name, severity=Severity.NOTE)
    return Emitted({name: f"{board.tools.target}/{name}" for name in made}, (note,))


def _widths(layout: Layout) -> str:
    """How many bits the potentials of each population take."""
    held = [(p.population.name, p.buffers.get("potential")) for p in layout.places]
    return ", ".join(f"{name} {8 * type_of(b.kind).itemsize}" for name, b in held if b is not None)


def project_files(program: Program, board: Board, target: Target) -> dict[str, bytes]:
    """All files that are built, by name. The same program and options give the same bytes."""
    own = board.tools.files
    fixed = {name: PROJECT.joinpath(name).read_bytes() for name in WHOLE}
    fixed |= {name: own.joinpath(name).read_bytes() for name in (*board.tools.whole, board.driver)}
    made = {"Makefile": _makefile(board), "link.ld": _script(board)}
    return {
        **code_files(program, lay_out(program, target)),
        **fixed,
        **{name: text.encode() for name, text in made.items()},
    }


def _makefile(board: Board) -> str:
    quiet = ("-display", "none", "-monitor", "none")
    machine = (*board.machine, *quiet, *board.serial, "-serial", "stdio")
    return _filled(
        "Makefile.in",
        board=board.name,
        chip=board.chip,
        core=" ".join(board.flags),
        prefix=board.tools.prefix,
        packages=board.tools.packages,
        simulator=board.tools.qemu,
        sources=" ".join(board.sources),
        optimize=" ".join(OPTIMIZE),
        link=" ".join([*LINK, *board.tools.linking]),
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
        entry=board.tools.entry,
    )


def _readme(program: Program, board: Board, target: Target, sizes: Sizes) -> bytes:
    layout = lay_out(program, target)
    writing = f"make flash                 # {board.write}"
    return _filled(
        "readme.md.in",
        board=board.name,
        chip=board.chip,
        core=board.core,
        flash=sizes.flash,
        flash_there=board.flash,
        ram=sizes.ram,
        ram_there=board.ram,
        inputs=counted(
            next(p.count for p in layout.places if p.population is program.input), "element"
        ),
        outputs=counted(
            next(p.count for p in layout.places if p.population is program.readout), "class"
        ),
        least=layout.counts[0],
        most=layout.counts[1],
        frame=int(program.steps_per_frame),
        steps=counted(int(program.steps_per_frame), "step"),
        begin=int(program.input.start) + 1,
        answer=int(program.answer_step(0)),
        files=", ".join(f"`{n}`" for n in (*board.tools.whole, board.driver)),
        packages=board.tools.packages,
        writing=writing if board.write else "# write network.bin with your board's own tool",
    ).encode()


def _filled(name: str, **values: str | int) -> str:
    return Template(PROJECT.joinpath(name).read_text(encoding="utf-8")).substitute(values)
