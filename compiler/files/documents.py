"""JSON and TOML, read strictly: one meaning for every document that is accepted, and a bounded one."""

from __future__ import annotations

import json
import math
import tomllib
from typing import Any

from .kinds import Kind, parsing
from .memory import Budget

DEEPEST = 100
"""Lists and tables within each other. What is deeper runs out of stack wherever it is walked."""

LARGEST_WHOLE = 2**64
"""Whole numbers stay below it in size: no array holds others."""

TIMES_ITS_SIZE = 32
"""Bytes in memory for each byte of text, at most: an empty list, ``[],``, takes 64 and a pointer."""


def parse_json(data: bytes, place: str, kind: Kind, budget: Budget | None = None) -> Any:
    """A JSON document in UTF-8.

    Refused are: a key twice in one object, NaN and infinities (also those that a number like 1e999
    would become), whole numbers from 2^64 on, texts that are no Unicode or hold a zero byte, and
    nesting deeper than 100.

    Args:
        data: the document.
        place: the file, and where in it.
        kind: whose message it is.
        budget: what the file may still take; by default the share of one file.

    Raises:
        UserError: of ``kind``; D107 it is too large.
    """
    (budget or Budget(place)).take(TIMES_ITS_SIZE * len(data), place)
    with parsing(place, kind):
        try:
            found = json.loads(
                data.decode("utf-8"),
                object_pairs_hook=_once,
                parse_int=_whole,
                parse_float=_finite,
                parse_constant=_finite,
            )
        except json.JSONDecodeError as problem:
            raise ValueError(f"not JSON: {problem}") from None
        if data.count(b"[") + data.count(b"{") > DEEPEST or b"\\" in data:
            _check(found)
    return found


def parse_toml(data: bytes, place: str, kind: Kind) -> dict[str, Any]:
    """A TOML document in UTF-8; the same is refused as in JSON, except NaN and infinities.

    Raises:
        UserError: of ``kind``; D107 it is too large.
    """
    Budget(place).take(TIMES_ITS_SIZE * len(data), place)
    with parsing(place, kind):
        try:
            found = tomllib.loads(data.decode("utf-8"))
        except tomllib.TOMLDecodeError as problem:
            raise ValueError(f"not TOML: {problem}") from None
        _check(found)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return found


def _whole(text: str) -> int:
    if len(text) > len(str(LARGEST_WHOLE)) + 1:
        raise ValueError(f"the whole number {text[:20]}... is too large")
    return _in_range(int(text))


def _in_range(value: int) -> int:
    if abs(value) >= LARGEST_WHOLE:
        raise ValueError("a whole number is too large")
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is not a finite number")
    return value


def _check(document: Any) -> None:
    """Depth, texts and whole numbers of a document, without recursion."""
    level = [document]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.keys()
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str):
                value.encode("utf-8")  # a lone surrogate is no text
                if "\0" in value:
                    raise ValueError("a string contains a zero byte")
            elif isinstance(value, int):
                _in_range(value)
        level = inner
        if not level:
            return
    raise ValueError(f"lists and tables are nested deeper than {DEEPEST}")
