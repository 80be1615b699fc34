"""The payload on disk beside what the program makes, value by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snnc.backends.payload_files import PAYLOAD, document_differences, read_payload
from snnc.backends.payload_names import strange_files
from snnc.files import parse_json
from snnc.ir import Program, unpack_arrays

from .checks import check
from .chips import chip_of
from .emit import FILES, README_FILE, Arrays, contents


def differences(program: Program, folder: Path, device: str) -> list[str]:
    """Where the payload says something else than the program; empty when nowhere.

    Behind the README's text may be what the compiler says of the input (``workflows/readme_input.py``).

    Raises:
        Exception: whatever a damaged file makes a parser raise.
    """
    chip = chip_of(device)
    if refused := [
        f"the program does not fit {chip.target.name}: {d.what}" for d in check(program, chip)
    ]:
        return refused  # variables of a layer cannot say it
    found: list[str] = []
    for name, meant in contents(program, device).items():
        written = read_payload(folder / name)
        if name == FILES["network"]:
            documents = (parse_json(text, name, PAYLOAD) for text in (meant, written))
            found += document_differences(name, *documents)
        elif name == FILES["layers"]:
            found += _arrays(name, unpack_arrays(meant), unpack_arrays(written))
        elif written != meant and not (name == README_FILE and written.startswith(meant)):
            found.append(f"{name} is another file than snnc writes")
    return [*found, *strange_files(folder, [README_FILE, *FILES.values()])]


def _arrays(name: str, meant: Arrays, written: Arrays) -> list[str]:
    found = [f"{name}: array {key} is missing or too many" for key in sorted(set(meant) ^ set(written))]
    for key in sorted(set(meant) & set(written)):
        ours, theirs = meant[key], written[key]
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            theirs_is, ours_is = (f"{a.dtype} {a.shape}" for a in (theirs, ours))
            found.append(f"{name}: {key} is {theirs_is}, compiled {ours_is}")
        elif len(places := np.argwhere(ours != theirs)):
            at = tuple(int(i) for i in places[0])
            found.append(
                f"{name}: {key}{list(at)} is {theirs[at]}, compiled {ours[at]} "
                f"({len(places)} of {ours.size} values differ)"
            )
    return found
