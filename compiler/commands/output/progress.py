"""How far work is: a bar on a terminal, a line every half minute elsewhere, the times of all phases."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snnc.progress import Report, quiet

from . import console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Task
    from rich.text import Text

HALF_MINUTE = 30.0
"""Seconds between two lines where there is no terminal."""

SHORT = 0.05
"""Seconds below which a phase is not worth a place in the list of times."""


class Phases:
    """Follows reports: which phase it is, since when, and how long the others took."""

    def __init__(self) -> None:
        self.began = self.since = time.monotonic()
        self.times: dict[str, float] = {}
        self.phase = ""
        self.what, self.done, self.total = "", 0, 0
        self._first = 0

    def __call__(self, what: str, done: int, total: int) -> bool:
        """Take a report; whether it begins another phase."""
        now, phase = time.monotonic(), what.partition(":")[0]
        other = phase != self.phase
        if other:
            self.close(now)
            self.phase, self.since, self._first = phase, now, done
        self.what, self.done, self.total = what, done, total
        return other

    def close(self, now: float | None = None) -> None:
        """End the phase that is running."""
        now = time.monotonic() if now is None else now
        if self.phase:
            self.times[self.phase] = self.times.get(self.phase, 0.0) + now - self.since
        self.phase = ""

    @property
    def left(self) -> float | None:
        """Seconds that the phase will still take at the speed it has had; None where nothing tells."""
        done = self.done - self._first
        if done <= 0 or self.done >= self.total:
            return None
        return (time.monotonic() - self.since) / done * (self.total - self.done)

    def line(self) -> str:
        """How far it is, in a line."""
        now = time.monotonic()
        text = f"{self.what}: {self.done} of {self.total}, {clock(now - self.since)}"
        left = self.left
        text += "" if left is None else f", about {clock(left)} left"
        return f"{text} (since the start {clock(now - self.began)})"

    def summary(self) -> str:
        """How long each phase took, in the order in which they began."""
        shown = [f"{name} {took:.1f} s" for name, took in self.times.items() if took >= SHORT]
        whole = time.monotonic() - self.began
        return f"times: {', '.join([*shown, f'altogether {whole:.1f} s'])}"


def clock(seconds: float) -> str:
    """``0:07``, ``12:30``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def progress() -> Iterator[Report]:
    """Show how far work is on standard error, unless ``-q`` asks for nothing.

    With ``-v`` the times of all phases follow when it has ended.
    """
    if console.verbosity() is console.Verbosity.QUIET:
        yield quiet
        return
    from rich.console import Console

    phases, terminal = Phases(), Console(stderr=True)
    with _bar(phases, terminal) if terminal.is_terminal else _lines(phases) as report:
        yield report
    phases.close()
    if console.verbosity() is console.Verbosity.VERBOSE:
        sys.stderr.write(f"{phases.summary()}\n")


@contextmanager
def _bar(phases: Phases, terminal: Console) -> Iterator[Report]:
    """A bar, with the time of its phase, an estimate, and the time since the start."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn
    from rich.text import Text

    class Times(ProgressColumn):
        """Of the phase, left, and altogether."""

        def render(self, task: Task) -> Text:
            now, left = time.monotonic(), phases.left
            estimate = "" if left is None else f", {clock(left)} left"
            whole = clock(now - phases.began)
            return Text(f"{clock(now - phases.since)}{estimate} ({whole} in all)")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Times())
    with Progress(*columns, console=terminal, transient=True) as bars:
        task = bars.add_task("", total=1)

        def report(what: str, done: int, total: int) -> None:
            phases(what, done, total)
            bars.update(task, description=what, completed=done, total=total)

        yield report


@contextmanager
def _lines(phases: Phases) -> Iterator[Report]:
    """A line every half minute, also where nothing is reported for long."""
    ended = threading.Event()

    def talk() -> None:
        while not ended.wait(HALF_MINUTE):
            if phases.what:
                sys.stderr.write(f"{phases.line()}\n")
                sys.stderr.flush()

    def report(what: str, done: int, total: int) -> None:
        phases(what, done, total)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        ended.set()
        thread.join()
