"""Whether xylosim can run here, and running a program on it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from snnc.backends.xylo import XyloBackend
from snnc.backends.xylo.installed import ENVIRONMENT
from snnc.errors import UserError
from snnc.ir import Integers, Program, Trace


@cache
def obstacle() -> str:
    """Why the environment cannot be installed; empty where it is there."""
    try:
        ENVIRONMENT.install()
    except UserError as problem:
        return str(problem)
    return ""


def need_xylosim() -> None:
    """Skip the test, with the reason, where xylosim cannot be installed."""
    if obstacle():
        pytest.skip(f"xylosim cannot be installed: {obstacle()}")


def run(program: Program, spikes: Integers, folder: Path) -> Trace:
    """Emit a program and run the payload on xylosim, with hidden potentials."""
    backend = XyloBackend()
    folder.mkdir(exist_ok=True)
    emitted = backend.emit(program, folder)
    return backend.run("xylosim", folder, emitted, spikes, time_limit=120, potentials=True)
