"""From bundles to the page, and what is returned of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snnc.bounds import SAMPLES, Bounds
from snnc.errors import UserError, counted
from snnc.files import read_bytes
from snnc.files.pictures import EARLIER, refuse_result
from snnc.files.writing import write_file
from snnc.progress import Report, quiet
from snnc.results import Result, Rows
from snnc.workflows.deployed import check_time_limit

from .facts import facts
from .gather import Gathered, gather
from .options import ReportOptions
from .page import need_libraries, page, sections

BEGINS, MARK = b"<!DOCTYPE html>", b'<meta name="generator" content="snnc '
ENGINE_SAMPLES = Bounds(0, SAMPLES.high)


@dataclass(frozen=True, eq=False, repr=False)
class BundleReport(Result):
    """A report of one bundle, or of two side by side.

    Attributes:
        html: the page, UTF-8, with everything that it needs inside.
        facts: of each bundle everything that the page says, as plain types.
        output: the file that it was written to; None where it was not.
        different: whether the engine or the payload of a bundle differs from its program, or two rungs
            of its ladder that must be equal.
    """

    html: bytes
    facts: tuple[Mapping[str, Any], ...]
    output: Path | None
    different: bool

    def headline(self) -> str:
        """The result in one line."""
        names = " and ".join(str(each["bundle"]) for each in self.facts)
        where = "" if self.output is None else f"{self.output}: "
        return f"{where}report of {names}, {len(self.html) / 1e6:.1f} MB"

    def table(self) -> Rows:
        """A row for each section, with what it lacks."""
        return Rows(
            ("section", "bundle", "there"),
            tuple(
                (title, str(each["bundle"]), _has(each, name))
                for each in self.facts
                for name, title in sections(each).items()
            ),
        )

    def as_json(self) -> list[dict[str, Any]]:
        """Plain types, for ``report --json``: the facts of each bundle."""
        return [dict(each) for each in self.facts]


NEEDED = {
    "accuracy": "run",
    "errors": "kept",
    "ladder": "ladder",
    "engine": "verification",
    "spikes": "run",
    "activity": "run",
    "weights": "ladder",
    "placement": "placement",
    "cost": "run",
}
"""What a section is made of, where it may not be there."""


def _has(found: Mapping[str, Any], section: str) -> bool:
    needed = NEEDED.get(section)
    if needed == "kept":
        return found["manifest"]["kept"] is not None
    return needed is None or found[needed] is not None


def make_report(
    asked: Sequence[tuple[Path, ReportOptions]], output: Path | None, report: Report = quiet
) -> BundleReport:
    """Make the report of one bundle, or of two.

    Args:
        asked: folders of the bundles, one or two, and what is run of each.
        output: the file; None for none.
        report: progress.

    Raises:
        UserError: D123 a library is missing; the output would replace another file; a bundle or data
            cannot be used. Nothing was written.
    """
    need_libraries()
    for _, options in asked:
        SAMPLES.check(options.samples, "--samples")
        ENGINE_SAMPLES.check(options.engine_samples, "--engine-samples")
        check_time_limit(options.time_limit)
    if output is not None:
        sources = [options.data for _, options in asked if options.data is not None]
        refuse_result("-o", output, [s.path for s in sources if s.path is not None], _is_report)
    gathered = [gather(folder, options, report) for folder, options in asked]
    found = tuple(facts(each) for each in gathered)
    report("page", 0, 1)
    html = page(found)
    if output is not None:
        write_file(output, html)
    return BundleReport(html, found, output, any(_different(each) for each in gathered))


def _is_report(path: Path) -> bool:
    try:
        begins = read_bytes(path, EARLIER)[:1000]
    except UserError:
        return False
    return begins.startswith(BEGINS) and MARK in begins


def _different(found: Gathered) -> bool:
    parts = (found.verification, found.ladder)
    return any(part is not None and part.different for part in parts)


def summary(found: BundleReport) -> list[str]:
    """What is said of a report that was made: where it is, and what it lacks."""
    lines = [found.headline()]
    for each in found.facts:
        missing = [title for name, title in sections(each).items() if not _has(each, name)]
        if missing:
            reasons = [d["what"] for why in each["absent"].values() for d in why]
            said = (
                f"{each['bundle']}: without {counted(len(missing), 'section')} ({', '.join(missing)})"
            )
            needs = "" if each["run"] is not None else "; give --data FILE.npz"
            lines.append(said + (f": {'; '.join(reasons)}" if reasons else needs))
    return lines
