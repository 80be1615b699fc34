"""Data that a command is given: a file, or recordings that become frames on the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnc.progress import Report

from .output import console

if TYPE_CHECKING:
    from snnc.recordings.result import Frames


def counts_of(given: Path | None, report: Report) -> Path | Frames | None:
    """A data file as it is; recordings (``FOLDER{dt=30ms}``) as frames, and what is to be said of them.

    Raises:
        UserError: as :func:`snnc.api.recordings.frames_of`.
    """
    from snnc.api.recordings import frames_of

    found = None if given is None else frames_of(str(given), report)
    if found is None:
        return given
    console.diagnostics(found.notes)
    return found
