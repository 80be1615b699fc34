"""Code with a mistake in it: the function's own text, one expression changed."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def altered(function: Callable[..., Any], old: str, new: str) -> Any:
    """The same function with one expression of its text changed; ``old`` must be there once."""
    inner = getattr(function, "py_func", function)
    text = textwrap.dedent(inspect.getsource(inner))
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    lines = text.replace(old, new).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("def "))
    space: dict[str, Any] = {}
    exec("\n".join(lines[first:]), inner.__globals__, space)
    return space[inner.__name__]
