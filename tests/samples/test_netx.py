"""lava-dl's own networks: what was recorded of them, and snnc's integers, value by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snnc
from samples.netx import compare, sigma_delta
from samples.netx.fetch import folder, found
from samples.netx.programs import early
from snnc.frontend.netx import sigma_delta as netx
from snnc.sim import encode, simulate

FETCH = f"lava-dl's networks are not in {folder()}: python -m samples.netx.fetch"


@pytest.fixture(scope="module")
def root() -> Path:
    place = found()
    if place is None:
        pytest.skip(FETCH)
    return place


def test_tiny(root: Path) -> None:
    rows = list(compare.tiny(root))
    assert sum(row.values for row in rows) == 37980 and not any(row.differ for row in rows)


def test_ntidigits(root: Path) -> None:
    (row,) = compare.ntidigits(root)
    assert row.values == 725_758 and row.differ == 0
    assert np.load(root / "gts/ntidigits/output.npy").sum() == 22572


def test_pilotnet(root: Path) -> None:
    rows = list(compare.pilotnet(root))
    assert {row.quantity for row in rows} == {"spikes", "current", "potential"}
    assert len(rows) == 26 and sum(row.values for row in rows) == 10_186_740
    assert not any(row.differ for row in rows)


def test_pilotnet_as_it_is_compiled(root: Path) -> None:
    rows = list(compare.pilotnet_as_compiled(root))
    assert len(rows) == 17 and not any(row.differ for row in rows)
    assert {row.steps for row in rows} == {24 - start for start in range(9)}


def test_a_wrong_reset_is_seen(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "RESET", 16)
    assert any(row.differ for row in compare.pilotnet(root, with_currents=False))


def test_tiny_on_lava(root: Path) -> None:
    bundle = snnc.compile(root / "tiny.net", "loihi")
    done = bundle.verify(compare.tiny_counts(root), engine="lava-inprocess", potentials=True)
    assert done.equal and done.comparison.compared > 60_000


def test_sigma_delta_as_it_was_recorded(root: Path) -> None:
    """Sums of six layers and messages of two, and the nine answers of lava-dl's own test."""
    rows = list(sigma_delta.rows(root))
    assert len(rows) == 9 and sum(row.values for row in rows) == 944_389
    assert not any(row.differ for row in rows)


def test_an_input_block_as_it_was_recorded(root: Path) -> None:
    (row,) = sigma_delta.input_block(root)
    assert row.values == 11_520 and row.differ == 0


def test_a_wrong_exponent_is_seen(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netx, "STATE_EXP", 5)
    monkeypatch.setattr(netx, "SPIKE_EXP", 7)
    assert any(row.differ for row in sigma_delta.rows(root))


def test_biases_that_begin_early_change_the_answer(root: Path) -> None:
    """What lava-dl's reader does differently from its training, on the one image that it has."""
    whole = sigma_delta.program(root, sigma_delta.PILOTNET)
    x = sigma_delta.counts(root, sigma_delta.PILOTNET)
    answers = [simulate(p, encode(p, x)).potentials["layer9"][0, 9:, 0] for p in (whole, early(whole))]
    assert set(answers[0].tolist()) == {0} and set(answers[1].tolist()) == {-31026}


def test_sigma_delta_on_lava(root: Path) -> None:
    path = root / "gts/pilotnet_sdnn/square_network.net"
    x = sigma_delta.counts(root, sigma_delta.SQUARE)[:, :8]
    bundle = snnc.compile(path, "loihi", calibration=x, allow_overflow=True)
    done = bundle.verify(x, engine="lava-inprocess", potentials=True)
    assert done.equal and done.comparison.compared > 300_000
