"""What a reader sees first: whether the engine agrees, where it does not, and what was warned of."""

from __future__ import annotations

import copy
import re
from typing import Any

import snnc
from snnc.report.make import BundleReport
from snnc.report.page import FIRST_NOTES, page
from snnc.report.versus import ROWS


def words(html: bytes) -> str:
    """The page without its scripts and tags, with single spaces."""
    text = re.sub(r"<(script|style|title)\b.*?</\1>", " ", html.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", text).split())


def sections(html: bytes) -> list[str]:
    """Their names from top to bottom."""
    return re.findall(r'<section id="([a-z]+)"', html.decode())


def summary(html: bytes) -> str:
    """The words between the summary's title and its cards."""
    begin = html.decode().index('<section id="summary"')
    return words(html.decode()[begin:].split('class="cards"')[0].encode() + b">")


def test_a_difference_is_said_first_with_its_place(planted: BundleReport) -> None:
    (facts,) = planted.as_json()
    found, first = facts["verification"], facts["verification"]["first_divergence"]
    said = summary(planted.html)
    assert f"{found['mismatches']} of {found['compared']} values differ from the program's" in said
    assert "the payload is not the compiled program" in said
    assert f"first in step {first['step']} of sample {first['sample']}, in h." in said
    assert sections(planted.html)[:2] == ["summary", "engine"]


def test_an_equal_run_is_said_first(report: BundleReport) -> None:
    found = report.as_json()[0]["verification"]
    said = summary(report.html)
    assert f"computes what the program says: all {found['compared']:,} values of 1 sample are" in said
    assert sections(report.html)[:2] == ["summary", "network"]


def test_without_an_engine_nothing_is_claimed(bundle: snnc.Bundle) -> None:
    assert "computes what the program says" not in words(bundle.report().html)


def test_warnings_are_on_the_first_screen(report: BundleReport) -> None:
    facts = copy.deepcopy(report.as_json()[0])
    told = {"severity": "warning", "where": "h1", "why": "", "code": "N781"}
    group = {"code": "N781", "severity": "warning", "title": "", "meaning": "", "cures": []}
    notes: list[dict[str, Any]] = [
        {**group, "told": [{**told, "what": f"lost {k} %", "help": f"cure {k}"}]}
        for k in range(FIRST_NOTES + 2)
    ]
    facts["notes"] = notes
    said = summary(page([facts]))
    for k in range(FIRST_NOTES):
        assert f"warning N781 h1: lost {k} % → cure {k}" in said
    assert f"lost {FIRST_NOTES} %" not in said and "2 more: notes" in said
    facts["notes"] = []
    assert "warning" not in summary(page([facts]))


def test_ranges_that_these_data_leave_are_not_shown_as_proved(report: BundleReport) -> None:
    facts = copy.deepcopy(report.as_json()[0])
    facts["notes"] = []
    assert "these data go beyond" not in words(page([facts]))
    told = {"severity": "warning", "where": "the data", "why": "", "code": "N725", "help": ""}
    group = {"code": "N725", "severity": "warning", "title": "", "meaning": "", "cures": []}
    facts["notes"] = [{**group, "told": [{**told, "what": "beyond the range proof"}]}]
    assert "these data go beyond" in words(page([facts]))


def test_two_bundles_begin_with_both_verdicts(report: BundleReport, planted: BundleReport) -> None:
    html = page([report.as_json()[0], planted.as_json()[0]])
    assert sections(html)[:3] == ["compared", "summary", "engine"]
    both = words(html.split(b'class="versus"')[0] + b">")
    assert both.index("computes what the program says") < both.index("differ from the program's")
    assert list(ROWS)[:2] == ["on the engine", "right answers after the last frame"]
