"""Placement and traffic in a report: where cores are drawn, and that numbers are those of the file."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.placement import core_loads
from snnc.report.cores import core_figures, label
from snnc.report.make import BundleReport, summary
from snnc.report.mesh import BETWEEN, MOST_LINKS, cells, links
from snnc.report.page import page
from snnc.report.versus import differences
from tests.placement.test_load import told

from .conftest import EVIL, MODEL
from .test_report import MOST, Page, forms, value_at


def content(chips: int, mesh: dict[str, Any], cores: list[tuple[int, int]]) -> dict[str, Any]:
    """A placement whose cores are at (chip, place), each with one neuron, without traffic."""
    found = told()
    one = {"uses": {"neurons": 1}, "neurons": {"h": [[0, 1]]}}
    found.update(chips=chips, mesh={**mesh, "source": "a test"}, traffic=None)
    found["cores"] = [{"chip": chip, "place": place, **one} for chip, place in cores]
    return found


LOIHI1 = {"width": 8, "height": 4, "cores": 4, "column first": True}
LOIHI2 = {"width": 8, "height": 16, "cores": 1, "column first": True}
ROWS = {"width": 3, "height": 2, "cores": 1, "column first": False}


def test_tiles_are_where_the_mesh_says() -> None:
    """Four cores a tile as a square, a free column between tiles; tile 5 is in column 1, row 1."""
    found = cells(content(1, LOIHI1, [(0, 0), (0, 3), (0, 4), (0, 21)]))
    assert found.cores == ((0, 0), (1, 1), (0, 3), (4, 3))
    assert found.tiles == (2, 2) and (found.columns, found.rows) == (5, 5)
    assert len(found.empty) == 4 * 4 - 4
    by_rows = cells(content(1, ROWS, [(0, 0), (0, 4)]))
    assert by_rows.cores == ((0, 0), (1, 1)) and by_rows.tiles == (2, 2)


def test_chips_do_not_touch_and_no_two_cores_share_a_cell() -> None:
    rng = np.random.default_rng(0)
    for mesh in (LOIHI1, LOIHI2):
        for chips in (1, 2, 3, 5, 8):
            where = [(c, int(p)) for c in range(chips) for p in rng.permutation(120)[:100]]
            found = cells(content(chips, mesh, where))
            every = [*found.cores, *found.empty]
            assert len(set(every)) == len(every)
            assert max(x for x, _ in every) == found.columns - 1
            assert max(y for _, y in every) == found.rows - 1
            assert len(set(found.chips)) == chips
            spans = [
                {(x, y) for (x, y), (chip, _) in zip(found.cores, where, strict=True) if chip == c}
                for c in range(chips)
            ]
            for a in range(chips):
                for b in range(a):
                    gaps = [max(abs(x - u), abs(y - v)) for x, y in spans[a] for u, v in spans[b]]
                    assert min(gaps) > BETWEEN


def test_links_are_both_ways_together_without_a_cores_own() -> None:
    assert links([[0, 0, 9], [0, 1, 3], [1, 0, 1], [2, 1, 4], [0, 2, 1]]) == [
        [0, 1, 4],
        [1, 2, 4],
        [0, 2, 1],
    ]


def test_charts_have_the_files_numbers() -> None:
    found, load = told(), core_loads(told())
    shown = core_figures({"placement": _counted(found), "core_load": load})
    assert shown["matrix"]["data"][0]["customdata"] == [[2, 3, 1], [1, None, None], [None] * 3]
    bars = {trace["name"]: trace["y"] for trace in shown["fullness"]["data"]}
    assert bars == {"neurons": [50, 40, 10], "synaptic memory": [40, 90, 0]}
    meta = shown["mesh"]["layout"]["meta"]
    shades = {name.split(":")[0]: values for name, values in meta["shades"]}
    assert shades["synaptic operations"] == [10, 60, 20]
    assert shades["messages to and from other cores"] == [5, 4, 1]
    assert shades["how full"] == [50, 90, 10] and meta["links"] == [[0, 1, 4], [0, 2, 1]]
    places = meta["cores"]
    z = shown["mesh"]["data"][1]["z"]
    assert [z[row][column] for column, row in places] == [50, 90, 10]
    frame = shown["mesh"]["layout"]["shapes"][0]
    assert (frame["x0"] + 0.5, frame["y0"] + 0.5) == tuple(places[1])
    names = [mark["text"] for mark in shown["mesh"]["layout"]["annotations"]]
    assert names == ["chip 0", "chip 1"]


def _counted(found: dict[str, Any]) -> dict[str, Any]:
    """As the facts have it: counts of neurons in place of runs."""
    cores = [
        {**core, "neurons": {name: sum(n for _, n in runs) for name, runs in core["neurons"].items()}}
        for core in found["cores"]
    ]
    return {**found, "cores": cores}


def test_a_core_that_is_pointed_at_says_what_it_holds_and_sends() -> None:
    found = _counted(told())
    said = label(found, core_loads(found), 0)
    for part in ("core 0", "chip 0, place 0", "input: 2", "h: 3", "neurons 5 of 10 (50 %)"):
        assert part in said
    assert "axons out 3<br>" in said and "sends 4 messages to other cores, receives 1" in said
    found["cores"][0]["neurons"] = {EVIL: 1, **{f"p{k}": 1 for k in range(12)}}
    said = label(found, core_loads(found), 0)
    assert "<script" not in said and "<img" not in said and "and 3 more populations" in said


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> snnc.Bundle:
    """The shipped network on SANA-FE's chip: three cores. Do not change it."""
    folder = tmp_path_factory.mktemp("placed") / "digits.sanafe"
    return snnc.compile(MODEL, "sanafe", folder)


