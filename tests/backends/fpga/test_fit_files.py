"""What a bundle for a device has to have besides hardware, and who is to blame where it is damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from snnc.backends import Emitted
from snnc.backends.fpga import FpgaBackend
from snnc.backends.fpga.devices import DEVICES
from snnc.backends.fpga.fit import Fit, read_fit
from snnc.conformance.bench import Bench
from snnc.conformance.builder import Built, single
from snnc.conformance.kit import Kit
from snnc.errors import UserError

NAME = "ecp5-85"
STATED = Fit(NAME, 2154, 83640, 42, 208, 0, 156, 69.1, "yosys, nextpnr")
FOR_A_DEVICE = FpgaBackend(device=NAME)
Bundle = tuple[Built, Path, Emitted]


@pytest.fixture
def without(tmp_path: Path) -> Bundle:
    """A bundle that was compiled for no device; its hardware is that of a board with the same clock."""
    built = single(Kit(), 9).built()
    return built, *Bench(FpgaBackend(), Kit(), (), tmp_path).emit(built.program)


@pytest.fixture
def placed(without: Bundle) -> Bundle:
    """The same with what placing adds."""
    place = without[1] / "fpga"
    (place / "fit.json").write_bytes(STATED.text)
    (place / "snnc_board.bit").write_bytes(b"bits")
    (place / "snnc_board.lpf").write_bytes(DEVICES[NAME].pins["snnc_board.lpf"])
    return without


def differences(bundle: Bundle) -> list[str]:
    built, folder, emitted = bundle
    return FOR_A_DEVICE.differences(built.program, folder, emitted)


def test_a_bundle_that_was_not_placed_is_none_for_a_device(without: Bundle) -> None:
    """As if somebody had written another target into its manifest."""
    assert FpgaBackend().differences(without[0].program, *without[1:]) == []
    assert differences(without) == [
        "snnc_board.lpf is missing",
        "snnc_board.bit is missing or empty, and the target names ecp5-85",
        "fit.json is missing, and the target names ecp5-85",
    ]


def test_what_placing_gives_is_what_a_device_needs(placed: Bundle) -> None:
    assert differences(placed) == []
    found = FpgaBackend().differences(placed[0].program, *placed[1:])
    assert len(found) == 3 and all("not one of the target's files" in each for each in found)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("snnc_board.bit", b"", "snnc_board.bit is missing or empty"),
        ("snnc_board.lpf", b"LOCATE", "snnc_board.lpf differs"),
        ("fit.json", STATED.text.replace(b"ecp5-85", b"ecp5-25"), "is about ecp5-25"),
        ("fit.json", STATED.text.replace(b"69.1", b"null"), "states None MHz"),
    ],
)
def test_each_file_is_looked_at(placed: Bundle, file: str, content: bytes, said: str) -> None:
    (placed[1] / "fpga" / file).write_bytes(content)
    (problem,) = differences(placed)
    assert said in problem


def test_an_estimate_has_no_bitstream(without: Bundle) -> None:
    estimate = Fit("xilinx-7a35t", 900, 20800, 3, 100, 0, 90, None, "yosys")
    (without[1] / "fpga" / "fit.json").write_bytes(estimate.text)
    arty = FpgaBackend(device="xilinx-7a35t", clock=25)
    assert arty.differences(without[0].program, *without[1:]) == []
    (without[1] / "fpga" / "snnc_board.bit").write_bytes(b"bits")
    (problem,) = arty.differences(without[0].program, *without[1:])
    assert "snnc_board.bit is not one of the target's files" in problem


CHANGES: list[Callable[[dict[str, Any]], Any]] = [
    lambda found: [],
    lambda found: {k: v for k, v in found.items() if k != "cells"},
    lambda found: {**found, "more": 1},
    lambda found: {**found, "cells": -1},
    lambda found: {**found, "cells": True},
    lambda found: {**found, "device": 3},
    lambda found: {**found, "megahertz": "fast"},
    lambda found: {**found, "megahertz": -1.0},
    lambda found: {**found, "megahertz": 1e300},
]


@pytest.mark.usefixtures("verilator")
@pytest.mark.parametrize("change", [*CHANGES, None], ids=range(len(CHANGES) + 1))
def test_a_damaged_file_is_the_bundles_and_no_engines(
    placed: Bundle, change: Callable[[dict[str, Any]], Any] | None
) -> None:
    built, folder, emitted = placed
    path = folder / "fpga" / "fit.json"
    path.write_text("{" if change is None else json.dumps(change(asdict(STATED))))
    for do in (
        lambda: read_fit(path),
        lambda: differences(placed),
        lambda: FOR_A_DEVICE.run("verilator", folder, emitted, built.spikes, time_limit=100),
    ):
        with pytest.raises(UserError) as refused:
            do()
        (problem,) = refused.value.diagnostics
        assert problem.code == "D144" and problem.where.startswith(str(path))
        assert "compile the model again" in problem.help and "yosys" not in str(refused.value)


@pytest.mark.usefixtures("verilator")
def test_the_stated_frequency_is_a_frames_time(placed: Bundle) -> None:
    built, folder, emitted = placed
    trace = FOR_A_DEVICE.run("verilator", folder, emitted, built.spikes, time_limit=100)
    told = {m.name: m.value for m in trace.measured}
    cycles = told["cycles of a step, mean"] * built.program.steps_per_frame
    assert told["time of a frame, mean"] == pytest.approx(cycles / 69.1e6)
