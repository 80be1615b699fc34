"""What a bundle was compiled from: where its manifest says it was, or where the user says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import DataSource, Values
from snnc.bundle.folder import Contents, digest
from snnc.bundle.manifest import ModelEntry
from snnc.bundle.still_images import repeated
from snnc.errors import fail
from snnc.frontend import Model, ModelSource
from snnc.ir import Integers, pack_arrays

from .given_data import counts_of
from .input_values import data_of
from .options import Origin


def find_model(bundle: Contents, origin: Origin) -> Model:
    """The model that the bundle was compiled from.

    Raises:
        UserError: D128 it is not there, or is another one.
    """
    entry, named = bundle.manifest.model, origin.model
    if named is not None and named.file is None:
        return _same_given(named.load(), entry, named.path)
    path = None if named is None else named.path
    if path is None and entry.path is None:
        raise fail(
            "D128",
            "the model that this bundle was compiled from was given in Python, not as a file",
            where=str(bundle.folder),
            why="the ladder begins with it",
            help="give it again: snnc.load(BUNDLE).ladder(model=MODEL)",
        )
    where = path or bundle.folder / str(entry.path)
    if not where.is_file():
        raise fail(
            "D128",
            "the model that this bundle was compiled from was not found",
            where=str(where),
            why="the ladder begins with it",
            help="name it: snnc verify BUNDLE --ladder --model MODEL",
        )
    if entry.module and origin.module is None:
        raise fail(
            "D128",
            "the model is a state dict; building its network runs your code",
            where=str(where),
            help=f"name the code again: --module {entry.module}; in Python, "
            f"snnc.load(BUNDLE).ladder(module={entry.module!r})",
        )
    # Where calibration data told the shape when it was compiled, the program has it now.
    source = ModelSource(
        where,
        entry.dt,
        entry.discretize,
        entry.input_shape,
        origin.module,
        reset=entry.reset,
        answer=entry.answer,
    )
    return _same(source.load(lambda: bundle.program.input.shape), entry, where)


def _same_given(model: Model, entry: ModelEntry, where: Path) -> Model:
    """As :func:`_same`, of a module or a program that was given in Python: what to do is there, too."""
    if model.digest != entry.sha256 and entry.path is not None:
        raise fail(
            "D128",
            "the bundle was compiled from a file, and the model is given in Python",
            where=str(where),
            why="whether both are the same network cannot be told: a file has a sha256 of its own",
            help="leave model= out, or give the file's path"
            + (f" and module={entry.module!r}" if entry.module else ""),
        )
    return _same(
        model, entry, where, "give the one that was compiled, as it was then, or compile again"
    )


def _same(
    model: Model,
    entry: ModelEntry,
    where: Path,
    cure: str = "name the right one with --model, or compile again",
) -> Model:
    if model.digest != entry.sha256:
        raise fail(
            "D128",
            "this is not the model that the bundle was compiled from",
            where=str(where),
            why=f"its sha256 begins {model.digest[:12]}, the bundle's {entry.sha256[:12]}",
            help=cure,
        )
    return model


def counts_digest(counts: Integers) -> str:
    """What stands for calibration data in the manifest: the sha256 of the counts, packed."""
    return digest(pack_arrays({"x": counts}))


def find_calibration(
    bundle: Contents, model: Model, calibration: DataSource | None
) -> NDArray[np.int64] | None:
    """The calibration data that the bundle was compiled with.

    Raises:
        UserError: D128 the file is not there, or holds other data.
    """
    entry = bundle.manifest.calibration
    if calibration is not None and entry.sha256 is None:
        raise fail(
            "D128",
            "this bundle was compiled without calibration data",
            where="--calibration" if calibration.path is not None else "calibration",
            help="leave them out",
        )
    if calibration is None and entry.origin == "array":
        raise fail(
            "D128",
            "the calibration data of this bundle were given in Python, not as a file",
            where=str(bundle.folder),
            help="give them again: snnc.load(BUNDLE).ladder(calibration=COUNTS)",
        )
    if calibration is None and entry.path is None:
        return None if model.calibration is None else _carried(bundle, model.calibration)
    source = calibration or DataSource(bundle.folder / str(entry.path))
    where = source.where
    if source.path is not None and not source.path.is_file():
        raise fail(
            "D128",
            "the calibration data that this bundle was compiled with were not found",
            where=where,
            help="name them: --calibration FILE.npz",
        )
    counts = counts_of(bundle.manifest.input, source, must=True).x
    found = counts_digest(counts)
    if found != entry.sha256:
        raise fail(
            "D128",
            "these are not the calibration data that the bundle was compiled with",
            where=where,
            why=f"their sha256 begins {found[:12]}, the bundle's {str(entry.sha256)[:12]}",
            help="give the ones that it was compiled with, or compile again"
            if source.path is None
            else "name the right ones with --calibration, or compile again",
        )
    return counts


def _carried(bundle: Contents, calibration: NDArray[Any]) -> NDArray[np.int64]:
    """The model's own calibration data as counts."""
    given = bundle.manifest.input
    values = repeated(Values(calibration, None), given.shape, given.repeat, "the archive", must=True)
    return data_of(values, given.grid, "the archive's calibration data").x
