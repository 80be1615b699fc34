"""The one reader and the one writer of a manifest's keys are inverse to each other."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest

import snnc
from snnc.bundle.manifest import Calibration, Manifest, manifest_from
from snnc.bundle.manifest_file import manifest_text, problem_of
from snnc.bundle.ranges import Bounded, Ranges

REGISTERS = ({"population": "h", "register": "potential", "low": 0, "high": 3, "least": 0, "most": 9},)
RANGES = (
    Ranges("proved", (Bounded(0, 4, None, REGISTERS), Bounded(0, 9, 2, REGISTERS))),
    Ranges("not proved: h", unproved=("h",), bounds=Bounded(0, 4, 1, REGISTERS)),
    Ranges("not proved: nothing is left of h", unproved=()),
    Ranges("observed on 3 samples", observed=REGISTERS, bounds=Bounded(0, 4, 0)),
    Ranges("not observed: there are no calibration data", bounds=Bounded(-1, 4, 1)),
)


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
    model = replace(manifest.model, path=None, dt=0.5, discretize="euler")
    return [
        *(replace(manifest, ranges=found) for found in RANGES),
        *(replace(manifest, calibration=found) for found in calibrations),
        replace(manifest, model=model, ann=None, kept=None, tried=()),
        replace(manifest, input=replace(manifest.input, encoding=None)),
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
