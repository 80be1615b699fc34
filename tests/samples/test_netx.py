"""lava-dl's own networks: what was recorded of them, and snnc's integers, value by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snnc
from samples.netx import compare
from samples.netx.fetch import folder, found

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


@pytest.mark.parametrize("name", ["network.net", "square_network.net"])
def test_sigma_delta_is_refused_by_name(root: Path, name: str) -> None:
    with pytest.raises(snnc.UserError) as refused:
        snnc.inspect(root / "gts" / "pilotnet_sdnn" / name)
    (problem,) = refused.value.diagnostics
    assert problem.code == "D641" and "SDNN" in problem.what and "sigma-delta" in problem.why
