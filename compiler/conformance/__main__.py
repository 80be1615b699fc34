"""``python -m snnc.conformance``: every case on every installed target, with every installed engine."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnc.backends import registered_backends
from snnc.distributing import Piece, Place, Work, carry_out, cores
from snnc.errors import UserError
from snnc.files.writing import write_file
from snnc.progress import Report

from .cases import BY_NAME
from .judge import Result, Row
from .suites import Suite, run_case, suites
from .table import table

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

FAILED, USED_WRONGLY = 1, 2


def rows(wanted: tuple[str, ...], place: Place, report: Report) -> Iterator[Row]:
    """All rows of the targets that are wanted (all where none is), in a fixed order."""
    # Ours come first and stay: a package that takes the name of one of our targets changes nothing.
    tested = {suite.name: suite for suite in sorted(suites(), key=lambda s: s.kind is not None)}
    names = [found.name for found in registered_backends() if not wanted or found.name in wanted]
    work: list[tuple[str, str]] = []
    usable = {f.name for f in registered_backends() if f.backend is not None}
    broken = {f.name: f.problem for f in registered_backends() if f.name not in usable}
    for name in dict.fromkeys([*names, *(n for n in tested if not wanted or n in wanted)]):
        if name in broken:
            yield Row(name, "*", Result.NOT_RUN.value, f"it cannot be used: {broken[name]}")
            continue
        suite = tested.get(name, Suite(name, "", None, "its package registers no conformance class"))
        if suite.kind is None:
            yield Row(name, "*", Result.NOT_RUN.value, suite.problem)
            continue
        for pattern in suite.kind.unknown():
            yield Row(name, pattern, Result.FAILED.value, "cannot lists it, and no case has that name")
        work += [(name, case) for case in BY_NAME]
    pieces = [Piece(f"{suite} {case}", (suite, case)) for suite, case in work]
    if pieces:
        yield from carry_out(Work(run_case, None, "cases"), pieces, place, report, usual=cores())


def main(
    targets: Annotated[
        list[str] | None, typer.Argument(help="all that are installed where none")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="write the rows to this file")] = None,
    document: Annotated[Path | None, typer.Option("--table", help="write what each cannot do")] = None,
    workers: Annotated[
        int | None, typer.Option(help="cases at the same time; default: one for each core")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help="of Dask, see docs/distributed.md")] = None,
) -> None:
    """Run every case of the conformance suite; exit code 1 where one fails."""
    from rich.console import Console
    from rich.progress import Progress

    place = Place(workers, scheduler)
    if document is not None:
        write_file(document, table().encode())
        if output is None:
            return
    console = Console(stderr=True)
    wanted = tuple(targets or ())
    there = {found.name for found in registered_backends()} | {suite.name for suite in suites()}
    for name in wanted:
        if name not in there:
            console.print(f"no target {name}: there are {', '.join(sorted(there))}", markup=False)
            raise typer.Exit(USED_WRONGLY)
    try:
        place.check()
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("cases", total=None)
            found = list(rows(wanted, place, partial(_advance, bar, task)))
    except UserError as refused:
        console.print(str(refused), markup=False)
        raise typer.Exit(USED_WRONGLY) from None
    for row in found:
        if row.result == Result.FAILED.value or row.case == "*":
            console.print(f"{row.target} {row.case}: {row.reason}", markup=False)
    by_target: dict[str, Counter[str]] = {}
    for row in found:
        by_target.setdefault(row.target, Counter())[row.result] += 1
    for target, counts in by_target.items():
        said = ", ".join(f"{counts[r.value]} {r.value}" for r in Result if counts[r.value])
        sys.stdout.write(f"{target}: {said}\n")
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps([row.as_json() for row in found], indent=1, ensure_ascii=False)
        write_file(output, f"{text}\n".encode())
    if any(row.result == Result.FAILED.value for row in found):
        raise typer.Exit(FAILED)
    if any(row.case == "*" and row.target in wanted for row in found):
        raise typer.Exit(USED_WRONGLY)


def _advance(bar: Progress, task: TaskID, what: str, done: int, total: int) -> None:
    bar.update(task, description=what, completed=done, total=total)


app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(main)

if __name__ == "__main__":
    app()
