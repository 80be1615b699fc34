"""What spikerplus wrote, simulated by GHDL 2.0 (Debian) and made Verilog for Yosys."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BENCH = Path(__file__).with_name("bench.vhd")
LATE = 2
"""Steps that a spike of each layer is shown after the step of its input."""

Ints = NDArray[Any]


@dataclass(frozen=True)
class Simulated:
    """What the hardware did.

    Attributes:
        hidden, output: spikes (samples, steps + 1, neurons), as shown at the begin of each step and
            at the end.
        cycles: of a sample, (samples,), from its start until the network is ready again.
    """

    hidden: Ints
    output: Ints
    cycles: Ints

    def layers(self, steps: int) -> tuple[Ints, Ints]:
        """The spikes that belong to the input's first steps, (samples, steps, neurons)."""
        return self.hidden[:, LATE : LATE + steps], self.output[:, 2 * LATE : 2 * LATE + steps]


def ghdl(folder: Path, *arguments: str) -> str:
    """What GHDL prints."""
    command = ["ghdl", arguments[0], "--std=08", *arguments[1:]]
    return subprocess.run(command, cwd=folder, check=True, text=True, capture_output=True).stdout


def copied(written: Path, folder: Path) -> list[str]:
    """A copy to work in, and its files' names."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(written, folder)
    return sorted(path.name for path in folder.glob("*.vhd"))


def simulated(written: Path, folder: Path, x: Ints) -> Simulated:
    """Run the hardware as it was written, but for a port that shows the hidden layer.

    Args:
        written: the folder with its VHDL.
        folder: to work in.
        x: spikes, (samples, steps, 64).
    """
    names = copied(written, folder)
    shutil.copy(BENCH, folder)
    network = folder / "network.vhd"
    text = network.read_text()
    port = "        out_spikes : out std_logic_vector(9 downto 0)\n"
    assert port in text
    text = text.replace(
        port, f"{port.rstrip()};\n        hidden : out std_logic_vector(47 downto 0)\n", 1
    )
    text = text.replace(
        "    out_spikes <= layer_1", "    hidden <= layer_0_feedback;\n    out_spikes <= layer_1"
    )
    network.write_text(text)
    lines = ["".join(map(str, step[::-1])) for sample in x for step in sample]
    (folder / "in.txt").write_text("\n".join(lines) + "\n")
    ghdl(folder, "-i", *names, BENCH.name)
    ghdl(folder, "-m", "bench")
    bounds = (f"-gsamples={len(x)}", f"-gsteps={x.shape[1]}", "--ieee-asserts=disable")
    subprocess.run(["./bench", *bounds], cwd=folder, check=True, capture_output=True)
    seen = [line.split() for line in (folder / "out.txt").read_text().splitlines()]
    shown = [row for row in seen if row[0] != "start"]
    cycles = [[int(row[1]) for row in seen if row[0] == kind] for kind in ("start", "end")]
    hidden, output = (
        np.array([[bit == "1" for bit in row[k][::-1]] for row in shown]).reshape(
            len(x), x.shape[1] + 1, -1
        )
        for k in (2, 3)
    )
    return Simulated(hidden, output, np.array(cycles[1]) - np.array(cycles[0]))


def verilog(written: Path, folder: Path) -> None:
    """Write ``network.v``: GHDL's own translation, of which three things are repaired.

    * An instance and a signal may get one name: instances are renamed before.
    * The default of a selection is left out, which makes a latch of it: GHDL's netlist in VHDL, of the
      same names, has it.
    * Constants of thousands of bits are put in base 16, which Icarus Verilog takes.
    """
    names = copied(written, folder)
    network = folder / "network.vhd"
    network.write_text(
        re.sub(r"(?m)^    (layer_\d+) : ", r"    instance_of_\1 : ", network.read_text())
    )
    ghdl(folder, "-i", *names)
    ghdl(folder, "-m", "network")
    translated = ghdl(folder, "--synth", "--out=verilog", "network")
    netlist = ghdl(folder, "--synth", "--out=raw-vhdl", "network")
    selection = r"with \w+ select (\w+) <=\n(?:.*\n)*?\s+(.*) when others;"
    defaults = {m[1]: _constant(m[2]) for m in re.finditer(selection, netlist)}
    lines, name = [], ""
    for line in translated.splitlines():
        if assigned := re.match(r"\s+\d+'b[01]+: (\w+) <= ", line):
            name = assigned[1]
        if line.strip() == "endcase":
            lines.append(f"      default: {name} <= {defaults.pop(name)};")
        lines.append(line)
    assert not defaults
    text = re.sub(r"(\d+)'b([01]{64,})", lambda m: f"{m[1]}'h{int(m[2], 2):x}", "\n".join(lines) + "\n")
    for path in folder.iterdir():
        path.unlink()
    (folder / "network.v").write_text(text)


def _constant(text: str) -> str:
    """A constant or a name of VHDL in Verilog."""
    if unknown := re.fullmatch(r"\((\d+) downto 0 => 'X'\)", text):
        return f"{int(unknown[1]) + 1}'bx"
    bits = text.strip("'\"")
    return f"{len(bits)}'b{bits.lower()}" if re.fullmatch("[01X]+", bits) else text
