"""The command ``snnc``: it listens for requests to stop before it imports what takes long."""

from __future__ import annotations

from . import stopping

SAID = "stopped"


def main() -> None:
    """Entry point of the command ``snnc``; ends with one of the codes of ``docs/exit-codes.md``."""
    stopping.at_once(SAID)
    from .cli_main import run

    stopping.listen()
    run()
