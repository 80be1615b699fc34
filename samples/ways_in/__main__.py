"""``python -m samples.ways_in``: try every way in, and write docs/ways-in.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from .page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ways-in.md"


def main() -> None:
    """Write the page, by default the one in docs."""
    parser = argparse.ArgumentParser(prog="python -m samples.ways_in", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    chosen = parser.parse_args()
    chosen.output.write_text(page(), encoding="utf-8")
    print(chosen.output)


if __name__ == "__main__":
    main()
