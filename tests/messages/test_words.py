"""Messages, help and documents are without the words that ``tests/messages/words.py`` lists."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

from snnc.messages.catalogue import our_groups

from .sources import ROOT, source_files, texts, tree
from .words import AVOIDED, NAMES, avoided

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PROSE = [*PAGES, *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "docs").rglob("*.ipynb"))]
prose = runpy.run_path(str(ROOT / "docs" / "site" / "links.py"))["prose"]
PUBLIC = (
    "compiler/api",
    "compiler/authoring",
    "compiler/bundle",
    "compiler/commands",
    "compiler/training/methods",
    "passes",
)
"""Folders whose docstrings users read: the Python API, help, lists of passes and methods."""


def test_messages() -> None:
    """Texts of several words in the code: what is raised, printed, and shown as help."""
    found = [
        f"{path.relative_to(ROOT)}: {problem}"
        for path in source_files()
        if "payload" not in path.parts
        for text in texts(path)
        if text.count(" ") >= 2 or len(text) > 20
        for problem in avoided(text)
    ]
    assert found == []


def test_the_catalogue() -> None:
    found = [
        f"{message.code}: {problem}"
        for group in our_groups()
        for message in group.messages
        for text in (message.title, message.meaning, *message.causes, *message.cures, message.example)
        for problem in avoided(text)
    ]
    assert found == []


def test_docstrings_that_users_read() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {problem}"
        for path in source_files()
        if str(path.relative_to(ROOT)).startswith(PUBLIC)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for problem in avoided(ast.get_docstring(node) or "")
    ]
    assert found == []


@pytest.mark.parametrize("page", PROSE, ids=[page.name for page in PROSE])
def test_documents(page: Path) -> None:
    assert list(avoided(NAMES.sub("", prose(page)))) == []


@pytest.mark.parametrize(
    "text",
    [
        "a neuron hears a whole frame",
        "NIR has no word for it",
        "'8,x' is no list of widths",
        "the first so many samples",
        "it lies beside the model",
        "the chip forgets its potential",
        "and it would be another network",
    ],
)
def test_what_is_avoided_is_found(text: str) -> None:
    assert list(avoided(text))


@pytest.mark.parametrize(
    "text",
    [
        "there is no such file",
        "it is no longer there",
        "besides, it is no larger than 4",
        "where no engine is",
    ],
)
def test_what_is_plain_is_not(text: str) -> None:
    assert list(avoided(text)) == [] and AVOIDED
