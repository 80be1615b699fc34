"""All results: computes what is not there yet, writes ``docs/results.json``, the pages and plots.

python -m samples.results [--only PART ...] [--workers N | --scheduler ADDRESS]        (make results)

With ``--only`` the other parts stay as ``docs/results.json`` has them.
"""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from snnc.distributing import Piece, Place, Work, carry_out

from .page import pages
from .parts import PARTS, part
from .plots import plot_delays, plot_steps

DOCS = Path("docs")


def _say(what: str, done: int, total: int) -> None:
    print(f"{what} ({done} of {total})", flush=True)


def main() -> None:
    """Run, and write the files."""
    parser = argparse.ArgumentParser(description="The results of docs/results.md.")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to compute; others stay")
    parser.add_argument("--workers", type=int, help="parts at the same time; default: 1")
    parser.add_argument("--scheduler", help="of Dask, with this folder on all machines")
    options = parser.parse_args()
    wanted = options.only or list(PARTS)
    place = Place(options.workers, options.scheduler)
    place.check()
    work = Work(part, None, "results")
    done = carry_out(work, [Piece(name, name) for name in wanted], place, _say)
    computed = dict(zip(wanted, done, strict=True))
    before = json.loads((DOCS / "results.json").read_text())
    found: dict[str, Any] = {
        **{name: computed[name] if name in computed else before[name] for name in PARTS},
        "versions": {name: version(name) for name in ("snnc", "torch", "numpy")},
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    (DOCS / "results.json").write_text(json.dumps(found, indent=2) + "\n")
    written = pages(found)
    for file, text in written.items():
        (DOCS / file).write_text(text)
    plot_delays(found["delays"], DOCS / "results")
    plot_steps(found, DOCS / "results")
    print(f"wrote {DOCS / 'results.json'}, {', '.join(written)} and the plots")


if __name__ == "__main__":
    main()
