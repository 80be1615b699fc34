"""``python -m snnc.conformance`` and the page of what each target cannot do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from snnc.conformance import CASES
from snnc.conformance.suites import suites
from snnc.conformance.table import table

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text()
    assert page == table(), "run: python -m snnc.conformance --table docs/conformance.md"


def test_every_class_can_be_used() -> None:
    assert [suite.problem for suite in suites() if suite.problem] == []


def test_rows_of_a_target(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "snnc.conformance", "reference", "--json", "rows.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"reference: {len(CASES)} passed\n"
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["case"] for row in rows] == [case.name for case in CASES]
    assert {(*row,) for row in rows} == {("target", "case", "result", "reason")}
