"""Placements on SANA-FE: what is counted is what it sends, and spikes are the same on any core."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import snnc
from samples.moving_digits.events import training_and_test
from snnc.backends.base import Emitted
from snnc.backends.sanafe import SanafeBackend
from snnc.backends.sanafe.emit import FILES
from snnc.backends.sanafe.placement import refuse_too_many
from snnc.backends.sanafe.wiring import LIMITS
from snnc.bundle.folder import read_bundle
from snnc.errors import UserError
from snnc.ir import Integers, Program
from snnc.sim import encode, simulate
from tests.backends.sanafe.networks import sayable

MODEL = Path(__file__).resolve().parents[3] / "samples" / "moving_digits" / "model.pt"
METHODS = ("order", "random", "traffic")
FRAMES = 3


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Integers]:
    """The shipped rollout, 3 cores by places alone, and one stream."""
    folder = tmp_path_factory.mktemp("shipped") / "digits.sanafe"
    snnc.compile(MODEL, "sanafe{placement=order}", folder)
    program = read_bundle(folder)[0].program
    _, test = training_and_test(copies=1)
    return program, encode(program, np.asarray(test.x[:1, :FRAMES], np.int64))


def emitted(program: Program, method: str, folder: Path, inputs: Integers | None) -> Emitted:
    folder.mkdir()
    return SanafeBackend(placement=method).emit(program, folder, inputs)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("method", METHODS)
def test_sanafe_sends_what_was_counted(
    method: str, shipped: tuple[Program, Integers], tmp_path: Path
) -> None:
    program, inputs = shipped
    back_end, folder = SanafeBackend(placement=method), tmp_path / "payload"
    written = emitted(program, method, folder, inputs)
    told = json.loads((folder / FILES["placement"]).read_text())["traffic"]
    trace = back_end.run("sanafe", folder, written, inputs, time_limit=600)
    ours = simulate(program, inputs)
    assert all(np.array_equal(trace.spikes[name], ours.spikes[name]) for name in trace.spikes)
    readout = program.readout.name
    assert np.array_equal(trace.potentials[readout], ours.potentials[readout])
    found = {m.name: m.value for m in trace.measured}
    assert found["messages from core to core a sample"] == told["messages"]
    assert found["hops from tile to tile a sample"] == told["hops"]
    assert back_end.differences(program, folder, written) == []


def test_messages_are_said_and_fewer(shipped: tuple[Program, Integers], tmp_path: Path) -> None:
    program, inputs = shipped
    for method in METHODS:
        notes = emitted(program, method, tmp_path / method, inputs).notes
        note = next(n for n in notes if n.code == "N802")
        told = json.loads((tmp_path / method / FILES["placement"]).read_text())
        assert f"placed by {method}" in note.what
        assert f"{told['traffic']['between cores']} of" in note.what
        if method == "traffic":
            before = told["traffic"]["in order"]["between cores"]
            assert told["traffic"]["between cores"] < before and f"in order {before}" in note.what


def test_cores_keep_their_limits(shipped: tuple[Program, Integers], tmp_path: Path) -> None:
    program, inputs = shipped
    for method in ("random", "traffic"):
        emitted(program, method, tmp_path / method, inputs)
        told = json.loads((tmp_path / method / FILES["placement"]).read_text())
        assert told["alone"] == {}
        for core in told["cores"]:
            assert all(core["uses"][name] <= limit.value for name, limit in LIMITS.holds.items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["cores"][0]["neurons"].pop(), "on no core"),
        (lambda m: m["cores"][0]["neurons"].append(m["cores"][0]["neurons"][0]), "on two cores"),
        (lambda m: m["cores"][0].update(core="40.0"), "no core 40.0"),
        (lambda m: m["cores"][0]["neurons"][0].update(first=-3), "has no neurons"),
        (lambda m: m.pop("cores"), "cores"),
    ],
)
def test_a_mapping_that_is_none(change: object, said: str, tmp_path: Path) -> None:
    program = sayable(1)
    written = emitted(program, "traffic", tmp_path / "x", None)
    path = tmp_path / "x" / "mapping.json"
    content = json.loads(path.read_text())
    change(content)  # type: ignore[operator]
    path.write_text(json.dumps(content))
    (found,) = SanafeBackend().differences(program, tmp_path / "x", written)
    assert found.startswith("mapping.json does not say where every neuron is: ") and said in found


def test_more_cores_than_the_chip_has(shipped: tuple[Program, Integers]) -> None:
    program, _ = shipped
    refuse_too_many(program, 128)
    with pytest.raises(UserError, match=r"(?s)D433.*129 cores.*has 128.*placement=order"):
        refuse_too_many(program, 129)
