"""``snnc explain``: what a message means."""

from __future__ import annotations

import shutil
from typing import Annotated

import typer

from .options import reported
from .output import console


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE", help="code of a message, such as D402; without one, all codes are listed"
        ),
    ] = None,
) -> None:
    """Explain what a message means, what causes it, and what to do."""
    with reported():
        from snnc.messages import catalogue
        from snnc.messages.text import explanation, listing

        found = catalogue()
        if code is None:
            console.say(listing(found))
        else:
            width = shutil.get_terminal_size((console.PLAIN_WIDTH, 0)).columns
            console.say(explanation(found.find(code), width))
