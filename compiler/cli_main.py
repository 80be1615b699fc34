"""Runs the commands, and sees to it that an exit code means one thing (``docs/exit-codes.md``)."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import NoReturn

import typer

from . import console, stopping
from .cli import app
from .cli_common import DIFFERENT, OUR_BUG, READER_GONE, USED_WRONGLY


def run() -> NoReturn:
    """Run the command line that this process was started with, and end the process."""
    _open_streams()
    code = _flushed(_run())
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
    if isinstance(problem, OSError) and problem.errno == errno.EPIPE:
        return READER_GONE
    traceback.print_exception(problem)
    console.crashed()
    return OUR_BUG


def _open_streams() -> None:
    """Let every name be printed, and a closed stream take everything."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        else:
            # A file's name need not be UTF-8, nor the terminal able to show what is.
            stream.reconfigure(errors="backslashreplace")


def _flushed(code: int) -> int:
    """The exit code when everything that was said is out, or could not be."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            code = READER_GONE if code in (0, DIFFERENT) else code
            _silence(stream.fileno())
        except OSError as problem:
            _silence(stream.fileno())
            if stream is sys.stdout:
                console.lost(problem)
                code = USED_WRONGLY if code in (0, DIFFERENT) else code
    return code


def _silence(stream: int) -> None:
    """Python flushes once more when it ends; that must not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
