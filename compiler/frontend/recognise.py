"""What kind of file it is; for what the compiler does not read, what it is and what to do."""

from __future__ import annotations

import re
from pathlib import Path

from snnc.errors import UserError, fail

from .archives.archive import Archive, damaged
from .operations.cures import HOW_TO_EXPORT
from .operations.foreign import foreign, foreign_zip
from .torch_save.pickles import calls, refuse_code
from .torch_save.saved import Saved, is_safetensors, saved_archive, saved_pickle

MODEL_MEMBER = re.compile(r"models/([^/]+)\.json")


def find_model(archive: Archive) -> str:
    """The name of the only exported program in an archive, usually ``model``.

    Raises:
        UserError: D104 when the archive is something else, D103 when it would run code.
    """
    found = [m.group(1) for name in archive.names if (m := MODEL_MEMBER.fullmatch(name))]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise _other(archive.path, f"the archive holds {len(found)} models: {', '.join(found)}")
    names = archive.names
    if is_torchscript(archive):
        refuse_code(archive, raw={n for n in names if n.startswith("code/")}, script=True)
        raise _other(
            archive.path,
            "this is a TorchScript archive",
            "TorchScript stores a program of its own; snnc reads what torch.export writes",
        )
    refuse_code(archive, raw=())
    if "serialized_exported_program.json" in names:
        raise _other(
            archive.path,
            "this export was written by an old torch",
            "torch has changed its archive since; snnc reads what torch 2.9 and later write",
        )
    if any(name.startswith("data/aotinductor/") for name in names):
        raise _other(
            archive.path,
            "this archive holds a compiled library",
            "an AOTInductor package is machine code; the network cannot be read back from it",
        )
    if (other := foreign_zip(names)) is not None:
        raise fail("D102", other.what, where=str(archive.path), help=other.help)
    if names and all(name.endswith(".npy") for name in names):
        raise _no_model(archive.path, "these are numpy arrays (.npz), not a model")
    raise _no_model(archive.path, "this is a zip archive, but not one that torch.export wrote")


def find_saved(path: Path, data: bytes, archive: Archive | None) -> Saved | None:
    """The file as what ``torch.save`` or safetensors wrote, or None if it is something else.

    Args:
        path: the user's file.
        data: its content.
        archive: the same, opened, if it is a zip archive.

    Raises:
        UserError: D103 it would run code, D104 it holds layers that cannot be read.
    """
    if archive is not None:
        models = any(MODEL_MEMBER.fullmatch(name) for name in archive.names)
        plain = "data.pkl" in archive.names and not models and not is_torchscript(archive)
        return saved_archive(archive) if plain else None
    if is_safetensors(data):
        return Saved(path, data, is_module=False, safetensors=True)
    if data.startswith(b"\x80") or data.endswith(b"."):
        try:
            calls(data)
        except ValueError:
            return None
        return saved_pickle(path, data)
    return None


def is_torchscript(archive: Archive) -> bool:
    """Whether there is a program in TorchScript in the archive."""
    return any(name.startswith("code/") for name in archive.names)


def refuse_other_file(path: Path, data: bytes) -> UserError:
    """The message for a file that is no zip archive at all."""
    if data.startswith(b"PK"):
        return damaged(str(path), "it begins like a zip archive but is not one")
    if data.startswith(b"\x80"):
        return damaged(str(path), "it begins like a pickle but is not one")
    if data.startswith(b"\x93NUMPY"):
        return _no_model(path, "this is a numpy array (.npy), not a model")
    if (other := foreign(data)) is not None:
        return fail("D102", other.what, where=str(path), help=other.help)
    try:
        data.decode()
    except UnicodeDecodeError:
        return _no_model(path, "torch.export did not write this file")
    return _no_model(path, "this is a text file, not a model")


def _other(path: Path, what: str, why: str = "") -> UserError:
    return fail("D104", what, where=str(path), why=why, help=HOW_TO_EXPORT)


def _no_model(path: Path, what: str) -> UserError:
    return fail("D102", what, where=str(path), help=HOW_TO_EXPORT)
