"""The codes that sources raise and that tests expect, found in their syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("compiler", "passes", "backends", "samples")
CODE = re.compile(r"[A-Z]\d{3}")
IN_TEXT = re.compile(r"\b[DNC][1-8]\d\d\b")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def source_files() -> list[Path]:
    return [
        path
        for folder in SOURCES
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "tests" not in path.relative_to(ROOT).parts
    ]


def texts(path: Path) -> Iterator[str]:
    """All texts in a file's code, those in f-strings too; no docstrings."""
    documents = {
        id(node.value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


@cache
def raised() -> dict[str, list[str]]:
    """Every code that a source file has as a text of its own, with the files."""
    found: dict[str, list[str]] = {}
    for path in source_files():
        for text in texts(path):
            if CODE.fullmatch(text):
                found.setdefault(text, []).append(str(path.relative_to(ROOT)))
    return found


@cache
def expected() -> set[str]:
    """Every code that a test expects: in a text of its code, or in a golden file."""
    found: set[str] = set()
    folders = [ROOT / "tests", ROOT / "samples" / "c_backend" / "tests"]
    for path in [path for folder in folders for path in sorted(folder.rglob("*.py"))]:
        if path.parent.name == "messages" and path.name == "test_sources.py":
            continue  # it has lists of codes that prove nothing
        for text in texts(path):
            found |= set(IN_TEXT.findall(text))
    for path in (ROOT / "tests").rglob("golden/*.txt"):
        found |= set(IN_TEXT.findall(path.read_text()))
    return found
