"""The samples' trained models and their test data, which come with the package.

``python -m snnc.shipped FOLDER`` writes them. ``models/`` has links to the models in a clone, and the
files themselves in a wheel. They are archives of ``torch.export`` with calibration data inside, and are
compiled without torch. ``data/`` has 500 test streams, of which none was used to train or to calibrate:
``moving_digits_test.npz`` for the models ``moving_digits*``, ``small_digits_test.npz`` for the model
``small_digits``. ``x`` is event counts, uint8 (500, 12, 2, 16, 16) or (500, 12, 16), ``y`` the digits.

The digits are those of scikit-learn's ``load_digits``, which is the test set of E. Alpaydin and
C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998
(CC BY 4.0), seen as the events of a moving sensor (``samples/moving_digits/events.py``).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from snnc.files.writing import no_folder, write_file

FOLDERS = tuple(files(__package__).joinpath(name) for name in ("models", "data"))
ENDINGS = (".pt", ".npz")


def content() -> dict[str, bytes]:
    """The content of every model and data file by its name, sorted."""
    found = {
        file.name: file.read_bytes()
        for folder in FOLDERS
        for file in folder.iterdir()
        if file.name.endswith(ENDINGS)
    }
    return dict(sorted(found.items()))


def write_samples(folder: Path) -> list[Path]:
    """Write every model and data file into a folder; files of these names are replaced.

    Args:
        folder: where to; it exists.

    Returns:
        The files, in the order of their names.

    Raises:
        UserError: D111 there is no such folder, D112 or D151 a file cannot be written.
    """
    written = []
    for name, its_content in content().items():
        path = folder / name
        if not folder.is_dir():
            raise no_folder(path)
        write_file(path, its_content)
        written.append(path)
    return written
