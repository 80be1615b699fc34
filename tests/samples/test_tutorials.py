"""The tutorials: kept without outputs, executed by `make docs` or here, and made into pages."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "site"
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))
NAMES = [path.stem for path in TUTORIALS]
LONGEST_LINE = 80
"""Of code: what the site shows without scrolling, on a screen of 1280 pixels."""

UNCHECKED = re.compile(r"\d+(\.\d+)? ?%|\b\d+(,\d{3})+\b|\b\d+\.\d+\b")
"""Numbers that look measured: text has none, cells compute them."""


def cells(book: Any, kind: str) -> list[Any]:
    return [cell for cell in book["cells"] if cell["cell_type"] == kind]


def text_of(cell: Any) -> str:
    return "".join(cell["source"])


@pytest.mark.parametrize("path", TUTORIALS, ids=NAMES)
def test_it_is_kept_without_outputs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    book = json.loads(text)
    for cell in cells(book, "code"):
        assert not cell["outputs"] and cell["execution_count"] is None
    assert text == json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    assert set(book["metadata"]["tutorial"]) <= {"needs", "library", "tools"}


@pytest.mark.parametrize("path", TUTORIALS, ids=NAMES)
def test_lines_of_code_fit_the_page(path: Path) -> None:
    shown = [
        line
        for cell in cells(json.loads(path.read_text(encoding="utf-8")), "code")
        if "remove-cell" not in cell["metadata"].get("tags", ())
        for line in text_of(cell).splitlines()
    ]
    assert [line for line in shown if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("path", TUTORIALS, ids=NAMES)
def test_numbers_are_computed_and_not_written(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    checked = "\n".join(text_of(cell) for cell in cells(book, "code"))
    for cell in cells(book, "markdown"):
        prose = re.sub(r"`[^`]*`|\]\([^)]*\)|CC BY-SA 4.0", "", text_of(cell))
        for found in UNCHECKED.finditer(prose):
            assert f"says: {found[0]}" in checked, f"{path.name}: no cell checks {found[0]!r}"


@pytest.mark.parametrize("path", TUTORIALS, ids=NAMES)
def test_each_checks_what_its_text_says(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    hidden = [c for c in cells(book, "code") if "remove-cell" in c["metadata"].get("tags", ())]
    assert sum(text_of(cell).count("assert ") for cell in hidden) >= 4
    assert any("snnc.explain(" in text_of(cell) for cell in cells(book, "code"))
    assert "## Next steps" in text_of(cells(book, "markdown")[-1])


@cache
def executed(name: str) -> Any:
    """The executed notebook; where `make docs` ran before, that run's."""
    done = subprocess.run(
        [sys.executable, str(SITE / "run_tutorials.py"), name], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    place = ROOT / "build" / "tutorials" / f"{name}.ipynb"
    book = json.loads(place.read_text(encoding="utf-8"))
    if "missing" in book["metadata"]["execution"]:
        pytest.skip(book["metadata"]["execution"]["missing"])
    return book


def shown(book: Any) -> str:
    """All that the cells showed, as text."""
    outputs = [output for cell in cells(book, "code") for output in cell["outputs"]]
    texts = [output.get("text") or output.get("data", {}).get("text/plain", []) for output in outputs]
    return "\n".join("".join(text) for text in texts)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_every_picture_has_a_text(name: str) -> None:
    book = executed(name)
    pictures = [
        cell
        for cell in cells(book, "code")
        if any("image/png" in output.get("data", {}) for output in cell["outputs"])
    ]
    assert len(pictures) >= 2
    assert all(len(cell["metadata"].get("alt", "")) > 40 for cell in pictures)
    assert [c["id"] for c in cells(book, "code") if "alt" in c["metadata"]] == [
        cell["id"] for cell in pictures
    ]
    assert not [o for c in cells(book, "code") for o in c["outputs"] if o["output_type"] == "error"]


@pytest.mark.slow
def test_the_rollout_loses_is_repaired_and_equals_lava() -> None:
    said = shown(executed("nmnist"))
    assert "warning[N781]" in said and "N781  The integers decide differently" in said
    assert "code: h1 has 4 levels" in said
    assert ": 0 of " in said and "values differ" in said


@pytest.mark.slow
def test_the_network_of_snntorch_is_compared_refused_and_mended() -> None:
    said = shown(executed("snntorch"))
    assert "note[N779]" in said and "every spike is the network's own" in said
    assert "error[D681]: snnTorch's Leaky with reset_delay=False" in said
    assert "warning[N781]" in said and "weights and thresholds are rounded" in said
    assert ": 0 of " in said and "values differ" in said


@pytest.mark.slow
def test_both_boards_equal_the_reference_and_the_loss_is_mended() -> None:
    book = executed("boards")
    said = shown(book)
    for code in ("N721", "warning[N703]", "warning[N732]", "warning[N781]", "error[D520]"):
        assert code in said, code
    assert "decided alike, in all frames: 100.0%" in said
    if "were not run" in said:
        assert "is not installed; fast simulator: 0 of" in said
    else:
        assert len(re.findall(r": 0 of [\d,]+ values differ", said)) == 4


@pytest.mark.slow
def test_the_draft_of_a_target_passes_on_data_and_fails_the_suite() -> None:
    said = shown(executed("target"))
    assert len(re.findall(r"\n0 of [\d,]+ values differ", said)) == 2
    drafted, repaired = re.findall(r"abacus: \d+ passed, \d+ refused.*", said)
    assert drafted.endswith(", 2 failed") and "failed" not in repaired
    assert "abacus comparison/at-soft: beads: " in said


PAGE = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"execution": {"key": "", "seconds": 12.3}, "tutorial": {}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Title\n\nText. [a](b.ipynb)"},
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "b",
            "metadata": {"alt": 'a "line"'},
            "source": "1 < 2",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": "- one\n\n`[x](y)`\n"},
                {
                    "output_type": "display_data",
                    "data": {"image/png": "iVBORw0KGgo=", "text/plain": "Figure"},
                    "metadata": {},
                },
                {
                    "output_type": "display_data",
                    "data": {
                        "text/html": '<style>x</style>\n<table class="d">\n\n<td>1</td></table>',
                        "text/plain": "1",
                    },
                    "metadata": {},
                },
            ],
        },
        {
            "cell_type": "code",
            "execution_count": 2,
            "id": "c",
            "metadata": {"tags": ["remove-cell"]},
            "source": "assert hidden",
            "outputs": [],
        },
    ],
}


