"""Sigma-delta layers of lava-dl's files: messages, sums and answers in the order of its training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.errors import Diagnostic, UserError
from snnc.frontend import ModelSource
from snnc.ir import Encoding, Kind, Program
from snnc.sim import REFERENCE, encode, simulate, simulator_for

from .netx_files import (
    CUBA,
    MESSAGE,
    SDNN,
    Ints,
    Layers,
    changing,
    dense,
    layer,
    neuron,
    run_changing,
    written,
)

STEPS = 40
ONE = 64 * 4096
"""What stands for 1 in a sum: weights and values of the file are in 1/64, messages in 1/64 of those."""


def program_of(path: Path, layers: Layers) -> Program:
    found = ModelSource(written(path / "net.net", layers)).load_integers()
    assert found is not None
    return found.program


def values(rng: np.random.Generator) -> Ints:
    """An image that moves slowly, so that some changes stay below the thresholds."""
    image = rng.integers(-50, 64, (2, 7, 5))
    return np.asarray(image + np.cumsum(rng.integers(-4, 5, (STEPS, 2, 7, 5)), axis=0))


@pytest.mark.parametrize("last", ["sigma_output", "average"])
def test_every_layer_does_what_lava_dl_says(tmp_path: Path, last: str) -> None:
    rng = np.random.default_rng(7)
    layers = changing(rng, last=last)
    program, x = program_of(tmp_path, layers), values(rng)
    counts = np.concatenate([x, np.zeros((9, *x.shape[1:]), np.int64)])
    trace = simulate(program, encode(program, counts[None]), states=True, simulator=REFERENCE)
    having = [p for p in program.populations if p.name.startswith("layer")]
    for population, (sent, sums) in zip(having, run_changing(layers, x), strict=True):
        here = slice(population.start, population.start + STEPS)
        assert np.array_equal(trace.potentials[population.name][0, here], sums), population.name
        if population.kind is Kind.NEURONS:
            assert np.array_equal(trace.spikes[population.name][0, here], sent), population.name
            assert (sent > 0).any() and (sent < 0).any() and (sent == 0).any(), population.name
    if last == "average":
        start, groups = program.readout.start, run_changing(layers, x)[-1][0].reshape(STEPS, 3, 2)
        want = np.cumsum(groups.sum(axis=2), axis=0)
        assert np.array_equal(trace.potentials["answer"][0, start : start + STEPS], want)


def test_what_stands_for_one(tmp_path: Path) -> None:
    """Counts are 64 times the values; of a network that ends with neurons, the sum of its messages."""
    rng = np.random.default_rng(0)
    program = program_of(tmp_path, changing(rng))
    assert program.input.encoding is Encoding.GRADED
    assert program.readout.name == "layer6" and program.readout.dynamics.unit == ONE
    program = program_of(tmp_path, changing(rng, last="average"))
    assert program.readout.name == "answer" and program.readout.dynamics.unit == 2 * 64 * MESSAGE


def test_any_change_is_sent_where_the_threshold_is_0(tmp_path: Path) -> None:
    layers = changing(np.random.default_rng(0))
    thresholds = {p.name: p.neuron for p in program_of(tmp_path, layers).populations}
    found = [n.threshold for n in thresholds.values() if n is not None and n.threshold is not None]
    assert [int(t) for t in found] == [2 << 12, 13 << 12, 1, 9 << 12, 1 << 12]


def test_the_plain_simulator_runs_it(tmp_path: Path) -> None:
    assert simulator_for(program_of(tmp_path, changing(np.random.default_rng(0))), "fast") == REFERENCE


def test_what_reading_settles_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "net.net", changing(np.random.default_rng(0)))
    found = ModelSource(path).load_integers()
    assert found is not None
    said = {note.code: note for note in found.notes}
    assert set(said) == {"N776", "N777"}
    assert "gives this layer: 64 x + 0" in said["N777"].what
    assert said["N776"].where == "layer/1 (conv), layer/5 (dense)"


@pytest.mark.parametrize("engine", ["lava-inprocess", "lava"])
def test_on_lava(tmp_path: Path, engine: str) -> None:
    """Two samples, so that the second begins from the start state; hidden potentials too."""
    rng = np.random.default_rng(7)
    path = written(tmp_path / "net.net", changing(rng))
    x = np.stack([values(rng)[:12], values(rng)[:12]])
    bundle = snnc.compile(path, "loihi", calibration=x, allow_overflow=True)
    done = bundle.verify(x, engine=engine, potentials=True)
    assert done.equal and done.comparison.compared == 10692
    assert {row.quantity for row in done.comparison.populations} == {"spikes", "potential"}


def refusal(path: Path, layers: Layers, **options: Any) -> tuple[Diagnostic, ...]:
    with pytest.raises(UserError) as caught:
        ModelSource(written(path / "net.net", layers), **options).load_integers()
    return caught.value.diagnostics


def small() -> Layers:
    rng = np.random.default_rng(0)
    layers = [layer("input", (4,)), dense(rng, 4, 3, bias=np.array([2.0])), dense(rng, 3, 2)]
    for arrays in layers:
        for name in CUBA:
            arrays.pop(f"neuron/{name}", None)
        arrays |= {**SDNN, "neuron/vThMant": 5}
    layers[2]["neuron/sigma_output"] = True
    return layers


DAMAGED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no threshold": ({"neuron/vThMant": None}, 1, "neuron/vThMant"),
    "a threshold below 0": ({"neuron/vThMant": -1}, 1, "neuron/vThMant"),
    "a threshold that no register holds": ({"neuron/vThMant": 2048}, 0, "neuron/vThMant"),
    "a bias that no register holds": ({"bias": np.array([-2048.0])}, 1, "bias"),
    "biases for others": ({"bias": np.zeros(4)}, 1, "bias"),
    "an answer with biases": ({"bias": np.zeros(2)}, 2, "bias"),
    "an answer in the middle": ({"neuron/sigma_output": True}, 1, "neuron/sigma_output"),
    "an activation that is a number": ({"neuron/activation": 3}, 1, "neuron/activation"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_named(tmp_path: Path, case: str) -> None:
    changed, number, where = DAMAGED[case]
    layers = small()
    for name, value in changed.items():
        if value is None:
            del layers[number][name]
        else:
            layers[number][name] = value
    (found,) = refusal(tmp_path, layers)
    assert found.code == "D640" and found.where.endswith(f"layer/{number}/{where}"), found


def test_the_largest_threshold_and_bias_are_read(tmp_path: Path) -> None:
    layers = small()
    layers[1] |= {"neuron/vThMant": 2047, "bias": np.array([-2047.0])}
    hidden = program_of(tmp_path, layers).by_name["layer1"].dynamics
    assert int(hidden.fires_at) == 2047 << 12 < 2**23
    assert int(hidden.bias_mantissa) << hidden.bias_exponent == -(2047 << 12)


OTHER: dict[str, tuple[dict[str, Any], int, str]] = {
    "another activation": ({"neuron/activation": b"tanh"}, 1, "relu"),
    "other messages": ({"neuron/messageBits": 8}, 1, "cuts no message"),
    "thresholds of each neuron": ({"neuron/vThMant": np.array([1, 2, 3])}, 1, "one"),
    "a recurrent layer": ({"type": np.array([b"dense_rec"])}, 1, "no such block"),
    "a spiking layer beside": (neuron(), 1, "4096 for 1"),
    "a layer without neurons beside": ({"neuron/type": None}, 2, "4096 for 1"),
    "an input without neurons": ({"neuron/type": None}, 0, "spikes or changes"),
    "spiking neurons at the input": (neuron(), 0, "spikes or changes"),
}


@pytest.mark.parametrize("case", OTHER)
def test_what_cannot_be_said_is_named_with_the_reason(tmp_path: Path, case: str) -> None:
    changed, number, reason = OTHER[case]
    layers = small()
    if changed.get("neuron/type", "") is None:
        layers[number] = {n: v for n, v in layers[number].items() if not n.startswith("neuron/")}
    else:
        layers[number] |= changed
    (found,) = refusal(tmp_path, layers)
    assert found.code == "D641" and reason in found.why and found.help
    assert f"layer/{number}" in found.where


@pytest.mark.parametrize("name", ["activation", "vThMant"])
def test_what_the_answer_does_not_use_may_be_anything(tmp_path: Path, name: str) -> None:
    """The layer that adds up has neither; in the input layer no activation is computed."""
    layers = small()
    layers[2][f"neuron/{name}"] = b"tanh" if name == "activation" else 99999
    if name == "activation":
        layers[0]["neuron/activation"] = b"tanh"
    assert program_of(tmp_path, layers).readout.name == "layer2"


def test_they_are_never_reset(tmp_path: Path) -> None:
    (found,) = refusal(tmp_path, small(), reset_interval=16)
    assert found.code == "D327" and "never reset" in found.what


def test_other_targets_refuse_the_neurons(tmp_path: Path) -> None:
    path = written(tmp_path / "net.net", small())
    x = np.zeros((1, 3, 4), np.int64)
    for target in ("nir", "loihi1", "sanafe", "xylo"):
        with pytest.raises(UserError) as caught:
            snnc.compile(path, target, calibration=x)
        said = [d.what for d in caught.value.diagnostics if d.code == "D332"]
        assert "model delta," in said[0] and "model sigma-delta," in said[1], target
    assert snnc.compile(path, "reference", calibration=x).verify(x).equal


def test_fractions_have_a_cure_that_works(tmp_path: Path) -> None:
    """No option makes counts of them here: ``--input-scale`` is refused."""
    written(tmp_path / "net.net", small())
    counts = np.random.default_rng(0).integers(-64, 65, (4, 6, 4))
    output = tmp_path / "net.bundle"
    with pytest.raises(UserError, match="D506") as caught:
        snnc.compile(tmp_path / "net.net", "loihi", output, calibration=counts / 64)
    assert "give whole numbers" in str(caught.value) and "--input-scale" not in str(caught.value)
    assert not output.exists()
    bundle = snnc.compile(
        tmp_path / "net.net", "loihi", output, calibration=counts, allow_overflow=True
    )
    with pytest.raises(UserError, match="D506") as caught:
        bundle.run(counts / 64)
    assert "give whole numbers" in str(caught.value)
