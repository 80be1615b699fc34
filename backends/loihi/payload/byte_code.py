"""Removes the byte code that Python has just written for this package's ``__init__``."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def remove(source: str) -> None:
    """Remove a module's byte code, and its folder if nothing else is in that.

    Python writes it before it runs the first line of the module, so nothing in there can prevent it.
    """
    try:
        written = Path(importlib.util.cache_from_source(source))
        if written.parent.parent == Path(source).parent:  # not where a cache is common to all
            written.unlink()
            written.parent.rmdir()
    except (OSError, NotImplementedError):
        pass  # none was written, there is more, or this Python has no byte code
