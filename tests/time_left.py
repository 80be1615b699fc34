"""Tests that end in time: ``pytest --begin-within SECONDS`` begins no test after so long.

For CI, which ends a run after 90 minutes whatever it has shown until then, on machines that differ by a
factor of two. What was left out is skipped with this reason, and so listed at the end of the run. Files
come in an order that the run's seed draws, so that it is not always the same ones that are left out.
``--no-loadscope-reorder`` keeps that order with xdist, which begins with the largest otherwise.
"""

from __future__ import annotations

import os
import random
import time

import pytest

from .sim.seeds import fresh_seed

OPTION = "--begin-within"
BEGUN = "SNNC_TESTS_BEGUN"
"""Environment variable: when the run began, for processes that share its tests, later ones too."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        OPTION,
        type=float,
        metavar="SECONDS",
        help="leave out, and list, what has not begun by then; files in a drawn order",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[BEGUN] = str(time.time())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The files in a drawn order; a file's tests stay together and in theirs."""
    if config.getoption(OPTION) is None:
        return
    files = sorted({item.path for item in items})
    random.Random(fresh_seed()).shuffle(files)
    place = {path: i for i, path in enumerate(files)}
    items.sort(key=lambda item: place[item.path])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    seconds = item.config.getoption(OPTION)
    if seconds is not None and time.time() - float(os.environ[BEGUN]) >= seconds:
        # With its name: pytest counts skips that have the same reason, and does not list them.
        pytest.skip(f"left out: {seconds:.0f} s were over before {item.nodeid}")
