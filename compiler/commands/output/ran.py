"""What a run gave: how many answers, and how good they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import new_table, say, show_table

if TYPE_CHECKING:
    from snnc.workflows.run import Run


def ran(result: Run, output: Path | None) -> None:
    """Where the answers went, in which unit, and how good they are."""
    samples, frames = result.predictions.shape
    where = "" if output is None else f"{output}: "
    say(f"{where}answers for {counted(samples, 'sample')}, {counted(frames, 'frame')} each")
    if output is not None:
        unit = f"{result.potential_of_one:.6g}"
        say(f"potential is in the chip's units: {unit} of them are 1 in the model's answer")
    if result.accuracy is not None:
        table = new_table(">frame", ">accuracy")
        for frame, value in enumerate(result.accuracy):
            table.add_row(f"{frame + 1}", f"{value:.1%}")
        show_table(table)
    elif result.bundle.program.readout.shape != (1,):
        say("no accuracy: the data have no labels (y, one for each sample)")
