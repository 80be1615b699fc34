"""Where a network that takes values does not fit, another scale or offset helps, and that is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc

torch = pytest.importorskip("torch")
nn = torch.nn


def network(inputs: int) -> Any:
    torch.manual_seed(0)
    layers = (nn.Linear(inputs, 8, bias=False), nn.ReLU(), nn.Linear(8, 3, bias=False))
    return nn.Sequential(nn.Flatten(), *layers).eval()


def test_fewer_counts_make_smaller_sums(tmp_path: Path) -> None:
    """3,072 inputs of 16 counts each overflow where those of 3 do not."""
    x = np.random.default_rng(0).random((24, 1, 3, 32, 32)).astype(np.float32)
    net = network(3072)
    given: dict[str, Any] = {"calibration": x, "code": "rate"}
    with pytest.raises(snnc.UserError) as refused:
        snnc.compile(net, "loihi1", tmp_path / "out", **given)
    (told,) = refused.value.diagnostics
    assert told.code == "D319" and "fewer counts than 16: a larger --input-scale than 0.06" in told.help
    bundle = snnc.compile(net, "loihi1", tmp_path / "out", input_scale=1 / 3, **given)
    assert bundle.manifest.input.grid is not None and bundle.manifest.input.grid.high == 3


def test_without_an_offset_no_bias_is_needed(tmp_path: Path) -> None:
    """Lava's own graded neurons have none."""
    x = (np.random.default_rng(0).random((24, 1, 3, 4, 4)) + 3).astype(np.float32)
    net, target = network(48), "loihi{processes=stock}"
    given: dict[str, Any] = {"calibration": x, "code": "graded"}
    with pytest.raises(snnc.UserError) as refused:
        snnc.compile(net, target, tmp_path / "out", **given)
    (told,) = refused.value.diagnostics
    assert told.code == "D424" and "--input-offset 0" in told.help
    snnc.compile(net, target, tmp_path / "out", input_offset=0, **given)


def test_counts_have_no_scale(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 17, (24, 1, 3, 32, 32))
    with pytest.raises(snnc.UserError) as refused:
        snnc.compile(
            network(3072), "loihi1", tmp_path / "out", calibration=x, code="rate", steps_per_frame=16
        )
    assert not any("--input-" in told.help for told in refused.value.diagnostics)
