"""Counts by kind, and one folder for each fault that was found."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table

from .judge import FAULTS, Verdict
from .plan import Plan
from .server import Ran

COLUMNS = ("cases", "refused", "accepted", "unmade", *FAULTS)


class Report:
    """Adds up how cases ended.

    Args:
        path: of the JSON file; folders of faults go beside it, under its name without the suffix.
        seed: of the run.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self.path, self.seed = path, seed
        self.begun = time.monotonic()
        self.counts: dict[str, Counter[str]] = {}
        self.found: dict[str, dict[str, Any]] = {}
        self.unmade: Counter[str] = Counter()
        self.slowest: tuple[float, int] = (0.0, -1)
        self.largest: tuple[int, int] = (0, -1)

    def add(self, number: int, plan: Plan, ran: Ran, verdict: Verdict) -> bool:
        """Count a case; whether it is the first with its fault."""
        counts = self.counts.setdefault(plan.kind, Counter())
        counts["cases"] += 1
        counts.update(verdict.faults or [verdict.ending])
        self.slowest = max(self.slowest, (ran.seconds, number))
        self.largest = max(self.largest, (ran.memory, number))
        if verdict.ending == "unmade":
            self.unmade[verdict.key] += 1
        if not verdict.faults:
            return False
        first = verdict.key not in self.found
        entry = self.found.setdefault(
            verdict.key,
            {
                "faults": verdict.faults,
                "cases": [],
                "kinds": [],
                "folder": str(self.folder_of(verdict)),
            },
        )
        entry["cases"].append(number)
        if plan.kind not in entry["kinds"]:
            entry["kinds"].append(plan.kind)
        return first

    def folder_of(self, verdict: Verdict) -> Path:
        """Where the first case with a fault is kept."""
        name = hashlib.sha256(verdict.key.encode("utf-8", "replace")).hexdigest()[:12]
        return self.path.with_suffix("") / f"{verdict.faults[0]}-{name}"

    def faults(self) -> int:
        """How many different faults."""
        return len(self.found)

    def totals(self) -> Counter[str]:
        """Over all kinds."""
        return sum(self.counts.values(), Counter())

    def write(self) -> None:
        """Write the JSON file."""
        kinds = [
            {"kind": kind, **{name: counts[name] for name in COLUMNS}}
            for kind, counts in sorted(self.counts.items())
        ]
        totals = self.totals()
        content = {
            "seed": self.seed,
            "seconds": round(time.monotonic() - self.begun, 1),
            "slowest": {"seconds": round(self.slowest[0], 2), "case": self.slowest[1]},
            "most_memory": {"megabytes": self.largest[0], "case": self.largest[1]},
            "totals": {name: totals[name] for name in COLUMNS},
            "kinds": kinds,
            "found": self.found,
            "unmade": dict(self.unmade.most_common(20)),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(content, indent=1) + "\n")

    def table(self) -> Table:
        """The counts for a screen."""
        taken = time.monotonic() - self.begun
        table = Table("kind", *COLUMNS, title=f"seed {self.seed}, {taken:.0f} s, {self.path}")
        for kind, counts in sorted(self.counts.items()):
            table.add_row(kind, *(str(counts[name] or "") for name in COLUMNS))
        totals = self.totals()
        table.add_row("all", *(str(totals[name]) for name in COLUMNS), style="bold")
        return table