@pytest.fixture(scope="module")
def made(placed: snnc.Bundle) -> BundleReport:
    return placed.report()


def test_the_section_says_what_inspect_says(placed: snnc.Bundle, made: BundleReport) -> None:
    (facts,) = made.as_json()
    inspected = json.loads(placed.inspect().to_json())
    assert facts["placement"] == _counted(inspected["placement"])
    assert facts["core_load"] == inspected["core_load"]
    shown = Page(made.html)
    seen = {path.split("/", 1)[1] for path, _, _ in shown.numbers}
    for path in ("traffic/between cores", "traffic/messages", "traffic/hops", "traffic/in order/hops"):
        assert f"placement/{path}" in seen
    for path, value, said in shown.numbers:
        meant = value_at(made.as_json(), path)
        assert value == repr(meant) and said in forms(meant), path
    assert {"a-mesh", "a-matrix", "a-fullness", "placement"} <= set(shown.ids)
    assert len(shown.ids) == len(set(shown.ids)) and len(made.html) < MOST


def test_it_is_hidden_where_there_are_no_cores(bundle: snnc.Bundle, made: BundleReport) -> None:
    found = bundle.report()
    assert "Placement" not in found.html.decode() and "placement" not in Page(found.html).ids
    assert "Placement and traffic" not in {row[0] for row in found.table().rows}
    assert not any("Placement" in line for line in summary(found))
    assert "Placement and traffic" in {row[0] for row in made.table().rows}


def test_two_placements_side_by_side(placed: snnc.Bundle, bundle: snnc.Bundle, tmp_path: Path) -> None:
    ordered = snnc.compile(MODEL, "sanafe{placement=order}", tmp_path / "order.sanafe")
    pair = placed.report(other=ordered)
    shown = Page(pair.html)
    assert {"a-mesh", "b-mesh", "a-matrix", "b-matrix"} <= set(shown.ids)
    rows = {row["what"]: row for row in differences(pair.as_json())}
    assert rows["placed by"]["cells"] == ["traffic", "order"] and rows["placed by"]["differs"]
    sent = [f["placement"]["traffic"]["between cores"] for f in pair.as_json()]
    assert [c.split(" ")[0] for c in rows["messages to another core"]["cells"]] == [
        f"{n:,}" for n in sent
    ]
    scales = [shown.json("figures")[f"{k}-matrix"]["data"][0]["zmax"] for k in "ab"]
    tops = [shown.json("figures")[f"{k}-mesh"]["layout"]["meta"]["tops"] for k in "ab"]
    assert scales[0] == scales[1] and tops[0] == tops[1]
    alone = placed.report(other=bundle).html.decode()
    assert "This bundle says nothing of cores" in alone and 'id="b-mesh"' not in alone


def _many(facts: dict[str, Any]) -> None:
    """As many cores as a chip has, each of which sends to each."""
    placement, count = facts["placement"], 128
    one = placement["cores"][0]
    placement["cores"] = [{**one, "place": k} for k in range(count)]
    placement["traffic"]["operations"] = [1000] * count
    placement["traffic"]["matrix"] = [[a, b, 9999] for a in range(count) for b in range(count)]
    facts["core_load"] = core_loads(placement)


def _too_full(facts: dict[str, Any]) -> None:
    facts["placement"]["cores"][0]["uses"]["axons in"] = 5000
    facts["placement"]["alone"] = {"axons in": 5000}
    facts["core_load"] = core_loads(facts["placement"])


def _silent(facts: dict[str, Any]) -> None:
    facts["placement"]["traffic"] = None
    facts["core_load"] = core_loads(facts["placement"])


def _damaged(facts: dict[str, Any]) -> None:
    what = {"code": "D144", "what": "this is not what snnc says", "why": "", "help": "compile again"}
    facts["placement"] = facts["core_load"] = None
    facts["absent"]["placement"] = [what]


LACKS = {
    _many: f"the {MOST_LINKS} that send most are drawn",
    _too_full: "A neuron alone takes",
    _silent: "No spikes were counted",
    _damaged: "this is not what snnc says",
}


@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: lack.__name__)
def test_what_is_otherwise_is_said(lack: Any, made: BundleReport) -> None:
    facts = copy.deepcopy(made.as_json()[0])
    assert LACKS[lack] not in page([facts]).decode()
    lack(facts)
    html = page([facts])
    assert LACKS[lack] in re.sub(r"<[^>]+>", "", html.decode()) and len(html) < MOST
    assert len(page([facts, facts])) < MOST


def _plain(axes: Any) -> np.ndarray[Any, Any]:
    """What a picture shows, with nan where it shows nothing."""
    shown: Any = axes.images[0].get_array()
    return np.where(shown.mask, np.nan, shown.data)


def test_a_figure_for_papers(placed: snnc.Bundle, bundle: snnc.Bundle) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install matplotlib")
    figure = placed.plot.placement(width=6)
    assert figure.get_size_inches()[0] == 6
    content = json.loads(placed.inspect().to_json())["placement"]
    mesh, matrix = (axes for axes in figure.axes if axes.images)
    sent = _plain(matrix)
    for source, target, messages in content["traffic"]["matrix"]:
        assert sent[source, target] == messages
    assert np.isfinite(sent).sum() == len(content["traffic"]["matrix"])
    full = _plain(mesh)
    shares = sorted(100 * core["share"] for core in core_loads(content)["cores"])
    assert sorted(full[np.isfinite(full)].tolist()) == pytest.approx(shares)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    with pytest.raises(snnc.UserError) as refused:
        bundle.plot.placement()
    assert refused.value.diagnostics[0].code == "D347"
