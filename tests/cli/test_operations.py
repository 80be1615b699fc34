"""``snnc run --operations``: the shipped network's operations, and what cannot be counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from snnc.bundle.folder import MANIFEST, read_bundle
from snnc.bundle.manifest_file import manifest_text
from snnc.ir import size
from snnc.ir.footprint import fan_out
from tests.sealing import edit_manifest

from .conftest import Command

MACS = {
    "input -> h1": 12 * 8 * 8 * 2 * 9,
    "input -> h2": 24 * 4 * 4 * 2 * 9,  # behind the pooling, which is not folded in the ANN
    "h1 -> h2": 24 * 4 * 4 * 12 * 9,
    "h2 -> h2": 24 * 4 * 4 * 24 * 9,
    "h1 -> answer": 192 * 10,
    "h2 -> answer": 384 * 10,
}


def test_the_shipped_network(snnc: Command, finished: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    done = snnc("run", finished, "--data", data, "--operations", "--json", "-o", out)
    assert done.code == 0, done.err
    found = json.loads(done.out)["operations"]
    assert (found["samples"], found["frames"], found["snn"]["steps"]) == (3, 4, 4 * 4)
    assert found["ann"]["macs_a_frame"] == sum(MACS.values()) and found["ann"]["macs"] == 4 * sum(
        MACS.values()
    )
    layers = json.loads((finished / MANIFEST).read_text())["ann"]["layers"]
    assert {f"{x['source']} -> {x['target']}": x["macs"] for x in layers if x["macs"]} == MACS
    program = read_bundle(finished)[0].program
    with np.load(out) as results:  # binary neurons: what they sent is how often they did
        for row, q in zip(found["snn"]["projections"], program.projections, strict=True):
            if q.source != "input":
                connections = fan_out(q.op, program.by_name[q.source].shape)
                assert row["operations"] == pytest.approx(
                    (results[f"spikes.{q.source}"] * connections).sum() / 3
                )
        for row in found["snn"]["populations"][1:3]:
            neurons = size(program.by_name[row["name"]].shape)
            assert row["spikes"] == pytest.approx(results[f"spikes.{row['name']}"].sum() / 3)
            assert row["rate"] == pytest.approx(row["spikes"] / neurons / 16)
    assert set(found["picojoules"]) == {"fitted", "wide"}
    for energies in found["picojoules"].values():
        assert set(energies) == {"snn", "quantized", "float32"}
        assert energies["float32"]["ratio"] > energies["quantized"]["ratio"] > 0


def test_the_table_needs_no_output(snnc: Command, finished: Path, data: Path) -> None:
    done = snnc("run", finished, "--data", data, "--operations", "--samples", "2")
    assert done.code == 0 and done.out.startswith("answers for 2 samples, 4 frames each")
    for text in ("synaptic ops", "150,912 a frame", "mean over 2 samples", "ANN, same bits", "wide"):
        assert text in done.out
    assert "not measurements: docs/energy.md" in done.out


def test_damaged_counts_of_the_float_network(snnc: Command, bundle: Path, data: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    damaged: tuple[object, ...] = ({}, {"layers": [{}], "populations": []}, 3)
    for ann in damaged:
        edit_manifest(bundle, ann=ann)
        done = snnc("run", bundle, "--data", data, "--operations")
        assert done.code == 2 and "error[D114]" in done.err and "compile again" in done.err
    del manifest["ann"]
    (bundle / MANIFEST).write_bytes(manifest_text(manifest))
    assert "error[D114]" in snnc("run", bundle, "--data", data, "--operations").err
