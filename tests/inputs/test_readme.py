"""The README of a bundle that takes values says how they become counts, in code that does it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc

torch = pytest.importorskip("torch")
nn = torch.nn
SHAPE = (2, 4, 4)
BLOCK = re.compile(r"## Values become counts.*?```python\n(.*?)```", re.S)


def compiled(target: str, folder: Path, **options: Any) -> tuple[snnc.Bundle, np.ndarray[Any, Any]]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    x = np.random.default_rng(0).random((32, 1, *SHAPE)) * [[[1.0]], [[40.0]]]
    return snnc.compile(net, target, folder, calibration=x, **options), x


@pytest.mark.parametrize("target", ["loihi", "loihi1", "sanafe", "nir{unsaid=composite}"])
def test_the_code_of_the_readme_gives_the_counts(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, x = compiled(target, tmp_path / "out", input_scale="1/16,40/16")
    grid = bundle.manifest.input.grid
    assert grid is not None and len(grid.scale) == 2
    text = (bundle.folder / "README.md").read_text()
    found = BLOCK.search(text)
    assert found is not None and f"from {grid.low} to {grid.high}" in text
    monkeypatch.chdir(bundle.folder)
    names: dict[str, Any] = {"x": 1.5 * x[3]}  # some beyond the counts
    exec(found.group(1), names)
    np.testing.assert_array_equal(names["counts"], grid.counts(1.5 * x[3:4])[0])
    found_again = snnc.load(bundle.folder).verify(x, samples=1)
    assert found_again.comparison.mismatches == 0 and not found_again.payload_differences


def test_counts_need_no_word(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    x = np.random.default_rng(0).integers(0, 9, (8, *SHAPE))
    once = snnc.compile(net, "loihi", tmp_path / "a", calibration=x, repeat=1)
    more = snnc.compile(net, "loihi", tmp_path / "b", calibration=x, repeat=6)
    said = [(bundle.folder / "README.md").read_text() for bundle in (once, more)]
    assert not any("Values become counts" in text for text in said)
    assert "Still images" not in said[0] and "shown for 6 frames" in said[1]
