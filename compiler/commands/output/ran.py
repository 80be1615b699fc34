"""What a run gave: how many answers, and how good they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import diagnostics, new_table, say, show_table

if TYPE_CHECKING:
    from snnc.workflows.run import Ran


def ran(result: Ran, output: Path | None) -> None:
    """Where the answers went, and how good they are."""
    diagnostics(result.warnings)
    samples, frames = result.prediction.shape
    where = "" if output is None else f"{output}: "
    say(f"{where}answers for {counted(samples, 'sample')}, {counted(frames, 'frame')} each")
    if result.accuracy is not None:
        table = new_table(">frame", ">accuracy")
        for frame, value in enumerate(result.accuracy):
            table.add_row(f"{frame + 1}", f"{value:.1%}")
        show_table(table)
