"""Files of a bundle's payload and what engines write, read like any other file that may be damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from snnc.files import Budget, Kind, parse_json, parse_npz, read_bytes
from snnc.files.memory import machine_memory

PAYLOAD = Kind("D144", "this file of the bundle cannot be read", "compile the model again")


def read_payload(path: Path) -> bytes:
    """One file of a payload.

    Raises:
        UserError: D144 it is missing or cannot be read; D140, D141 it is no regular file, or too large.
    """
    return read_bytes(path, PAYLOAD)


def read_payload_json(path: Path) -> Any:
    """One JSON file of a payload.

    Raises:
        UserError: as :func:`read_payload`; D144 it is no JSON.
    """
    return parse_json(read_payload(path), str(path), PAYLOAD)


def read_results(path: Path, engine: str, cure: str) -> dict[str, NDArray[Any]]:
    """The arrays that an engine wrote; as much as there is memory, since a run asked for them.

    Raises:
        UserError: D608 there are none that can be read.
    """
    kind = Kind("D608", f"engine {engine} ended without its results", cure)
    data = read_bytes(path, kind, most=machine_memory())
    return parse_npz(data, str(path), kind, Budget(str(path), machine_memory()))
