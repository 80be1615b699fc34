"""Outputs that would land inside a bundle, whose seal they would break."""

from __future__ import annotations

from pathlib import Path

from snnc.errors import fail

from .reading import resolved

MARKS = ("manifest.json", "program.json", "weights.npz")
"""Every bundle has these three; other folders with a ``manifest.json`` have not."""


def refuse_inside_bundle(output: Path, where: str = "") -> None:
    """Refuse a file or folder inside a bundle, however deep, links followed.

    Args:
        output: what will be written; it may be a bundle itself, which is replaced.
        where: what messages call it; its name where empty.

    Raises:
        UserError: D119.
    """
    for folder in resolved(output).parents:
        if all((folder / name).is_file() for name in MARKS):
            raise fail(
                "D119",
                f"the output is inside the bundle {folder}",
                where=where or str(output),
                why="a bundle that contains another file counts as altered, and is refused",
                help="choose a place outside it",
            )
