"""What block memories cannot hold is refused before anything is synthesized, without its tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnc.backends.fpga import FpgaBackend
from snnc.backends.fpga.capacity import least_blocks, needed_bits
from snnc.backends.fpga.devices import DEVICES
from snnc.backends.fpga.layout import lay_out
from snnc.errors import UserError

from .large_networks import NETWORKS, matrix


@pytest.fixture
def no_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for Yosys is told that it is not there (D601)."""
    monkeypatch.setenv("SNNC_ENGINES", str(tmp_path / "none"))


@pytest.mark.usefixtures("no_tools")
def test_a_network_that_is_far_too_large_is_refused_with_both_numbers(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        FpgaBackend(device="ice40-hx8k").emit(matrix(200, 100), tmp_path)
    (problem,) = refused.value.diagnostics
    # 200 x 100 weights of 8 bits are 39.06 blocks of 4096; each other memory is below a block.
    assert problem.code == "D436" and "ice40-hx8k has 32" in problem.what
    assert "at least 40 block memories of 4096 bits" in problem.what
    assert problem.where == "fpga{device}" and "160000 of them the weights" in problem.why
    assert "a larger device: ecp5-25, ecp5-45, ecp5-85, xilinx-7a35t" in problem.help
    assert not (tmp_path / "fpga").exists()


@pytest.mark.usefixtures("no_tools")
def test_no_device_is_named_where_none_is_large_enough(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        FpgaBackend(device="ecp5-85").emit(matrix(2000, 300), tmp_path)
    (problem,) = refused.value.diagnostics
    assert problem.code == "D436" and "ecp5-85 has 208" in problem.what
    assert "none of the devices" in problem.help and "fewer --weight-bits" in problem.help


@pytest.mark.usefixtures("no_tools")
def test_what_may_fit_is_left_to_synthesis(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="D601"):
        FpgaBackend(device="ice40-hx8k").emit(matrix(200, 75), tmp_path)


def test_bits_that_never_change_are_not_counted() -> None:
    bits = needed_bits(lay_out(NETWORKS["one weight"](), 4))
    # A weight is 1 or 0, once powers of 2 that all share are taken out; its sign never changes.
    assert bits["weights"] == 300 * 200
    assert not bits.keys() & {"populations", "projections"}  # logic, which is read at once


def test_what_is_smaller_than_a_block_may_be_logic() -> None:
    device = DEVICES["ecp5-25"]
    assert device.memory_bits == 18432
    assert least_blocks({"weights": 18432, "taps": 18433, "sums": 3 * 18432}, device) == 2 + 3
