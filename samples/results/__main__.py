"""All results: computes what is not there yet, writes ``docs/results.json``, ``.md`` and plots.

python -m samples.results        (make results)
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from samples.delays import results as delays
from samples.fashion_mnist import results as fashion_mnist
from samples.nmnist import results as nmnist
from samples.speech import results as speech

from .page import page
from .plots import plot_delays

DOCS = Path("docs")


def main() -> None:
    """Run, and write the files."""
    found: dict[str, Any] = {
        "nmnist": nmnist.results(),
        "fashion_mnist": fashion_mnist.results(),
        "speech": speech.results(),
        "delays": delays.results(),
        "versions": {name: version(name) for name in ("snnc", "torch", "numpy")},
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    (DOCS / "results.json").write_text(json.dumps(found, indent=2) + "\n")
    (DOCS / "results.md").write_text(page(found))
    plot_delays(found["delays"], DOCS / "results")
    print(f"wrote {DOCS / 'results.json'} and {DOCS / 'results.md'}")


if __name__ == "__main__":
    main()
