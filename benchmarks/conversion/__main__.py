"""Compiles the whole population every way and writes ``build/conversion.json``.

    python -m benchmarks.conversion [--settings rate,bits,...] [--networks NAME,...] [--workers 2]
    python -m benchmarks.conversion --peer

What is in the file already, with the same model, is not done again: remove it to begin anew. The second
line measures nothing; it compares what is in the file with SpikingJelly's rows.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track

from samples.nir_readers.installed import InstallationError, environment

from .measure import Setting, as_json, measure
from .networks import Member, population
from .paired import comparison
from .peer import ENGINE as PEER
from .peer import ENVIRONMENTS, READER, peer_rows
from .sets import SetMissing, calibration, load
from .tables import summary
from .training import trained

PLACE = Path("build/conversion.json")
MODELS = Path("build/conversion")
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
    jobs = [(m.name, seed) for m in members for seed in SEEDS]
    with ProcessPoolExecutor(options.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        pending = [pool.submit(_rows, name, seed, settings, peer, rows) for name, seed in jobs]
        for done in track(as_completed(pending), "networks", len(pending), console=console):
            rows += done.result()
            options.output.parent.mkdir(parents=True, exist_ok=True)
            options.output.write_text(json.dumps(rows, indent=1))


def _peer_is_here(console: Console) -> bool:
    """Install it once, before the workers begin."""
    try:
        environment(READER, ENVIRONMENTS)
    except InstallationError as problem:
        console.print(f"{READER.package} cannot be installed, its rows are left out: {problem}")
        return False
    return True


def _rows(
    name: str, seed: int, settings: list[Setting], peer: bool, known: list[dict[str, object]]
) -> list[dict[str, object]]:
    member = next(m for m in population() if m.name == name)
    try:
        split = load(member.data)
    except SetMissing:
        return []
    net = trained(member, seed, MODELS)
    found = [
        measure(net, s, calibration(split.train, s.calibration), split.test)
        for s in settings
        if not _is_known(member, seed, s, known)
    ]
    if peer and not _has_peer(member, seed, known):
        usual = Setting().calibration
        found += peer_rows(net, usual, calibration(split.train, usual), split.test)
    return [as_json(row) for row in found]


def _has_peer(member: Member, seed: int, known: list[dict[str, object]]) -> bool:
    return any(
        (row["network"], row["seed"]) == (member.name, seed) and str(row["engine"]).startswith(PEER)
        for row in known
    )


def _is_known(member: Member, seed: int, s: Setting, known: list[dict[str, object]]) -> bool:
    key = (member.name, seed, s.target, s.code, s.k, s.bits, s.calibration, list(s.changes))
    names = ("network", "seed", "target", "code", "k", "bits", "calibration", "changes")
    return any(tuple(row[name] for name in names) == key for row in known)


if __name__ == "__main__":
    main()
