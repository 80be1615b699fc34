"""The targets of microcontrollers in the conformance suite: a sample of the cases in every run."""

from __future__ import annotations

import pytest

from snnc.backends.cortex_m.conformance import CortexMConformance
from snnc.backends.riscv.conformance import RiscvConformance
from snnc.conformance import CASES, Conformance

SAMPLE = [c.name for c in CASES if not c.name.startswith(("compile", "limits"))][::8]


@pytest.mark.slow
class TestCortexM(CortexMConformance):
    pass


@pytest.mark.slow
class TestRiscv(RiscvConformance):
    pass


@pytest.mark.parametrize("suite", [CortexMConformance, RiscvConformance])
@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_the_cases(name: str, suite: type[Conformance]) -> None:
    row = suite.row(name)
    if row.result == "not run":
        pytest.skip(row.reason)
    assert row.result != "failed", row.reason
