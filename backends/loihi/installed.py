"""Whether Lava is there, and in which interpreter; without importing it.

In turn: the interpreter that the user names, snnc's own, and the environment that
``snnc targets install loihi`` makes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from importlib import metadata

from snnc.backends.base import Engine
from snnc.backends.environments import Environment

LAVA_VERSION = "0.10.0"

INTERPRETER = "SNNC_LAVA_PYTHON"
"""Environment variable: the Python interpreter that has Lava, where it is not snnc's own."""

ENVIRONMENT = Environment(
    "lava",
    (
        ("asteval==0.9.33", "numpy==1.26.4", "scipy==1.17.1", "networkx==3.6.1"),
        # Everything that Lava's CPU models import; lava-nc itself declares Python < 3.11.
        ("--no-deps", "--ignore-requires-python", f"lava-nc=={LAVA_VERSION}"),
    ),
    "import asteval, networkx, numpy, scipy, importlib.metadata as m; m.version('lava-nc')",
    "lava-nc",
)
INSTALL = "snnc targets install loihi"

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


def _own_version() -> str:
    try:
        return [metadata.version(name) for name in NEEDED][0]  # noqa: RUF015  (all must be there)
    except metadata.PackageNotFoundError:
        return ""


def lava_interpreter() -> str:
    """The interpreter that engines use, whether it has Lava or not."""
    named = os.environ.get(INTERPRETER)
    if named:
        return named
    separate = ENVIRONMENT.python()
    return str(separate) if separate is not None and not _own_version() else sys.executable


def lava_version() -> str:
    """The version of lava-nc that engines would use, empty where it (or its parser) is missing."""
    named = os.environ.get(INTERPRETER)
    if named:
        return next(iter(_versions_in(named)), "")
    return _own_version() or ENVIRONMENT.version()


def engines() -> tuple[Engine, ...]:
    """Both engines; the true runtime is the default."""
    version = lava_version()
    ready = version == LAVA_VERSION
    return tuple(
        Engine(
            name,
            version,
            ready,
            "" if ready else INSTALL,
            environment=ENVIRONMENT,
            potentials=True,
            partial=True,
        )
        for name in ENGINES
    )
