"""Files that are not what the compiler reads: tell the user what they are and what to do."""

from __future__ import annotations

import re
from pathlib import Path

from snnc.errors import UserError, fail

from .archive import Archive, damaged
from .pickles import calls, is_harmless, refuse_code

HOW_TO_EXPORT = (
    "write the model with snnc.Rollout.export(path), or with "
    "torch.export.save(torch.export.export(net.eval(), (example_frame,)), path); see README"
)

MODEL_MEMBER = re.compile(r"models/([^/]+)\.json")
TORCH_MODULE = re.compile(r"torch\.nn\.modules\.\w+\.[A-Z]\w*")


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
    if any(name.startswith("code/") for name in names):
        raise _other(
            archive.path,
            "this is a TorchScript archive",
            "TorchScript stores a program of its own; snnc reads what torch.export writes",
        )
    if "data.pkl" in names:
        raise _refuse_saved(archive.path, archive.read("data.pkl"))
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
    if names and all(name.endswith(".npy") for name in names):
        raise _no_model(archive.path, "these are numpy arrays (.npz), not a model")
    raise _no_model(archive.path, "this is a zip archive, but not one that torch.export wrote")


def refuse_other_file(path: Path, data: bytes) -> UserError:
    """The message for a file that is no zip archive at all."""
    if data.startswith(b"PK"):
        return damaged(str(path), "it begins like a zip archive and does not go on like one")
    if data.startswith(b"\x80") or data.endswith(b"."):
        try:
            calls(data)
        except ValueError:
            if data.startswith(b"\x80"):
                return damaged(str(path), "it begins like a pickle and does not go on like one")
        else:
            return _refuse_saved(path, data)
    if data.startswith(b"\x93NUMPY"):
        return _no_model(path, "this is a numpy array (.npy), not a model")
    try:
        data.decode()
    except UnicodeDecodeError:
        return _no_model(path, "this is no file that torch.export wrote")
    return _no_model(path, "this is a text file, not a model")


def _refuse_saved(path: Path, pickle: bytes) -> UserError:
    """The message for what ``torch.save`` or ``pickle`` wrote; the pickle is looked at, not run."""
    try:
        wild = [name for name in calls(pickle) if not is_harmless(name)]
    except ValueError as error:
        return damaged(str(path), f"not a pickle: {error}")
    if not wild:
        return _other(
            path,
            "this is a pickle of tensors, such as a state dict",
            "it holds weights without the network that they belong to",
        )
    foreign = [name for name in wild if not TORCH_MODULE.fullmatch(name)]
    if not foreign:
        return _other(
            path,
            "this is a pickled module",
            "a pickle does not say what the network computes; torch.export writes that down",
        )
    return fail(
        "D103",
        f"the file is a pickle that would run code: it calls {', '.join(foreign)}",
        where=str(path),
        why="reading a pickle calls whatever it names; this one was looked at and was not run",
        help=f"if this is your own pickled module, {HOW_TO_EXPORT}; otherwise delete it",
    )


def _other(path: Path, what: str, why: str = "") -> UserError:
    return fail("D104", what, where=str(path), why=why, help=HOW_TO_EXPORT)


def _no_model(path: Path, what: str) -> UserError:
    return fail("D102", what, where=str(path), help=HOW_TO_EXPORT)
