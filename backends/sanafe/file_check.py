"""Files of a bundle are read by SANA-FE only where they are such as snnc writes them.

An architecture file may name a shared library, which SANA-FE would load and run. So it must be one of
ours to the letter, and every line of a network file must have the form of one that we write. What the
numbers in it say is not asked here: a network that was changed is to be run and found.
"""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any

from snnc.backends.payload_files import damaged, read_payload, read_payload_json
from snnc.errors import fail

from .architecture import is_ours

NAME, NUMBER = r"\w{1,300}", r"-?[0-9.e+-]{1,40}"
WORDS = (
    rf"(?:(?:threshold|reset|reverse_threshold|leak_decay|bias): {NUMBER}"
    r"|(?:reset_mode|reverse_reset_mode): (?:hard|soft|saturate|none))"
)
SOMA = rf"soma: \{{ {WORDS}(?:, {WORDS})* \}}"
LINES = re.compile(
    "|".join(
        (
            r"network:|mappings:|  name: snnc|  groups:|  edges:|      neurons:",
            rf"    - name: {NAME}",
            rf"      attributes: \{{ log_spikes: \w+, log_potential: \w+(?:, {SOMA})? \}}",
            r"      neurons: \[ 0\.\.\d+: \{ \} \]",
            rf"        - \d+\.\.\d+: \{{ (?:{SOMA} )?\}}",
            rf"    - {NAME}\.\d+ -> {NAME}\.\d+: \[ weight: {NUMBER} \]",
            rf'  - {NAME}\.\d+: \[ core: \d+\.\d+, soma: "\w+\[\d+\]" \]',
            rf"  - {NAME}\.\d+\.\.\d+: \[ core: \d+\.\d+, soma: \w+, synapse: \w+, dendrite: \w+ \]",
        )
    ),
    re.ASCII,
)


def refuse_strange_files(architecture: Path, network: Path) -> None:
    """Go on only where both files have the form that snnc gives them.

    Raises:
        UserError: D602 one of them has not, or is not there.
    """
    for path in (architecture, network):
        if not path.is_file():
            raise _strange(path, "it is not there")
    if not is_ours(read_payload(architecture).decode(errors="replace")):
        raise _strange(architecture, "it is not the architecture that snnc writes")
    with io.BytesIO(read_payload(network)) as lines:
        for number, line in enumerate(lines, 1):
            if LINES.fullmatch(line.decode(errors="replace").rstrip("\n")) is None:
                raise _strange(network, f"line {number} is none that snnc writes")


def read_host(path: Path) -> dict[str, Any]:
    """The content of ``play.json``, with everything that the engine reads of it.

    Raises:
        UserError: D144 something is missing or of another kind.
    """
    try:
        host = read_payload_json(path)
        low, high = host["payloads"]
        whole = [low, high, host["cores"], host["tiles"]]
        for p in host["populations"]:
            whole += [p["scale"], p["offset"], p["size"], *p["shape"]]
            texts = (p["population"], p["group"])
            flags = (p["readout"], p["logged"], p["carried"])
            if not all(isinstance(t, str) for t in texts) or not all(
                isinstance(f, bool) for f in flags
            ):
                raise TypeError("names are texts, readout and logged are true or false")
            if math.prod(p["shape"]) != p["size"] or p["scale"] < 1:
                raise ValueError(f"the shape of {p['group']} is not its size")
        if not all(isinstance(n, int) for n in whole) or not isinstance(host["input"], str):
            raise TypeError("counts are whole numbers, the input's name is a text")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        what = f"it cannot be read: {type(problem).__name__}: {problem}"
        raise damaged(what, path) from problem
    return dict(host)


def _strange(path: Path, what: str) -> Exception:
    return fail(
        "D602",
        f"{path.name} of the bundle is not run: {what}",
        where=str(path),
        why="SANA-FE loads shared libraries that its files may name, so that all are checked first",
        help="compile the model again; to run files of your own, use SANA-FE itself",
    )
