"""A training's state on disk, from which it can go on; read without executing anything."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from snnc.errors import fail
from snnc.frontend.through_torch import quiet_torch

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
        part = path.with_name(path.name + ".part")
        buffer = io.BytesIO()
        torch.save({f.name: getattr(self, f.name) for f in fields(self)}, buffer)
        content = buffer.getvalue()
        try:
            part.write_bytes(content + hashlib.sha256(content).digest())
            part.replace(path)
        except OSError as problem:
            why = str(problem).partition("\n")[0]
            raise fail("D112", "cannot write the checkpoint", where=str(path), why=why) from problem
        finally:
            part.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint with torch's weights-only loader; its last 32 bytes are a hash of the others.

    Raises:
        UserError: D322 the file is something else.
    """
    try:
        data = path.read_bytes()
        content, digest = data[:-DIGEST_BYTES], data[-DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            raise ValueError("its bytes are not those that a training wrote")
        with quiet_torch():
            found = torch.load(io.BytesIO(content), weights_only=True)
        return Checkpoint(**found)
    except Exception as problem:  # whatever torch raises at bytes of another kind
        raise fail(
            "D322",
            "this is no checkpoint of a training, or a damaged one",
            where=str(path),
            why=str(problem).partition("\n")[0],
            help="name another file; one that is not there yet is begun anew",
        ) from None
