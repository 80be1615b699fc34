"""The trained models of the samples, which come with the package: ``python -m snnc.shipped FOLDER``.

``models/`` has links to them in a clone, and the files themselves in a wheel. They are archives of
``torch.export`` with calibration data inside, and are compiled without torch.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from snnc.files.writing import no_folder, write_file

MODELS = files(__package__).joinpath("models")


def models() -> dict[str, bytes]:
    """The content of every model by its file's name, sorted."""
    found = {m.name: m.read_bytes() for m in MODELS.iterdir() if m.name.endswith(".pt")}
    return dict(sorted(found.items()))


def write_models(folder: Path) -> list[Path]:
    """Write every model into a folder; files of their names are replaced, as all outputs are.

    Args:
        folder: where to; it exists.

    Returns:
        The files, in the order of their names.

    Raises:
        UserError: D111 there is no such folder, D112 or D151 a file cannot be written.
    """
    written = []
    for name, content in models().items():
        path = folder / name
        if not folder.is_dir():
            raise no_folder(path)
        write_file(path, content)
        written.append(path)
    return written
