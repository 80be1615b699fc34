"""A payload without a whole compile: the folder holds what a back end may rely on."""

from __future__ import annotations

from pathlib import Path

from snnc.backends import Backend, Emitted
from snnc.ir import Integers, Program, write_program


def emitted_into(
    folder: Path, backend: Backend, program: Program, example: Integers | None = None
) -> Emitted:
    """What ``backend.emit`` gives for a folder with the compiler's own two files."""
    for name, content in write_program(program).items():
        (folder / name).write_bytes(content)
    return backend.emit(program, folder, example)
