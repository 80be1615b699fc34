"""The shipped rollout network as hardware, with real streams, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from samples.moving_digits.events import training_and_test
from snnc.commands.app import app

MODEL = Path(__file__).resolve().parents[3] / "samples" / "moving_digits" / "model.pt"
STREAMS, FRAMES = 2, 4
OPTIONS = ("--code", "rate", "--steps-per-frame", "16", "--set", "encode-input{code=spread}")


def call(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("verilator")
def test_every_value_is_the_same_and_cycles_are_counted(tmp_path: Path) -> None:
    bundle, data = tmp_path / "digits.fpga", tmp_path / "streams.npz"
    _, test = training_and_test(copies=1)
    np.savez(data, x=np.asarray(test.x[:STREAMS, :FRAMES], np.int64))
    call("compile", MODEL, "--target", "fpga{input-bits=3}", *OPTIONS, "-o", bundle)
    said = json.loads(call("verify", bundle, "--data", data, "--potentials", "--json"))
    assert said["mismatches"] == 0 and said["payload_differences"] == []
    hidden = {p["population"]: p for p in said["populations"] if p["quantity"] == "potential"}
    assert set(hidden) == {"h1", "h2", "answer"}
    costs = {m["name"]: m["value"] for m in said["measured"]}
    mean, most = costs["cycles of a step, mean"], costs["cycles of a step, most"]
    # Each neuron takes a cycle at the least.
    assert 1162 < mean < most
    assert np.isclose(costs["cycles of a frame, mean"], 16 * mean)
