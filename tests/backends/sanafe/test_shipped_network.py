"""The shipped rollout network on SANA-FE with real streams, from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from samples.moving_digits.events import training_and_test
from snnc.commands.app import app
from snnc.ir import Integers, Program, read_program
from snnc.ir.footprint import fan_out
from snnc.sim import encode, simulate

MODEL = Path(__file__).resolve().parents[3] / "samples" / "moving_digits" / "model.pt"
STREAMS, FRAMES = 2, 6


def call(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped") / "digits.sanafe"
    call("compile", MODEL, "--target", "sanafe", "-o", folder)
    return folder


@pytest.fixture(scope="module")
def counts() -> Integers:
    _, test = training_and_test(copies=1)
    return np.asarray(test.x[:STREAMS, :FRAMES], np.int64)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, counts: Integers) -> Path:
    path = tmp_path_factory.mktemp("data") / "streams.npz"
    np.savez(path, x=counts)
    return path


def delivered(program: Program, counts: Integers) -> float:
    """Synaptic operations of a sample: spikes that arrive before the run ends, times their fan-out."""
    spikes = encode(program, counts)
    steps = spikes.shape[1]
    trace = simulate(program, spikes)
    total = 0
    for p in program.projections:
        sent = trace.spikes[p.source][:, : steps - p.delay]
        total += int((sent * fan_out(p.op, program.by_name[p.source].shape)).sum())
    return total / len(counts)


@pytest.mark.parametrize("engine", ["sanafe", "sanafe-loihi"])
def test_spikes_are_the_same_and_costs_are_reported(
    installed: Path,
    bundle: Path,
    data: Path,
    counts: Integers,
    engine: str,
) -> None:
    said = json.loads(call("verify", bundle, "--data", data, "--engine", engine, "--json"))
    assert said["mismatches"] == 0 and said["payload_differences"] == []
    costs = {m["name"]: m["value"] for m in said["measured"]}
    program = read_program(
        (bundle / "program.json").read_bytes(), (bundle / "weights.npz").read_bytes()
    )
    operations = costs["synaptic operations a sample"]
    assert operations == delivered(program, counts) > 0
    parts = ("synapses", "neurons", "messages", "dendrites")
    total = sum(costs[f"energy of {part} a sample"] for part in parts)
    assert np.isclose(total, costs["energy a sample"], rtol=1e-9)
    if engine == "sanafe":
        assert np.isclose(costs["energy of synapses a sample"], operations * 23.6e-12, rtol=1e-9)
    steps = program.steps(FRAMES)
    # A step lasts at least as long as the chip's barrier, 113 ns for one tile.
    assert costs["time on the chip a sample"] > steps * 113e-9
    assert costs["cores used"] == 3 and costs["tiles used"] == 1


def test_a_changed_weight_is_found(installed: Path, bundle: Path, data: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    changed.mkdir()
    for path in bundle.iterdir():
        (changed / path.name).write_bytes(path.read_bytes())
    text = (bundle / "network.yaml").read_text()
    # Everything that one neuron of h1 hears now excites it.
    text = re.sub(r"( -> p1_h1\.300: \[ weight:) \S+ ", r"\1 200.0 ", text)
    (changed / "network.yaml").write_text(text)
    arguments = ["verify", str(changed), "--data", str(data), "--json", "--allow-altered"]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["payload_differences"][0].startswith("network.yaml is another file from line")
    assert said["mismatches"] > 0
