"""Changes of a JSON document's structure and values."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from .plan import Change
from .values import NUMBERS, TEXTS

DEEP = 100_000
PLACE = "\x01place\x01"
"""Stands in the text where raw JSON is put."""

Place = tuple[Any, Any]
"""A container and a key or an index of it."""


def places(document: Any) -> list[Place]:
    """Every value in a document that has a container, breadth first, long lists only at their ends."""
    found: list[Place] = []
    pending = [document]
    while pending:
        node = pending.pop(0)
        keys: list[Any] = []
        if isinstance(node, dict):
            keys = list(node)
        elif isinstance(node, list):
            keys = [*range(min(len(node), 12)), *range(max(12, len(node) - 2), len(node))]
        found += [(node, key) for key in keys]
        pending += [node[key] for key in keys if isinstance(node[key], dict | list)]
    return found


def _delete(node: Any, key: Any, change: Change) -> None:
    del node[key]


def _replace(node: Any, key: Any, change: Change) -> None:
    node[key] = change.value


def _kind(node: Any, key: Any, change: Change) -> None:
    """The same value as another type."""
    value = node[key]
    turned = (str(value)[:1000], [value], {"value": value}, None, not value, repr(value)[:1000] + "0")
    node[key] = turned[change.other % len(turned)]


def _number(node: Any, key: Any, change: Change) -> None:
    """Nearby and extreme numbers."""
    value = node[key]
    if not isinstance(value, int | float):
        node[key] = NUMBERS[change.other % len(NUMBERS)]
        return
    near = (
        value + 1,
        value - 1,
        -value,
        value * 2,
        value + 0.5,
        value * 1000,
        bool(value),
        float(value),
    )
    choices = (*near, *NUMBERS)
    node[key] = choices[change.other % len(choices)]


def _text(node: Any, key: Any, change: Change) -> None:
    value = node[key]
    text = value if isinstance(value, str) else str(value)[:1000]
    choices = (text + "x", text[:-1], text.upper(), text + "\0", f"../{text}", f"{text}/..", *TEXTS)
    node[key] = choices[change.other % len(choices)]


def _rename(node: Any, key: Any, change: Change) -> None:
    if isinstance(node, dict):
        other = TEXTS[change.other % len(TEXTS)] if change.other % 2 else f"{key}_"
        node[other] = node.pop(key)
    else:
        node.insert(change.other % (len(node) + 1), deepcopy(node[key]))


def _add(node: Any, key: Any, change: Change) -> None:
    if isinstance(node, dict):
        node[TEXTS[change.other % len(TEXTS)]] = change.value
    else:
        node.append(change.value)


def _empty(node: Any, key: Any, change: Change) -> None:
    value = node[key]
    node[key] = type(value)() if isinstance(value, dict | list | str) else 0


def _twice(node: Any, key: Any, change: Change) -> None:
    value = node[key]
    if isinstance(value, list):
        node[key] = value + deepcopy(value)
    elif isinstance(value, str):
        node[key] = value * 2
    elif isinstance(node, list):
        node.insert(key, deepcopy(value))
    else:
        node[f"{key} 2"] = deepcopy(value)


def _order(node: Any, key: Any, change: Change) -> None:
    value = node[key]
    if isinstance(value, list):
        node[key] = value[::-1]
    elif isinstance(value, dict):
        node[key] = dict(reversed(value.items()))
    else:
        _number(node, key, change)


EDITS: tuple[Callable[[Any, Any, Change], None], ...] = (
    *(
        _delete,
        _replace,
        _replace,
        _kind,
        _number,
        _number,
        _text,
        _rename,
        _add,
        _empty,
        _twice,
        _order,
    ),
)


def edit(document: Any, change: Change) -> Any:
    """A copy of the document with one place changed."""
    document = deepcopy(document)
    found = places(document)
    if not found:
        return change.value
    node, key = found[change.where % len(found)]
    if change.much % 29 == 0:
        return _swapped(document, found, change)
    EDITS[change.much % len(EDITS)](node, key, change)
    return document


def _swapped(document: Any, found: list[Place], change: Change) -> Any:
    """Two places have changed their values."""
    (a, i), (b, j) = (found[n % len(found)] for n in (change.where, change.other))
    first, second = deepcopy(a[i]), deepcopy(b[j])
    a[i] = second
    if isinstance(b, list | dict):
        b[j] = first
    return document


def structure(content: bytes, change: Change, _: bytes) -> bytes:
    """One place of a document is another; what is no JSON stays."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return content
    return text_of(edit(document, change))


def text_of(document: Any) -> bytes:
    """JSON that has what Python's has: NaN, infinities, lone surrogates as escapes."""
    return (json.dumps(document, indent=1) + "\n").encode()


def raw(content: bytes, change: Change, _: bytes) -> bytes:
    """What no document gives: depth, keys twice, numbers of many digits, other encodings."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return content
    found = places(document)
    if not found:
        return b"[" * DEEP
    node, key = found[change.where % len(found)]
    value = json.dumps(node[key])
    raws = (
        "[" * DEEP + "]" * DEEP,
        '{"a":' * DEEP + "1" + "}" * DEEP,
        "1" * 5000,
        "-" + "9" * 4000,
        "1e999999",
        "NaN",
        "Infinity",
        "1.0e-400",
        '"\\ud800"',
        "[1,]",
        "nul",
        f"{value}, {json.dumps(str(key))}: {value}",
        f"{value}, {json.dumps(str(key))}: null",
    )
    node[key] = PLACE
    text = json.dumps(document).replace(json.dumps(PLACE), raws[change.much % len(raws)])
    if change.other % 16 == 0:
        return text.encode("utf-16")
    if change.other % 16 == 1:
        return b"\xef\xbb\xbf" + text.encode()
    return text.encode()
