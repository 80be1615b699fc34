"""The page: facts and figures put into the templates, with everything that it needs inside it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from snnc.optional import missing

from .cores import core_figures, same_core_scale, shades
from .facts import MOST_NEURONS
from .figures import NANO, Figure, both_accuracies, figures, register_rows, same_scale, weights
from .mesh import MOST_LINKS, cells, links
from .network import BOX, HIGH, Drawing, drawing
from .versus import differences

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

SECTIONS = {
    "summary": "Summary",
    "network": "The network",
    "accuracy": "Accuracy by frame",
    "errors": "Error of each population",
    "ladder": "The ladder",
    "engine": "Compared on the engine",
    "spikes": "Spikes and potentials",
    "activity": "Activity",
    "ranges": "Ranges of registers",
    "weights": "Weights before and after rounding",
    "placement": "Placement and traffic",
    "cost": "Operations and energy",
    "notes": "Notes",
    "reproduce": "How to reproduce it",
}
"""What every bundle has, by the names of the macros in ``templates/sections.html``."""


def sections(facts: Mapping[str, Any]) -> dict[str, str]:
    """The sections that a bundle has: cores alone are not of every target."""
    there = facts["placement"] is not None or facts["absent"]["placement"]
    return {name: title for name, title in SECTIONS.items() if there or name != "placement"}


BEYOND = "N725"
"""Warned of where data go beyond what ranges are proved for."""

FIRST_NOTES = 3
"""Warnings that the summary shows."""

PREFIXES = ("a-", "b-")

LIBRARIES = {"jinja2": "its templates", "plotly": "its charts"}
"""Packages that a page is made with, and what for."""

FORMATS: dict[str, Callable[[float], str]] = {
    "whole": lambda value: f"{value:,.0f}",
    "four": lambda value: f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}",
    "percent": lambda value: f"{100 * value:.1f}%",
    "hundred": lambda value: f"{100 * value:.2f}",
    "nano": lambda value: f"{value / NANO:,.4g}" if value < 1e7 else f"{value / NANO:,.0f}",
}
"""How numbers look, by what they are; a fraction is percent, picojoules become nanojoules."""


def need_libraries() -> None:
    """Make sure that a page can be made.

    Raises:
        UserError: D123.
    """
    missed: dict[str, ImportError] = {}
    for package in LIBRARIES:
        try:
            __import__(package)
        except ImportError as problem:
            missed[package] = problem
    if missed:
        what = " and ".join(f"{package} for {LIBRARIES[package]}" for package in missed)
        first = next(iter(missed.values()))
        raise missing(tuple(missed), f"a report needs {what}", first, where="snnc report")


@dataclass(frozen=True)
class Shown:
    """One bundle as the templates see it.

    Attributes:
        facts: of :func:`snnc.report.facts.facts`.
        place: 0, or 1 for the second of two.
        called: what tells it from the other; empty for one alone.
    """

    facts: Mapping[str, Any]
    place: int = 0
    called: str = ""
    most_neurons: int = field(default=MOST_NEURONS, init=False)
    most_links: int = field(default=MOST_LINKS, init=False)

    @property
    def prefix(self) -> str:
        """Of all ids."""
        return PREFIXES[self.place]

    def n(self, path: str, form: str = "four") -> Markup:
        """A number of the facts, as the element ``data``, which says where it is from.

        Args:
            path: keys and indices with a stroke between them.
            form: one of ``FORMATS``.
        """
        from markupsafe import Markup

        value: Any = self.facts
        for key in path.split("/"):
            value = value[int(key)] if isinstance(value, list) else value[key]
        return Markup('<data value="{}" data-path="{}/{}">{}</data>').format(
            repr(value), self.place, path, FORMATS[form](value)
        )

    def spent(self, memory: str, population: str) -> str:
        """Energy of one population in nJ, all parts together; empty for the input."""
        spent = self.facts["run"]["operations"]["picojoules"][memory]["snn"]["by_population"]
        if population not in spent:
            return ""
        return FORMATS["nano"](sum(spent[population].values()))

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Charts by name."""
        return {**figures(self.facts), **core_figures(self.facts)}

    @cached_property
    def drawing(self) -> dict[str, Any]:
        """The network's drawing, with the size of its boxes."""
        found: Drawing = drawing(self.facts)
        return {**vars(found), "box": BOX, "high": HIGH}

    @property
    def compared(self) -> bool:
        """Whether an engine ran."""
        checked = self.facts["verification"]
        return checked is not None and checked["not_run"] is None

    @property
    def different(self) -> bool:
        """Whether a value differs, or the payload from the program."""
        checked = self.facts["verification"]
        return checked is not None and bool(checked["mismatches"] or checked["payload_differences"])

    @property
    def told(self) -> int:
        """Notes and warnings."""
        return sum(len(group["told"]) for group in self.facts["notes"])

    @property
    def grave(self) -> int:
        """Those of them that are no notes."""
        said = (each["severity"] for group in self.facts["notes"] for each in group["told"])
        return sum(severity != "note" for severity in said)

    @property
    def beyond(self) -> bool:
        """Whether data go beyond what ranges are proved for."""
        return any(group["code"] == BEYOND for group in self.facts["notes"])

    @property
    def first_notes(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Code, severity and words of the first that are no notes, one a code."""
        found = [
            (group["code"], group["severity"], group["told"][0])
            for group in self.facts["notes"]
            if group["severity"] != "note"
        ]
        return found[:FIRST_NOTES]

    @property
    def judged(self) -> list[int]:
        """Places of the rungs with accuracies: the first, and the last that has them."""
        found = [k for k, r in enumerate(self.facts["ladder"] or []) if r["accuracy"] is not None]
        return found if len(found) < 2 else [found[0], found[-1]]

    @cached_property
    def worst(self) -> dict[str, list[tuple[str, int, str]]]:
        """By population its worst channel on each rung: path of the number, channel, rung."""
        found: dict[str, list[tuple[str, int, str]]] = {}
        for k, rung in enumerate(self.facts["ladder"] or []):
            for g, gap in enumerate(rung["populations"]):
                if gap["worst"] and gap["differences"]:
                    path = f"ladder/{k}/populations/{g}/worst/0/1"
                    entry = (path, gap["worst"][0][0], rung["rung"])
                    found.setdefault(gap["population"], []).append(entry)
        return found

    @property
    def shades(self) -> list[tuple[int, str]]:
        """What the mesh can be coloured by, to choose from."""
        return list(enumerate(shades(self.facts["placement"], self.facts["core_load"])))

    @property
    def tiles(self) -> list[int]:
        """Tiles of each chip that are drawn."""
        return list(cells(self.facts["placement"]).tiles)

    @property
    def over(self) -> int:
        """Cores that exceed a limit."""
        return sum(core["share"] > 1 for core in self.facts["core_load"]["cores"])

    @cached_property
    def pairs(self) -> list[list[int]]:
        """Pairs of cores with what they send each other, most first."""
        return links(self.facts["placement"]["traffic"]["matrix"])

    def than_in_order(self, what: str) -> str:
        """How much more or less of a count there is than in the order of appearance."""
        traffic = self.facts["placement"]["traffic"]
        now, before = traffic[what], traffic["in order"][what]
        if now == before or not before:
            return "as many" if now == before else ""
        return f"{abs(now - before) / before:.0%} {'fewer' if now < before else 'more'}"

    @property
    def registers(self) -> list[dict[str, Any]]:
        """Rows of the registers."""
        return register_rows(self.facts)

    @property
    def weights(self) -> list[tuple[int, str]]:
        """Projections with rounded weights, to choose from."""
        return [(k, name) for k, (name, _) in enumerate(weights(self.facts))]

    @property
    def rounding_rung(self) -> int:
        """The place of the rung that rounds weights."""
        return next(k for k, rung in enumerate(self.facts["ladder"]) if rung["weights"])

    @property
    def rounded(self) -> list[tuple[int, Mapping[str, Any]]]:
        """What rounding did, by projection."""
        return list(enumerate(self.facts["ladder"][self.rounding_rung]["weights"]))

    @property
    def memories(self) -> list[tuple[str, str]]:
        """Models of memory, to choose from."""
        said = {
            "fitted": "fitted: an access costs by the memory's size",
            "wide": "wide: by the word's width",
        }
        found = self.facts["run"]["operations"]["picojoules"]
        return [(name, said.get(name, name)) for name in found]


def page(reports: Sequence[Mapping[str, Any]]) -> bytes:
    """The HTML file of one bundle, or of two side by side.

    The same facts give the same bytes.

    Args:
        reports: facts of each.

    Raises:
        UserError: D123 a library is missing.
    """
    need_libraries()
    from markupsafe import Markup

    called = _called(reports)
    bundles = [
        Shown(f, place, name) for place, (f, name) in enumerate(zip(reports, called, strict=True))
    ]
    had = {name for facts in reports for name in sections(facts)}
    contents, both = [(name, title) for name, title in SECTIONS.items() if name in had], None
    if any(b.different for b in bundles):  # the worst comes first
        contents.sort(key=lambda entry: {"summary": 0, "engine": 1}.get(entry[0], 2))
    if len(bundles) == 2:
        contents.insert(0, ("compared", "Side by side"))
        same_scale([b.figures for b in bundles])
        same_core_scale([b.figures for b in bundles])
        both = both_accuracies(reports)
    charts = {b.prefix + name: shown for b in bundles for name, shown in b.figures.items()}
    charts |= {} if both is None else {"both-accuracy": both}
    library = _plotly()
    folder = files(__package__).joinpath("templates")
    text = (
        _environment()
        .get_template("page.html")
        .render(
            bundles=bundles,
            contents=contents,
            differences=differences(reports) if len(bundles) == 2 else [],
            figures=charts,
            version=version("snnc"),
            css=Markup(folder.joinpath("report.css").read_text()),
            script=Markup(folder.joinpath("report.js").read_text()),
            facts_json=Markup(embedded(list(reports))),
            figures_json=Markup(embedded(charts)),
            plotly=base64.b64encode(gzip.compress(library, 9, mtime=0)).decode(),
            plotly_digest=hashlib.sha256(library).hexdigest(),
        )
    )
    return text.encode("utf-8", "backslashreplace")


def _called(reports: Sequence[Mapping[str, Any]]) -> list[str]:
    """What tells two bundles apart: letter and folder."""
    if len(reports) == 1:
        return [""]
    return [f"{letter}: {facts['bundle']}" for letter, facts in zip("AB", reports, strict=True)]


def embedded(content: Any) -> str:
    """JSON that may stand inside an element ``script``, whatever texts are in it.

    Nothing in it can end the element or begin a comment: ``<``, ``>`` and ``&`` are escaped.
    """
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _plotly() -> bytes:
    """plotly.js as the package plotly brings it, its licence in its first lines."""
    return files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()


def _environment() -> Environment:
    """Templates whose texts are all escaped, and in which a name that is not there is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
