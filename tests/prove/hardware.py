"""A neuron's step in SystemVerilog: proved where Yosys is, not by ``make prove``."""

from __future__ import annotations

ROW = (
    "FPGA",
    (
        "backends/fpga/rtl/snnc_neuron.sv",
        "backends/fpga/rtl/snnc_update.sv",
        "backends/fpga/layout.py",
    ),
    "bundles of `fpga`",
    "two's complement, as wide as proved (SystemVerilog)",
)
WHY = (
    "not by this command, which has no Yosys: `tests/backends/fpga/test_datapath.py` has Yosys "
    "read the hardware and Z3 compare it with `fixed_point` itself for every state, and tries "
    "counts of thresholds exhaustively at 6 bits; the pipeline around it is compared on random "
    "networks"
)
