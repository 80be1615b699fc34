"""Every library's cases, and its trained networks, in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from samples.spiking_libraries.compare import SAMPLES, rows
from samples.spiking_libraries.environments import LIBRARIES, ROOT, NotInstalledError, environment

HERE = Path(__file__).parent


def environment_of(library: str) -> dict[str, str]:
    try:
        return environment(library)
    except NotInstalledError as problem:
        pytest.skip(f"{library} cannot be installed: {problem}")


@pytest.mark.slow
@pytest.mark.parametrize("library", LIBRARIES)
def test_every_case_of_a_library(library: str) -> None:
    cases = [str(path) for path in sorted(HERE.glob(f"cases_{library}*.py"))]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *cases]
    done = subprocess.run(
        command, cwd=ROOT, env=environment_of(library), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.slow
@pytest.mark.parametrize("library", LIBRARIES)
def test_trained_networks_spike_as_they_did(library: str) -> None:
    environment_of(library)
    found = list(rows(library))
    assert len(found) >= 2
    for row in found:
        assert row.spikes > 500
        assert row.floats == 0, row
        if library == "slayer":  # integers in training already
            assert row.rounded == 0 and row.kept == SAMPLES, row
        assert row.rounded < 0.2 * row.values and row.kept >= 45, row
