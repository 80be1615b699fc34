"""Writes the C code of a bundle into a job's folder, if and only if it is what was emitted.

A bundle is a stranger's file, and compiling it would run it. So the code is made again from the
bundle's program, which is data, and compared with the bundle's; what was made again is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from snnc.backends.payload_files import altered, damaged, read_payload
from snnc.errors import Diagnostic, UserError
from snnc.ir import Program, read_program


def stage(
    folder: Path,
    payload: str,
    job: Path,
    check: Callable[[Program], Iterable[Diagnostic]],
    files: Callable[[Program], dict[str, bytes]],
) -> tuple[Program, list[str]]:
    """The bundle's program, and the names of the files that are now in ``job``.

    Args:
        folder: the bundle.
        payload: name of its folder that has the code.
        job: an empty folder.
        check: every reason why a program cannot be C.
        files: makes a program's files by name.

    Raises:
        UserError: D602 for every file that is not what is emitted, D144 where there is no program, and
            whatever ``check`` says of the program that is there.
    """
    try:
        packed = read_payload(folder / "program.json"), read_payload(folder / "weights.npz")
        program = read_program(*packed, place=str(folder))
        wrong = list(check(program))
        made = {} if wrong else files(program)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise damaged(f"the program cannot be read: {problem}", folder) from problem
    wrong += altered(made, folder / payload, "a bundle's code is compiled")
    if wrong:
        raise UserError(*wrong)
    for name, content in made.items():
        (job / name).write_bytes(content)
    return program, list(made)
