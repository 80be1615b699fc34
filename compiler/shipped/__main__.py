"""``python -m snnc.shipped FOLDER`` writes the samples' models and test data there."""

from __future__ import annotations

import sys
from pathlib import Path

from snnc.errors import UserError

from . import write_samples

USED_WRONGLY = 2


def main(words: list[str]) -> int:
    """Write the files, print their names; exit code 2 where that is refused."""
    if len(words) != 1 or words[0].startswith("-"):
        sys.stderr.write("python -m snnc.shipped FOLDER\n")
        return USED_WRONGLY
    try:
        written = write_samples(Path(words[0]))
    except UserError as refused:
        sys.stderr.write(f"{refused}\n")
        return USED_WRONGLY
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
