"""All results: computes what is not there yet, writes ``docs/results.json``, the pages and plots.

python -m samples.results [--only PART ...]        (make results)

With ``--only`` the other parts stay as ``docs/results.json`` has them.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from samples.cifar10 import results as cifar10
from samples.cifar_events import results as cifar_events
from samples.delays import results as delays
from samples.fashion_mnist import results as fashion_mnist
from samples.nmnist import results as nmnist
from samples.speech import results as speech

from .page import pages
from .plots import plot_delays, plot_steps

DOCS = Path("docs")
PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "nmnist": nmnist.results,
    "fashion_mnist": fashion_mnist.results,
    "cifar10": cifar10.results,
    "cifar_events": cifar_events.results,
    "speech": speech.results,
    "delays": delays.results,
}


def main() -> None:
    """Run, and write the files."""
    parser = argparse.ArgumentParser(description="The results of docs/results.md.")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to compute; others stay")
    wanted = parser.parse_args().only or list(PARTS)
    before = json.loads((DOCS / "results.json").read_text())
    found: dict[str, Any] = {
        **{name: run() if name in wanted else before[name] for name, run in PARTS.items()},
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
