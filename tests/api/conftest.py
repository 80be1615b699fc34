"""A compiled network and data to run it on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import snnc

MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model.pt"


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> snnc.Bundle:
    """The shipped network in graded spikes, for the target that needs no engine but snnc."""
    folder = tmp_path_factory.mktemp("api") / "digits.reference"
    return snnc.compile(MODEL, "reference", folder, code="graded")


@pytest.fixture(scope="session")
def counts() -> NDArray[Any]:
    """Three short streams of random counts."""
    return np.random.default_rng(0).poisson(0.1, (3, 4, 2, 16, 16)).astype(np.uint8)
