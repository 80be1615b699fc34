"""The conformance suite on the emulators of Loihi 1."""

from __future__ import annotations

import pytest

from snnc.backends.loihi1.conformance import Loihi1Conformance

from .many import interpreter


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    interpreter()


@pytest.mark.slow
class TestLoihi1(Loihi1Conformance):
    pass
