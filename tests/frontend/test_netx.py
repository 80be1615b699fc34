"""Files of lava-dl, read: spikes and potentials are those of lava-dl's own terms (docs/netx.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.frontend import ModelSource
from snnc.ir import Encoding, Kind, Program, SignMode
from snnc.sim import REFERENCE, encode, simulate

from .netx_files import Ints, Layers, conv, dense, everything, layer, neuron, run, written

STEPS = 40


def program_of(path: Path, layers: Layers, interval: int | None = None) -> Program:
    source = ModelSource(written(path / "net.net", layers), reset_interval=interval)
    found = source.load_integers()
    assert found is not None
    return found.program


def compared(program: Program, layers: Layers, x: Ints, interval: int = 0) -> int:
    """Spikes of all layers, after spikes and potentials of each were found equal to the oracle's."""
    counts = np.concatenate([x, np.zeros((len(program.populations) + 1, *x.shape[1:]), np.int64)])
    trace = simulate(program, encode(program, counts[None]), states=True, simulator=REFERENCE)
    having = [p for p in program.populations if p.name.startswith("layer")]
    total = 0
    for population, (spikes, _, v) in zip(having, run(layers, x, interval), strict=True):
        here = slice(population.start, population.start + len(x))
        if population.kind is Kind.NEURONS:
            assert np.array_equal(trace.spikes[population.name][0, here], spikes), population.name
            assert spikes.any(), f"{population.name} never fires: that shows nothing"
            total += int(spikes.sum())
        assert np.array_equal(trace.potentials[population.name][0, here], v), population.name
    return total


@pytest.mark.parametrize("interval", [0, 7])
def test_every_layer_does_what_lava_dl_says(tmp_path: Path, interval: int) -> None:
    rng = np.random.default_rng(3)
    layers = everything(rng)
    program = program_of(tmp_path, layers, interval or None)
    x = rng.integers(-5, 60, (STEPS, 2, 7, 5))
    compared(program, layers, x, interval)


def test_what_is_early_is_nothing(tmp_path: Path) -> None:
    """Before its first step a layer's biases are silent: all layers begin together, as in training."""
    rng = np.random.default_rng(0)
    layers = [
        layer("input", (4, 1, 1)),
        dense(rng, 4, 3, bias=np.array([90.0])),
        dense(rng, 3, 2, bias=np.array([90.0])),
    ]
    program = program_of(tmp_path, layers)
    trace = simulate(program, np.zeros((1, 5, 4, 1, 1), np.int64), states=True, simulator=REFERENCE)
    assert trace.spikes["layer1"][0, :, 0].tolist() == [0, 1, 1, 1, 1]
    assert not trace.potentials["layer2"][0, :2].any() and trace.spikes["layer2"][0, 2].all()


def test_delays_are_of_the_neuron_or_of_the_input(tmp_path: Path) -> None:
    """As many as neurons: of the neuron, at all its inputs; else as many as inputs: of the input."""
    rng = np.random.default_rng(0)
    for delays, arrive in (([0, 62], [[1, 1, 1], [63, 63, 63]]), ([4, 0, 2], [[5, 1, 3], [5, 1, 3]])):
        layers = [layer("input", (3, 1, 1)), dense(rng, 3, 2, delay=np.array(delays) * 1.0)]
        program = program_of(tmp_path, layers)
        for source in range(3):
            for target in range(2):
                found = {
                    1 + p.delay
                    for p in program.into("layer1")
                    if p.op.matrix((3, 1, 1)).toarray()[target, source]
                }
                assert found == {arrive[target][source]}


