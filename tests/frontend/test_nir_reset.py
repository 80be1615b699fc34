"""What a spike does where a NIR file does not say: assumed and measured, or as the user says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.errors import Severity
from snnc.ir import Reset

from .test_nir import chain, load, refused, save
from .test_nir_meaning import FRAMES, WEIGHT, composite, neurons

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

from samples.ways_in.spiking import float_spikes  # noqa: E402
from snnc.sim.nir_interpreter import run_nir  # noqa: E402


def network(kind: str, said: dict[str, Any], reset: float = 0.0) -> Any:
    return chain(nir.Linear(WEIGHT), neurons(kind, reset, said), nir.Linear(WEIGHT.T))


def codes(model: Any) -> list[str]:
    return [note.code for note in model.notes]


@pytest.mark.parametrize("kind", ["IF", "LIF", "CubaLIF"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_what_the_user_says_is_what_the_metadata_would(kind: str, reset: str, tmp_path: Path) -> None:
    expected = run_nir(network(kind, {"reset": reset}), FRAMES, 0.1, metadata=True)[kind.lower()]
    other = run_nir(network(kind, {"reset": "zero"}), FRAMES, 0.1, metadata=True)[kind.lower()]
    model = load(network(kind, {}), tmp_path, dt=0.1, reset=reset)
    assert np.array_equal(expected, other) == (reset == "zero")
    assert np.array_equal(expected, float_spikes(model.graph, FRAMES)[kind.lower()])
    assert "N785" not in codes(model)


def test_without_a_word_the_assumption_is_named(tmp_path: Path) -> None:
    model = load(network("LIF", {}), tmp_path, dt=0.1)
    (note,) = (n for n in model.notes if n.code == "N785")
    assert note.where == "lif" and "puts the potential back to 0" in note.what
    assert note.severity is Severity.NOTE and "--reset subtract" in note.help
    assert model.unsaid_resets == ("lif",)


@pytest.mark.parametrize("said", [{"reset": "zero"}, {"reset": "subtract"}])
def test_what_says_it_is_not_asked(said: dict[str, Any], tmp_path: Path) -> None:
    assert "N785" not in codes(load(network("IF", said), tmp_path, dt=0.1))
    assert "D660" in refused(network("IF", said), tmp_path, dt=0.1, reset="subtract")


def test_a_reset_to_another_value_and_a_composite_say_it(tmp_path: Path) -> None:
    for graph in (network("LIF", {}, reset=-0.4), composite(True)):
        assert "N785" not in codes(load(graph, tmp_path, dt=0.1))
        assert "every population of this file says" in refused(graph, tmp_path, dt=0.1, reset="zero")


def test_only_who_does_not_say_is_changed(tmp_path: Path) -> None:
    graph = chain(
        nir.Linear(WEIGHT), neurons("IF", 0.2, {}), nir.Linear(WEIGHT), neurons("LIF", 0.0, {})
    )
    model = load(graph, tmp_path, dt=0.1, reset="subtract")
    resets = {p.name: p.dynamics.reset for p in model.graph.neurons if "." not in p.name}
    assert resets == {"if": Reset.ZERO, "lif": Reset.SUBTRACT}


def test_what_snnc_wrote_means_what_it_says(tmp_path: Path) -> None:
    graph = network("IF", {})
    graph.metadata = {"snnc": {"answer": "values"}}
    assert "N785" not in codes(load(graph, tmp_path, dt=0.1))


def test_what_is_refused(tmp_path: Path) -> None:
    assert "no reset 'soft'" in refused(network("IF", {}), tmp_path, dt=0.1, reset="soft")
    silent = chain(nir.Linear(WEIGHT), nir.LI(*(np.full(3, v) for v in (0.5, 1.0, 0.0))))
    assert "no population of this file spikes" in refused(silent, tmp_path, dt=0.1, reset="zero")


def test_the_effect_is_measured(tmp_path: Path) -> None:
    """Spikes and decisions that the literal interpreter counts under both resets."""
    graphs = [network("LIF", {"reset": reset}) for reset in ("zero", "subtract")]
    zero, subtract = (run_nir(g, FRAMES, 0.1, metadata=True) for g in graphs)
    bundle = snnc.compile(
        save(network("LIF", {}), tmp_path), "reference", tmp_path / "out", dt=0.1, calibration=FRAMES
    )
    (note,) = (n for n in bundle.notes if n.code == "N785")
    differ = (zero["lif"] != subtract["lif"]).mean()
    spikes = f"{int(subtract['lif'].sum())} spikes in place of {int(zero['lif'].sum())}"
    assert f"{differ:.2%} of neuron-steps differ ({spikes})" in note.what
    decided = [run["output"][:, -1].argmax(1) for run in (zero, subtract)]
    changed = int((decided[0] != decided[1]).sum())
    assert f"{changed} of 4 decisions" in note.what
    assert (note.severity is Severity.WARNING) == (changed > 0)


def test_large_data_are_measured_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnc.workflows.nir_effects.MOST_OPERATIONS", 18 * 5.0)
    path = save(network("LIF", {}), tmp_path)
    bundle = snnc.compile(path, "reference", tmp_path / "out", dt=0.1, calibration=FRAMES)
    (note,) = (n for n in bundle.notes if n.code in ("N785", "N787"))
    assert re.search(r"1 (calibration )?sample of 5 steps", note.what)


def test_silence_is_named(tmp_path: Path) -> None:
    """A time step a thousand times too short: nothing comes near a threshold."""
    path = save(network("IF", {}), tmp_path)
    bundle = snnc.compile(
        path, "reference", tmp_path / "out", dt=1e-4, calibration=FRAMES, allow_overflow=True
    )
    (note,) = (n for n in bundle.notes if n.code == "N787")
    assert "4 calibration samples of 40 frames" in note.what and "0.0001 s" in note.why
    loud = snnc.compile(path, "reference", tmp_path / "loud", dt=0.1, calibration=FRAMES)
    assert "N787" not in [n.code for n in loud.notes]


def test_a_bundle_remembers(tmp_path: Path) -> None:
    path = save(network("IF", {}), tmp_path)
    bundle = snnc.compile(path, "reference", tmp_path / "out", dt=0.1, reset="subtract")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["model"]["reset"] == "subtract"
    assert not bundle.ladder(samples=2).different
