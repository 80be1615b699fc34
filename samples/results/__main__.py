"""All results: computes what is not there yet, writes ``docs/results.json`` and ``docs/results.md``.

python -m samples.results        (make results)
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path

from samples.delays import results as delays
from samples.fashion_mnist import results as fashion_mnist
from samples.nmnist import results as nmnist

from .page import page

DOCS = Path("docs")


def main() -> None:
    """Run, and write both files."""
    found = {
        "nmnist": nmnist.results(),
        "fashion_mnist": fashion_mnist.results(),
        "delays": delays.results(),
        "versions": {name: version(name) for name in ("snnc", "torch", "numpy")},
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    (DOCS / "results.json").write_text(json.dumps(found, indent=2) + "\n")
    (DOCS / "results.md").write_text(page(found))
    print(f"wrote {DOCS / 'results.json'} and {DOCS / 'results.md'}")


if __name__ == "__main__":
    main()
