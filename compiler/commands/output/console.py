"""How anything is printed: text, tables, messages, progress; plain where there is no terminal."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snnc.errors import CompilerBug, Diagnostic, Severity

if TYPE_CHECKING:
    from rich.table import Table


COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
PLAIN_WIDTH = 120


def say(text: str) -> None:
    """Print to standard output as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def show_table(table: Table) -> None:
    """Print a table; uncut where the output is no terminal."""
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
    """Print diagnostics to standard error; on a terminal in colour, with links and how to read more."""
    from rich.console import Console
    from rich.style import Style
    from rich.text import Text

    found = list(found)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for diagnostic in found:
        short = diagnostic.severity is Severity.NOTE
        text = diagnostic.render_short() if short else diagnostic.render()
        head, _, rest = text.partition("\n")
        line = Text(head, style=COLOURS[diagnostic.severity])
        if console.is_terminal and (place := _page_of(diagnostic.code)):
            begin = head.index("[") + 1
            line.stylize(Style(link=place), begin, begin + len(diagnostic.code))
        console.print(line + Text(f"\n{rest}" if rest else "", style=""))
    if console.is_terminal:
        from snnc.messages.links import hint

        if more := hint(found):
            console.print(Text(more, style="dim"))


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


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on a terminal; silence elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what, done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=1)
        yield lambda what, done, total: bars.update(task, description=what, completed=done, total=total)
