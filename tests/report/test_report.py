"""What a report says: the commands' numbers, whatever a stranger's file calls its layers."""

from __future__ import annotations

import builtins
import copy
import json
import re
import shlex
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import snnc
from snnc.commands.app import app
from snnc.errors import Diagnostic, Severity
from snnc.optional import install_command
from snnc.report.figures import text
from snnc.report.make import BundleReport, summary
from snnc.report.network import BOX, HIGH, drawing
from snnc.report.notes import explained
from snnc.report.page import FORMATS, embedded, page
from snnc.report.versus import differences

from .conftest import EVIL

MOST = 5_000_000


class Page(HTMLParser):
    """The numbers, ids, scripts and addresses of a page."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.numbers: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.tags: list[str] = []
        self._open: tuple[str, dict[str, str | None]] = ("", {})
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self._open = tag, found
        if found.get("id"):
            self.ids.append(str(found["id"]))
        self.addresses += [str(found[name]) for name in ("href", "src", "action") if name in found]

    def handle_data(self, said: str) -> None:
        tag, found = self._open
        if tag == "data":
            self.numbers.append((str(found["data-path"]), str(found["value"]), said))
        if tag == "script":
            self.scripts.append((found.get("id"), said))

    def handle_endtag(self, tag: str) -> None:
        self._open = ("", {})

    def json(self, name: str) -> Any:
        """Of the element with that id."""
        return json.loads("".join(said for place, said in self.scripts if place == name))


def value_at(facts: Any, path: str) -> Any:
    for key in path.split("/"):
        facts = facts[int(key)] if isinstance(facts, list) else facts[key]
    return facts


def forms(value: Any) -> list[str]:
    """All ways in which a number can look."""
    return [str(form(value)) for form in FORMATS.values()]


def test_the_numbers_are_those_of_the_commands(
    bundle: snnc.Bundle, data: Path, report: BundleReport
) -> None:
    (facts,) = report.as_json()
    run = bundle.run(data, operations=True)
    plain = json.loads(json.dumps({**run.as_json(), "operations": run.cost.as_json()}))
    assert facts["run"] == plain
    assert facts["verification"] == json.loads(bundle.verify(data, samples=1).to_json())
    ladder = json.loads(bundle.ladder(data, samples=4).to_json())
    assert facts["ladder"] == [r for r in ladder if not r["rung"].startswith("engine")]
    assert facts["delays"] == json.loads(bundle.inspect().to_json())["delays"]
    assert facts["manifest"] == json.loads(json.dumps(bundle.manifest.as_json()))
    assert facts["ladder_samples"] == 4 and not report.different


def test_every_number_on_the_page_is_one_of_its_json(report: BundleReport) -> None:
    shown = Page(report.html)
    facts = shown.json("facts")
    assert facts == report.as_json()
    assert len(shown.numbers) > 250
    for path, value, said in shown.numbers:
        meant = value_at(facts, path)
        assert value == repr(meant), path
        assert said in forms(meant), path
    assert len(shown.ids) == len(set(shown.ids))


def test_the_same_inputs_give_the_same_bytes(
    bundle: snnc.Bundle, data: Path, report: BundleReport
) -> None:
    assert bundle.report(data, samples=4).html == report.html


def test_one_file_that_needs_no_network(report: BundleReport) -> None:
    shown = Page(report.html)
    assert len(report.html) < MOST
    assert all(address.startswith(("#", "data:")) for address in shown.addresses)
    inside = {address[1:] for address in shown.addresses if address.startswith("#")}
    assert inside <= set(shown.ids)
    assert "link" not in shown.tags or shown.tags.count("link") == 1
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', report.html.decode())
    assert policy and policy[1].startswith("default-src 'none'") and "http" not in policy[1]


def test_names_that_are_code_are_shown_as_letters(hostile: BundleReport) -> None:
    shown = Page(hostile.html)
    ordinary = 4  # facts, figures, plotly, and the page's own
    assert shown.tags.count("script") == ordinary and "img" not in shown.tags and "b" not in shown.tags
    assert EVIL.encode() not in hostile.html and b"onerror=alert(1)>" not in hostile.html
    assert any(p["name"] == EVIL for p in shown.json("facts")[0]["populations"])
    charts = json.dumps(shown.json("figures"))
    assert "<script" not in charts and "<b>h" not in charts and "&lt;script" in charts


def test_json_in_the_page_cannot_end_its_element() -> None:
    said = {"a": "</script><!--&", "b": [1, 2.5]}
    found = embedded(said)
    assert not set("<>&") & set(found) and json.loads(found) == said
    assert text("<b>a</b> & c") == "&lt;b&gt;a&lt;/b&gt; &amp; c"


def test_without_data_it_says_what_the_manifest_has(bundle: snnc.Bundle) -> None:
    found = bundle.report()
    (facts,) = found.as_json()
    assert facts["run"] is None and facts["verification"] is None and not found.different
    html = found.html.decode()
    assert "--data FILE.npz" in html and "a-raster" not in html
    assert f"{facts['manifest']['kept']['populations'][0]['error'] * 100:.2f}" in html
    there = {(row[0], row[2]) for row in found.table().rows}
    assert ("The ladder", False) in there and ("The network", True) in there
    assert "give --data" in summary(found)[1]


def test_a_planted_difference_is_shown_with_the_spikes_around_it(planted: BundleReport) -> None:
    assert planted.different
    (facts,) = planted.as_json()
    first = facts["verification"]["first_divergence"]
    assert first["population"] == "h" and (first["expected"], first["actual"]) == (1, 0)
    near = first["around"]
    place = near["neurons"].index(first["neuron"]), first["step"] - near["first_step"]
    assert near["expected"][place[0]][place[1]] == 1 and near["actual"][place[0]][place[1]] == 0
    shown = Page(planted.html)
    chart = shown.json("figures")["a-divergence"]
    assert [trace["z"] for trace in chart["data"]] == [near["expected"], near["actual"]]
    assert chart["data"][0]["x"][0] == near["first_step"]
    html = planted.html.decode()
    assert "The first divergence" in html and "1 → 0" in html
    assert facts["samples"][0]["number"] == first["sample"]


def test_two_bundles_side_by_side(
    bundle: snnc.Bundle, other: snnc.Bundle, data: Path, report: BundleReport
) -> None:
    found = bundle.report(data, other=other, samples=2)
    shown = Page(found.html)
    assert [f["manifest"]["code"] for f in shown.json("facts")] == ["rate", "graded"]
    assert len(shown.ids) == len(set(shown.ids)) and len(found.html) < MOST
    rows = {row["what"]: row for row in differences(found.as_json())}
    assert rows["code"]["cells"] == ["rate", "graded"] and rows["code"]["differs"]
    assert not rows["neurons"]["differs"]
    assert rows["pass choose-code"]["cells"] == ["code=rate", "code=graded"]
    assert "pass fold-batch-norm" not in rows
    names = [trace["name"] for trace in shown.json("figures")["both-accuracy"]["data"]]
    assert [name[:2] for name in names] == ["A:", "B:"]
    scales = [shown.json("figures")[f"{k}-errors"]["layout"]["yaxis"]["range"] for k in "ab"]
    assert scales[0] == scales[1]
    assert len(shown.numbers) > 1.5 * len(Page(report.html).numbers)


def run_command(*words: str | Path) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_the_command_writes_the_page(
    bundle: snnc.Bundle, data: Path, report: BundleReport, tmp_path: Path
) -> None:
    place = tmp_path / "report.html"
    words = ("report", bundle.folder, "--data", data, "--samples", "4", "-o", place)
    done = run_command(*words)
    assert done.exit_code == 0 and str(place) in done.stdout, done.stderr
    assert place.read_bytes() == report.html
    assert run_command(*words).exit_code == 0  # an earlier report is replaced


def test_what_is_said_of_a_difference(tmp_path: Path, bundle: snnc.Bundle, data: Path) -> None:
    """Exit code 1, as of ``verify``: something differs that must be equal."""
    folder = Path(shutil.copytree(bundle.folder, tmp_path / "digits.reference"))
    payload = folder / bundle.manifest.payload["weights"]
    with np.load(payload) as arrays:
        changed = {name: np.array(arrays[name]) for name in arrays.files}
    largest = max(changed, key=lambda name: changed[name].size)
    changed[largest] = changed[largest][::-1].copy()
    np.savez(payload, **changed)
    place = tmp_path / "page.html"
    refused = run_command("report", folder, "--data", data, "-o", place)
    assert refused.exit_code == 2 and "D116" in refused.stderr and not place.exists()
    more = ("--allow-altered", "--engine-samples", "2", "--samples", "2")
    done = run_command("report", folder, "--data", data, "-o", place, *more)
    assert done.exit_code == 1, done.stderr
    assert "Different" in place.read_text()


@pytest.mark.parametrize("packages", [("jinja2",), ("plotly",), ("jinja2", "plotly")])
def test_missing_libraries_are_named_with_the_command_that_installs_them(
    packages: tuple[str, ...], bundle: snnc.Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def without(name: str, *more: Any, **others: Any) -> Any:
        if name.split(".")[0] in packages:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return usual(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    done = run_command("report", bundle.folder, "-o", tmp_path / "page.html")
    assert done.exit_code == 2 and "Traceback" not in done.stderr
    assert "error[D123]" in done.stderr
    assert install_command(*packages) in done.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def _other_file(place: Path, bundle: Path) -> Path:
    found = place / "mine.html"
    found.write_text("<!DOCTYPE html>\n<p>mine</p>")
    return found


OUTPUTS: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "another file": (_other_file, "D119"),
    "inside the bundle": (lambda place, bundle: bundle / "page.html", "D119"),
    "no folder": (lambda place, bundle: place / "none" / "page.html", "D111"),
    "a folder": (lambda place, bundle: place, "D151"),
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_nothing_else_is_overwritten(kind: str, bundle: snnc.Bundle, tmp_path: Path) -> None:
    make, code = OUTPUTS[kind]
    output = make(tmp_path, bundle.folder)
    before = output.read_bytes() if output.is_file() else None
    done = run_command("report", bundle.folder, "-o", output)
    assert done.exit_code == 2 and f"error[{code}]" in done.stderr
    assert (output.read_bytes() if output.is_file() else None) == before


@pytest.mark.parametrize(
    "option", [("--samples", "0"), ("--engine-samples", "-1"), ("--time-limit", "-1")]
)
def test_numbers_have_bounds(option: tuple[str, str], bundle: snnc.Bundle, tmp_path: Path) -> None:
    done = run_command("report", bundle.folder, *option, "-o", tmp_path / "page.html")
    assert done.exit_code == 2 and option[0] in done.stderr


def test_a_model_that_is_gone_is_said_in_its_place(
    bundle: snnc.Bundle, data: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(bundle.folder, tmp_path / "far" / "away" / "moved.reference"))
    found = snnc.load(moved).report(data, engine_samples=0)
    (facts,) = found.as_json()
    assert facts["ladder"] is None and facts["absent"]["ladder"][0]["code"] == "D128"
    assert facts["verification"] is None and facts["run"] is not None
    assert "was not found" in found.html.decode() and "D128" in found.html.decode()
    assert any("was not found" in line for line in summary(found))


def test_the_commands_that_it_names_make_the_bundle_again(
    bundle: snnc.Bundle, report: BundleReport, tmp_path: Path
) -> None:
    (facts,) = report.as_json()
    words = shlex.split(facts["commands"]["compile"])
    assert words[:2] == ["snnc", "compile"] and words[-2] == "-o"
    done = run_command(*words[1:-1], tmp_path / "again.reference")
    assert done.exit_code == 0, done.stderr
    again = snnc.load(tmp_path / "again.reference").manifest
    assert again.files == bundle.manifest.files


def _no_engine(facts: dict[str, Any]) -> None:
    missing = Diagnostic("D604", "no engine is installed", help="install one")
    facts["verification"]["not_run"] = missing.as_json()


def _no_labels(facts: dict[str, Any]) -> None:
    facts["run"]["accuracy"] = facts["spread"]["accuracy"] = None
    facts["data"]["labelled"] = False
    for rung in facts["ladder"]:
        rung["accuracy"] = None


def _unproved(facts: dict[str, Any]) -> None:
    facts["manifest"]["ranges"] = {"status": "not proved: sums may overflow"}


def _spiked_already(facts: dict[str, Any]) -> None:
    """A network without a float counterpart: no rungs above, nothing judged, no ANN."""
    facts["manifest"]["kept"] = facts["manifest"]["ann"] = None
    facts["ladder"] = facts["ladder"][-2:]
    facts["spread"]["ladder"] = facts["spread"]["ladder"][-2:]
    for networks in facts["run"]["operations"]["picojoules"].values():
        del networks["float32"], networks["quantized"]


def _no_way(facts: dict[str, Any]) -> None:
    """Nothing of the input reaches the readout."""
    for key in ("shortest", "longest", "first_answer", "complete_answer", "longest_loop"):
        facts["delays"][key] = None
    facts["delays"]["loops"] = 0


LACKS: dict[Callable[[dict[str, Any]], None], str] = {
    _no_engine: "no engine is installed",
    _no_labels: "The data have no labels",
    _unproved: "The manifest has no bounds: not proved: sums may overflow",
    _spiked_already: "The compile had nothing to judge by",
    _no_way: "No loops.",
}


@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: lack.__name__)
def test_what_is_missing_is_said(lack: Callable[[dict[str, Any]], None], report: BundleReport) -> None:
    facts = copy.deepcopy(report.as_json()[0])
    assert LACKS[lack] not in page([facts]).decode()
    lack(facts)
    html = page([facts])
    assert LACKS[lack] in html.decode()
    assert len(page([facts, report.as_json()[0]])) > len(html)


def test_the_worst_notes_come_first() -> None:
    note = Diagnostic("N703", "rounded", "a", severity=Severity.NOTE)
    cured = Diagnostic("N721", "lowered", "b", help="use more bits", severity=Severity.NOTE)
    warning = Diagnostic("N781", "lost", "c", severity=Severity.WARNING)
    worse = Diagnostic("N703", "rounded much", "d", severity=Severity.WARNING)
    assert [g["code"] for g in explained([note, cured, warning])] == ["N781", "N721", "N703"]
    (group, _) = explained([note, cured, worse])
    assert group["code"] == "N703" and group["severity"] == "warning"
    assert [each["where"] for each in group["told"]] == ["d", "a"] and group["meaning"]
    (unknown,) = explained([Diagnostic("N000", "of a plug-in", severity=Severity.NOTE)])
    assert unknown["meaning"] == "" and unknown["told"][0]["what"] == "of a plug-in"


def test_the_network_is_drawn_with_its_shortcuts_and_loops(report: BundleReport) -> None:
    found = drawing(report.as_json()[0])
    boxes = {box.name: box for box in found.boxes}
    assert [boxes[name].y for name in ("input", "h1", "h2", "answer")] == sorted(
        box.y for box in found.boxes
    )
    kinds = {line.label: line.kind for line in found.lines}
    assert kinds["h2 -> h2"] == "loop" and kinds["input -> h2"] == kinds["h1 -> answer"] == "shortcut"
    assert kinds["input -> h1"] == kinds["h2 -> answer"] == "next"
    for box in found.boxes:
        assert box.x >= 0 and box.x + BOX <= found.width and box.y + HIGH <= found.height
    for line in found.lines:
        assert 0 <= line.x <= found.width and 0 <= line.y <= found.height
        assert re.fullmatch(r"[-\d.,MCS e]+", line.path)


def test_boxes_of_a_row_stand_side_by_side() -> None:
    """A fork that joins again, and a loop over two populations."""
    names = ["in", "a", "b", "c", "out"]
    edges = [("in", "a"), ("in", "b"), ("a", "c"), ("b", "c"), ("c", "out"), ("c", "a"), ("in", "out")]
    facts = {
        "populations": [
            {"name": n, "kind": "neurons", "shape": [1], "neurons": 1, "start": 0, "relay_of": None}
            for n in names
        ],
        "projections": [
            {"source": s, "target": t, "label": f"{s} -> {t}", "steps": 1, "bits": 8} for s, t in edges
        ],
        "delays": {"rows": [{"projection": f"{s} -> {t}", "frames": 0} for s, t in edges]},
        "manifest": {"steps_per_frame": 4},
    }
    found = drawing(facts)
    boxes = {box.name: box for box in found.boxes}
    assert boxes["a"].y == boxes["b"].y and abs(boxes["a"].x - boxes["b"].x) >= BOX
    kinds = {line.label: line.kind for line in found.lines}
    assert kinds["c -> a"] == "loop" and kinds["in -> out"] == "shortcut" and kinds["a -> c"] == "next"
