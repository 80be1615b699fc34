"""The target ``cortex-m`` in the conformance suite: all cases, and a sample of them in every run."""

from __future__ import annotations

import pytest

from snnc.backends.cortex_m.conformance import CortexMConformance
from snnc.conformance import CASES

SAMPLE = [c.name for c in CASES if not c.name.startswith(("compile", "limits"))][::6]


@pytest.mark.slow
class TestCortexM(CortexMConformance):
    pass


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_the_cases(name: str) -> None:
    row = CortexMConformance.row(name)
    if row.result == "not run":
        pytest.skip(row.reason)
    assert row.result != "failed", row.reason
