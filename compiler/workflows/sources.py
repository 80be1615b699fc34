"""What a bundle was compiled from: where its manifest says it was, or where the user says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import read_data
from snnc.bundle.folder import Bundle, digest
from snnc.errors import fail
from snnc.frontend import Given, Model, load_model
from snnc.ir import Integers, pack_arrays


def find_model(bundle: Bundle, path: Path | None, module: str | None) -> Model:
    """The model that the bundle was compiled from.

    Raises:
        UserError: D128 it is not there, or is another one.
    """
    entry = bundle.manifest["model"]
    where = path or bundle.folder / str(entry.get("path"))
    if not where.is_file():
        raise fail(
            "D128",
            "the model that this bundle was compiled from is not there",
            where=str(where),
            why="the ladder begins with it",
            help="name it: snnc verify BUNDLE --ladder --model MODEL",
        )
    if entry.get("module") and module is None:
        raise fail(
            "D128",
            "the model is a state dict; building its network runs your code",
            where=str(where),
            help=f"name the code again: --module {entry['module']}",
        )
    # Where calibration data told the shape when it was compiled, the program has it now.
    given = Given(entry.get("input_shape"), module, lambda: bundle.program.input.shape)
    model = load_model(where, dt=entry.get("dt"), discretize=entry.get("discretize"), given=given)
    if model.digest != entry.get("sha256"):
        raise fail(
            "D128",
            "this is not the model that the bundle was compiled from",
            where=str(where),
            why=f"its sha256 begins {model.digest[:12]}, the bundle's {str(entry.get('sha256'))[:12]}",
            help="name the right one with --model, or compile again",
        )
    return model


def counts_digest(counts: Integers) -> str:
    """What stands for calibration data in the manifest: the sha256 of the counts, packed."""
    return digest(pack_arrays({"x": counts}))


def find_calibration(
    bundle: Bundle, model: Model, calibration: Path | None
) -> NDArray[np.int64] | None:
    """The calibration data that the bundle was compiled with.

    Raises:
        UserError: D128 the file is not there, or holds other data.
    """
    entry = bundle.manifest["calibration"]
    if calibration is not None and "sha256" not in entry:
        raise fail(
            "D128",
            "this bundle was compiled without calibration data",
            where="--calibration",
            help="leave the option out",
        )
    if calibration is None and "path" not in entry:
        return None if model.calibration is None else np.asarray(model.calibration, np.int64)
    where = calibration or bundle.folder / str(entry["path"])
    if not where.is_file():
        raise fail(
            "D128",
            "the calibration data that this bundle was compiled with are not there",
            where=str(where),
            help="name them: --calibration FILE.npz",
        )
    counts = read_data(where).x
    found = counts_digest(counts)
    if found != entry.get("sha256"):
        raise fail(
            "D128",
            "these are not the calibration data that the bundle was compiled with",
            where=str(where),
            why=f"their sha256 begins {found[:12]}, the bundle's {str(entry.get('sha256'))[:12]}",
            help="name the right ones with --calibration, or compile again",
        )
    return counts
