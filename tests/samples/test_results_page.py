"""The page of results is what its numbers give."""

from __future__ import annotations

import json
from pathlib import Path

from samples.results.page import page

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_is_that_of_its_numbers() -> None:
    assert (DOCS / "results.md").read_text() == page(json.loads((DOCS / "results.json").read_text()))
