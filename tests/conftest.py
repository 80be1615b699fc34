"""A fresh seed for the random networks of a run, signals that are heard; skips what needs Lava."""

from __future__ import annotations

import os
import signal

import pytest

from snnc.backends.loihi.installed import INSTALL, engines

from .sim.seeds import SEED, fresh_seed
from .times import long_tests

pytest_plugins = ["tests.time_left"]


def pytest_configure() -> None:
    """Before anything is started: processes that share the tests inherit both."""
    os.environ[SEED] = str(fresh_seed())
    _hear_signals()


def _hear_signals() -> None:
    """A shell's job in the background, and nohup, ignore signals, and so would all that it starts."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, usual)


def pytest_report_header() -> str:
    return f"random networks: {SEED}={os.environ[SEED]}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before ``-m`` chooses among them."""
    long = long_tests()
    for item in items:
        if item.nodeid in long:
            item.add_marker(pytest.mark.slow)
    if all(engine.installed for engine in engines()):
        return
    missing = pytest.mark.skip(reason=f"lava-nc 0.10.0 is not installed: {INSTALL}")
    for item in items:
        if item.get_closest_marker("lava") is not None:
            item.add_marker(missing)
