"""``python -m tests.prove``: every implementation, and what could be shown of it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from .claims import OPEN, PROVED, REFUTED, Verdict
from .implementation import Implementation
from .implementations import IMPLEMENTATIONS
from .page import PAGE, rewritten

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT / "build" / "prove.json"


def proved(implementation: Implementation, cheap: bool, console: Console) -> dict[str, Any]:
    """Everything that can be shown of one implementation, as the JSON file has it."""
    began, rows = time.perf_counter(), []
    claims = list(implementation.cheap if cheap else implementation.claims)
    for claim in claims:
        verdict = claim.check()
        rows.append({"claim": claim.name, **vars(verdict)})
        if verdict.what != PROVED:
            console.print(f"  {implementation.name}, {claim.name}: {explained(verdict)}")
    compared = 0
    for check in implementation.checks:
        try:
            compared += check()
        except AssertionError as different:
            rows.append({"claim": check.__name__, "what": REFUTED, "why": str(different)})
            console.print(f"  {implementation.name}, {check.__name__}: refuted, {different}")
    found = {row["what"] for row in rows}
    result = next((w for w in (REFUTED, OPEN, PROVED) if w in found), "")
    return {
        "implementation": implementation.name,
        "shown": implementation.shown,
        "result": result or ("tested exhaustively" if compared else "not run here"),
        "claims": rows,
        "left_out": len(implementation.claims) - len(claims),
        "compared": compared,
        "seconds": round(time.perf_counter() - began, 1),
    }


def explained(verdict: Verdict) -> str:
    """What came out, and the state that shows it."""
    text = verdict.what + (f", {verdict.why}" if verdict.why else "")
    if verdict.state:
        state = ", ".join(f"{name} {value}" for name, value in verdict.state.items())
        text += f"\n    at {state}"
    if verdict.wanted:
        text += f"\n    the reference: {verdict.wanted}\n    it gives:      {verdict.given}"
    return text


def main() -> None:
    """Exit code 1 where something is refuted; what is open is said and does not fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument(
        "--cheap", action="store_true", help="what the tests run: some kinds of neurons"
    )
    parser.add_argument("--only", default="", help="implementations whose name has this in it")
    parser.add_argument("--json", type=Path, default=DEFAULT)
    parser.add_argument("--page", action="store_true", help=f"rewrite the table in {PAGE.name} and end")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    if arguments.page:
        PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return
    rows = []
    for implementation in IMPLEMENTATIONS:
        if arguments.only not in implementation.name:
            continue
        row = proved(implementation, arguments.cheap, console)
        rows.append(row)
        what = row["result"] if row["result"] != "not run here" else row["shown"]
        count = f"{len(row['claims'])} claims" if row["claims"] else ""
        count = f"{row['compared']} values" if row["compared"] else count
        left = f", {row['left_out']} left out" if row["left_out"] else ""
        console.print(f"{row['implementation']:30} {what:28} {count + left:28} {row['seconds']:7.1f} s")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    sys.exit(any(row["result"] == REFUTED for row in rows))


if __name__ == "__main__":
    main()