def test_square_matrices_delay_by_neuron(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    layers = [layer("input", (3, 1, 1)), dense(rng, 3, 3, delay=np.array([0.0, 9.0, 0.0]))]
    (late,) = (p for p in program_of(tmp_path, layers).into("layer1") if p.delay == 9)
    assert np.flatnonzero(late.op.matrix((3, 1, 1)).toarray().any(axis=1)).tolist() == [1]


@pytest.mark.parametrize(
    ("weights", "mode", "exponent"),
    [
        ([-256, 254], SignMode.MIXED, 0),
        ([0, 255], SignMode.EXCITATORY, 0),
        ([-255, 0], SignMode.INHIBITORY, 0),
        ([-128, 127], SignMode.MIXED, -1),
    ],
)
def test_weights_at_the_grids_ends_stay(
    tmp_path: Path, weights: list[int], mode: SignMode, exponent: int
) -> None:
    matrix = np.array([weights], np.float32)
    layers = [layer("input", (2,)), layer("dense", (1,), weight=matrix, **neuron())]
    (projection,) = program_of(tmp_path, layers).into("layer1")
    assert (projection.sign_mode, projection.exponent) == (mode, exponent)
    whole = projection.op.matrix((2,)).toarray() * 2**exponent
    assert whole.tolist() == [weights]


@pytest.mark.parametrize(
    "weights", [[-256, 256], [-129, 1], [1, 129, -1], [0, 256], [-258, 0], [-255, 2]]
)
def test_weights_beyond_the_grid_are_refused(tmp_path: Path, weights: list[int]) -> None:
    matrix = np.array([weights], np.float32)
    layers = [layer("input", (len(weights),)), layer("dense", (1,), weight=matrix, **neuron())]
    with pytest.raises(UserError) as caught:
        program_of(tmp_path, layers)
    assert [d.code for d in caught.value.diagnostics] == ["D643"]


@pytest.mark.parametrize("own", [{}, neuron(iDecay=0, vDecay=4096, vThMant=2**18 - 1)])
def test_a_last_layer_that_never_fires_is_the_answer(tmp_path: Path, own: dict[str, object]) -> None:
    """Without neurons of its own lava-dl gives it a current that keeps all: the sum of what arrived."""
    rng = np.random.default_rng(5)
    weights = 2.0 * rng.integers(-30, 31, (2, 4))
    layers = [
        layer("input", (4,)),
        layer("dense", (2,), weight=weights, bias=np.array([4.0, -2.0]), **own),
    ]
    program = program_of(tmp_path, layers)
    x = rng.integers(0, 2, (9, 4))
    trace = simulate(program, encode(program, x[None]), simulator=REFERENCE)
    want = 64 * (
        np.cumsum(x @ weights.T.astype(np.int64), axis=0) + np.outer(np.arange(1, 10), [4, -2])
    )
    assert program.readout.name == "layer1"
    assert np.array_equal(trace.potentials["layer1"][0, 1:], want)


def test_a_leaking_last_layer_keeps_its_units(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    layers = [layer("input", (4,)), dense(rng, 4, 2)]
    layers[1] |= neuron(vThMant=131071, vDecay=700, iDecay=900)
    program = program_of(tmp_path, layers)
    assert program.readout.name == "layer1" and program.readout.dynamics.unit == 64
    compared(program, layers, rng.integers(0, 2, (STEPS, 4)))


def test_spikes_of_the_last_layer_are_counted(tmp_path: Path) -> None:
    """By neuron, or by group of neighbours where an average layer says so, and none is forgotten."""
    rng = np.random.default_rng(2)
    for more, shape, unit in (([], (6,), 1), ([layer("average", (3, 1, 1))], (3,), 2)):
        layers = [layer("input", (4,)), dense(rng, 4, 6), *more]
        program = program_of(tmp_path, layers)
        assert program.readout.shape == shape and program.readout.dynamics.unit == unit
        x = np.concatenate([rng.integers(0, 2, (STEPS, 4)), np.zeros((2, 4), np.int64)])
        trace = simulate(program, encode(program, x[None]), simulator=REFERENCE)
        spikes = run(layers, x[:STEPS])[0][0]
        want = np.cumsum(spikes, axis=0).reshape(STEPS, *shape, -1).sum(axis=-1)
        assert spikes.any() and np.array_equal(trace.potentials["answer"][0, 2 : 2 + STEPS], want)


def test_the_first_layer_may_be_dense(tmp_path: Path) -> None:
    program = program_of(tmp_path, [dense(np.random.default_rng(0), 5, 2)])
    assert program.input.shape == (5,) and program.input.encoding is Encoding.SPREAD


def test_one_threshold_a_channel(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    layers = [layer("input", (2, 7, 5)), conv(rng, 2, (3, 3, 6))]
    layers[1]["neuron/vThMant"] = np.array([70, 80, 90])
    program = program_of(tmp_path, layers)
    assert program.by_name["layer1"].dynamics.fires_at.ravel().tolist() == [70 * 64, 80 * 64, 90 * 64]
    layers[1]["neuron/vThMant"] = np.array([70, 80, 90]).reshape(3, 1, 1)
    compared(program, layers, rng.integers(0, 2, (STEPS, 2, 7, 5)))


def test_what_reading_settles_is_said(tmp_path: Path) -> None:
    """N777 what counts are, N776 when biases begin, N775 a threshold that stands for none."""
    rng = np.random.default_rng(0)
    layers = [
        layer("input", (4,), weight=np.array([36.0]), bias=np.array([-4.0]), **neuron()),
        dense(rng, 4, 3, bias=np.array([2.0])),
        dense(rng, 3, 2),
    ]
    layers[2] |= neuron(vThMant=131071)
    found = ModelSource(written(tmp_path / "net.net", layers)).load_integers()
    assert found is not None
    said = {note.code: note for note in found.notes}
    assert "36 x - 4" in said["N777"].what and said["N777"].where == "layer/0 (input)"
    assert "131071" in said["N775"].what and said["N775"].where == "layer/2 (dense)"
    assert said["N776"].where == "layer/1 (dense)"
