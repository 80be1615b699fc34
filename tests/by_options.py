"""Workflows called with options by name, as tests like to: each makes the values that travel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snnc.bundle.data import DataSource
from snnc.frontend import ModelSource
from snnc.workflows import compile as compiling
from snnc.workflows import ladder as laddering
from snnc.workflows import run as running
from snnc.workflows import verify as verifying
from snnc.workflows.compile import Compiled
from snnc.workflows.ladder import Ladder
from snnc.workflows.options import CompileOptions, Origin, PipelineOptions, RunOptions, VerifyOptions
from snnc.workflows.run import Run
from snnc.workflows.verify import Verification

MODEL = ("dt", "discretize", "reset", "input_shape", "module", "answer")
COMPILE = ("keep",)


def source(data: Path | None) -> DataSource | None:
    """A data file."""
    return None if data is None else DataSource(data)


def compile_model(path: Path, target: str, output: Path, **options: Any) -> Compiled:
    """Compile a file; the code is left to the passes unless it is named."""
    data = source(options.pop("calibration", None))
    report = {name: options.pop(name) for name in ("report", "after_pass") if name in options}
    model = {name: options.pop(name) for name in MODEL if name in options}
    more = {name: options.pop(name) for name in COMPILE if name in options}
    options["changes"] = tuple(options.get("changes", ()))
    pipeline = PipelineOptions(**options)
    asked = CompileOptions(target, pipeline, data, **more)
    return compiling.compile_model(ModelSource(path, **model), asked, output, **report)


def verify_bundle(folder: Path, data: Path | None = None, **options: Any) -> Verification:
    """Compare a bundle with its engine."""
    return verifying.verify_bundle(folder, VerifyOptions(source(data), **options))


def climb(folder: Path, data: Path | None = None, **options: Any) -> Ladder:
    """Climb the ladder."""
    return laddering.climb(folder, VerifyOptions(source(data), **options), Origin())


def run_bundle(folder: Path, data: Path, **options: Any) -> Run:
    """Run a bundle's program."""
    return running.run_bundle(folder, RunOptions(DataSource(data), **options))
