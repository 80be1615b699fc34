"""The commands that make a bundle and its report again."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from snnc.bundle.manifest import Manifest

from .gather import Gathered


def commands(found: Gathered) -> dict[str, str]:
    """Command lines by what they do; none compiles a model that was given in Python."""
    manifest, bundle = found.bundle.manifest, str(found.folder)
    lines = {}
    if manifest.model.path is not None and manifest.calibration.origin != "array":
        lines["compile"] = _line("snnc", "compile", *_compile(found.folder, manifest))
    file = "FILE.npz" if found.file is None else str(found.file)
    data = [] if found.data is None else ["--data", file]
    lines["inspect"] = _line("snnc", "inspect", bundle)
    lines["verify"] = _line("snnc", "verify", bundle, *data)
    lines["ladder"] = _line("snnc", "verify", bundle, "--ladder", *data)
    if data:
        lines["run"] = _line("snnc", "run", bundle, *data, "--operations")
    lines["report"] = _line("snnc", "report", bundle, *data, "-o", "report.html")
    return lines


def _line(*words: str) -> str:
    return shlex.join(words)


def _compile(folder: Path, manifest: Manifest) -> list[str]:
    model, calibration, grid = manifest.model, manifest.calibration, manifest.input.grid
    words = [_place(folder, str(model.path)), "--target", manifest.target]
    options: list[tuple[str, object]] = [
        ("--passes", manifest.passes or None),
        ("--dt", model.dt),
        ("--discretize", model.discretize),
        ("--reset", model.reset),
        ("--input-shape", model.input_shape),
        ("--module", model.module),
        ("--reset-interval", model.reset_interval),
        ("--answer", model.answer),
        ("--repeat", manifest.input.repeat),
        ("--calibration", None if calibration.path is None else _place(folder, calibration.path)),
    ]
    if grid is not None:
        options.append(("--input-scale", ",".join(f"{x!r}" for x in grid.scale)))
        options.append(("--input-offset", ",".join(f"{x!r}" for x in grid.offset)))
    for option, value in options:
        words += [] if value is None else [option, str(value)]
    if manifest.ranges.observed is not None:
        words.append("--allow-overflow")
    return [*words, "-o", str(folder)]


def _place(folder: Path, path: str) -> str:
    """A path as seen from the bundle, as seen from where the bundle was named."""
    return os.path.normpath(folder / path)