def pages() -> Any:
    pytest.importorskip("nbconvert", reason="the dev extra is not installed")
    return runpy.run_path(str(SITE / "tutorial_pages.py"))


def made(tmp_path: Path, book: Any, source: Any = None) -> Any:
    (tmp_path / "x.ipynb").write_text(json.dumps(source or book))
    built = tmp_path / "built"
    built.mkdir()
    (built / "x.ipynb").write_text(json.dumps(book))
    return pages()["page"]("x", tmp_path, built)


def test_a_page_has_code_outputs_and_pictures(tmp_path: Path) -> None:
    page = made(tmp_path, PAGE)
    assert page.markdown.startswith("# Title\n\n")
    assert '<a href="x.ipynb" download>' in page.markdown and "12 s of processor time" in page.markdown
    assert "```python\n1 < 2\n```" in page.markdown and "[a](b.ipynb)" in page.markdown
    assert "hidden" not in page.markdown
    assert "&#45; one\n\n&#96;&#91;x&#93;(y)&#96;" in page.markdown
    assert "<table> <td>1</td></table>" in page.markdown and "<style" not in page.markdown
    [picture] = set(page.files) - {"x.ipynb"}
    assert f'<img src="{picture}" alt="a &#34;line&#34;">' in page.markdown.replace("&quot;", "&#34;")


def test_a_page_says_why_it_was_not_executed(tmp_path: Path) -> None:
    book = json.loads(json.dumps(PAGE))
    book["metadata"]["execution"] = {"key": "", "missing": "the data are not there"}
    book["cells"][1]["outputs"] = []
    page = made(tmp_path, book)
    assert "Not executed here" in page.markdown and "the data are not there" in page.markdown
    assert "processor time" not in page.markdown


def test_a_notebook_that_was_changed_is_not_shown(tmp_path: Path) -> None:
    changed = json.loads(json.dumps(PAGE))
    changed["cells"][1]["source"] = "1 < 3"
    with pytest.raises(Exception, match="was not executed as it is now"):
        made(tmp_path, PAGE, changed)


def test_a_picture_without_text_is_refused(tmp_path: Path) -> None:
    book = json.loads(json.dumps(PAGE))
    book["cells"][1]["metadata"] = {}
    with pytest.raises(Exception, match="without alt"):
        made(tmp_path, book)


def test_without_its_data_a_tutorial_says_what_is_missing_and_where() -> None:
    pytest.importorskip("nbclient", reason="the dev extra is not installed")
    environment = runpy.run_path(str(SITE / "run_tutorials.py"))["_environment"]
    missing, _ = environment({"needs": {"../no/such": "The recordings"}})
    assert (
        missing == "The recordings would be in `../no/such`, next to the repository, and are not there"
    )
    assert environment({"needs": {"docs": "The pages"}})[0] == ""
