"""Writes the C code of a bundle into a job's folder, if and only if it is what this package emits.

A bundle is a stranger's file, and compiling it would run it. So the code is made again from the
bundle's program, which is data, and compared with the bundle's; what was made again is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from snnc.backends.payload_files import damaged
from snnc.errors import Diagnostic, UserError
from snnc.ir import Program, read_program

from .checks import check_numbers
from .emit import FOLDER, code_files


def stage(folder: Path, job: Path) -> tuple[Program, list[str]]:
    """The bundle's program, and the names of the C files that are now in ``job``.

    Raises:
        UserError: D602 for every file that is not what is emitted, D144 where there is no program, and
            whatever ``check`` says of the program that is there.
    """
    try:
        packed = (folder / "program.json").read_bytes(), (folder / "weights.npz").read_bytes()
        program = read_program(*packed, place=str(folder))
        wrong = list(check_numbers(program))
        files = {} if wrong else code_files(program)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise damaged(f"the program cannot be read: {problem}", folder) from problem
    wrong += [
        Diagnostic(
            "D602",
            what,
            str(folder / FOLDER / name),
            "a bundle's code is compiled only if it is what its program gives, byte for byte; this "
            "file was edited, or another version of snnc-c wrote it",
            "compile the model again",
        )
        for name, what in different(files, folder)
    ]
    if wrong:
        raise UserError(*wrong)
    for name, content in files.items():
        (job / name).write_bytes(content)
    return program, [name for name in files if name.endswith(".c")]


def different(files: dict[str, bytes], folder: Path) -> Iterator[tuple[str, str]]:
    """The files on disk that are not these: name, and what is wrong, with the first line that is."""
    for name, content in files.items():
        path = folder / FOLDER / name
        if not path.is_file():
            yield name, f"{name} is missing"
        elif (found := path.read_bytes()) != content:
            ours, theirs = content.splitlines(), found.splitlines()
            same = [a == b for a, b in zip(ours, theirs, strict=False)]
            line = same.index(False) if False in same else len(same)
            yield name, f"{name} differs from what the program gives, first in line {line + 1}"
