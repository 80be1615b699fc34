"""Where a bundle's network is on a chip, as its ``placement.json`` says."""

from __future__ import annotations

from typing import Any

from snnc.bundle.folder import Contents, checked_files
from snnc.placement import ROLE, read_report


def placement_told(contents: Contents) -> dict[str, Any] | None:
    """The content of the bundle's ``placement.json``; None where it has none.

    Raises:
        UserError: D144 it is damaged; D141 it is another file than when the bundle was read.
    """
    name = contents.manifest.payload.get(ROLE)
    if name is None:
        return None
    with checked_files(contents) as folder:
        return read_report(folder / name)
