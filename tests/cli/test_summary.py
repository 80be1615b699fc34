"""The last lines of a compile: where thresholds and K come from, where nobody said."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from snnc import QuantizedReLU

from .conftest import Command

TRAINED, PLAIN, CUT = QuantizedReLU(4), nn.ReLU(), nn.ReLU6()


def model(path: Path, *activations: nn.Module) -> Path:
    """Layers with these activations, h1 and so on, without calibration data."""
    torch.manual_seed(0)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, activation in enumerate(activations, 1):
        layers[f"to_h{number}"] = nn.Linear(4, 4)
        layers[f"h{number}"] = activation
    layers["answer"] = nn.Linear(4, 2)
    net = nn.Sequential(layers).eval()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 4),)), path)
    return path


@pytest.mark.parametrize(
    ("activations", "code", "said", "bounded"),
    [
        ((TRAINED, TRAINED), "rate", "thresholds are the levels that were trained;", None),
        ((TRAINED, TRAINED), "graded", "thresholds are the levels that were trained;", None),
        ((PLAIN, PLAIN), "rate", "thresholds are a data-free bound;", "h1, h2"),
        ((TRAINED, PLAIN), "rate", "trained levels, elsewhere a data-free bound;", "h2"),
        ((CUT, TRAINED), "graded", "thresholds are levels up to the model's own ceilings;", None),
        ((), "rate", "thresholds are not needed;", None),
    ],
)
def test_where_thresholds_come_from(
    activations: tuple[nn.Module, ...],
    code: str,
    said: str,
    bounded: str | None,
    snnc: Command,
    tmp_path: Path,
) -> None:
    path = model(tmp_path / "net.pt2", *activations)
    done = snnc("compile", path, "--target", "reference", "--code", code, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert (
        f"not calibrated, accuracy not measured: {said}" in done.out
        or f"not calibrated, accuracy not measured: thresholds are {said}" in done.out
    )
    assert ("N701" in done.err) == (bounded is not None)
    if bounded:
        assert f"at   {bounded}\n" in done.err


def test_where_k_comes_from(snnc: Command, tmp_path: Path) -> None:
    path = model(tmp_path / "net.pt2", TRAINED)
    asked = ("compile", path, "--target", "reference", "-o", tmp_path / "out")
    for code in ("rate", "frame"):
        done = snnc(*asked, "--code", code)
        assert "note[N733] h1: 4 steps a frame: as many as the activations have levels" in done.err
        assert " 4 steps a frame;" in done.out
    for more in (("--steps-per-frame", "4"), ("--code", "graded")):
        assert "N733" not in snnc(*asked, *more).err
    plain = snnc(asked[0], model(tmp_path / "plain.pt2", PLAIN), *asked[2:])
    assert "N733" not in plain.err and " 16 steps a frame;" in plain.out
