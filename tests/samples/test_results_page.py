"""The page of results is what its numbers give."""

from __future__ import annotations

import json
from pathlib import Path

from samples.results.page import page

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_events_of_cifar_lose_nothing_on_the_way_to_the_chip() -> None:
    found = json.loads((DOCS / "results.json").read_text())["cifar_events"]["networks"]
    for ways in found.values():
        for quantized, grid in zip(ways["levels"], ways["grid"], strict=True):
            assert grid["differ"] == 0 and quantized["lava"]["differ"] == 0
            assert grid["by_frame"] == quantized["integers"]


def test_the_page_is_that_of_its_numbers() -> None:
    assert (DOCS / "results.md").read_text() == page(json.loads((DOCS / "results.json").read_text()))
