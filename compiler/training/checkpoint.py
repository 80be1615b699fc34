"""A training's state on disk, from which it can go on; read without executing anything."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from snnc.files import Kind, parsing, read_bytes
from snnc.files.writing import write_file
from snnc.frontend.archives.archive import Archive
from snnc.frontend.torch_save.pickles import refuse_code
from snnc.frontend.torch_save.through_torch import quiet_torch

from .checkpoint_checks import curve_rows

CHECKPOINT = Kind(
    "D322",
    "this is not a checkpoint of a training, or it is damaged",
    "name another file; if it does not exist, the training starts from the beginning",
)

DIGEST_BYTES = 32
"""Of sha256, at the file's end: a checkpoint that changed on disk would go on to another network."""


@dataclass(frozen=True)
class Checkpoint:
    """What is needed to go on after an epoch: tensors, numbers and texts only."""

    recipe: dict[str, Any]
    network: dict[str, Any]
    best_network: dict[str, Any]
    best: int
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    curve: list[dict[str, Any]]

    def write(self, path: Path) -> None:
        """Replace the file at once: an interruption leaves the last one whole.

        Raises:
            UserError: D112 it cannot be written.
        """
        buffer = io.BytesIO()
        torch.save({f.name: getattr(self, f.name) for f in fields(self)}, buffer)
        content = buffer.getvalue()
        write_file(path, content + hashlib.sha256(content).digest())


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint with torch's weights-only loader; its last 32 bytes are a hash of the others.

    Raises:
        UserError: D322 the file is something else, D103 it would run code, D107 it is too large.
    """
    data = read_bytes(path, CHECKPOINT)
    content, digest = data[:-DIGEST_BYTES], data[-DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        raise CHECKPOINT.wrong(str(path), "its bytes are not those that a training wrote")
    archive = Archive.open(path, content, CHECKPOINT)
    refuse_code(archive, raw={n for n in archive.names if n.startswith("data/")})
    with parsing(str(path), CHECKPOINT), quiet_torch():
        # torch finds members in its own way; it gets those that were looked at.
        found = torch.load(io.BytesIO(archive.repacked()), map_location="cpu", weights_only=True)
        checkpoint = Checkpoint(**found)
        curve_rows(checkpoint.curve)
        for field in ("recipe", "network", "best_network"):
            if not isinstance(getattr(checkpoint, field), dict):
                raise ValueError(f"{field} is not a table")
        if type(checkpoint.best) is not int or not 0 <= checkpoint.best < len(checkpoint.curve):
            raise ValueError("the best epoch is not in the curve")
        return checkpoint
