"""Files of a bundle's payload and what engines write, read like any other file that may be damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from snnc.errors import Diagnostic, UserError, fail
from snnc.files import Budget, Kind, parse_json, parse_npz, read_bytes
from snnc.files.memory import machine_memory

DAMAGED, CURE = "D144", "compile the model again"
PAYLOAD = Kind(DAMAGED, "this file of the bundle cannot be read", CURE)


def damaged(what: str, place: Path) -> UserError:
    """D144, for a file or folder of a payload that does not hold what the target writes there."""
    return fail(DAMAGED, what, where=str(place), help=CURE)


def read_payload(path: Path) -> bytes:
    """One file of a payload.

    Raises:
        UserError: D144 it is missing or cannot be read; D140, D141 not a regular file, or too large.
    """
    return read_bytes(path, PAYLOAD)


def read_payload_json(path: Path) -> Any:
    """One JSON file of a payload.

    Raises:
        UserError: as :func:`read_payload`; D144 it is no JSON.
    """
    return parse_json(read_payload(path), str(path), PAYLOAD)


def altered(files: Mapping[str, bytes], folder: Path, refused: str) -> list[Diagnostic]:
    """D602 for each file on disk that is not what a program gives.

    Args:
        files: what it gives, by name.
        folder: where they are.
        refused: what is done only with such files: "a bundle's code is compiled".
    """
    return [
        Diagnostic(
            "D602",
            what,
            str(folder / name),
            f"{refused} only if it is what its program gives, byte for byte; this file was edited, or "
            "another version of snnc wrote it",
            CURE,
        )
        for name, what in different(files, folder)
    ]


def different(files: Mapping[str, bytes], folder: Path) -> Iterator[tuple[str, str]]:
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


def document_differences(name: str, meant: Any, found: Any) -> list[str]:
    """Where a JSON document of a payload says something else than the compiler would write.

    A number with a point is another value than one without, and ``true`` is not 1: readers in other
    languages take them for different things.

    Args:
        name: of the file.
        meant, found: as :func:`snnc.files.parse_json` gives them.

    Returns:
        Nothing, or the first difference as a sentence.
    """
    first = _first_difference(meant, found, "")
    return [f"{name} is another document: {first}"] if first else []


def _first_difference(meant: Any, found: Any, path: str) -> str:
    where = path or "it"
    if type(meant) is not type(found):
        return f"{where} is {_shown(found)}, compiled {_shown(meant)}"
    if isinstance(meant, dict):
        for key in [*meant, *found]:
            if key not in meant or key not in found:
                return f"{path}.{key:.60} {'is missing' if key in meant else 'was added'}".lstrip(".")
        pairs = [(f"{path}.{key}".lstrip("."), meant[key], found[key]) for key in meant]
    elif isinstance(meant, list):
        if len(meant) != len(found):
            return f"{where} has {len(found)} members, compiled {len(meant)}"
        pairs = [(f"{path}[{n}]", *both) for n, both in enumerate(zip(meant, found, strict=True))]
    else:
        same = repr(meant) == repr(found)  # 0.0 and -0.0 are equal, and are not the same
        return "" if same else f"{where} is {_shown(found)}, compiled {_shown(meant)}"
    inside = (_first_difference(ours, theirs, where) for where, ours, theirs in pairs)
    return next(filter(None, inside), "")


def _shown(value: Any) -> str:
    return f"{json.dumps(value, ensure_ascii=False):.60}"


def results_of(engine: str, cure: str) -> Kind:
    """How messages speak of files that an engine wrote."""
    return Kind("D608", f"engine {engine} ended without its results", cure)


def read_results(path: Path, engine: str, cure: str) -> dict[str, NDArray[Any]]:
    """The arrays that an engine wrote; as much as there is memory, since a run asked for them.

    Raises:
        UserError: D608 there are none that can be read.
    """
    kind = results_of(engine, cure)
    data = read_bytes(path, kind, most=machine_memory())
    return parse_npz(data, str(path), kind, Budget(str(path), machine_memory()))
