"""The network behind its serial port, on Icarus: the answers are the reference simulator's."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pytest

from snnc.backends.fpga.devices import NONE
from snnc.backends.fpga.emit import NETWORK, SOURCES, UART, hardware_files, whole_bytes
from snnc.backends.fpga.layout import Layout, lay_out
from snnc.backends.fpga.readme import readme
from snnc.backends.fpga.staging import write
from snnc.backends.fpga.stimulus import LAST, beats, restart_beat
from snnc.conformance.builder import Built, single
from snnc.conformance.kit import Kit
from snnc.ir import Encoding
from snnc.sim.reference import answers, simulate

DIVIDER, WAKE = 8, 2000
BENCH = Path(__file__).with_name("serial.sv.in")


def beat_bytes(layout: Layout, beat: int, last: int) -> list[int]:
    return [last, *beat.to_bytes(whole_bytes(layout.input_bits) // 8, "little")]


def host(layout: Layout, built: Built) -> list[str]:
    """What a host sends: each sample after a restart, each step once the one before is over."""
    samples, steps = built.spikes.shape[:2]
    every = beats(layout, built.spikes)
    lines = []
    for _ in range(samples):
        lines += [f"{b:x}" for b in beat_bytes(layout, restart_beat(layout), 1)] + ["-"]
        for _ in range(steps):
            for beat in next(every):
                last = int(beat) >> 63
                lines += [f"{b:x}" for b in beat_bytes(layout, int(beat & ~LAST), last)]
            lines.append("-")
    return lines


def run_serial(folder: Path, layout: Layout, built: Built) -> list[str]:
    """The lines that the host received."""
    write(hardware_files(built.program, layout, 25), folder)
    values = {
        "divider": DIVIDER,
        "wake": WAKE,
        "input_bytes": whole_bytes(layout.input_bits) // 8,
        "output_bytes": whole_bytes(layout.output_bits) // 8,
    }
    (folder / "serial.sv").write_text(Template(BENCH.read_text()).substitute(values))
    (folder / "stimulus.txt").write_text("\n".join(host(layout, built)) + "\n")
    sources = ["serial.sv", *SOURCES, NETWORK, UART]
    command = ["iverilog", "-g2012", "-o", "serial.vvp", "-s", "serial", *sources]
    subprocess.run(command, cwd=folder, check=True, timeout=100)
    subprocess.run(["vvp", "-n", "serial.vvp"], cwd=folder, check=True, timeout=300)
    return (folder / "result.txt").read_text().splitlines()


def test_the_readme_sends_the_same_bytes() -> None:
    program = single(Kit(encoding=Encoding.GRADED), 7).built().program
    layout = lay_out(program, 4)
    text = readme(program, layout, NONE, 25)
    code = text.split("```python")[2].split("def play")[0].replace("import serial", "")
    found: dict[str, Any] = {}
    exec(code, found)
    beat = found["beat"]
    assert beat(restart=1, last=1) == bytes(beat_bytes(layout, restart_beat(layout), 1))
    spikes = np.array([[[0, -3, 0, 15, 0, 0, 1]]])
    (words,) = beats(layout, spikes)
    sent = [(1, -3), (3, 15), (6, 1)]
    for (neuron, payload), word in zip(sent, words, strict=True):
        last = int(word) >> 63
        wanted = bytes(beat_bytes(layout, int(word & ~LAST), last))
        assert beat(neuron, payload, spike=1, last=last) == wanted


def test_the_readmes_client_reads_answers_and_ends_where_nothing_comes() -> None:
    """Its own words on a port that answers as the board does, and on one that is silent."""
    program = single(Kit(encoding=Encoding.GRADED), 7).built().program
    layout = lay_out(program, 4)
    text = readme(program, layout, "ice40-hx8k", 12)
    assert '"/dev/ttyUSB1"' in text and '"/dev/ttyUSB0"' in readme(program, layout, "ecp5-25", 25)
    code = text.split("```python")[2].split("port = serial")[0].replace("import serial", "")
    found: dict[str, Any] = {}
    exec(code, found)
    value, neuron = layout.parameters["POTENTIAL"], layout.parameters["NEURON"]
    word = 1 << (layout.output_bits - 2) | (5 << value) | ((1 << value) - 3)
    width = -(-layout.output_bits // 8)
    answer = bytes([1]) + word.to_bytes(width, "little")
    port = io.BytesIO(b"\x02" + answer + b"\x02" + b"\x02")
    port.write = lambda _sent: 0  # type: ignore[method-assign]
    assert neuron and list(found["play"](port, [[0, 1], [0, 0]])) == [[-3]]
    silent = io.BytesIO(b"\x02" + answer[:2])
    silent.write = lambda _sent: 0  # type: ignore[method-assign]
    with pytest.raises(TimeoutError, match="right port"):
        list(found["play"](silent, [[0, 1]]))


@pytest.mark.usefixtures("icarus")
def test_answers_come_back(tmp_path: Path) -> None:
    built = single(Kit(), 7, clear_interval=4, clear_offset=1).built(samples=2, steps=9)
    layout = lay_out(built.program, 8)
    lines = run_serial(tmp_path, layout, built)
    assert "error" not in lines
    readout = built.program.readout
    value = layout.parameters["POTENTIAL"]
    found = []
    for line in lines:
        parts = [int(part, 16) for part in line.split()]
        if len(parts) == 1:
            assert parts == [2]
            continue
        word = int.from_bytes(bytes(parts[1:]), "little")
        kind, number = word >> (layout.output_bits - 2), word & ((1 << value) - 1)
        assert parts[0] == (kind == 2)
        if kind == 1:
            found.append(number - (1 << value) if number >> (value - 1) else number)
    trace = simulate(built.program, built.spikes)
    wanted = answers(built.program, trace.potentials[readout.name])
    assert np.array_equal(found, wanted.ravel()) and np.any(wanted)
    # A step each, and a restart for each sample
    assert lines.count("2") == 2 * (9 + 1)
