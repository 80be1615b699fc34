"""The file that a run's answers are written to."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from snnc.errors import UserError, fail
from snnc.files import Budget, Kind, open_zip, read_bytes, resolved
from snnc.files.enclosing import refuse_inside_bundle
from snnc.files.writing import no_folder, write_file
from snnc.ir import pack_arrays

from .run import Run

RESULTS = Kind("D119", "the output exists and cannot be read")


def refuse_results(output: Path, bundle: Path, data: Path) -> None:
    """Refuse to write results over anything but earlier results, before any work is done.

    Raises:
        UserError: the output lies in the bundle, is the data file, or is some other file.
    """
    refuse_inside_bundle(output)
    if resolved(output) == resolved(bundle):
        what = "the output is the bundle"
    elif resolved(output) == resolved(data):
        what = "the output is the data file"
    elif output.exists() and not _is_results(output):
        what = "the output exists and holds no earlier answers; it will not be overwritten"
    elif not resolved(output).parent.is_dir():
        raise no_folder(output)
    else:
        return
    raise fail("D119", what, where=str(output), help="choose another file with -o")


def _is_results(path: Path) -> bool:
    """By its names alone; it may be any file, or a device without end."""
    try:
        archive = open_zip(read_bytes(path, RESULTS), str(path), RESULTS, Budget(str(path)))
    except UserError:
        return False
    return {"potential.npy", "prediction.npy"} <= set(archive.names)


def write_results(ran: Run, output: Path) -> None:
    r"""Write what ``run`` gave as ``.npz``.

    ``potential`` (samples, frames, \*readout shape) int32; ``potential_of_one`` float64, how much of
    it is 1 in the units of the model; ``prediction`` (samples, frames) int64; and the number of spikes
    of each neuron over all samples as ``spikes.NAME`` (\*shape) int64.

    Raises:
        UserError: the file cannot be written.
    """
    arrays = {f"spikes.{name}": counts for name, counts in ran.spike_counts.items()}
    content = pack_arrays(
        {
            "potential": ran.potential,
            "prediction": ran.predictions,
            "potential_of_one": np.array(ran.potential_of_one),
            **arrays,
        }
    )
    write_file(output, content)
