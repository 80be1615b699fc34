"""``python -m snnc.messages docs/messages.md`` writes the page."""

from __future__ import annotations

import sys
from pathlib import Path

from .page import page

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python -m snnc.messages FILE.md")
    Path(sys.argv[1]).write_text(page())
