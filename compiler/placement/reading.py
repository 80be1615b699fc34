"""``placement.json`` read again, as something that a stranger may have written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snnc.errors import fail
from snnc.files import Kind, parse_json, read_bytes

from .report import KEYS

CURE = "compile the model again"
MOST_PLACES = 2**20
"""Places of all chips together; Hala Point has 140,544 cores (docs/placement.md)."""

REPORT = Kind("D144", "this file of the bundle cannot be read", CURE)


def read_report(path: Path) -> dict[str, Any]:
    """The content of a bundle's ``placement.json``.

    Raises:
        UserError: D144 it is missing, no JSON, or not what snnc writes; D140, D141 as for any file.
    """
    content = parse_json(read_bytes(path, REPORT), str(path), REPORT)
    try:
        _check(content)
    except (KeyError, TypeError, ValueError) as problem:
        what = f"this is not what snnc says of a placement ({problem})"
        raise fail("D144", what, where=str(path), help=CURE) from problem
    return dict(content)


def _check(content: Any) -> None:
    """Everything that is shown has its type.

    Raises:
        KeyError, TypeError, ValueError: something has not.
    """
    if set(content) != KEYS:
        raise ValueError("other entries")
    _texts(content["method"], *content["unknown"])
    _numbers(content["chips"], *content["alone"].values())
    _texts(*content["alone"])
    mesh = content["mesh"]
    _texts(mesh["source"])
    _numbers(*(mesh[name] for name in ("width", "height", "cores")))
    _flags(mesh["column first"])
    places = mesh["width"] * mesh["height"] * mesh["cores"]
    if max(1, places) * content["chips"] > MOST_PLACES:
        raise ValueError(f"more than {MOST_PLACES} places")
    for name, limit in content["limits"].items():
        _texts(name, limit["unit"], limit["source"])
        _numbers(limit["value"])
    for core in content["cores"]:
        _numbers(core["chip"], core["place"], *core["uses"].values())
        if core["chip"] >= content["chips"] or core["place"] >= places:
            raise ValueError("a core is on no place")
        for runs in core["neurons"].values():
            for first, count in runs:
                _numbers(first, count)
        _texts(*core["uses"], *core["neurons"])
    traffic = content["traffic"]
    if traffic is None:
        return
    counts = ("samples", "steps", "messages", "between cores", "between chips", "hops", "from inputs")
    _numbers(*(traffic[name] for name in counts))
    _numbers(*traffic["operations"])
    if len(traffic["operations"]) != len(content["cores"]):
        raise ValueError("operations of other cores")
    for row in traffic["matrix"]:
        source, target, messages = row
        _numbers(source, target, messages)
        if max(source, target) >= len(content["cores"]):
            raise ValueError("messages of a core that is not there")
    if traffic["in order"] is not None:
        _numbers(*traffic["in order"].values(), traffic["in order"]["between cores"])


def _numbers(*values: Any) -> None:
    for value in values:
        if type(value) is not int or value < 0:
            raise ValueError(f"{value!r} is not a count")


def _flags(*values: Any) -> None:
    for value in values:
        if not isinstance(value, bool):
            raise TypeError(f"{value!r} is neither true nor false")


def _texts(*values: Any) -> None:
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not a text")
