"""Compiles the whole population every way and writes ``build/conversion.json``.

    python -m benchmarks.conversion [--settings rate,bits,...] [--networks NAME,...] [--workers 2]
    python -m benchmarks.conversion --peer

What is in the file already, with the same model, is not done again: remove it to begin anew. The second
line measures nothing; it compares what is in the file with SpikingJelly's rows.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from samples.nir_readers.installed import InstallationError, environment
from snnc.distributing import Piece, Place, Work, carry_out

from .measure import Setting
from .networks import population
from .paired import comparison
from .peer import ENVIRONMENTS, READER
from .rows import network_rows
from .tables import summary

PLACE = Path("build/conversion.json")
SEEDS = (0, 1)

GROUPS: dict[str, tuple[Setting, ...]] = {
    "default": (Setting(),),
    "rate": tuple(Setting(code="rate", k=k) for k in (8, 16, 32)),
    "exact": (*(Setting(code="frame", k=k) for k in (8, 16)), Setting(code="graded")),
    "bits": tuple(Setting(bits=b) for b in (6, 4)),
    "calibration": tuple(
        Setting(calibration=how)
        for how in ("random 1", "random 4", "random 16", "sorted 256", "lacking 256")
    ),
    "loihi1": tuple(Setting("loihi1", k=k) for k in (16, 32)),
}


def main() -> None:
    """Measure what is asked for and print a summary."""
    parser = argparse.ArgumentParser(description="Conversion of a population of networks.")
    groups = (*GROUPS, READER.name)
    parser.add_argument("--settings", default=",".join(groups), help=f"of {', '.join(groups)}")
    parser.add_argument(
        "--peer", action="store_true", help="only compare with SpikingJelly what is in the file"
    )
    parser.add_argument(
        "--networks", default="", help="parts of names, with commas; all where left out"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PASS{..}", help="for all settings"
    )
    parser.add_argument("--output", type=Path, default=PLACE)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scheduler", help="of Dask, instead of workers: docs/distributed.md")
    options = parser.parse_args()
    rows = json.loads(options.output.read_text()) if options.output.exists() else []
    console = Console(width=160)
    if not options.peer:
        _measure(options, rows, console)
    for table in (*([] if options.peer else summary(rows)), *comparison(rows)):
        if table.row_count:
            console.print(table)


def _measure(options: argparse.Namespace, rows: list[dict[str, object]], console: Console) -> None:
    names = options.settings.split(",")
    chosen = [s for name in names if name != READER.name for s in GROUPS[name]]
    settings = [replace(s, changes=(*s.changes, *options.set)) for s in chosen]
    wanted = [part for part in options.networks.split(",") if part]
    members = [m for m in population() if not wanted or any(part in m.name for part in wanted)]
    peer = READER.name in names and _peer_is_here(console)
    pieces = [Piece(f"{m.name}, seed {seed}", (m.name, seed)) for m in members for seed in SEEDS]
    found: dict[int, list[dict[str, object]]] = {}

    def keep(number: int, more: list[dict[str, object]]) -> None:
        """In the order of the networks, whichever was done first."""
        found[number] = more
        in_order = [row for n in sorted(found) for row in found[n]]
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps([*known, *in_order], indent=1))

    known, shared = list(rows), (settings, peer, list(rows))
    place = Place(None if options.scheduler else options.workers, options.scheduler)
    with Progress(console=console) as bar:
        task = bar.add_task("networks", total=len(pieces))

        def report(what: str, done: int, _total: int) -> None:
            bar.update(task, description=what, completed=done)

        carry_out(Work(network_rows, shared, "networks"), pieces, place, report, heard=keep)
    rows += [row for n in sorted(found) for row in found[n]]


def _peer_is_here(console: Console) -> bool:
    """Install it once, before the workers begin."""
    try:
        environment(READER, ENVIRONMENTS)
    except InstallationError as problem:
        console.print(f"{READER.package} cannot be installed, its rows are left out: {problem}")
        return False
    return True


if __name__ == "__main__":
    main()
