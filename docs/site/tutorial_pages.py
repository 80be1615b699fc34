"""Tutorials as pages: an executed notebook of ``build/tutorials`` becomes Markdown and pictures.

Markdown, and not HTML that a notebook's own tools would make: MkDocs then checks the links, its search
finds the words, and code looks as on every other page, dark or light. nbconvert (BSD-3) takes the
notebook apart, ``tutorial.md.j2`` says how each part looks.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import MarkdownExporter
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "docs" / "tutorials"
BUILT = ROOT / "build" / "tutorials"
TEMPLATE = Path(__file__).with_name("tutorial.md.j2")
FOLDER = "tutorials"
HIDDEN = "remove-cell"
"""Tag of cells that are not shown: they check what the text says."""

STALE = (
    "docs/tutorials/{}.ipynb was not executed as it is now: make docs, or "
    "python docs/site/run_tutorials.py"
)


class TutorialError(Exception):
    """A tutorial that cannot be shown."""


@dataclass(frozen=True)
class Page:
    """One tutorial.

    Attributes:
        markdown: the page.
        files: by name, next to the page: pictures, and the notebook with its outputs.
    """

    markdown: str
    files: dict[str, bytes]


def names() -> list[str]:
    """The tutorials, without ending."""
    return sorted(path.stem for path in SOURCES.glob("*.ipynb"))


def page(name: str, sources: Path = SOURCES, built: Path = BUILT) -> Page:
    """The page of a tutorial.

    Args:
        name: without ending.
        sources: folder of the notebooks without outputs.
        built: folder of the executed ones.

    Raises:
        TutorialError: it was not executed since it was changed, or a picture has no alternative text.
    """
    place = built / f"{name}.ipynb"
    source = json.loads((sources / f"{name}.ipynb").read_text(encoding="utf-8"))
    if not place.is_file():
        raise TutorialError(STALE.format(name))
    content = place.read_bytes()
    if _texts(json.loads(content)) != _texts(source):
        raise TutorialError(STALE.format(name))
    book: Any = nbformat.reads(content.decode(), as_version=4)
    for cell in book.cells:
        pictures = [o for o in cell.get("outputs", ()) if "image/png" in o.get("data", {})]
        if pictures and not cell.metadata.get("alt"):
            raise TutorialError(f"docs/tutorials/{name}.ipynb: {cell.id} shows a picture without alt")
    markdown, resources = _exporter().from_notebook_node(
        book, resources={"unique_key": name, "output_files_dir": ""}
    )
    head, _, rest = markdown.strip().partition("\n")
    text = "\n\n".join([head, _about(name, book.metadata["execution"]), rest.strip()])
    files = {Path(path).name: data for path, data in resources["outputs"].items()}
    return Page(text + "\n", {**files, f"{name}.ipynb": content})


def _texts(book: Any) -> list[tuple[str, str]]:
    """What a notebook's cells say, without what they showed."""
    return [(cell["cell_type"], "".join(cell["source"])) for cell in book["cells"]]


def _about(name: str, execution: Any) -> str:
    """What stands under the title: where the notebook is, and how it was executed."""
    link = f'<a href="{name}.ipynb" download>Download this page as a notebook</a>'
    if "missing" in execution:
        reason = f"{execution['missing']}. Outputs are left out."
        return f'{link}.\n\n!!! warning "Not executed here"\n    {reason}'
    seconds = f"{execution['seconds']:.0f} s of processor time"
    return f"{link}. It was executed for this site, in {seconds}: every output is of that run."


def _exporter() -> MarkdownExporter:
    removing = {"enabled": True, "remove_cell_tags": {HIDDEN}}
    exporter = MarkdownExporter(
        template_file=str(TEMPLATE), config=Config({"TagRemovePreprocessor": removing})
    )
    exporter.register_filter("as_text", as_text)
    exporter.register_filter("as_html", as_html)
    exporter.register_filter("no_picture_of_this_kind", _refused)
    return exporter


def as_text(shown: str) -> str:
    """Plain text for HTML inside Markdown, with nothing that Markdown takes for its own."""
    text = html.escape(shown.rstrip("\n"))
    for sign in "`[]*_\\":
        text = text.replace(sign, f"&#{ord(sign)};")
    return re.sub(r"(?m)^( *)([-+\d])", lambda item: f"{item[1]}&#{ord(item[2])};", text)


def as_html(shown: str) -> str:
    """Tables that results and pandas make: as plain as the theme's own, and without scripts."""
    text = re.sub(r"<style.*?</style>|<script.*?</script>", "", shown, flags=re.S)
    text = re.sub(r' (border|style|class)="[^"]*"', "", text)
    return re.sub(r"\s*\n\s*", " ", text).replace("`", "&#96;").strip()


def _refused(cell: Any) -> str:
    raise TutorialError(f"{cell.id}: pictures are PNG")
