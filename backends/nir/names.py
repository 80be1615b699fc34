"""Names of NIR nodes: what torch, HDF5 and every reader accept, and never twice."""

from __future__ import annotations

import re


class Names:
    """Hands out names."""

    def __init__(self) -> None:
        self._used = {"input", "output"}

    def new(self, wanted: str) -> str:
        """``wanted`` in letters, digits and underscores; with a number where it is taken."""
        plain = re.sub(r"\W", "_", wanted, flags=re.ASCII) or "node"
        name, count = plain, 2
        while name.lower() in self._used:
            name, count = f"{plain}_{count}", count + 1
        self._used.add(name.lower())
        return name
