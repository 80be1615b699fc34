"""The reference simulator against traces recorded from Lava's runtime; needs no Lava."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import read_program
from snnc.sim import simulate

from .record_golden import FOLDER, SEEDS, load

NAMES = [*(f"random_{seed}" for seed in SEEDS), "edges"]


@pytest.mark.parametrize("name", NAMES)
def test_reference_gives_what_lava_gave(name: str) -> None:
    files, spikes, lava = load(FOLDER / f"{name}.npz")
    program = read_program(files["program.json"], files["weights.npz"])
    ours = simulate(program, spikes)
    assert lava.spikes or lava.potentials
    for population, values in lava.spikes.items():
        np.testing.assert_array_equal(ours.spikes[population], values, err_msg=population)
    for population, values in lava.potentials.items():
        np.testing.assert_array_equal(ours.potentials[population], values, err_msg=population)


def test_golden_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 100_000
