"""The page of the Python API: mkdocstrings shows the docstring of every public name of ``snnc``."""

from __future__ import annotations

import snnc

HEAD = """# Python API

Every public name of `snnc`, from its docstring, when the site is built. An introduction:
[snnc in Python](../python.md).
"""


def page() -> str:
    """The page in Markdown: functions first, then classes."""
    names = [name for name in vars(snnc)["__all__"] if not name.startswith("_")]
    functions = [name for name in names if name[0].islower()]
    classes = [name for name in names if name[0].isupper()]
    parts = [HEAD, "## Functions\n", *map(entry, functions), "## Classes\n", *map(entry, classes)]
    return "\n".join(parts)


def entry(name: str) -> str:
    """What mkdocstrings replaces with the docstring of a name."""
    return f"::: snnc.{name}\n"
