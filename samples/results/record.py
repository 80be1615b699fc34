"""Results that are computed once: each experiment leaves a JSON file; while it is there, it is done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path("build/results")

Outcome = dict[str, Any]


def recorded(name: str, run: Callable[[], Outcome]) -> Outcome:
    """What an experiment found, from its file or by running it.

    Args:
        name: of the file, below ``build/results``; removing that file makes the experiment run again.
        run: gives numbers, texts and lists of them.
    """
    if (before := found_before(name)) is not None:
        return before
    path = FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    outcome = run()
    outcome["seconds"] = round(time.monotonic() - began, 1)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(outcome, indent=2) + "\n")
    part.replace(path)
    print(f"{name}: {_short(outcome)}", flush=True)
    return outcome


def found_before(name: str) -> Outcome | None:
    """What an experiment found in an earlier run; None if it has not run."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return None
    found: Outcome = json.loads(path.read_text())
    return found


def _short(outcome: Outcome) -> str:
    shown = {k: v for k, v in outcome.items() if isinstance(v, int | float | str)}
    return ", ".join(f"{k} {v}" for k, v in shown.items())
