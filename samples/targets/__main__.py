"""Every installed target on a real network: writes docs/targets.json and docs/targets.md.

python -m samples.targets [TARGET ...]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from samples.targets.page import page
from samples.targets.runs import PLANS, run
from snnc.backends import registered_backends

FOLDER = Path("build/targets")
ROWS, PAGE = Path("docs/targets.json"), Path("docs/targets.md")


def main() -> None:
    """Run the plans of the targets that are named, all installed ones without names."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    there = {found.name for found in registered_backends() if found.backend is not None}
    wanted = set(sys.argv[1:]) or there
    before = json.loads(ROWS.read_text()) if ROWS.exists() else []
    rows = {_key(row): row for row in before}
    for plan in PLANS:
        if plan.target not in wanted & there:
            continue
        for outcome in run(plan, FOLDER):
            row = outcome.as_json()
            rows[_key(row)] = row
            sys.stdout.write(
                f"{outcome.target} {outcome.engine}: {outcome.mismatches} of {outcome.compared} values "
                "differ\n"
            )
    order = [(plan.target, str(plan.model)) for plan in PLANS]
    kept = sorted(rows.values(), key=lambda r: order.index((r["target"], r["model"])))
    ROWS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(kept), encoding="utf-8")


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["target"], row["model"], row["engine"]


if __name__ == "__main__":
    main()
