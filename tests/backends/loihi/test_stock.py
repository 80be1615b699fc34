"""Networks that Lava's own graded neurons can say: stock processes alone, and the same numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.moving_digits.events import training_and_test
from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.layout import population_places, projection_places
from snnc.backends.loihi.potentials import FORGETS, hidden_potentials
from snnc.backends.loihi.stock import is_stock, obstacles
from snnc.errors import UserError
from snnc.ir import IntegerNeuron, Kind, Program
from tests.by_options import compile_model, verify_bundle

MODELS = Path(__file__).resolve().parents[3] / "samples" / "moving_digits"
STOCK = "loihi{processes=stock}"
LAVAS_OWN = {"input", "GradedReluVec", "GradedVec", "Dense", "Sparse", "DelaySparse", "Conv"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bias-free network out of stock processes."""
    folder = tmp_path_factory.mktemp("stock") / "net.loihi"
    compile_model(MODELS / "model_bias_free.pt", STOCK, folder)
    return folder


@pytest.fixture(scope="module")
def program(folder: Path) -> Program:
    return compile_model(MODELS / "model_bias_free.pt", STOCK, folder).program


def test_nothing_custom_is_left(folder: Path, program: Program) -> None:
    places = (*population_places(program), *projection_places(program))
    assert {p.process for p in places} <= LAVAS_OWN
    assert {p.process for p in places} >= {"GradedReluVec", "GradedVec"}
    manifest = json.loads((folder / "manifest.json").read_text())
    (told,) = (n["what"] for n in manifest["notes"] if n["code"] == "N730")
    assert told == "every process is Lava's own"
    assert manifest["ranges"]["status"] == "proved"
    # The ranges hold for all the frames that calibration has.
    assert manifest["ranges"]["claims"][0]["frames"] >= manifest["calibration"]["frames"]


@pytest.mark.lava
@pytest.mark.parametrize("engine", ["lava", "lava-inprocess"])
def test_lava_says_the_same(engine: str, folder: Path, tmp_path: Path) -> None:
    _, test = training_and_test(1)
    np.savez(tmp_path / "test.npz", x=test.x[:20])
    verified = verify_bundle(folder, data=tmp_path / "test.npz", engine=engine)
    assert verified.comparison.mismatches == 0 and not verified.warnings
    assert [bool(p.spikes) for p in verified.comparison.populations] == [True, True, False]


def changed(program: Program, name: str, **fields: Any) -> Program:
    p = program.by_name[name]
    assert p.neuron is not None
    neuron: IntegerNeuron = replace(p.neuron, **fields)
    new = replace(p, neuron=neuron)
    return replace(program, populations=tuple(new if q is p else q for q in program.populations))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"levels": 8}, "clip at 8 levels"),
        ({"start_value": np.asarray(3)}, "rounded to the nearest"),
        ({"bias_mantissa": np.asarray(3)}, "bias"),
        ({"threshold": np.asarray(100)}, "power of two"),
        ({"clear_interval": 2}, "frames of 2 steps"),
        ({"threshold": np.asarray(2**15)}, "weight exponent of -1"),
    ],
)
def test_what_lava_cannot_say_is_named(fields: dict[str, Any], reason: str, program: Program) -> None:
    assert is_stock(program)
    other = changed(program, "h1", **fields)
    assert not is_stock(other)
    assert any(reason in what for _, what in obstacles(other))
    found = [d for d in LoihiBackend(processes="stock").check(other) if d.code == "D424"]
    assert len(found) == 1 and "h1" in found[0].where and reason in found[0].what
    processes = {p.process for p in population_places(other)}
    assert processes == {"input", "Counting", "Readout"}


def test_what_forgets_at_once_has_no_potential(program: Program) -> None:
    hidden = {p.name for p in program.populations if p.kind is Kind.NEURONS}
    assert hidden_potentials(program, stock=False) == ({}, dict.fromkeys(hidden, FORGETS))
    kept, unread = hidden_potentials(changed(program, "h1", levels=8), stock=False)
    assert set(kept) == hidden and unread == {}, "neurons of the package's own"


def test_two_projections_are_rounded_down_one_by_one(program: Program) -> None:
    twice = replace(program, projections=(*program.projections, program.projections[0]))
    assert any("2 projections" in what for _, what in obstacles(twice))


@pytest.mark.slow
def test_a_network_with_biases_is_refused_with_every_reason(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        # Without a clip its loop has no bound either, which would be said first.
        compile_model(MODELS / "model.pt", STOCK, tmp_path / "net.loihi", allow_overflow=True)
    text = str(caught.value)
    assert text.count("D424") == 1 and "a bias" in text and "projections" in text
    with pytest.raises(UserError, match="D326"):
        compile_model(MODELS / "model.pt", "loihi{processes=some}", tmp_path / "net.loihi")


def test_neurons_that_lava_lacks_are_named(tmp_path: Path) -> None:
    done = compile_model(MODELS / "model_8_levels.pt", "loihi", tmp_path / "net.loihi", code="graded")
    (told,) = (n.what for n in done.notes if n.code == "N730")
    names = [p.name for p in done.program.populations if p.kind is not Kind.INPUT]
    assert all(name in told for name in names) and "Counting" in told


def test_other_codes_are_refused_first(tmp_path: Path) -> None:
    """Not for levels that the code would need, whatever the network's are."""
    with pytest.raises(UserError) as caught:
        compile_model(MODELS / "model_8_levels.pt", STOCK, tmp_path / "net.loihi", code="frame")
    (problem,) = caught.value.diagnostics
    assert problem.code == "D316" and "stock" in problem.what and "graded" in problem.help
