"""A bundle put on disk: the compiler's own two files, the target's payload, the manifest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.backends import Backend, Emitted, called
from snnc.bundle.data import Data
from snnc.bundle.folder import seal, unsound
from snnc.bundle.manifest import Manifest
from snnc.bundle.output import staged
from snnc.errors import CompilerBug, blamed
from snnc.ir import Integers, Program, size, write_program
from snnc.sim import encode

from .readme_input import tell_input

EXAMPLE_SAMPLES, EXAMPLE_STEPS, RANDOM_DENSITY = 4, 32, 0.05
EXAMPLE_VALUES = 2**26
"""Most values of the example, 512 MiB: with more, it has fewer frames, and then fewer samples."""


def write_bundle(
    output: Path,
    backend: Backend,
    program: Program,
    data: Data | None,
    manifest_of: Callable[[Emitted], Manifest],
) -> Manifest:
    """Write a bundle, whole or not at all.

    Args:
        output: the bundle's folder; replaced where it is a bundle already.
        backend: of the target.
        program: passed its checks.
        data: of calibration, for what a back end measures; None where there are none.
        manifest_of: the manifest but for the digests, once the payload is there.

    Raises:
        UserError: the folder cannot be written, or the back end refuses.
    """
    with staged(output) as folder:
        for name, content in write_program(program).items():
            (folder / name).write_bytes(content)
        with blamed(called(backend), "emitting the payload"):
            emitted = backend.emit(program, folder, _example(program, data))
        described = manifest_of(emitted)
        tell_input(folder, described.input)
        manifest = seal(folder, described)
        if wrong := unsound(folder):
            raise CompilerBug(called(backend), wrong)
    return manifest


def _example(program: Program, data: Data | None) -> Integers:
    """A few inputs for what a back end measures: of the calibration data, else one event in 20."""
    if data is None:
        shape = (EXAMPLE_SAMPLES, EXAMPLE_STEPS // program.steps_per_frame + 1, *program.input.shape)
        counts: NDArray[np.int64] = (np.random.default_rng(0).random(shape) < RANDOM_DENSITY).astype(
            np.int64
        )
    else:
        counts = data.x
    room = EXAMPLE_VALUES // (size(program.input.shape) * program.steps_per_frame)
    frames = max(1, min(counts.shape[1], room // EXAMPLE_SAMPLES))
    samples = max(1, min(EXAMPLE_SAMPLES, room // frames))
    return encode(program, counts[:samples, :frames])
