"""Quantization noise: hand-computed, against theory, and of the shipped networks."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from samples.moving_digits.events import training_and_test
from snnc.authoring import FrameNetwork, SpikingNeuron
from snnc.errors import UserError
from snnc.frontend import load_archive, load_model
from snnc.noise.measure import measure_noise
from snnc.noise.plot import FORMATS, plot_noise
from snnc.noise.quantizer import quantization_noise, quantize
from snnc.noise.report import NoisePoint, NoiseReport
from snnc.noise.settings import FACTOR, OWN, PERCENTILE, Setting, parse_settings, parse_steps
from snnc.noise.table import COLUMNS, noise_table
from snnc.sim.analog import run_frames
from snnc.training.methods.thaw import graph_of

Counts = NDArray[Any]
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "moving_digits"
FACTORS = tuple(Setting(FACTOR, f) for f in (0.25, 0.4, 0.6, 0.8, 1.0, 1.4, 2.0))
LARGEST = (Setting(PERCENTILE, 100.0),)


@pytest.fixture(scope="module")
def streams() -> Counts:
    """A few test streams of moving digits."""
    return training_and_test(1)[1].x[:4]


@pytest.fixture(scope="module")
def digits(streams: Counts) -> NoiseReport:
    """The shipped network at three T."""
    return measure_noise(
        load_model(SAMPLES / "model.pt").graph, streams, steps=(1, 4, 8), settings=FACTORS
    )


def test_by_hand() -> None:
    """Two levels, 0.5 and 1; a quarter and three quarters are ties."""
    a = np.array([0, 0.25, 0.5, 0.75, 1, 2])
    above = quantization_noise(a, 1.0, 2)
    np.testing.assert_array_equal(quantize(a, 1.0, 2), [0, 0, 0.5, 0.5, 1, 1])
    assert above.granular == pytest.approx(2 * 0.25**2 / 6)
    assert above.overload == pytest.approx(1 / 6)
    assert above.total == pytest.approx(1.125 / 6)
    assert above.overloaded == pytest.approx(1 / 6)
    assert above.signal == pytest.approx(5.875 / 6)
    assert above.sqnr == pytest.approx(10 * np.log10(5.875 / 1.125))
    assert above.granular_mean == pytest.approx(0.5 / 6)
    assert above.theory == pytest.approx(4 / 6 * 0.5**2 / 12)
    at = quantization_noise(a, 1.0, 2, comparison=">=")
    assert at.granular == pytest.approx(above.granular)
    assert at.granular_mean == pytest.approx(-0.5 / 6)
    down = quantization_noise(a, 1.0, 2, start=0.0, comparison=">=")
    assert (down.granular, down.granular_mean) == (above.granular, above.granular_mean)
    assert down.theory == pytest.approx(4 / 6 * 0.5**2 / 3)
    assert quantization_noise(np.array([0.5, 1.0]), 1.0, 2).sqnr is None
    just = quantization_noise(np.array([1.0625]), 1.0, 2)
    assert (just.granular, just.overload, just.overloaded) == (0, 0.0625**2, 1)


@pytest.mark.parametrize("comparison", [">", ">="])
@pytest.mark.parametrize(("start", "power", "mean"), [(0.5, 1 / 12, 0), (0.0, 1 / 3, 1 / 2)])
def test_evenly_spread_activations_are_theory(
    start: float, power: float, mean: float, comparison: str
) -> None:
    theta, steps = 3.0, 5
    a = np.linspace(0, theta, 100_001)[1:]
    found = quantization_noise(a, theta, steps, start=start, comparison=comparison)
    assert found.granular == pytest.approx(power * (theta / steps) ** 2, rel=1e-3)
    assert found.granular_mean == pytest.approx(mean * theta / steps, abs=1e-4)
    assert found.theory == pytest.approx(power * (theta / steps) ** 2)
    assert found.theory_mean == pytest.approx(mean * theta / steps)
    assert found.granular - found.granular_mean**2 == pytest.approx(theta**2 / 300, rel=1e-3)
    assert found.overload == 0 and found.overloaded == 0


def test_steps_lower_the_granular_error_alone_and_the_threshold_trades_one_for_the_other() -> None:
    a = np.random.default_rng(0).exponential(1.0, 50_000)
    grid = [[quantization_noise(a, theta, t) for theta in (1, 1.5, 2.2, 3.3)] for t in (2, 4, 8)]
    granular = np.array([[point.granular for point in row] for row in grid])
    overload = np.array([[point.overload for point in row] for row in grid])
    assert (np.diff(granular, axis=0) < 0).all() and (np.diff(granular, axis=1) > 0).all()
    assert (overload == overload[0]).all() and (np.diff(overload, axis=1) < 0).all()


@pytest.mark.parametrize("comparison", [">", ">="])
@pytest.mark.parametrize("start", [0.0, 0.25, 0.5, 0.75])
def test_the_ideal_quantizer_is_the_neuron_of_steady_input(start: float, comparison: str) -> None:
    """Ties included: everything is a multiple of 1/64."""
    z = torch.arange(-32, 160, dtype=torch.float64)[None] / 64
    for steps in (1, 3, 4, 8):
        neuron = SpikingNeuron(steps, 1.5, start=start, comparison=comparison).double()
        sent = neuron(z[:, :, None])
        fired = (sent > 0).sum(0)[:, 0].numpy()
        ideal = quantize(z[0].numpy(), 1.5, steps, start, comparison)
        np.testing.assert_allclose(fired * 1.5 / steps, ideal, rtol=1e-15)


def test_a_spike_that_came_too_early() -> None:
    """h1 sends 1, 1 and 0, 1; h2 hears 0.5, -1 and fires, though the mean of that is below 0."""
    net = FrameNetwork((2,))
    net.node("h1")
    net.node("h2")
    net.readout("answer")
    for source, target, weight in (
        ("input", "h1", [[1.0, 0.0], [0.0, 0.5]]),
        ("h1", "h2", [[0.5, -1.5]]),
        ("h2", "answer", [[1.0]]),
    ):
        linear = nn.Linear(len(weight[0]), len(weight), bias=False)
        linear.weight.data = torch.tensor(weight)
        net.edge(source, target, linear, delay=0)
    counts = np.array([[[1, 1]], [[1, 0]]])
    found = measure_noise(graph_of(net), counts, steps=(2,), settings=LARGEST)
    (first,), (second,) = (p.points for p in found.populations)
    assert (first.threshold, second.threshold) == (1.0, 0.5)
    assert first.spiking is not None and second.spiking is not None
    assert first.total == 0 and first.spiking.whole == 0 and first.spiking.explained is None
    assert second.total == 0
    assert second.spiking.quantization == 0
    assert second.spiking.whole == second.spiking.local == second.spiking.unevenness == 0.25**2 / 2
    assert second.spiking.explained == 0


def test_the_shipped_network(digits: NoiseReport, streams: Counts) -> None:
    graph = load_model(SAMPLES / "model.pt").graph
    float_run = run_frames(graph, streams)
    assert [p.population for p in digits.populations] == ["h1", "h2"]
    assert (digits.samples, digits.frames) == (4, 12)
    for p in digits.populations:
        a = float_run[p.population]
        assert p.active == pytest.approx((a > 0).mean())
        assert p.steps == (1, 4, 8) and p.own is None
        for t in p.steps:
            points = p.at(t)
            assert len(points) == len(FACTORS)
            assert points[0].signal == pytest.approx((a**2).mean(), rel=1e-4)
            overload, granular = [q.overload for q in points], [q.granular for q in points]
            assert (np.diff(overload) < 0).all() or overload[-1] == 0
            assert granular[0] < granular[-1]
            if t > 1:  # in one step h2 is best with the smallest: it is all or nothing anyway
                assert not p.at_the_end(t)
                assert points[0].total > p.best(t).total < points[-1].total
        best = [p.best(t) for t in p.steps]
        assert best[0].threshold < best[1].threshold < best[2].threshold
        assert best[0].total > best[1].total > best[2].total


def test_unevenness_of_the_shipped_network(digits: NoiseReport) -> None:
    """None where input is steady, none in a single step, some in h2 from two steps on."""
    first, second = digits.populations
    for point in (*first.points, *second.at(1)):
        assert point.spiking is not None
        assert point.spiking.unevenness == 0
        assert point.spiking.local == pytest.approx(point.spiking.quantization, rel=1e-12)
        assert point.spiking.explained == 1
    for point in first.points:
        assert point.spiking is not None
        assert point.spiking.whole == pytest.approx(point.total, rel=1e-9)
    for point in (*second.at(4), *second.at(8)):
        assert point.spiking is not None and point.spiking.unevenness > 0
    assert not any(point.spiking for p in _ideal().populations for point in p.points)


def _ideal() -> NoiseReport:
    graph = load_model(SAMPLES / "model.pt").graph
    counts = np.random.default_rng(0).poisson(0.2, (2, 3, *graph.input.shape))
    return measure_noise(graph, counts, steps=(2,), settings=FACTORS[:2], spiking=False)


def test_trained_levels_are_thresholds_of_its_own(streams: Counts) -> None:
    graph = load_model(SAMPLES / "model_8_levels.pt").graph
    found = measure_noise(graph, streams, steps=(8,), settings=(Setting(OWN), *FACTORS[4:5]))
    sent = run_frames(graph, streams)
    for p in found.populations:
        own = next(point for point in p.points if point.setting == "own")
        assert p.own == own.threshold and (p.start, p.comparison) == (0.5, ">=")
        # The quantizer is the one that was trained: what it cuts off, the float run has at its ceiling.
        assert (sent[p.population] == 8).mean() >= own.overloaded > 0
        # The graph has levels as whole numbers; in the model one is worth a factor on what hears it.
        (worth,) = {float(q.ops[0].factor) for q in graph.projections if q.source == p.population}  # type: ignore[attr-defined]
        assert own.threshold == pytest.approx(8 * worth)
    everything = measure_noise(graph, streams[:1, :2], spiking=False)
    assert everything.populations[0].steps == (1, 2, 4, 8, 16, 32)
    assert "own" in {point.setting for point in everything.populations[0].points}


def test_trained_neurons_keep_their_start_and_a_hard_reset_is_named() -> None:
    torch.manual_seed(0)
    net = FrameNetwork((4,))
    net.node("h", activation=SpikingNeuron(3, [0.5, 1.0], start=0.0, reset="zero", comparison=">="))
    net.readout("answer")
    net.edge("input", "h", nn.Linear(4, 2))
    net.edge("h", "answer", nn.Linear(2, 2))
    counts = np.random.default_rng(0).integers(0, 4, (3, 4, 4))
    found = measure_noise(graph_of(net), counts, settings=(Setting(OWN),))
    (p,) = found.populations
    assert (p.start, p.comparison, p.own) == (0.0, ">=", 0.75)
    assert 3 in p.steps
    own = p.at(3)[0]
    assert own.spiking is not None
    # Two channels, two thresholds: the quantizer's error is that of either in its own units.
    weight, bias = (v.detach().double().numpy() for v in net.get_submodule("input_to_h").parameters())
    z = np.maximum(counts @ weight.T + bias, 0)
    z = np.concatenate([np.maximum(np.tile(bias, (3, 1, 1)), 0), z[:, :-1]], axis=1)  # a frame late
    expected = z - quantize(z, np.array([0.5, 1.0]), 3, 0.0, ">=")
    assert own.total == pytest.approx((expected**2).mean(), rel=1e-4)
    assert own.spiking.quantization == pytest.approx(own.total, rel=1e-9)
    assert own.spiking.whole == pytest.approx(own.spiking.local)
    (note,) = found.notes
    assert note.code == "N736" and "reset zero" in note.what
    net.spiking()["h"].restart_frames = False
    carried = measure_noise(graph_of(net), counts, settings=(Setting(OWN),)).notes
    assert [n.code for n in carried] == ["N736"] * 2 and "carry over" in carried[0].what
    other = measure_noise(graph_of(net), counts, steps=(3,), settings=(Setting(OWN),), start=0.5)
    assert other.populations[0].start == 0.5


def test_a_ceiling_holds_thresholds_down() -> None:
    first = nn.Linear(3, 4)
    nn.init.ones_(first.weight)
    nn.init.zeros_(first.bias)
    net = nn.Sequential(first, nn.ReLU6(), nn.Linear(4, 2)).eval()
    path = io.BytesIO()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 3),)), path)
    graph = load_archive(path.getvalue(), "net").graph
    counts = np.arange(24).reshape(4, 2, 3)
    found = measure_noise(graph, counts, steps=(4,), settings=(*FACTORS[-1:], Setting(PERCENTILE, 50)))
    assert found.populations[0].largest == 6
    assert all(q.threshold == 6 and q.overload == 0 for q in found.populations[0].points)


def test_table_has_every_point(digits: NoiseReport) -> None:
    rows = list(csv.DictReader(io.StringIO(noise_table(digits))))
    assert len(rows) == 2 * 3 * len(FACTORS)
    assert all(tuple(row) == COLUMNS and all(row.values()) for row in rows)
    points = [point for p in digits.populations for point in p.points]
    for row, point in zip(rows, points, strict=True):
        assert float(row["total"]) == point.total and int(row["steps"]) == point.steps
    for name in ("h1", "h2"):
        for t in (1, 4, 8):
            of_t = [r for r in rows if (r["population"], int(r["steps"])) == (name, t)]
            for mark, key in (("best", "total"), ("best_real", "real_whole")):
                (best,) = (r for r in of_t if r[mark] == "1")
                assert float(best[key]) == min(float(r[key]) for r in of_t)
    assert {r["real_whole"] for r in csv.DictReader(io.StringIO(noise_table(_ideal())))} == {""}


@pytest.mark.parametrize("file_format", FORMATS)
def test_plots(digits: NoiseReport, file_format: str) -> None:
    pytest.importorskip("matplotlib")
    drawn = plot_noise(digits, file_format)
    begin = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[file_format]
    assert drawn.startswith(begin) and len(drawn) > 5000


def test_plots_without_matplotlib(digits: NoiseReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError, match="D123") as caught:
        plot_noise(digits)
    assert "matplotlib>=3.8" in str(caught.value)


def test_json_is_plain(digits: NoiseReport) -> None:
    said = json.loads(json.dumps(digits.as_json()))
    h2 = said["populations"][1]
    assert h2["best"]["4"] == digits.populations[1].best(4).setting
    assert h2["points"][0]["total"] == digits.populations[1].points[0].total
    assert h2["points"][0]["spiking"]["explained"] is not None


def test_options() -> None:
    assert parse_steps("8, 1,2") == (1, 2, 8)
    assert parse_settings("0.5,p99,max,own") == (
        Setting(FACTOR, 0.5),
        Setting(PERCENTILE, 99.0),
        Setting(PERCENTILE, 100.0),
        Setting(OWN),
    )
    assert [s.label for s in parse_settings("0.5,p99.9,max,own")] == ["0.5", "p99.9", "max", "own"]
    for text in ("", "0", "1.5", "a", "1,1", "5000"):
        with pytest.raises(UserError, match="--steps"):
            parse_steps(text)
    for text in ("", "0", "-1", "nan", "inf", "p0", "p101", "pp", "own,own", "1,1.0", "p100,max"):
        with pytest.raises(UserError, match="--thresholds"):
            parse_settings(text)


def test_networks_without_noise() -> None:
    def code(net: FrameNetwork, counts: Counts, **options: object) -> str:
        with pytest.raises(UserError) as caught:
            measure_noise(graph_of(net), counts, **options)  # type: ignore[arg-type]
        return caught.value.diagnostics[0].code

    zeros = np.zeros((2, 3, 4), np.int64)
    silent, bare = FrameNetwork((4,)), FrameNetwork((4,))
    silent.node("h")
    for net in (silent, bare):
        net.readout("answer")
    silent.edge("input", "h", nn.Linear(4, 2, bias=False))
    silent.edge("h", "answer", nn.Linear(2, 2))
    bare.edge("input", "answer", nn.Linear(4, 2))
    assert code(silent, zeros) == "D519"
    assert code(bare, zeros) == "D217"
    assert code(silent, zeros, settings=(Setting(OWN),)) == "D315"
    assert code(silent, zeros, start=1.0) == "D305"
    with pytest.raises(ValueError, match="positive threshold"):
        quantization_noise(np.ones(3), 0.0, 2)
    assert NoisePoint(1, "1", 1, 0, 0, 0, 0, 0, 0, 0).sqnr is None
