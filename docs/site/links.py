"""Links of Markdown pages and notebooks, outside code: for the site's build and its tests."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

CODE = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)[ ]*$|(?P<tick>`+).+?(?P=tick)", re.M | re.S)
LINK = re.compile(r"(?<=\]\()(?![a-z][a-z0-9+.-]*:|#|/)[^)\s]+(?=\))")
ITEM = re.compile(r"[ ]*([-*+]|\d+\.) ")
HEADING = re.compile(r"^#{1,6} +(.+?)[ #]*$", re.M)


def prose(page: Path) -> str:
    """The Markdown of a page, or of a notebook's cells of text, one after the other."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def relative(markdown: str) -> list[str]:
    """Relative links of a page in order, with their anchors; ``#anchor`` alone is not one."""
    found: list[str] = []

    def keep(link: str) -> str:
        found.append(link)
        return link

    changed(markdown, keep)
    return found


def changed(markdown: str, change: Callable[[str], str]) -> str:
    """The page with ``change`` applied to every relative link."""
    parts, end = [], 0
    for code in CODE.finditer(markdown):
        parts += [LINK.sub(lambda link: change(link[0]), markdown[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, LINK.sub(lambda link: change(link[0]), markdown[end:])])


def target(page: str, link: str) -> str:
    """The path that a relative link of a page leads to; both paths from the same folder."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def anchors(markdown: str) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them (without the numbers for repeated ones)."""
    text = re.sub(r"^(```+|~~~+).*?^\1[ ]*$", "", markdown, flags=re.M | re.S)
    return {slug(heading) for heading in HEADING.findall(text)}


def slug(heading: str) -> str:
    """GitHub's anchor of a heading: lower case, without punctuation, dashes for spaces."""
    shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")


def spaced(markdown: str) -> str:
    """An empty line before each list: GitHub needs none, Python-Markdown does."""
    lines: list[str] = []
    fence = ""
    for line in markdown.splitlines():
        mark = re.match(r"```+|~~~+", line)
        before = lines[-1] if lines else ""
        starts = ITEM.match(line) and before.strip() and not ITEM.match(before)
        if starts and not fence and not line.startswith(" ") and not before.startswith(" "):
            lines.append("")
        if mark:
            fence = "" if fence and mark[0].startswith(fence) else fence or mark[0]
        lines.append(line)
    return "\n".join(lines) + "\n"
