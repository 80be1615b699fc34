"""The payload on disk beside what the program makes, value by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snnc.backends.payload_files import PAYLOAD, document_differences, read_payload
from snnc.files import parse_json
from snnc.ir import Integers, Program, unpack_arrays

from .emit import payload
from .layout import on_chip


def differences(program: Program, folder: Path, files: dict[str, str]) -> list[str]:
    """Where the payload says something else than the program; empty when nowhere.

    Raises:
        Exception: whatever a damaged file makes a parser raise.
    """
    found: list[str] = []
    for p in on_chip(program):
        if p.delay:  # nothing in the payload could say it
            found.append(f"{p.label} has a delay of {p.delay}, the payload has none")
    for role, meant in payload(program).items():
        name, written = files[role], read_payload(folder / files[role])
        if name.endswith(".json"):
            documents = (parse_json(text, name, PAYLOAD) for text in (meant, written))
            found += document_differences(name, *documents)
        else:
            found += _arrays(name, unpack_arrays(meant), unpack_arrays(written))
    return found


def _arrays(name: str, meant: dict[str, Integers], written: dict[str, Integers]) -> list[str]:
    found = [f"{name}: array {key} is missing or too many" for key in sorted(set(meant) ^ set(written))]
    for key in sorted(set(meant) & set(written)):
        ours, theirs = meant[key], written[key]
        if ours.shape != theirs.shape:
            found.append(f"{name}: {key} has shape {theirs.shape}, compiled {ours.shape}")
        elif ours.dtype != theirs.dtype:
            found.append(f"{name}: {key} is of type {theirs.dtype}, compiled {ours.dtype}")
        elif len(places := np.argwhere(ours != theirs)):
            at = tuple(int(i) for i in places[0])
            found.append(
                f"{name}: {key}{list(at)} is {theirs[at]}, compiled {ours[at]} "
                f"({len(places)} of {ours.size} values differ)"
            )
    return found
