"""Runs the commands, and sees to it that an exit code means one thing (``docs/exit-codes.md``)."""

from __future__ import annotations

import sys
import traceback
from typing import NoReturn

import typer

from snnc import stopping

from . import streams
from .app import app
from .options import DIFFERENT, OUR_BUG, READER_GONE, USED_WRONGLY
from .output import console


def run() -> NoReturn:
    """Run the command line that this process was started with, and end the process."""
    code = _printed(_run())
    stopping.leave()
    sys.exit(code)


def _run() -> int:
    try:
        app()
    except SystemExit as end:
        return _meant(end)
    except BaseException as problem:
        return _unexpected(problem)
    return 0


def _meant(end: SystemExit) -> int:
    """The exit code, but for what typer makes of an exception of its own accord.

    Typer ends with 1, which says "different" here, when there is no more input, or nobody reads.
    """
    inner = end.__context__
    code = end.code if isinstance(end.code, int) else USED_WRONGLY if end.code else 0
    if isinstance(inner, typer.Exit) and not isinstance(inner.__cause__, KeyboardInterrupt):
        return code
    if code == DIFFERENT or stopping.requested():
        return _unexpected(end if inner is None else inner)
    return code


def _unexpected(problem: BaseException) -> int:
    """What no command has handled: it came before one began, or behind its end."""
    if stopping.requested():
        console.stopped()
        return 128 + stopping.requested()
    traceback.print_exception(problem)
    console.crashed()
    return OUR_BUG


def _printed(code: int) -> int:
    """The exit code when everything that was said is out, or could not be."""
    for name, problem in streams.lost().items():
        if code in (0, DIFFERENT):
            code = READER_GONE if streams.nobody_reads(problem) else USED_WRONGLY
        if not streams.nobody_reads(problem):
            console.lost(name, problem)
    return code
