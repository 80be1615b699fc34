"""Folders that are no bundle, or not what was compiled: one message, exit code 2, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnc.bundle.manifest import FORMAT
from snnc.ir import pack_arrays, unpack_arrays
from tests.sealing import edit_manifest, reseal

from .conftest import Command, refused


def test_not_a_bundle(snnc: Command, tmp_path: Path) -> None:
    for command in (("verify",), ("inspect",)):
        refused(snnc(*command, tmp_path), "D113", "manifest.json")
    (tmp_path / "manifest.json").write_text("{")
    refused(snnc("verify", tmp_path), "D114", "damaged")
    (tmp_path / "manifest.json").write_text(f'{{"format": {FORMAT}}}')
    refused(snnc("verify", tmp_path), "D114", "lacks")
    (tmp_path / "manifest.json").write_text('{"format": 99}')
    refused(snnc("verify", tmp_path), "D115", "99")


def test_a_manifest_that_points_outside(snnc: Command, bundle: Path) -> None:
    edit_manifest(bundle, payload={"program": "../../../etc/passwd", "weights": "x"})
    refused(snnc("verify", bundle), "D114", "payload.program", "not one of its files")


def test_a_manifest_with_parts_of_the_wrong_kind(snnc: Command, bundle: Path) -> None:
    for changes in ({"files": 3}, {"payload": {"program": 5}}, {"readout": "x"}, {"target": ["loihi"]}):
        good = (bundle / "manifest.json").read_text()
        edit_manifest(bundle, **changes)
        refused(snnc("verify", bundle), "D11")
        (bundle / "manifest.json").write_text(good)


@pytest.mark.parametrize("name", ["model_lava/program.json", "model_lava/weights.npz", "README.md"])
def test_an_altered_bundle(snnc: Command, bundle: Path, data: Path, name: str) -> None:
    path = bundle / name
    path.write_bytes(path.read_bytes() + b" ")
    for command in (["verify", bundle], ["run", bundle, "--data", data, "-o", bundle.parent / "o"]):
        refused(snnc(*command), "D116", name, "--allow-altered")
    refused(snnc("inspect", bundle), "D116", name)


def test_a_bundle_with_files_missing_and_added(snnc: Command, bundle: Path) -> None:
    (bundle / "model_lava" / "weights.npz").unlink()
    (bundle / "model_lava" / "extra.py").write_text("import os")
    refused(snnc("verify", bundle), "missing", "weights.npz", "added", "extra.py")
    (bundle / "program.json").unlink()
    refused(snnc("verify", bundle, "--allow-altered"), "D114")


def test_damaged_weights_are_told(snnc: Command, bundle: Path) -> None:
    (bundle / "weights.npz").write_bytes(b"PK\x03\x04")
    refused(snnc("verify", bundle, "--allow-altered"), "D130", "weights.npz")


def test_a_payload_that_is_not_the_program_is_refused_whatever_data_show(
    snnc: Command, bundle: Path, data: Path
) -> None:
    weights = bundle / "model_lava" / "weights.npz"
    arrays = unpack_arrays(weights.read_bytes())
    name = next(n for n in arrays if n.endswith("bias_mantissa"))
    changed = arrays[name].copy()
    changed.flat[0] += 1
    weights.write_bytes(pack_arrays({**arrays, name: changed}))
    reseal(bundle)
    refused(snnc("verify", bundle), "D120", name, f"is {changed.flat[0]}, compiled")
    refused(snnc("run", bundle, "--data", data, "-o", bundle.parent / "o.npz"), "D120", name)


def test_a_manifest_that_contradicts_the_program(snnc: Command, bundle: Path) -> None:
    edit_manifest(bundle, steps_per_frame=8)
    refused(snnc("verify", bundle), "D114", "steps_per_frame 8", "4")
