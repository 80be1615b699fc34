"""The list of long tests: read, written from reports, and without tests that are gone."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from . import times

REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_times" name="test_short" time="0.2"/>
<testcase classname="tests.test_times.TestMany" name="test_long[a.b-1]" time="0.5"/>
</testsuite></testsuites>"""


def test_a_report_says_what_is_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, listed = tmp_path / "report.xml", tmp_path / "long.txt"
    report.write_text(REPORT)
    before = ["tests/test_times.py::test_short", "tests/ir/test_ops.py::test_not_run"]
    listed.write_text("\n".join(before))
    monkeypatch.setattr(times, "LIST", listed)
    monkeypatch.setattr(sys, "argv", ["times", str(report)])
    times.main()
    long = {"tests/ir/test_ops.py::test_not_run", "tests/test_times.py::TestMany::test_long[a.b-1]"}
    assert times.long_tests() == long


def test_every_listed_test_is_there() -> None:
    assert len(times.long_tests()) > 50
    for test in times.long_tests():
        path, name, *_ = re.sub(r"\[.*\]$", "", test).split("::")  # a class may inherit its tests
        text = (times.ROOT / path).read_text()
        assert re.search(rf"^(?:def|class) {name}\b", text, re.M), test
