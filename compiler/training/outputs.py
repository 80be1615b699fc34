"""The files that a training writes: refused before any work where they would overwrite others."""

from __future__ import annotations

from pathlib import Path

from snnc.authoring.export import DESCRIPTION_FILE
from snnc.errors import UserError, fail
from snnc.files import Budget, Kind, open_zip, read_bytes, resolved
from snnc.files.enclosing import refuse_inside_bundle
from snnc.files.writing import no_folder

from .checkpoint import read_checkpoint

FILE = Kind("D119", "the output exists and cannot be read")
CURVE_BEGINS = "epoch,loss,accuracy,samples"


def refuse_outputs(
    model: Path,
    curves: tuple[Path, ...] = (),
    checkpoints: tuple[Path, ...] = (),
    inputs: tuple[Path, ...] = (),
) -> None:
    """Make sure that all outputs can be written and that nothing but their likes is overwritten.

    Args:
        model: the archive that is written in the end.
        curves: CSV files of the stages.
        checkpoints: of the stages; an earlier one is gone on from.
        inputs: what is read.

    Raises:
        UserError: D119 one would overwrite an input, another output or some other file; D111 there is
            no folder to write it to; D322 a checkpoint's name is some other file's.
    """
    outputs = [model, *curves, *checkpoints]
    taken = {resolved(path): "a file that is read" for path in inputs}
    for path in outputs:
        refuse_inside_bundle(path)
        place = resolved(path)
        if place in taken:
            raise fail("D119", f"the output is {taken[place]}", where=str(path), help=OTHER)
        taken[place] = "another output, too"
        if not place.parent.is_dir():
            raise no_folder(path)
        if path.is_dir():
            raise fail("D151", "the output is a folder", where=str(path), help=OTHER)
    if model.exists() and not _is_ours(model):
        what = "the output exists and is not an archive of snnc.training; it will not be overwritten"
        raise fail("D119", what, where=str(model), help=OTHER)
    for path in curves:
        if path.exists() and not _is_curve(path):
            what = "the output exists and is not the curve of a training; it will not be overwritten"
            raise fail("D119", what, where=str(path), help=OTHER)
    for path in checkpoints:
        if path.exists():
            read_checkpoint(path)


OTHER = "choose another file"


def _is_ours(path: Path) -> bool:
    try:
        archive = open_zip(read_bytes(path, FILE), str(path), FILE, Budget(str(path)))
    except UserError:
        return False
    return any(name.endswith(f"extra/{DESCRIPTION_FILE}") for name in archive.names)


def _is_curve(path: Path) -> bool:
    try:
        return read_bytes(path, FILE).startswith(CURVE_BEGINS.encode())
    except UserError:
        return False
