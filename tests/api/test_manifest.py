"""The one reader and the one writer of a manifest's keys are inverse to each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

import snnc
from snnc.bundle.manifest import Calibration, Manifest, manifest_from
from snnc.bundle.manifest_file import manifest_text, problem_of
from snnc.bundle.ranges import Bounded, Ranges
from snnc.ir import InputGrid
from tests.sim.extremes import extreme_program

REGISTERS = ({"population": "h", "register": "potential", "low": 0, "high": 3, "least": 0, "most": 9},)
RANGES = (
    Ranges("proved", (Bounded(0, 4, None, REGISTERS), Bounded(0, 9, 2, REGISTERS))),
    Ranges("not proved: h", unproved=("h",), bounds=Bounded(0, 4, 1, REGISTERS)),
    Ranges("not proved: nothing is left of h", unproved=()),
    Ranges("observed on 3 samples", observed=REGISTERS, bounds=Bounded(0, 4, 0)),
    Ranges("not observed: there are no calibration data", bounds=Bounded(-1, 4, 1)),
)

GRID = InputGrid((0.5,), (-1.0,), 0, 255)


def variants(manifest: Manifest) -> list[Manifest]:
    """Every form that an entry can have."""
    given = manifest.calibration
    calibrations = (
        given,
        Calibration("none", thresholds="a data-free bound"),
        Calibration("unneeded"),
        replace(given, origin="array", path=None),
        replace(given, origin="file", path="../x.npz"),
    )
    model = replace(manifest.model, path=None, dt=0.5, discretize="euler", reset="subtract")
    return [
        *(replace(manifest, ranges=found) for found in RANGES),
        *(replace(manifest, calibration=found) for found in calibrations),
        replace(manifest, model=model, ann=None, kept=None, tried=()),
        replace(manifest, input=replace(manifest.input, encoding=None)),
        replace(manifest, input=replace(manifest.input, repeat=8, grid=GRID, rounding=0.25)),
    ]


def test_what_is_written_is_read_again(bundle: snnc.Bundle) -> None:
    assert bundle.manifest.ann is not None and bundle.manifest.kept is not None
    for manifest in variants(bundle.manifest):
        content = json.loads(manifest_text(manifest.as_json()))
        assert problem_of(content) == ""
        assert manifest_from(content) == manifest
        assert manifest_text(manifest_from(content).as_json()) == manifest_text(content)


def test_it_cannot_be_changed(bundle: snnc.Bundle) -> None:
    with pytest.raises(FrozenInstanceError):
        bundle.manifest.code = "rate"  # type: ignore[misc]
    assert bundle.manifest.target_name == "reference" and len(repr(bundle.manifest)) < 200


def test_proved_ranges_need_claims(bundle: snnc.Bundle) -> None:
    content = bundle.manifest.as_json() | {"ranges": {"status": "proved"}}
    assert problem_of(json.loads(manifest_text(content))) == "lacks ranges.claims"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scale": [0.0]}, "input.values.scale[0] is 0.0, not a number above 0"),
        ({"scale": []}, "0 in input.values.scale"),
        ({"scale": [1.0, 2.0, 3.0, 4.0, 5.0]}, "has 5 numbers in input.values.scale"),
        ({"offset": ["1"]}, "input.values.offset[0] is '1', not a number"),
        ({"offset": [float("inf")]}, "input.values.offset[0] is inf"),
        ({"counts": [3, 2]}, "input.values.counts end at 2, before they begin at 3"),
        ({"counts": [0]}, "1 in input.values.counts"),
        ({"rounding": 2}, "input.values.rounding is 2"),
        ({"gain": 1}, "has input.values.gain"),
    ],
)
def test_a_grid_that_cannot_be(bundle: snnc.Bundle, change: dict[str, object], said: str) -> None:
    given = replace(bundle.manifest.input, grid=GRID)
    content = replace(bundle.manifest, input=given).as_json() | {"sha256": "0" * 64}
    assert problem_of(content) == ""
    content["input"]["values"] |= change
    assert said in problem_of(content)


def test_bounds_without_end_are_written_so_that_they_can_be_read(tmp_path: Path) -> None:
    """A proof that fails may find a bound of 25 digits, which no manifest's number reaches."""
    snnc.compile(extreme_program(777001), "reference", tmp_path / "b.reference", allow_overflow=True)
    bounds = snnc.load(tmp_path / "b.reference").manifest.ranges.bounds
    assert bounds is not None
    written = [number for register in bounds.registers for number in numbers_in(register)]
    assert max(map(abs, written)) == 2**63


def numbers_in(register: Mapping[str, Any]) -> Iterator[int]:
    for value in register.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int):
                yield each
