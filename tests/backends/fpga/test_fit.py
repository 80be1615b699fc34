"""Yosys and nextpnr: what fits, what does not, and that a netlist computes the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnc.backends.fpga import FpgaBackend
from snnc.backends.fpga.capacity import least_blocks, needed_bits
from snnc.backends.fpga.conformance import FpgaConformance
from snnc.backends.fpga.devices import DEVICES
from snnc.backends.fpga.emit import BITSTREAM, FIT, hardware_files
from snnc.backends.fpga.fit import ENVIRONMENT, synthesized
from snnc.backends.fpga.layout import lay_out
from snnc.conformance.bench import Bench
from snnc.conformance.builder import single
from snnc.conformance.kit import Kit
from snnc.errors import UserError

from .large_networks import NETWORKS, matrix


@pytest.fixture(scope="module")
def tools() -> None:
    """Yosys and nextpnr in their environment, made where it is missing."""
    try:
        ENVIRONMENT.install()
    except UserError as problem:
        pytest.skip(f"Yosys and nextpnr cannot be installed: {problem}")


def test_without_the_tools_a_device_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNC_ENGINES", str(tmp_path / "none"))
    program = single(Kit(), 8).built().program
    with pytest.raises(UserError, match="D601") as refused:
        FpgaBackend(device="ecp5-85").emit(program, tmp_path)
    assert "snnc targets install fpga" in str(refused.value) and not (tmp_path / "fpga").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
def test_a_small_network_fits_and_has_a_bitstream(tmp_path: Path) -> None:
    built, back_end = single(Kit(), 9).built(), FpgaBackend(device="ice40-hx8k")
    folder, emitted = Bench(back_end, Kit(), (), tmp_path).emit(built.program)
    found = json.loads((folder / "fpga" / FIT).read_text())
    assert 0 < found["cells"] < found["cells_there"] == 7680
    assert 0 < found["memories"] < found["memories_there"] == 32
    assert found["megahertz"] > back_end.asked.clock == 12
    # The first bytes of every bitstream of an iCE40.
    assert b"\x7e\xaa\x99\x7e" in (folder / "fpga" / BITSTREAM).read_bytes()[:200]
    assert back_end.differences(built.program, folder, emitted) == []
    told = (folder / "fpga" / "README.md").read_text()
    assert "iceprog" in told and (folder / "fpga" / "snnc_board.pcf").is_file()
    assert [n.code for n in emitted.notes] == ["N794"] and "MHz" in emitted.notes[0].what


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
def test_what_synthesis_finds_too_large_is_refused_with_both_numbers(tmp_path: Path) -> None:
    """The least that its bits take would be there; how words lie in blocks, only synthesis knows."""
    program = matrix(200, 75)
    layout, device = lay_out(program, FpgaBackend().input_bits), DEVICES["ice40-hx8k"]
    assert least_blocks(needed_bits(layout), device) <= device.memories == 32
    with pytest.raises(UserError) as refused:
        FpgaBackend(device="ice40-hx8k").emit(program, tmp_path)
    (problem,) = refused.value.diagnostics
    assert problem.code == "D436" and "ice40-hx8k has 32" in problem.what
    assert int(problem.what.split()[0]) > 32 and not (tmp_path / "fpga").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("matrix", "ice40-hx8k"),
        ("sparse", "ecp5-25"),
        ("image", "ice40-hx8k"),
        ("one weight", "ecp5-25"),
        ("matrix", "xilinx-7a35t"),
    ],
)
def test_no_more_is_asked_for_than_synthesis_takes(kind: str, name: str, tmp_path: Path) -> None:
    program, device = NETWORKS[kind](), DEVICES[name]
    layout = lay_out(program, 4)
    for file, content in hardware_files(program, layout, 12).items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(content)
    taken = synthesized(tmp_path, name).memories
    least = least_blocks(needed_bits(layout), device)
    assert 0 < least <= taken


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
def test_a_clock_that_is_too_fast_is_refused_with_both_numbers(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        FpgaBackend(device="ice40-hx8k", clock=400).emit(single(Kit(), 9).built().program, tmp_path)
    (problem,) = refused.value.diagnostics
    assert problem.code == "D437" and "a clock of 400 MHz" in problem.what
    assert not (tmp_path / "fpga").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
def test_devices_without_open_tools_are_estimated(tmp_path: Path) -> None:
    emitted = FpgaBackend(device="xilinx-7a35t").emit(single(Kit(), 9).built().program, tmp_path)
    assert "an estimate by synthesis alone" in emitted.notes[0].what
    assert not (tmp_path / "fpga" / BITSTREAM).exists()
    assert json.loads((tmp_path / "fpga" / FIT).read_text())["megahertz"] is None


@pytest.mark.slow
@pytest.mark.usefixtures("tools", "verilator")
@pytest.mark.parametrize("case", ["reset/soft", "convolution/groups", "code/graded-frame"])
def test_a_netlist_computes_the_same(case: str) -> None:
    row = FpgaConformance.row(case, ("netlist",))
    assert row.result == "passed", row.reason
