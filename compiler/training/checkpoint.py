"""A training's state on disk, from which it can go on; read without executing anything."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from snnc.errors import fail
from snnc.frontend.through_torch import quiet_torch


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
        try:
            torch.save({f.name: getattr(self, f.name) for f in fields(self)}, part)
            part.replace(path)
        except (OSError, RuntimeError) as problem:
            # torch has an error of its own for a folder that is not there or full.
            why = str(problem).partition("\n")[0]
            raise fail("D112", "cannot write the checkpoint", where=str(path), why=why) from problem
        finally:
            part.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint with torch's weights-only loader.

    Raises:
        UserError: D322 the file is something else.
    """
    try:
        with quiet_torch():
            found = torch.load(path, weights_only=True)
        return Checkpoint(**found)
    except Exception as problem:  # whatever torch raises at bytes of another kind
        raise fail(
            "D322",
            "this is no checkpoint of a training",
            where=str(path),
            why=str(problem).partition("\n")[0],
            help="name another file; one that is not there yet is begun anew",
        ) from None
