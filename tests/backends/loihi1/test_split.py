"""Cores by traffic: channels side by side, the way that sends least, the same integers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends.loihi1 import Loihi1Backend
from snnc.backends.loihi1.cores import partition
from snnc.backends.loihi1.places import TOGETHER, Split, in_order
from snnc.backends.loihi1.split import best, splits
from snnc.backends.loihi1.target import THRESHOLDS
from snnc.errors import UserError
from snnc.ir import (
    Conv2d,
    Encoding,
    Integers,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    SignMode,
    size,
)
from snnc.placement import along_curve
from snnc.sim import simulate
from tests.emitting import emitted_into
from tests.traces import differences

from .many import interpreter
from .networks import random_spikes
from .test_checks import lif
from .test_cores import check

TRAFFIC = Loihi1Backend(placement="traffic")
SHARED = "one threshold"
OWN = "one a channel"


def images(thresholds: str) -> Program:
    """Two convolutions to 32 channels of 8x8, a readout: at least two cores a layer."""
    rng = np.random.default_rng(0)
    shape = (32, 8, 8)
    values = np.full(32, 2) if thresholds == SHARED else 2 + np.arange(32)
    threshold = np.repeat(64 * values, 64).reshape(shape)
    populations = [ProgramPopulation("input", Kind.INPUT, (2, 8, 8), "x", 0, None, Encoding.SPREAD)]
    for name in ("one", "two"):
        populations.append(
            ProgramPopulation(name, Kind.NEURONS, shape, name, 0, lif(threshold=threshold))
        )
    populations.append(ProgramPopulation("out", Kind.READOUT, (3,), "out", 0, lif(threshold=None)))

    def weights(*of: int) -> Integers:
        return np.asarray(2 * rng.integers(-3, 4, of), np.int64)

    ops = (
        ("input", "one", Conv2d(weights(32, 2, 3, 3), padding=(1, 1))),
        ("one", "two", Conv2d(weights(32, 32, 3, 3), padding=(1, 1))),
        ("two", "out", Linear(weights(3, 2048))),
    )
    projections = [
        ProgramProjection(source, target, op, 8, SignMode.MIXED, 0, 0, False, target)
        for source, target, op in ops
    ]
    return Program(f"images, {thresholds}", 4, tuple(populations), tuple(projections))


def crossing(program: Program, split: Split, spikes: Integers) -> int:
    """Messages from core to core, spike by spike."""
    core = {p.name: np.zeros(size(p.shape), np.int64) for p in program.populations if p.neuron}
    for number, held in enumerate(split.cores):
        for part in held.parts:
            order = in_order(program.by_name[part.population].shape, split.together)
            core[part.population][order[part.first : part.first + part.count]] = number
    sent = 0
    trace = simulate(program, spikes)
    for projection in program.projections:
        if projection.source not in core:
            continue
        matrix = projection.op.matrix(program.by_name[projection.source].shape).tocsc()
        often = trace.spikes[projection.source].reshape(-1, matrix.shape[1]).sum(0)
        for neuron in np.flatnonzero(often):
            heard = matrix.indices[matrix.indptr[neuron] : matrix.indptr[neuron + 1]]
            others = set(core[projection.target][heard]) - {core[projection.source][neuron]}
            sent += int(often[neuron]) * len(others)
    return sent


@pytest.mark.parametrize("together", TOGETHER)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (32, 8, 8), (130, 2, 1), (9,), (4, 6)])
def test_every_neuron_once(shape: tuple[int, ...], together: int) -> None:
    assert sorted(in_order(shape, together)) == list(range(size(shape)))


def test_channels_lie_side_by_side_along_a_curve() -> None:
    order = in_order((3, 4, 4), 2)
    channel, pixel = np.divmod(order, 16)
    assert channel[:32].tolist() == [0, 1] * 16 and channel[32:].tolist() == [2] * 16
    for run in (pixel[0:32:2], pixel[32:]):
        y, x = np.divmod(run, 4)
        assert np.all(np.abs(np.diff(y)) + np.abs(np.diff(x)) == 1)  # each next to the one before


WAYS = {SHARED: list(TOGETHER), OWN: [t for t in TOGETHER if t <= THRESHOLDS.value]}
"""Where more channels are together than a core has thresholds, a run ends before a pixel does."""


@pytest.mark.parametrize("together", TOGETHER)
@pytest.mark.parametrize("thresholds", [SHARED, OWN])
def test_nothing_is_over_a_limit(thresholds: str, together: int) -> None:
    if together in WAYS[thresholds]:
        check(images(thresholds), together)
        return
    with pytest.raises(UserError, match="D433"):
        partition(images(thresholds), together)


@pytest.mark.parametrize("thresholds", [SHARED, OWN])
def test_the_way_that_sends_least_is_taken(thresholds: str) -> None:
    program = images(thresholds)
    spikes = random_spikes(program, 0, 2, 12)
    found = splits(program, TOGETHER)
    assert [split.together for split in found] == WAYS[thresholds]
    sent = [crossing(program, split, spikes) for split in found]
    chosen = best(program, found, spikes)
    assert crossing(program, chosen, spikes) == min(sent) < sent[0]
    if thresholds == SHARED:
        assert min(sent) < 0.7 * sent[0] and chosen.together >= 32


def test_order_has_one_way() -> None:
    program = images(OWN)
    (split,) = splits(program, (0,))
    assert split == Split(partition(program)) and best(program, (split,), None) is split


def test_a_program_that_no_way_fits_is_refused_as_in_order() -> None:
    program = images(OWN)
    dense = Linear(np.full((3, 2048), 2, np.int64))
    many = [
        ProgramProjection("two", "out", dense, 8, SignMode.MIXED, 0, delay, False, "out")
        for delay in range(3)
    ]
    wrong = Program(program.name, 4, program.populations, (*program.projections[:2], *many))
    said = [[d.what for d in Loihi1Backend(placement=p).check(wrong)] for p in ("order", "traffic")]
    assert said[0] == said[1] != []


def emitted(program: Program, folder: Path, spikes: Integers | None = None) -> tuple[Any, Any]:
    folder.mkdir()
    assert list(TRAFFIC.check(program)) == []
    found = emitted_into(folder, TRAFFIC, program, spikes)
    return found, json.loads((folder / found.files["cores"]).read_text())


def test_the_bundle_says_how_it_was_cut(tmp_path: Path) -> None:
    program = images(SHARED)
    spikes = random_spikes(program, 0, 2, 12)
    found, cores = emitted(program, tmp_path / "bundle", spikes)
    assert cores["channels_together"] >= 32
    assert TRAFFIC.differences(program, tmp_path / "bundle", found) == []
    assert Loihi1Backend().differences(program, tmp_path / "bundle", found) == []
    told = json.loads((tmp_path / "bundle" / found.files["placement"]).read_text())
    ordered = Split(partition(program))
    assert told["method"] == "traffic"
    assert told["traffic"]["in order"]["between cores"] == crossing(program, ordered, spikes)
    note = next(n for n in found.notes if n.code == "N802")
    assert "placed by traffic" in note.what and "in order" in note.what


@pytest.mark.parametrize("together", [0, 3, 16, -1, True, "8"])
def test_another_order_of_channels_is_found(together: Any, tmp_path: Path) -> None:
    program = images(SHARED)
    found, cores = emitted(program, tmp_path / "bundle")
    path = tmp_path / "bundle" / found.files["cores"]
    path.write_text(json.dumps({**cores, "channels_together": together}, indent=1) + "\n")
    told = TRAFFIC.differences(program, tmp_path / "bundle", found)
    assert told and "cores.json" in told[0]
    if together not in (0, 16):
        interpreter()
        with pytest.raises(UserError, match="channels_together"):
            spikes = random_spikes(program, 0, 1, 2)
            TRAFFIC.run("nengo-loihi", tmp_path / "bundle", found, spikes, time_limit=60)


@pytest.mark.parametrize("text", ['{"channels_together": 16, "cores": []}', "[]", "3", "null"])
def test_cores_of_another_kind_are_found(text: str, tmp_path: Path) -> None:
    """And a way of cutting in which this program does not fit."""
    program = images(OWN)
    found, cores = emitted(program, tmp_path / "bundle")
    path = tmp_path / "bundle" / found.files["cores"]
    path.write_text(text)
    assert "cores.json" in TRAFFIC.differences(program, tmp_path / "bundle", found)[0]
    path.write_text(json.dumps({**cores, "channels_together": 16}))
    assert "cores.json" in TRAFFIC.differences(program, tmp_path / "bundle", found)[0]


def test_pixels_at_one_place_of_the_curve_stay_in_their_order() -> None:
    """A sort that leaves ties open would cut otherwise on another machine."""
    width = 70_000
    along = along_curve(1, width)
    assert len(np.unique(along)) < width
    order = in_order((1, 1, width), 1)
    assert np.array_equal(order, sorted(range(width), key=lambda pixel: along[pixel]))


def test_an_unknown_placement_is_refused() -> None:
    with pytest.raises(UserError, match="order or traffic"):
        Loihi1Backend(placement="metis")


@pytest.mark.parametrize("thresholds", [SHARED, OWN])
def test_the_emulator_has_the_same_integers(thresholds: str, tmp_path: Path) -> None:
    interpreter()
    program = images(thresholds)
    spikes = random_spikes(program, 1, 1, 12)
    found, cores = emitted(program, tmp_path / "bundle", spikes)
    assert cores["channels_together"] and len(cores["cores"]) > 3
    trace = TRAFFIC.run("nengo-loihi", tmp_path / "bundle", found, spikes, time_limit=120)
    assert differences(simulate(program, spikes), trace) == []
    assert all(np.any(trace.spikes[name]) for name in ("one", "two"))
