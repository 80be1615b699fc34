"""Simulators of hardware; what needs one that is not there is skipped with the reason."""

from __future__ import annotations

import pytest

from snnc.backends.fpga.engine import engines


def _needed(name: str) -> None:
    (engine,) = (e for e in engines() if e.name == name)
    if not engine.installed:
        pytest.skip(f"{name} is not installed: {engine.how_to_install}")


@pytest.fixture(scope="session")
def verilator() -> None:
    """Verilator and a C++ compiler."""
    _needed("verilator")


@pytest.fixture(scope="session")
def icarus() -> None:
    """Icarus Verilog."""
    _needed("icarus")
