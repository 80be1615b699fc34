"""``python -m snnc.conformance`` and the page of what each target cannot do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from snnc.conformance import CASES
from snnc.conformance.suites import suites
from snnc.conformance.table import table
from tests.plugin_packages import install

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text()
    assert page == table(), "run: python -m snnc.conformance --table docs/conformance.md"


def test_every_class_can_be_used() -> None:
    assert [suite.problem for suite in suites() if suite.problem] == []


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "packages")}
    command = [sys.executable, "-m", "snnc.conformance", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_what_cannot_be_run_is_said_and_is_no_success(tmp_path: Path) -> None:
    code = "from snnc.backends.reference import ReferenceBackend\n"
    code += "class Old(ReferenceBackend):\n    name, interface = 'old', 0\n"
    code += "class Bare(ReferenceBackend):\n    name = 'bare'\n"
    entries = {
        "snnc.backends": {"old": "vendor_old:Old", "bare": "vendor_old:Bare"},
        "snnc.conformance": {"reference": "vendor_old:Old"},
    }
    install(tmp_path / "packages", "vendor-old", entries, code)
    for name, said in (
        ("nosuch", "no target nosuch: there are "),
        ("old", "written for interface 0"),
        ("bare", "its package registers no conformance class"),
    ):
        done = ran(tmp_path, name)
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert ran(tmp_path, "reference", "--workers", "0").returncode == 2
    # A package that takes the name of one of ours does not switch its cases off.
    assert ran(tmp_path, "reference").stdout == f"reference: {len(CASES)} passed\n"


def test_rows_of_a_target(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "snnc.conformance", "reference", "--json", "rows.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"reference: {len(CASES)} passed\n"
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["case"] for row in rows] == [case.name for case in CASES]
    assert {(*row,) for row in rows} == {("target", "case", "result", "reason")}
