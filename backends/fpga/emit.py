"""Writes the payload: SystemVerilog, the contents of its memories, and a README."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

from snnc.backends.base import Emitted
from snnc.ir import Program

from .layout import Layout
from .words import bits_for

HERE = Path(__file__).parent
FOLDER = "fpga"
NETWORK = "snnc_network.sv"
MEMORIES = "memories"
README, FIT, BITSTREAM = "README.md", "fit.json", "snnc_board.bit"
BOARD, UART = "snnc_board.sv", "snnc_uart.sv"
SOURCES = ("snnc_memory.sv", "snnc_neuron.sv", "snnc_sums.sv", "snnc_update.sv", "snnc_core.sv")
"""The hand-written files of ``snnc_network``, the same for every network."""

BAUD = 115200


def emit(folder: Path, files: Mapping[str, bytes], beside: Mapping[str, bytes]) -> Emitted:
    """Write the files into the bundle's folder ``fpga``; the manifest keeps their names.

    Args:
        folder: the bundle.
        files: of :func:`hardware_files`.
        beside: others, by name, that are not read again.
    """
    (folder / FOLDER / MEMORIES).mkdir(parents=True)
    for name, content in {**files, **beside}.items():
        (folder / FOLDER / name).write_bytes(content)
    return Emitted({name: f"{FOLDER}/{name}" for name in files})


def hardware_files(program: Program, layout: Layout, clock: int) -> dict[str, bytes]:
    """All files by name, relative to the folder. The same program and options give the same bytes.

    Args:
        program: the network, ``layout`` as hardware.
        clock: of the board, in MHz.
    """
    fixed = {name: (HERE / "rtl" / name).read_bytes() for name in (*SOURCES, UART)}
    memories = {f"{MEMORIES}/{m.name}.hex": m.text.encode() for m in layout.memories}
    made = {NETWORK: _network(program, layout), BOARD: _board(layout, clock)}
    return {**{name: text.encode() for name, text in made.items()}, **fixed, **memories}


def whole_bytes(bits: int) -> int:
    """Bits of a stream's data: so many bytes."""
    return -(-bits // 8) * 8


def _board(layout: Layout, clock: int) -> str:
    return filled(
        f"{BOARD}.in",
        clock=clock,
        baud=BAUD,
        divider=round(clock * 1_000_000 / BAUD),
        input_bytes=whole_bytes(layout.input_bits) // 8,
        output_bytes=whole_bytes(layout.output_bits) // 8,
    )


def _network(program: Program, layout: Layout) -> str:
    given = layout.parameters
    parameters = ",\n".join(f"        .{name}({value})" for name, value in given.items())
    population, value = bits_for(len(layout.order) - 1), max(given["POTENTIAL"], given["PAYLOAD"])
    told = "\n//   kind 0: a spike of a neuron; kind 2 then ends every step." if given["SPIKES"] else ""
    return filled(
        NETWORK + ".in",
        name="".join(c if c.isalnum() or c in "_-. " else "_" for c in program.name)[:60],
        input_bits=layout.input_bits,
        output_bits=layout.output_bits,
        payload_bits=given["PAYLOAD"],
        neuron_bits=given["NEURON"],
        population_bits=population,
        value_bits=value,
        spikes=told,
        s_top=whole_bytes(layout.input_bits) - 1,
        m_top=whole_bytes(layout.output_bits) - 1,
        input_top=layout.input_bits - 1,
        output_top=layout.output_bits - 1,
        population_top=population - 1,
        neuron_top=given["NEURON"] - 1,
        payload_top=given["PAYLOAD"] - 1,
        potential_top=given["POTENTIAL"] - 1,
        parameters=parameters,
    )


def bench(layout: Layout) -> str:
    """The bench for Icarus Verilog."""
    given = layout.parameters
    text = (HERE / "sim" / "icarus.sv.in").read_text(encoding="utf-8")
    return Template(text).substitute(
        s_top=whole_bytes(layout.input_bits) - 1,
        m_top=whole_bytes(layout.output_bits) - 1,
        population_top=bits_for(len(layout.order) - 1) - 1,
        neuron_top=given["NEURON"] - 1,
        payload_top=given["PAYLOAD"] - 1,
        potential_top=given["POTENTIAL"] - 1,
    )


def filled(template: str, **values: str | int) -> str:
    """A template with these values."""
    return Template((HERE / "templates" / template).read_text(encoding="utf-8")).substitute(values)
