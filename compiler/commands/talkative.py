"""``-q`` and ``-v``, which every command that works takes, before its name or behind it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, get_type_hints

import typer

from .output.console import Verbosity, set_verbosity, verbosity

QUIET = Annotated[bool, typer.Option("-q", "--quiet", help="no notes, no progress")]
VERBOSE = Annotated[bool, typer.Option("-v", "--verbose", help="notes in full, times of phases")]


def choose(*, quiet: bool, verbose: bool) -> None:
    """How much is said from here on.

    Raises:
        typer.BadParameter: both are asked for.
    """
    if quiet and verbose:
        raise typer.BadParameter("-q and -v are opposites: give one of them")
    set_verbosity(Verbosity.QUIET if quiet else Verbosity.VERBOSE if verbose else Verbosity.NORMAL)


def talkative(command: Callable[..., None]) -> Callable[..., None]:
    """A command with ``-q`` and ``-v``, for typer, which reads its options off the signature."""

    @functools.wraps(command)
    def called(*, quiet: bool = False, verbose: bool = False, **options: object) -> None:
        before = verbosity()
        choose(quiet=quiet or before is Verbosity.QUIET, verbose=verbose or before is Verbosity.VERBOSE)
        command(**options)

    hints = get_type_hints(command, include_extras=True)
    own = inspect.signature(command)
    named = [p.replace(annotation=hints[p.name]) for p in own.parameters.values()]
    kind, more = inspect.Parameter.POSITIONAL_OR_KEYWORD, {"quiet": QUIET, "verbose": VERBOSE}
    named += [inspect.Parameter(n, kind, default=False, annotation=a) for n, a in more.items()]
    called.__annotations__ = {**hints, **more}
    called.__dict__.pop("__wrapped__")
    called.__dict__["__signature__"] = own.replace(parameters=named, return_annotation=None)
    return called
