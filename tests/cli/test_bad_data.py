"""Data that cannot be used: one clear message, exit code 2, nothing written, no traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.bundle.data import read_data
from snnc.errors import UserError
from snnc.ir import pack_arrays

from .conftest import Command, compile_, refused, save


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        ({"x": np.zeros((2, 3, 2, 8, 8), int)}, ["D508", "(2, 8, 8)", "(2, 16, 16)"]),
        ({"x": np.zeros((0, 3, 2, 16, 16), int)}, ["D504", "empty"]),
        ({"z": np.zeros(3)}, ["D502", "'x'", "z"]),
        ({"x": np.zeros((2, 3))}, ["D503"]),
        ({"x": np.full((1, 3, 2, 16, 16), np.nan)}, ["D506", "NaN"]),
        ({"x": np.full((1, 3, 2, 16, 16), 2**23)}, ["D507", "8388608"]),
        ({"x": np.full((1, 3, 2, 16, 16), np.iinfo(np.uint64).max)}, ["D507", f"{2**64 - 1} exceeds"]),
        ({"x": np.full((1, 3, 2, 16, 16), -(2**63))}, ["D507", f"{-(2**63)} is below -8388607"]),
        ({"x": np.full((1, 3, 2, 16, 16), 1e300)}, ["D507", " 1e+300 exceeds 8388607"]),
        ({"x": np.full((1, 3, 2, 16, 16), -1e300)}, ["D507", "-1e+300 is below -8388607"]),
        ({"x": np.full((1, 3, 2, 16, 16), np.longdouble(2) ** 16000)}, ["D501", "wider than a double"]),
        ({"x": np.ones((1, 3, 2, 16, 16), np.longdouble)}, ["D501", "wider than a double"]),
        ({"x": np.full((1, 3, 2, 16, 16), "a")}, ["D506"]),
        ({"x": np.zeros((2, 3, 2, 16, 16), int), "y": np.zeros(3, int)}, ["D505"]),
    ],
)
def test_data(
    snnc: Command,
    finished: Path,
    place: Path,
    tmp_path: Path,
    arrays: dict[str, Any],
    parts: list[str],
) -> None:
    path = save(tmp_path / "data.npz", **arrays)
    refused(compile_(snnc, "--calibration", path), *parts)
    refused(snnc("verify", finished, "--data", path), *parts)
    refused(snnc("run", finished, "--data", path, "-o", "out.npz"), *parts)
    assert list(place.iterdir()) == []


def test_fractions_for_a_bundle_that_takes_counts(
    snnc: Command, finished: Path, place: Path, tmp_path: Path
) -> None:
    path = save(tmp_path / "data.npz", x=np.full((1, 3, 2, 16, 16), 0.5))
    parts = ["D506", "1536 of 1536", "not whole", "--input-scale"]
    refused(snnc("verify", finished, "--data", path), *parts)
    refused(snnc("run", finished, "--data", path, "-o", "out.npz"), *parts)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04nothing"])
def test_data_that_are_no_archive(
    snnc: Command, finished: Path, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    done = snnc("verify", finished, "--data", path)
    refused(done, "D501", "data.npz")
    assert "pickle" not in done.err  # numpy takes whatever it does not know for one


def test_pickled_data_are_not_loaded(snnc: Command, finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    refused(snnc("verify", finished, "--data", path), "D501")


def test_counts_that_spread_cannot_carry(snnc: Command, place: Path, tmp_path: Path) -> None:
    spread = (
        "fold-batch-norm,fold-linear-chains,match-delays{steps-per-frame=4},encode-input{code=spread},"
        "balance-thresholds,fold-thresholds,quantize-weights"
    )
    path = save(tmp_path / "data.npz", x=np.full((1, 3, 2, 16, 16), 5))
    refused(compile_(snnc, "--passes", spread, "--calibration", path), "D509", "largest 5")
    assert list(place.iterdir()) == []


def test_a_single_array_is_no_data_file(snnc: Command, finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "data.npy"
    np.save(path, np.zeros((1, 2, 2, 16, 16), int))
    refused(snnc("run", finished, "--data", path, "-o", tmp_path / "o.npz"), "D501", "single array")
    refused(snnc("verify", finished, "--data", path), "D501", "single array")


def test_a_flipped_bit_in_a_compressed_archive(snnc: Command, bundle: Path, place: Path) -> None:
    """Each bit of a small one: refused or read, and never a traceback."""
    good = pack_arrays({"x": np.ones((2, 3, 4), np.int64)})
    path = place / "data.npz"
    for byte in range(0, len(good), 3):
        damaged = bytearray(good)
        damaged[byte] ^= 1 << byte % 8
        path.write_bytes(damaged)
        try:
            read_data(path)
        except UserError as problem:
            assert "D501" in str(problem) or "D107" in str(problem), problem
