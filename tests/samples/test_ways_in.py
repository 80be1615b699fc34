"""Every way in of docs/ways-in.md: the network that comes out is the one that went in."""

from __future__ import annotations

import re

import pytest

from samples.ways_in.__main__ import PAGE
from samples.ways_in.measure import measure
from samples.ways_in.onnx_ways import ONNX_WAYS, OnnxWay, measure_onnx
from samples.ways_in.spiking import netx_ways, nir_ways
from samples.ways_in.torch_ways import WAYS, Way

ROUNDING = 1e-6
"""Of an answer: torch computes in 32 bits."""

ROW = re.compile(r"^\| (?!form)(.+?) \| .+? \| (.+?) \|", re.M)


@pytest.mark.parametrize("way", WAYS, ids=[f"{w.form}-{w.network}" for w in WAYS])
@pytest.mark.filterwarnings("ignore")
def test_the_graph_is_the_network(way: Way) -> None:
    found = measure(way, integers=False)
    assert found.largest < ROUNDING and found.decisions == found.images


@pytest.mark.filterwarnings("ignore")
def test_the_integers_decide_as_the_network() -> None:
    found = measure(WAYS[1], integers=True)
    assert found.kept is not None and found.kept >= 0.97 * found.images


@pytest.mark.parametrize("way", ONNX_WAYS, ids=[f"{w.form}-{w.network}" for w in ONNX_WAYS])
@pytest.mark.filterwarnings("ignore")
def test_the_graph_of_an_onnx_file(way: OnnxWay) -> None:
    found = measure_onnx(way, integers=False)
    assert found.largest < ROUNDING and found.decisions == found.images


@pytest.mark.filterwarnings("ignore")
def test_the_integers_of_an_onnx_file() -> None:
    found = measure_onnx(ONNX_WAYS[2], integers=True)
    assert found.kept is not None and found.kept >= 0.97 * found.images


def test_spikes_of_nir_files() -> None:
    for found in nir_ways():
        assert found.differ == 0 and found.spikes > 200, found


def test_what_lava_dl_recorded() -> None:
    rows = list(netx_ways())
    if not rows:
        pytest.skip("lava-dl's networks were not downloaded: python -m samples.netx.fetch")
    assert not any(row.differ for row in rows) and sum(row.values for row in rows) > 10**7


def test_the_page_has_these_rows_and_no_others() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = ROW.findall(text.replace("|---|", ""))
    ours = [(way.form, way.network) for way in WAYS]
    assert shown[: len(ours)] == ours and len(shown) >= 30
