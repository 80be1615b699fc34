"""Whether Lava is there, in this interpreter or in one that the user names; without importing it."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from importlib import metadata

from snnc.backends.base import Engine

LAVA_VERSION = "0.10.0"
INSTALL = (
    "pip install 'asteval<0.10' 'numpy<2' scipy networkx && "
    f"pip install --no-deps --ignore-requires-python lava-nc=={LAVA_VERSION}"
)
"""Everything that Lava's CPU models import; lava-nc itself declares Python < 3.11."""

INTERPRETER = "SNNC_LAVA_PYTHON"
"""Environment variable: the Python interpreter that has Lava, where it is not snnc's own."""

ENGINES = ("lava", "lava-inprocess")
"""Lava's runtime, and Lava's own process models stepped in one process. The first is the default."""

NEEDED = ("lava-nc", "asteval")


@cache
def _versions_in(interpreter: str) -> tuple[str, ...]:
    code = f"from importlib.metadata import version as v; print(*[v(n) for n in {NEEDED}])"
    try:
        found = subprocess.run(
            [interpreter, "-c", code], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(found.stdout.split())


def lava_version() -> str:
    """The version of lava-nc that engines would use, empty where it (or its parser) is missing."""
    interpreter = os.environ.get(INTERPRETER)
    if interpreter:
        return next(iter(_versions_in(interpreter)), "")
    try:
        return [metadata.version(name) for name in NEEDED][0]  # noqa: RUF015  (all must be there)
    except metadata.PackageNotFoundError:
        return ""


def engines() -> tuple[Engine, ...]:
    """Both engines; the true runtime is the default."""
    version = lava_version()
    ready = version == LAVA_VERSION
    return tuple(Engine(name, version, ready, "" if ready else INSTALL) for name in ENGINES)
