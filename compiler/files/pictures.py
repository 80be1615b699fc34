"""Pictures: their formats, how matplotlib gives their bytes, and which files they may replace."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.errors import UserError, fail
from snnc.optional import missing

from . import Kind, read_bytes, reason, resolved
from .enclosing import refuse_inside_bundle
from .writing import no_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EARLIER = Kind("D119", "the output exists and cannot be read")
BACKEND = "MPLBACKEND"
BEGINNINGS = {".png": (b"\x89PNG",), ".svg": (b"<?xml", b"<svg"), ".pdf": (b"%PDF",)}
"""How files begin that a picture may replace."""


def need_matplotlib(where: str, instead: str) -> None:
    """Make sure that pictures can be drawn.

    Args:
        where: the picture's file.
        instead: what gives the same numbers.

    Raises:
        UserError: D123 it is not installed, D615 it refuses its settings.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as problem:
        otherwise = f", or leave --plot out; {instead}"
        what = "plots need matplotlib"
        raise missing("matplotlib", what, problem, where=where, otherwise=otherwise) from None
    except Exception as problem:  # it reads its settings when it is imported
        raise fail(
            "D615",
            f"matplotlib refuses its settings: {reason(problem)}",
            where=f"{BACKEND}={os.environ[BACKEND]}" if BACKEND in os.environ else "matplotlibrc",
            help=f"unset {BACKEND}, or correct the file matplotlibrc; {instead}",
        ) from None


@contextmanager
def drawing(instead: str) -> Iterator[None]:
    """Draw as matplotlib does of itself, whatever the user's ``matplotlibrc`` says (LaTeX, for one).

    Args:
        instead: as for :func:`need_matplotlib`.

    Raises:
        UserError: D615.
    """
    need_matplotlib("matplotlib", instead)
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


def content(figure: Figure, file_format: str) -> bytes:
    """A figure as a file: png, svg or pdf. The same numbers give the same file."""
    drawn = io.BytesIO()
    dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    figure.savefig(drawn, format=file_format, dpi=150, metadata=dates[file_format])
    return drawn.getvalue()


def refuse_format(plot: Path) -> tuple[bytes, ...]:
    """How a file of the format begins that a name's ending says.

    Raises:
        UserError: D326 no format that can be drawn.
    """
    ending = plot.suffix.lower()
    if ending not in BEGINNINGS:
        what = (
            f"{plot.suffix!r} is not a format for plots"
            if plot.suffix
            else "the name does not determine a format"
        )
        raise fail("D326", what, where=f"--plot {plot}", help=f"use {', '.join(BEGINNINGS)}")
    return BEGINNINGS[ending]


def refuse_result(
    option: str,
    path: Path,
    read: Iterable[Path],
    earlier: tuple[bytes, ...] | Callable[[Path], bool],
) -> None:
    """Refuse to write where nothing can be written, or over other files, before any work is done.

    Args:
        option: that names the file.
        path: of the result.
        read: files that are read.
        earlier: how an earlier result begins, which may be replaced, or what knows one.

    Raises:
        UserError: D151 a folder, D111 no folder to hold it, D112 one that cannot be written, D119
            another file.
    """
    refuse_inside_bundle(path, f"{option} {path}")
    folder = resolved(path).parent
    if path.is_dir():
        raise fail("D151", "the output is a folder", where=f"{option} {path}", help="name a file")
    if not folder.is_dir():
        raise no_folder(path)
    if not os.access(folder, os.W_OK):
        what, cure = f"cannot write into {folder}", "name a file in a folder of yours"
        raise fail("D112", what, where=f"{option} {path}", help=cure)
    if resolved(path) in [resolved(other) for other in read]:
        what = "the output is a file that is read"
    elif path.exists() and not (earlier(path) if callable(earlier) else _begins(path, earlier)):
        what = "the output exists and is not an earlier result; it will not be overwritten"
    else:
        return
    raise fail("D119", what, where=f"{option} {path}", help="choose another file")


def _begins(path: Path, beginnings: tuple[bytes, ...]) -> bool:
    try:
        return read_bytes(path, EARLIER).startswith(beginnings)
    except UserError:
        return False
