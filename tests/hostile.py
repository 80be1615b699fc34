"""What a JSON document is changed to, leaf by leaf, by whoever means harm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, 1, -1, 2, -0.0, 0.5, 1e308, 1e-320, 2**31, -(2**63), 2**64 - 1, -(10**5)),
    *("", "input", "output", "always", "potential", "spikes", "values", "\u202e"),
    *([], [1], [-1], [2**40], [1.0], ["a"], [[]], [1] * 40, {}, {"a": 1}),
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in inside:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    """What is at a path."""
    for key in path:
        document = document[key]
    return document


def put(document: Any, path: tuple[Any, ...], value: Any) -> bytes:
    """The document with another value at a path."""
    changed = json.loads(json.dumps(document))
    at(changed, path[:-1])[path[-1]] = value
    return json.dumps(changed).encode()


def without(document: Any, path: tuple[Any, ...]) -> bytes:
    """The document without what is at a path."""
    changed = json.loads(json.dumps(document))
    del at(changed, path[:-1])[path[-1]]
    return json.dumps(changed).encode()


def changes(document: Any) -> Iterator[tuple[tuple[Any, ...], Any, bytes]]:
    """Every leaf with every hostile value, and a whole number with a point, or one without: the path,
    the value and the changed document."""
    for path in leaves(document):
        old = at(document, path)
        twins = [float(old)] if type(old) is int else [int(old)] if type(old) is float else []
        for value in (*HOSTILE, *twins):
            if json.dumps(old) != json.dumps(value):
                yield path, value, put(document, path, value)
