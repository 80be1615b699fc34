"""Random programs on Verilator."""

from __future__ import annotations

import pytest

from tests.backends.fpga.networks import KINDS, compared
from tests.sim.corpus import case


@pytest.mark.usefixtures("verilator")
@pytest.mark.parametrize("kind", KINDS)
def test_one_of_each_kind(kind: str) -> None:
    assert compared(case(kind, 1), "verilator") == ""


@pytest.mark.slow
@pytest.mark.usefixtures("verilator")
@pytest.mark.parametrize("seed", range(2, 6))
def test_more_of_each_kind(seed: int) -> None:
    for kind in KINDS:
        assert compared(case(kind, seed), "verilator") == "", kind
