"""What MkDocs does differently for this site: generated pages, and links to files outside ``docs/``.

The pages in ``docs/`` are written for GitHub: they link to ``../README.md`` or ``../samples/...``. Such
files become part of the site, under ``repository/``, and the links lead there: no address of a server
is needed, and a link to a file that does not exist ends the build (``mkdocs build --strict``).
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

import commands
import links
import python_names
import tutorial_pages
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = "repository"
"""Folder of the site that has the repository's files from outside ``docs/``."""

REFERENCE = ROOT / "build" / "reference"
"""Pages that ``parts.py`` has written."""

ROLE = re.compile(r":(class|func|meth|mod|attr|data|exc|ref):(?=<)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and every file of the repository that a page leads to."""
    for name, content in {
        "reference/commands.md": commands.page(),
        "reference/api.md": python_names.page(),
        **{f"reference/{page.name}": page.read_text() for page in sorted(REFERENCE.glob("*.md"))},
    }.items():
        files.append(File.generated(config, name, content=content))
    add_tutorials(files, config)
    pending = [file.src_uri for file in files.documentation_pages()]
    pending += [of_site(path.name) for path in sorted(ROOT.glob("*.md"))]
    seen: set[str] = set()
    while pending:
        uri = pending.pop()
        if uri in seen:
            continue
        seen.add(uri)
        source = ROOT / of_repository(uri)
        if uri.startswith(f"{OUTSIDE}/") and source.is_file():
            files.append(File.generated(config, uri, abs_src_path=str(source)))
        if uri.endswith(".md") and (text := text_of(uri)) is not None:
            pending += [of_site(target) for target in targets(uri, text)]
    return files


def add_tutorials(files: Files, config: MkDocsConfig) -> None:
    """A page for each notebook, its pictures, and in the notebook's place the one with outputs.

    Raises:
        PluginError: a notebook was not executed, or has a picture without alternative text.
    """
    for name in tutorial_pages.names():
        try:
            made = tutorial_pages.page(name)
        except tutorial_pages.TutorialError as problem:
            raise PluginError(str(problem)) from problem
        kept = {f"{name}.md": made.markdown.encode(), **made.files}
        for path, content in kept.items():
            uri = f"{tutorial_pages.FOLDER}/{path}"
            if (before := files.get_file_from_path(uri)) is not None:
                files.remove(before)
            files.append(File.generated(config, uri, content=content))


def text_of(uri: str) -> str | None:
    """The Markdown of a page that is a file of the repository, notebooks too; None for others."""
    source = ROOT / of_repository(uri)
    if source.is_file():
        return source.read_text(encoding="utf-8")
    notebook = source.with_suffix(".ipynb")
    return links.prose(notebook) if notebook.is_file() else None


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page as MkDocs takes it: links within the site, and an empty line before each list."""
    here = page.file.src_uri

    def moved(link: str) -> str:
        path, mark, anchor = link.partition("#")
        found = of_site(links.target(of_repository(here), path))
        return posixpath.relpath(found, posixpath.dirname(here) or ".") + mark + anchor

    if here.startswith("reference/"):
        return markdown
    return links.spaced(links.changed(markdown, moved))


def targets(uri: str, markdown: str) -> list[str]:
    """Paths within the repository that a page's relative links lead to."""
    found = (link.partition("#")[0] for link in links.relative(markdown))
    return [links.target(of_repository(uri), path) for path in found]


def of_repository(uri: str) -> str:
    """The path within the repository of a path within the site."""
    return uri.removeprefix(f"{OUTSIDE}/") if uri.startswith(f"{OUTSIDE}/") else f"docs/{uri}"


def of_site(path: str) -> str:
    """The path within the site of a path within the repository; of a tutorial, its page's."""
    if path.startswith(f"docs/{tutorial_pages.FOLDER}/") and path.endswith(".ipynb"):
        path = f"{path.removesuffix('.ipynb')}.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else f"{OUTSIDE}/{path}"


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Docstrings have roles of Sphinx, as ``:class:``, which Markdown would show as text."""
    return ROLE.sub("", html) if page.file.src_uri == "reference/api.md" else html
