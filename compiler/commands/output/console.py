"""How anything is printed: text, tables, messages, progress; plain where there is no terminal."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

from snnc.errors import CompilerBug, Diagnostic, Severity

if TYPE_CHECKING:
    from rich.table import Table


COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
PLAIN_WIDTH = 120


class Verbosity(Enum):
    """How much is printed besides results, warnings and errors.

    QUIET leaves out notes and progress; VERBOSE has notes in full, and the times of phases.
    """

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


_chosen = [Verbosity.NORMAL]


def verbosity() -> Verbosity:
    """What the command was asked for."""
    return _chosen[0]


def set_verbosity(wanted: Verbosity) -> None:
    """Called before a command runs."""
    _chosen[0] = wanted


def say(text: str) -> None:
    """Print to standard output as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def show_table(table: Table) -> None:
    """Print a table; uncut where the output is not a terminal."""
    from rich.console import Console

    # A file or a pipe has no width of its own; rich would assume 80 and cut.
    # No markup: cells have brackets of their own, as in snnc[nir].
    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, markup=False).print(table)


def new_table(*columns: str, title: str = "") -> Table:
    """A table with these columns; a leading ``>`` asks for right alignment."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left")
    for column in columns:
        justify = "right" if column.startswith(">") else "left"
        table.add_column(column.removeprefix(">"), justify=justify)  # type: ignore[arg-type]
    return table


def diagnostics(found: Iterable[Diagnostic]) -> None:
    """Print diagnostics to standard error; on a terminal in colour, with links and how to read more.

    A warning or note whose reason and cure were printed already is a line without them.
    """
    from rich.console import Console
    from rich.style import Style
    from rich.text import Text

    found = list(found)
    told: set[tuple[str, str, str]] = set()
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for diagnostic in found:
        short = diagnostic.severity is Severity.NOTE
        if short and verbosity() is Verbosity.QUIET:
            continue
        # The same reason and cure, as of each of fifty populations, are read once.
        more = (diagnostic.code, diagnostic.why, diagnostic.help)
        short = (short and verbosity() is not Verbosity.VERBOSE) or (
            diagnostic.severity is not Severity.ERROR and more in told
        )
        if not short:
            told.add(more)
        text = diagnostic.render_short() if short else diagnostic.render()
        head, _, rest = text.partition("\n")
        line = Text(head, style=COLOURS[diagnostic.severity])
        if console.is_terminal and (place := _page_of(diagnostic.code)):
            begin = head.index("[") + 1
            line.stylize(Style(link=place), begin, begin + len(diagnostic.code))
        console.print(line + Text(f"\n{rest}" if rest else "", style=""))
    if console.is_terminal:
        from snnc.messages.links import hint

        if read_on := hint(found):
            console.print(Text(read_on, style="dim"))


def _page_of(code: str) -> str:
    from snnc.messages.links import link

    return link(code)


def bug(problem: CompilerBug) -> None:
    """Say that snnc itself is wrong, or a package that extends it."""
    if problem.__cause__ is not None:
        traceback.print_exception(problem.__cause__)
    sys.stderr.write(
        f"internal error: {problem}\nThis is a bug in snnc or a plug-in, not in your model.\n"
    )


def stopped() -> None:
    """Say that the user stopped it."""
    sys.stderr.write("stopped\n")


def lost(stream: str, problem: OSError) -> None:
    """Say that what was printed did not arrive."""
    what = f"the output cannot be written: {problem.strerror}"
    diagnostics([Diagnostic("D150", what, stream, help="make room, or send it elsewhere")])


def crashed() -> None:
    """Say that snnc crashed."""
    sys.stderr.write("internal error: this is a bug in snnc or a plug-in, please report it\n")
