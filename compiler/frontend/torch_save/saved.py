"""What ``torch.save`` writes: whole modules and state dicts, told apart without torch.

Source: torch/serialization.py (torch 2.13). Since torch 1.6 a zip archive with the pickle ``data.pkl``
and raw numbers under ``data/``; before that, five pickles in a row and then raw numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from snnc.errors import UserError, fail
from snnc.frontend.archives.archive import Archive, damaged
from snnc.frontend.operations.cures import HOW_TO_EXPORT

from .pickles import calls, is_harmless, refuse_code
from .standard_layers import NAMES

LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The first of the five pickles: a number that says that ``torch.save`` wrote the file."""

TORCH_MODULE = re.compile(r"torch\.nn\.modules\.\w+\.[A-Z]\w*")
ROLLOUT = re.compile(r"snnc\.(authoring|training)\.\w+\.\w+")

FACTORY = "--module package.module:factory"


@dataclass(frozen=True)
class Saved:
    """A file of ``torch.save`` whose pickles call nothing but what is on our lists.

    Attributes:
        path: the user's file.
        data: the whole file; of an archive, the members that were looked at.
        is_module: whether there are modules in it; tensors alone otherwise.
        safetensors: whether it is a file of the package safetensors, which holds no pickle.
    """

    path: Path
    data: bytes
    is_module: bool
    safetensors: bool = False


def saved_archive(archive: Archive) -> Saved:
    """A zip archive with a ``data.pkl``.

    Raises:
        UserError: D103 it would run code, D104 it holds layers that cannot be read.
    """
    refuse_code(archive, raw={n for n in archive.names if n == "data.pkl" or n.startswith("data/")})
    is_module = _holds_module(archive.path, archive.read("data.pkl"), legacy=False)
    return Saved(archive.path, archive.repacked(), is_module)


def is_safetensors(data: bytes) -> bool:
    """Whether a file begins as safetensors do: the length of a JSON object, and that object.

    Source: huggingface/safetensors, README, "Format".
    """
    length = int.from_bytes(data[:8], "little")
    return len(data) > 9 and length <= len(data) - 8 and data[8:9] == b"{"


def saved_pickle(path: Path, data: bytes) -> Saved:
    """A file that is one pickle or several.

    Raises:
        UserError: D103 it would run code, D104 ``torch.save`` did not write it, or it holds layers that
            cannot be read.
    """
    is_module = _holds_module(path, data, legacy=True)
    if not data.startswith(LEGACY_START):
        raise fail(
            "D104",
            "this is a pickle that torch.save did not write",
            where=str(path),
            why="snnc reads what torch's weights-only loader reads",
            help=f"save it with torch.save(net.state_dict(), path), or {HOW_TO_EXPORT}",
        )
    return Saved(path, data, is_module)


def _holds_module(path: Path, pickle: bytes, *, legacy: bool) -> bool:
    """Whether modules are in a pickle, which is looked at and not run."""
    try:
        named = [name for name in calls(pickle) if not is_harmless(name)]
    except ValueError as error:
        raise damaged(str(path), f"not a pickle: {error}") from None
    foreign = [name for name in named if name not in NAMES]
    if any(ROLLOUT.fullmatch(name) for name in foreign):
        raise fail(
            "D104",
            "this is a pickled snnc.Rollout",
            where=str(path),
            why="a pickle does not contain what the network computes",
            help="load it where you made it and write it with net.export(path, calibration=counts), or "
            f"save net.state_dict() and compile that with {FACTORY}",
        )
    own = [name for name in foreign if not TORCH_MODULE.fullmatch(name)]
    if own:
        raise _runs_code(path, own)
    if foreign:
        raise fail(
            "D104",
            f"a pickled module with layers that snnc does not read from pickles: {', '.join(foreign)}",
            where=str(path),
            why="only standard layers whose whole state is known are rebuilt from a pickle",
            help=f"save net.state_dict() and compile that with {FACTORY}, or {HOW_TO_EXPORT}",
        )
    if named and legacy:
        raise fail(
            "D104",
            "this is a pickled module in the form of torch before 1.6",
            where=str(path),
            why="torch's weights-only loader does not read modules in that form",
            help=f"load it where you made it and torch.save it again, or {HOW_TO_EXPORT}",
        )
    return bool(named)


def _runs_code(path: Path, names: list[str]) -> UserError:
    return fail(
        "D103",
        f"the file is a pickle that would run code: it calls {', '.join(names)}",
        where=str(path),
        why="reading a pickle calls whatever it names; snnc inspected this one and did not run it",
        help="if these are your own classes, call snnc.compile(net, ...) in Python, or save "
        f"net.state_dict() and compile that with {FACTORY}, or {HOW_TO_EXPORT}; otherwise delete the "
        "file",
    )
