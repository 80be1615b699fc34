"""The notebook, executed cell by cell in a kernel of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "samples" / "notebook" / "digits.ipynb"


def printed(cell: Any) -> str:
    """What a cell showed, as text."""
    found = []
    for output in cell.get("outputs", []):
        found.append(output.get("text", ""))
        found.append(output.get("data", {}).get("text/plain", ""))
    return "\n".join(found)


def test_it_is_kept_without_outputs() -> None:
    nbformat = pytest.importorskip("nbformat", reason="the dev extra is not installed")
    book = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in book.cells)


@pytest.mark.slow
def test_it_trains_compiles_verifies_and_shows_spikes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbformat = pytest.importorskip("nbformat", reason="the dev extra is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the dev extra is not installed")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    book = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(
        book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    shown = "\n".join(printed(cell) for cell in book.cells)
    floats = float(shown.split("float network: ")[1].partition("%")[0])
    integers = float(shown.split("integers: ")[1].partition("%")[0])
    assert floats > 94 and integers > floats - 2, shown
    assert "Bundle('rollout.loihi': 90 neurons, 16 steps a frame, code rate" in shown
    assert "Verification(" in shown and ": 0 of " in shown
    assert re.search(r"'h1': \(397, \d+, 48\)", shown), shown
    assert any("image/png" in o.get("data", {}) for c in book.cells for o in c.get("outputs", []))
