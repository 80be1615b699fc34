"""The user's own folder, from which their code is imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder_on_path(folder: Path) -> Iterator[None]:
    """As ``python -m`` has the current one, also for what ``forward`` imports."""
    here = str(folder)
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)
