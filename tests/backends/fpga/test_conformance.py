"""The target ``fpga`` in the conformance suite: here every case, in the quick tests some."""

from __future__ import annotations

import pytest

from snnc.backends.fpga.conformance import FpgaConformance

QUICK = ("reset/soft", "decay/both", "convolution/groups", "exponent/down-readout", "code/frame")


@pytest.mark.slow
@pytest.mark.usefixtures("verilator")
class TestFpga(FpgaConformance):
    pass


@pytest.mark.usefixtures("verilator", "icarus")
@pytest.mark.parametrize("case", QUICK)
def test_both_simulators(case: str) -> None:
    row = FpgaConformance.row(case)
    assert row.result == "passed", row.reason
