"""The target ``sanafe`` in the conformance suite."""

from __future__ import annotations

import pytest

from snnc.backends.sanafe.conformance import SanafeConformance


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
class TestSanafe(SanafeConformance):
    pass
