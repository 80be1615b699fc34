"""Figures for papers: the numbers of the run, and messages where there is nothing to draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install matplotlib")


def traces(axes: Any) -> list[Any]:
    """Values of the lines that are potentials, not thresholds nor ends of frames."""
    found = [np.asarray(line.get_ydata()) for line in axes.lines]
    return [values for values in found if len(values) > 2]


def test_a_raster_shows_every_spike(bundle: snnc.Bundle, data: Path) -> None:
    figure = bundle.plot.raster(data, sample=2)
    run = bundle.run(data, record=["input", "h1", "h2"])
    panels = figure.axes
    assert [axes.get_ylabel() for axes in panels] == ["input", "h1", "h2"]
    for axes in panels:
        sent = run.spikes[axes.get_ylabel()][2]
        assert np.array_equal(np.asarray(axes.images[0].get_array()), sent.reshape(len(sent), -1).T)
    (only,) = bundle.plot.raster(data, populations="h2", width=3.5).axes
    assert only.get_ylabel() == "h2"


def test_potentials_are_those_of_the_run(bundle: snnc.Bundle, data: Path) -> None:
    run = bundle.run(data, record=["answer", "h1"])
    (axes,) = bundle.plot.potentials(data, sample=1).axes
    lines = traces(axes)
    assert len(lines) == 10
    for neuron, line in enumerate(lines):
        assert np.array_equal(line, run.potentials["answer"][1][:, neuron])
    (axes,) = bundle.plot.potentials(data, population="h1", neurons=[3, 70]).axes
    lines = traces(axes)
    held = run.potentials["h1"][0]
    for neuron, line in zip((3, 70), lines, strict=True):
        assert np.array_equal(line, held.reshape(len(held), -1)[:, neuron])


def test_agreement_of_the_manifest_and_of_data(bundle: snnc.Bundle, data: Path) -> None:
    pytest.importorskip("torch", reason="the ladder begins with torch")
    kept = bundle.manifest.kept
    assert kept is not None
    (axes,) = bundle.plot.agreement().axes
    heights = sorted(bar.get_height() for bar in axes.patches)  # type: ignore[attr-defined]
    assert heights == pytest.approx(
        sorted(100 * e for p in kept.populations for e in p.by_stage.values())
    )
    _, right = bundle.plot.agreement(data, samples=4).axes
    ladder = bundle.ladder(data, samples=4)
    first = next(r for r in ladder.rungs if r.accuracy is not None)
    assert first.accuracy is not None
    assert list(np.asarray(right.lines[0].get_ydata())) == pytest.approx(
        [100 * a for a in first.accuracy]
    )


def test_a_notebook_shows_them(bundle: snnc.Bundle, data: Path) -> None:
    figure = bundle.plot.potentials(data)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"sample": 6}, "D305"),
        ({"sample": -1}, "D305"),
        ({"population": "h9"}, "D338"),
        ({"population": "input"}, "D338"),
        ({"population": "h1", "neurons": [768]}, "D305"),
    ],
)
def test_what_is_not_there_is_refused(
    what: dict[str, object], code: str, bundle: snnc.Bundle, data: Path
) -> None:
    with pytest.raises(snnc.UserError) as refused:
        bundle.plot.potentials(data, **what)  # type: ignore[arg-type]
    assert refused.value.diagnostics[0].code == code
