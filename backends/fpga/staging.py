"""Writes the hardware of a bundle into a job's folder, if and only if it is what this version emits.

A bundle is a stranger's file. Simulators compile what they are given and run it, so hardware is made
again from the bundle's program, which is data, and compared; what was made again is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snnc.backends.payload_files import altered, damaged, read_payload
from snnc.errors import UserError
from snnc.ir import Program, Target, read_program

from .checks import check
from .emit import FOLDER, hardware_files
from .layout import Layout, lay_out


@dataclass(frozen=True)
class Asked:
    """What a back end's options say of the hardware's files.

    Attributes:
        bits: of the input's payloads, without sign.
        spikes: whether spikes of neurons go out, too.
        clock: of the board, MHz.
        lanes: connections in a cycle.
    """

    bits: int
    spikes: bool
    clock: int
    lanes: int

    def layout(self, program: Program) -> Layout:
        """A program as hardware, see ``lay_out``."""
        return lay_out(program, self.bits, self.spikes, self.lanes)


def stage(folder: Path, job: Path, target: Target, asked: Asked) -> tuple[Program, Layout]:
    """The bundle's program and its layout; the hardware's files are now in ``job``.

    Args:
        folder: the bundle.
        job: an empty folder.
        target, asked: as the back end's options say.

    Raises:
        UserError: D602 for every file that is not what is emitted, D144 where there is no program, and
            whatever ``check`` says of the program that is there.
    """
    try:
        packed = read_payload(folder / "program.json"), read_payload(folder / "weights.npz")
        program = read_program(*packed, place=str(folder))
        wrong = list(check(program, target))
        layout = None if wrong else asked.layout(program)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise damaged(f"the program cannot be read: {problem}", folder) from problem
    if layout is None:
        raise UserError(*wrong)
    files = hardware_files(program, layout, asked.clock)
    wrong = altered(files, folder / FOLDER, "a bundle's hardware is simulated")
    if wrong:
        raise UserError(*wrong)
    write(files, job)
    return program, layout


def write(files: dict[str, bytes], folder: Path) -> None:
    """Files by name, in folders that are made for them."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
