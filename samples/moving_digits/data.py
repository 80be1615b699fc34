"""Writes the sample's data for the command line: ``train.npz``, ``calibration.npz``, ``test.npz``.

    python -m samples.moving_digits.data FOLDER

All hold ``x``, event counts (streams, frames, 2, 16, 16) uint8, and ``y``, the digits, int64.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from .events import Streams, training_and_test

CALIBRATION_STREAMS = 64


def calibration_part(train: Streams) -> Streams:
    """The first streams of the training set, enough to measure activations on."""
    return Streams(train.x[:CALIBRATION_STREAMS], train.y[:CALIBRATION_STREAMS])


def write_data(folder: Path) -> None:
    """Write the files into ``folder``, which is made where needed."""
    train, test = training_and_test(copies=1)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"train": train, "calibration": calibration_part(train), "test": test}
    for name, streams in parts.items():
        np.savez_compressed(folder / f"{name}.npz", x=streams.x, y=streams.y)
        print(f"{folder / name}.npz: {len(streams.y)} streams")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the moving digits as npz files.")
    parser.add_argument("folder", type=Path)
    write_data(parser.parse_args().folder)
