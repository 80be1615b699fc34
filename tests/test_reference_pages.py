"""The site's generated reference: every option, limit and member of the manifest has its meaning."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from snnc.bundle.manifest import Manifest

SITE = Path(__file__).resolve().parents[1] / "docs" / "site"
PAGES = ("passes", "targets", "methods", "bundle")


@pytest.fixture(scope="module")
def parts() -> Iterator[Any]:
    sys.path.insert(0, str(SITE))
    yield importlib.import_module("parts")
    sys.path.remove(str(SITE))


@pytest.mark.parametrize("page", PAGES)
def test_every_row_has_a_meaning(parts: Any, page: str) -> None:
    rows = re.findall(r"^\| `([^`]+)` \|(.*?)\|", getattr(parts, page)(), re.M)
    assert len(rows) > 8
    assert [name for name, meaning in rows if not meaning.strip()] == []


def test_the_manifest_is_whole(parts: Any) -> None:
    text = parts.bundle()
    assert [f.name for f in fields(Manifest) if f"| `{f.name}` |" not in text] == []


def test_limits_have_their_sources(parts: Any) -> None:
    text = parts.targets()
    assert "| weight bits | 8 | bits" in text and "## loihi1" in text
    assert re.findall(r"^\| [^`|]+ \| [\d,-]+ \|[^|]*\| *\|$", text, re.M) == []


def test_a_docstring_becomes_markdown(parts: Any) -> None:
    class Made:
        """One *line*.

        Options:
            one-way: ``a_b``, and
                more.
        """

    said, listed = parts.described(Made, "Options:")
    assert said == r"One \*line\*." and listed == {"one_way": "`a_b`, and more."}
