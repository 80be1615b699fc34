"""Skips what needs Lava where Lava is missing, with the reason."""

from __future__ import annotations

import pytest

from snnc.backends.loihi.installed import INSTALL, engines


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if all(engine.installed for engine in engines()):
        return
    missing = pytest.mark.skip(reason=f"lava-nc 0.10.0 is not installed: {INSTALL}")
    for item in items:
        if item.get_closest_marker("lava") is not None:
            item.add_marker(missing)
