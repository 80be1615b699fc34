"""``snnc train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Device, need_torch, reported
from .output.progress import progress


def train(
    config: Annotated[
        Path,
        typer.Argument(metavar="CONFIG.toml", help="see docs/training.md"),
    ],
    device: Device = "",
) -> None:
    """Train as CONFIG.toml describes, method by method. Functions that it names are run."""
    with reported():
        from .output.trained import trained as print_trained

        need_torch("snnc train")
        from snnc.training.config import read_config, train_config

        with progress() as report:
            trained = train_config(read_config(config, device), report)
        print_trained(trained)
