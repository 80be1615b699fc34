"""Writes the payload: C code for the network, a program that runs it on a computer, and a README."""

from __future__ import annotations

from pathlib import Path
from string import Template

from snnc.backends import Emitted
from snnc.backends.c_code import CODE, HEADER, Layout, code_files, lay_out
from snnc.errors import Diagnostic, Severity, counted, every
from snnc.ir import Program, Target, size

HERE = Path(__file__).parent / "network"
FOLDER = "c"
MAIN = "main.c"


def emit(program: Program, folder: Path, target: Target) -> Emitted:
    """Write the files into the bundle's folder ``c``; the manifest keeps their names."""
    (folder / FOLDER).mkdir()
    files = payload_files(program, target)
    for name, content in files.items():
        (folder / FOLDER / name).write_bytes(content)
    layout = lay_out(program, target)
    (folder / FOLDER / "README.md").write_bytes(_readme(program, layout))
    flash, ram = (target.own_limits[name].value for name in ("flash", "RAM"))
    what = (
        f"{layout.table_bytes} of {flash} bytes of flash for tables (code comes on top), "
        f"{layout.ram_bytes} of {ram} bytes of RAM (the stack comes on top)"
    )
    note = Diagnostic("C701", what, program.name, severity=Severity.NOTE)
    return Emitted({name: f"{FOLDER}/{name}" for name in files}, (note,))


def payload_files(program: Program, target: Target) -> dict[str, bytes]:
    """All C files by name. The same program gives the same bytes; nothing else goes into them.

    Raises:
        ValueError: the program's operations do not fit its shapes.
    """
    made = code_files(program, lay_out(program, target))
    return {CODE: made.pop(CODE), HEADER: made.pop(HEADER), **made, MAIN: (HERE / MAIN).read_bytes()}


def _readme(program: Program, layout: Layout) -> bytes:
    text = Template((HERE / "readme.md.in").read_text(encoding="utf-8"))
    return text.substitute(
        flash=layout.table_bytes,
        ram=layout.ram_bytes,
        steps=counted(int(program.steps_per_frame), "step"),
        every=every(int(program.steps_per_frame), "step"),
        answer=int(program.answer_step(0)),
        elements=counted(size(program.input.shape), "element"),
        potentials=counted(size(program.readout.shape), "potential"),
    ).encode()
