"""Payloads that hold a copy of the program as it is: comparing it with the compiled one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snnc.ir import Program, read_program, unpack_arrays, write_program

from .payload_files import read_payload

PROGRAM, WEIGHTS = "program.json", "weights.npz"
"""Names of the two files of :func:`snnc.ir.write_program`, and the roles of their copies."""


def written(folder: Path) -> dict[str, bytes]:
    """The compiler's own two files of a bundle-to-be, by name: packing them again takes long.

    Args:
        folder: what :meth:`snnc.backends.Backend.emit` is given.
    """
    return {name: (folder / name).read_bytes() for name in (PROGRAM, WEIGHTS)}


def differences(program: Program, folder: Path, files: dict[str, str]) -> list[str]:
    """Where the payload's copy of a program differs from the program, value by value.

    Args:
        program: what was compiled.
        folder: the bundle.
        files: paths of the copies under the roles ``program`` and ``weights``.

    Raises:
        UserError: the copy is no program.
        OSError, KeyError: there is no copy.
    """
    text, packed = read_payload(folder / files["program"]), read_payload(folder / files["weights"])
    meant = write_program(program)
    if text == meant[PROGRAM] and packed == meant[WEIGHTS]:
        return []  # another copy of a large network is not read, which would take as much memory
    deployed = write_program(read_program(text, packed, place=str(folder)))
    found = []
    if deployed[PROGRAM] != meant[PROGRAM]:
        found.append(f"{files['program']} is another structure than {PROGRAM}")
    ours, theirs = unpack_arrays(meant[WEIGHTS]), unpack_arrays(deployed[WEIGHTS])
    for name in sorted(set(ours) & set(theirs)):
        if ours[name].shape != theirs[name].shape:
            found.append(f"{name} has shape {theirs[name].shape}, compiled {ours[name].shape}")
        elif len(places := np.argwhere(ours[name] != theirs[name])):
            at = tuple(int(i) for i in places[0])
            found.append(
                f"{name}{list(at)} is {theirs[name][at]}, compiled {ours[name][at]} "
                f"({len(places)} of {ours[name].size} values differ)"
            )
    return found
