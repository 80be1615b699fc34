"""One kind of message for everything that a user must know: the diagnostic.

A diagnostic is data (code, severity, place, facts, reason, cure) and is rendered only at the edge of
the program. Code that finds something wrong with what the *user* gave raises :class:`UserError` with
one or more diagnostics; the command line prints them and exits with code 2. Any other exception that
reaches the user is a bug in snnc.

The codes are grouped: D1xx files and formats, D2xx the network, D3xx passes and their options,
D4xx limits of a target, D5xx data, D6xx engines and environments, N7xx named effects (not errors:
something changed the meaning, and how much). What each code means is in ``compiler/messages/records``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Context
from enum import Enum

LONGEST = 4000
"""Characters of each part of a message; names and values may come from a stranger's file."""

WHOLE_DIGITS = 10**20
"""Whole numbers below it are shown to their last digit: every number of 64 bits."""


def shown(text: str) -> str:
    """A part of a message as a terminal may have it: no control characters, not without bound."""
    cut = text
    if len(text) > LONGEST:  # a traceback's last line says most, a value's first characters do
        half = LONGEST // 2
        cut = f"{text[:half]} ... ({len(text)} characters) ... {text[-half:]}"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in cut)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class Severity(Enum):
    """How bad it is: an error stops the compiler, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Diagnostic:
    """One message to the user.

    Attributes:
        code: stable identifier, e.g. ``D402``.
        what: the fact, with both numbers where there are two.
        where: the user's own name of the thing (module path, file, option).
        why: the reason, one sentence; may be empty where the fact says it all.
        help: the cure; may be empty where there is none.
        severity: error, warning or note.
    """

    code: str
    what: str
    where: str = ""
    why: str = ""
    help: str = ""
    severity: Severity = Severity.ERROR

    def render(self) -> str:
        """The text form, without colour: at most four lines."""
        head = f"{self.severity.value}[{self.code}]: {shown(self.what)}"
        if self.where:
            head = f"{head}\n  at   {shown(self.where)}"
        if self.why:
            head = f"{head}\n  why  {shown(self.why)}"
        if self.help:
            head = f"{head}\n  help {shown(self.help)}"
        return head

    def render_short(self) -> str:
        """One line: where and what, for effects that come by the dozen."""
        place = f" {shown(self.where)}:" if self.where else ""
        return f"{self.severity.value}[{self.code}]{place} {shown(self.what)}"

    def as_json(self) -> dict[str, str]:
        """The manifest's form: plain strings, stable key order."""
        return {**asdict(self), "severity": self.severity.value}


class UserError(Exception):
    """What the user gave cannot be used. Carries every reason found, not the first only."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        if not diagnostics:
            raise ValueError("a UserError needs at least one diagnostic")
        super().__init__("\n".join(d.render() for d in diagnostics))
        self.diagnostics = diagnostics

    def __reduce__(self) -> tuple[type[UserError], tuple[Diagnostic, ...]]:
        """By its diagnostics, not its text: a process pool sends exceptions home as pickles."""
        return type(self), self.diagnostics


class Interrupted(UserError):
    """The user stopped it (ctrl-C); the message says what is kept and how to go on."""


class CompilerBug(Exception):
    """A pass or a back end broke an invariant. Names the culprit; never the user's fault."""

    def __init__(self, culprit: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{culprit} broke the network: " + "; ".join(self.problems))

    def __reduce__(self) -> tuple[Callable[..., CompilerBug], tuple[object, ...]]:
        """By its text and problems, whatever the class takes them from; see :class:`UserError`."""
        return _again, (type(self), self.args, self.problems)


def _again(kind: type[CompilerBug], args: tuple[str, ...], problems: tuple[str, ...]) -> CompilerBug:
    """A bug that was sent from another process."""
    found = kind.__new__(kind, *args)
    found.args, found.problems = args, problems
    return found


class Crashed(CompilerBug):
    """A pass or a back end raised what it may not; names it and the package that it is from."""

    def __init__(self, culprit: str, doing: str, problem: Exception) -> None:
        self.problems = (f"{type(problem).__name__}: {problem}",)
        Exception.__init__(self, f"{culprit} failed while {doing}: {self.problems[0]}")


@contextmanager
def blamed(culprit: str, doing: str) -> Iterator[None]:
    """Give whatever goes wrong inside the name of what was running.

    Raises:
        Crashed: for everything but messages to the user, known bugs, a full disk or memory.
    """
    try:
        yield
    except (UserError, CompilerBug, OSError, MemoryError):
        raise
    except Exception as problem:
        raise Crashed(culprit, doing, problem) from problem


def fail(code: str, what: str, *, where: str = "", why: str = "", help: str = "") -> UserError:
    """A :class:`UserError` with a single diagnostic; use as ``raise fail(...)``."""
    return UserError(Diagnostic(code, what, where, why, help))


def number(value: int | float) -> str:
    """A number of a stranger's as messages have it: whole where it can be, 20 digits at the most."""
    if isinstance(value, int) and abs(value) < WHOLE_DIGITS:
        return str(value)
    if isinstance(value, int):
        rounded = Context(prec=17).create_decimal(value)  # as a float it may be infinite
        return f"{rounded.normalize():e}"
    return str(int(value)) if value.is_integer() and abs(value) <= 2**53 else repr(value)


def every(number: int, what: str) -> str:
    """``every frame``, ``every 2 frames``."""
    return f"every {what}" if number == 1 else f"every {counted(number, what)}"


def counted(number: int, what: str) -> str:
    """``1 frame``, ``2 frames``, ``2 classes``."""
    more = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{number} {what if number == 1 else more}"


def nearest(name: str, known: Iterable[str]) -> str:
    """``did you mean NAME?`` for a word that nothing is called; empty where nothing is like it.

    Capitals and underscores do not count.
    """
    plain = {each.lower().replace("_", "-"): each for each in known}
    found = difflib.get_close_matches(name.lower().replace("_", "-"), plain, 1)
    return f"did you mean {plain[found[0]]}?" if found else ""
