"""Links of pages and tutorials lead to files and headings that exist; the menu has every page."""

from __future__ import annotations

import re
import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINKS = runpy.run_path(str(ROOT / "docs" / "site" / "links.py"))
relative: Callable[[str], list[str]] = LINKS["relative"]
target: Callable[[str, str], str] = LINKS["target"]
anchors: Callable[[str], set[str]] = LINKS["anchors"]
changed: Callable[[str, Callable[[str], str]], str] = LINKS["changed"]
spaced: Callable[[str], str] = LINKS["spaced"]
prose: Callable[[Path], str] = LINKS["prose"]

FOLDERS = ("docs", "samples", "benchmarks", "tests")
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [
        *ROOT.glob("*.md"),
        *(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.md")),
        *TUTORIALS,
    ]
)
GENERATED = {
    f"reference/{name}.md" for name in ("commands", "api", "passes", "targets", "methods", "bundle")
}


def broken(page: str, markdown: str) -> list[str]:
    """The links of a page that lead nowhere: no file, or no such heading."""
    own = [f"{Path(page).name}#{name}" for name in re.findall(r"\]\(#([^)]+)\)", markdown)]
    return [link for link in [*relative(markdown), *own] if not leads_somewhere(page, markdown, link)]


def leads_somewhere(page: str, markdown: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    name = target(page, path)
    if name == page:
        return anchor in anchors(markdown)
    if name.startswith("..") or not (ROOT / name).exists():
        return False
    return not anchor or anchor in anchors(prose(ROOT / name))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    assert broken(page, prose(ROOT / page)) == []


def test_what_leads_nowhere_is_found() -> None:
    page = "docs/x.md"
    assert broken(page, "[a](numerics.md) [b](../README.md#no-such)") == ["../README.md#no-such"]
    assert broken(page, "[a](nothing.md) `[b](code.md)`\n```\n[c](code.md)\n```\n") == ["nothing.md"]
    assert broken(page, "# Two words\n[a](#two-words) [b](#one-word)") == ["x.md#one-word"]
    assert broken(page, "[a](https://example.org/x.md) [b](../docs/results)") == []
    assert broken(page, "[a](../../shared)") == ["../../shared"]


def test_links_are_changed_outside_code_only() -> None:
    text = "[a](b.md#c) ![d](e.svg) `[f](g.md)` [h](https://i.org)"
    assert changed(text, str.upper) == "[a](B.MD#C) ![d](E.SVG) `[f](g.md)` [h](https://i.org)"


def test_lists_have_an_empty_line_before_them() -> None:
    assert spaced("Causes:\n- a\n- b\n  c\n- d\n") == "Causes:\n\n- a\n- b\n  c\n- d\n"
    assert spaced("```\nx\n- y\n```\n") == "```\nx\n- y\n```\n"


def test_the_menu_has_every_page_once() -> None:
    """MkDocs would refuse it, too: this is without MkDocs."""
    menu = re.findall(r"[:-] ([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    sources = {
        str(path.relative_to(ROOT / "docs").with_suffix(".md")): path
        for path in [*(ROOT / "docs").rglob("*.md"), *TUTORIALS]
    }
    pages = set(sources)
    assert len(menu) == len(set(menu))
    outside = {name.removeprefix("repository/") for name in menu if name.startswith("repository/")}
    assert pages == {name for name in menu if not name.startswith("repository/")} - GENERATED
    assert all((ROOT / name).is_file() for name in outside)
    shown = [*(str(path.relative_to(ROOT)) for path in sources.values()), *outside]
    linked = {
        file
        for page in shown
        for link in relative(prose(ROOT / page))
        if (file := target(page, link.partition("#")[0])).endswith(".md")
        and not file.startswith("docs/")
    }
    assert linked <= outside


def test_what_a_page_leads_to_is_in_the_repository() -> None:
    """A file that exists here only, because git ignores it, is missing for everybody else."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a clone of the repository: git does not say what it ignores")
    links = [(page, link) for page in PAGES for link in relative(prose(ROOT / page))]
    files = sorted({target(page, link.partition("#")[0]) for page, link in links})
    command = ["git", "check-ignore", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 1), done.stderr
