"""Neurons that send several spikes in a step: Lava's run beside the reference, every value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snnc
from snnc.sim import simulate
from tests.ir.test_several_spikes import VARIANTS, program


@pytest.mark.parametrize("variant", VARIANTS)
def test_lava_sends_as_many(variant: str, tmp_path: Path) -> None:
    whole = program(**VARIANTS[variant])
    frames = np.random.default_rng(7).integers(0, 3, (3, 24, *whole.input.shape))
    bundle = snnc.compile(
        whole, target="loihi", calibration=frames, output=tmp_path / "net.bundle", allow_overflow=True
    )
    found = bundle.verify(frames, engine="lava-inprocess", potentials=True)
    assert found.equal, str(found)
    spikes = simulate(bundle.program, frames).spikes["hidden"]
    assert spikes.max() > ("at most 1" not in variant)
