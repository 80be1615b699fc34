"""Writes the C code of a bundle into a job's folder, if and only if it is what was emitted.

A bundle is a stranger's file, and compiling it would run it. So the code is made again from the
bundle's program, which is data, and compared with the bundle's; what was made again is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from snnc.backends.payload_files import damaged, read_payload
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
    wrong += [
        Diagnostic(
            "D602",
            what,
            str(folder / payload / name),
            "a bundle's code is compiled only if it is what its program gives, byte for byte; this "
            "file was edited, or another version wrote it",
            "compile the model again",
        )
        for name, what in different(made, folder / payload)
    ]
    if wrong:
        raise UserError(*wrong)
    for name, content in made.items():
        (job / name).write_bytes(content)
    return program, list(made)


def different(files: dict[str, bytes], folder: Path) -> Iterator[tuple[str, str]]:
    """The files on disk that are not these: name, and what is wrong, with the first line that is."""
    for name, content in files.items():
        path = folder / name
        if not path.is_file():
            yield name, f"{name} is missing"
        elif (found := read_payload(path)) != content:
            ours, theirs = content.splitlines(), found.splitlines()
            same = [a == b for a, b in zip(ours, theirs, strict=False)]
            line = same.index(False) if False in same else len(same)
            yield name, f"{name} differs from what the program gives, first in line {line + 1}"
