"""The Fashion-MNIST sample's data: the idx files, the fetching, and the real images where they are."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from samples.fashion_mnist import data
from samples.fashion_mnist.data import (
    CLASSES,
    GREY_LEVELS,
    TEST_FILES,
    TRAIN_FILES,
    DataMissing,
    fetch,
    load,
    present,
    read_idx,
    read_images,
)

needs_images = pytest.mark.skipif(
    present() is None,
    reason="Fashion-MNIST is neither installed nor fetched: run python -m samples.fashion_mnist.data",
)


def zipped(content: bytes) -> bytes:
    """Always the same bytes: the names of tests, which are made of them, must not know the time."""
    return gzip.compress(content, mtime=0)


def idx(array: NDArray[np.uint8], kind: int = 8) -> bytes:
    header = bytes((0, 0, kind, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return zipped(header + array.tobytes())


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the package and with no program but those a test writes into this folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setattr(data, "INSTALLED", tmp_path / "installed")
    monkeypatch.setattr(data, "FETCHED", tmp_path / "fetched")
    monkeypatch.setenv("PATH", str(programs))
    return programs


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    (folder / name).chmod(0o755)


def test_an_idx_file_is_read_in_its_order(tmp_path: Path) -> None:
    written = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "a.gz").write_bytes(idx(written))
    np.testing.assert_array_equal(read_idx(tmp_path / "a.gz", (2, 3, 4)), written)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"plain", "not a whole gzip file"),
        (idx(np.zeros((2, 3), np.uint8))[:-9], "not a whole gzip file"),
        (zipped(b""), "not an idx file of unsigned bytes in 2 dimensions"),
        (idx(np.zeros((2, 3), np.uint8), kind=13), "not an idx file of unsigned bytes in 2 dimensions"),
        (idx(np.zeros((2, 3, 1), np.uint8)), "not an idx file of unsigned bytes in 2 dimensions"),
        (idx(np.zeros((3, 2), np.uint8)), r"its shape is \(3, 2\), not \(2, 3\)"),
        (zipped(bytes((0, 0, 8, 2, 0, 0, 0, 2))), r"its shape is \(2, 0\), not \(2, 3\)"),
        (zipped(bytes((0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3))), "0 bytes after the header, not 6"),
        (
            zipped(bytes((0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3)) + bytes(7)),
            "7 bytes after the header, not 6",
        ),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / "a.gz", (2, 3))


def test_every_pixel_value_becomes_the_nearest_of_16_levels(tmp_path: Path) -> None:
    pixels = np.resize(np.arange(256, dtype=np.uint8), (1, 28, 28))
    (tmp_path / "x.gz").write_bytes(idx(pixels))
    (tmp_path / "y.gz").write_bytes(idx(np.array([9], np.uint8)))
    images = read_images(tmp_path, ("x.gz", "y.gz"), 1)
    assert images.x.shape == (1, 1, 28, 28)
    assert images.x.dtype == np.uint8
    assert images.y.dtype == np.int64
    np.testing.assert_array_equal(images.x[:, 0], np.rint(pixels / 17))
    np.testing.assert_array_equal(images.y, [9])


def test_a_label_that_is_no_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(idx(np.zeros((1, 28, 28), np.uint8)))
    (tmp_path / "y.gz").write_bytes(idx(np.array([10], np.uint8)))
    with pytest.raises(ValueError, match="label 10; there are 10 classes"):
        read_images(tmp_path, ("x.gz", "y.gz"), 1)


def test_without_apt_the_cure_is_named(nowhere: Path) -> None:
    with pytest.raises(
        DataMissing, match=r"no apt-get here: put train-images-idx3-ubyte.gz, .* into /"
    ):
        load()


def test_what_apt_says_is_passed_on_in_one_line(nowhere: Path) -> None:
    program(nowhere, "apt-get", "echo W: first >&2; echo E: Unable to locate package >&2; exit 100")
    program(nowhere, "dpkg", "exit 1")
    with pytest.raises(DataMissing, match="E: Unable to locate package") as caught:
        fetch()
    assert "run apt-get update" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("archive", [True, False])
def test_a_package_without_the_images_is_an_error(nowhere: Path, archive: bool) -> None:
    program(nowhere, "apt-get", "touch dataset-fashion-mnist_1_all.deb" if archive else "exit 0")
    program(nowhere, "dpkg", "exit 0")
    with pytest.raises(DataMissing, match="brought no Fashion-MNIST"):
        fetch()


def test_the_package_is_fetched_and_unpacked_without_root(nowhere: Path) -> None:
    program(nowhere, "apt-get", '[ "$*" = "download dataset-fashion-mnist" ] && touch $2_1_all.deb')
    files = " ".join(f"usr/share/datasets/fashion-mnist/{name}" for name in TRAIN_FILES + TEST_FILES)
    unpack = f"mkdir -p $3/usr/share/datasets/fashion-mnist; cd $3; touch {files}"
    program(nowhere, "dpkg", f'[ "$1" = -x ] && [ -f "$2" ] && {unpack}')
    assert present() is None
    folder = fetch()
    assert folder == present()
    assert folder.is_relative_to(data.FETCHED)
    assert not list(data.FETCHED.glob("*.deb"))


@needs_images
def test_the_real_images_and_their_split() -> None:
    parts = load()
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [
        55_000,
        5_000,
        10_000,
    ]
    for part in (parts.train, parts.validation, parts.test):
        assert part.x.shape == (len(part), 1, 28, 28)
        assert part.x.dtype == np.uint8
        assert part.y.dtype == np.int64
        assert (part.x.min(), part.x.max()) == (0, GREY_LEVELS - 1)
        # The published sets hold every class equally often; a random part of one nearly so.
        shares = np.bincount(part.y, minlength=len(CLASSES)) / len(part)
        assert shares.min() > 0.08
        assert shares.max() < 0.12
    both = np.bincount(np.concatenate([parts.train.y, parts.validation.y]))
    np.testing.assert_array_equal(both, np.full(10, 6_000))
    np.testing.assert_array_equal(np.bincount(parts.test.y), np.full(10, 1_000))
    # The first labels of the published test set.
    np.testing.assert_array_equal(parts.test.y[:8], [9, 2, 1, 1, 6, 1, 4, 6])


@needs_images
def test_the_split_is_the_same_every_time() -> None:
    first, second = load(), load()
    for part in ("train", "validation"):
        np.testing.assert_array_equal(getattr(first, part).x, getattr(second, part).x)
        np.testing.assert_array_equal(getattr(first, part).y, getattr(second, part).y)
    assert not np.array_equal(np.sort(first.validation.y), first.validation.y)
