"""Whether akida can run here, and running a program on it. Tests never install it: it is not free."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from snnc.backends.akida import AkidaBackend
from snnc.backends.akida.installed import AKIDA_SOFTWARE, ENVIRONMENT
from snnc.ir import Integers, Program, Trace


def need_akida() -> None:
    """Skip the test, with the reason, where akida is not installed."""
    if ENVIRONMENT.python() is None:
        pytest.skip("akida is not free, and not installed: snnc targets install akida")


def run(program: Program, spikes: Integers, device: str = "akd1000") -> Trace:
    """Emit a program and run the payload on akida's software backend, with hidden potentials."""
    backend = AkidaBackend(device=device)
    with tempfile.TemporaryDirectory() as folder:
        emitted = backend.emit(program, Path(folder))
        return backend.run(
            AKIDA_SOFTWARE, Path(folder), emitted, spikes, time_limit=120, potentials=True
        )
