"""Bundles that are quick to run, with data; one of them has names that are code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import snnc
from snnc.ir import Program, read_program, write_program
from snnc.report.make import BundleReport
from tests.sim.test_reference import NEURON, chain

MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model.pt"
EVIL = "</script><script>window.hacked=1</script><img src=x onerror=alert(1)><b>h</b>&amp;"
STEPS = 4

pytest.importorskip("jinja2", reason="the extra report is not installed: pip install 'jinja2>=3.1'")
pytest.importorskip("plotly", reason="the extra report is not installed: pip install 'plotly>=6'")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six streams with labels, of the moving digits' shape."""
    random = np.random.default_rng(3)
    place = tmp_path_factory.mktemp("data") / "data.npz"
    x = random.integers(0, 3, (6, 4, 2, 16, 16)) * (random.random((6, 4, 2, 16, 16)) < 0.1)
    np.savez(place, x=x, y=np.arange(6))
    return place


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> snnc.Bundle:
    """The shipped network, whose engine is snnc itself. Do not change it: copy it."""
    place = tmp_path_factory.mktemp("bundle") / "digits.reference"
    return snnc.compile(MODEL, "reference", place, code="rate", steps_per_frame=STEPS)


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> snnc.Bundle:
    """The same network in another code."""
    place = tmp_path_factory.mktemp("other") / "levels.reference"
    return snnc.compile(MODEL, "reference", place, code="graded")


@pytest.fixture(scope="session")
def report(bundle: snnc.Bundle, data: Path) -> BundleReport:
    """Of that bundle, on those data."""
    pytest.importorskip("torch", reason="the ladder begins with torch")
    return bundle.report(data, samples=4)


def plain_chain() -> Program:
    """A chain of neurons with names that are letters."""
    return chain(replace(NEURON, bias_mantissa=np.array(3)), steps=2)


def renamed(program: Program, name: str) -> Program:
    """The same with its hidden population called otherwise."""
    populations = tuple(
        replace(p, name=name, origin=name) if p.name == "h" else p for p in program.populations
    )
    projections = tuple(
        replace(
            q,
            source=name if q.source == "h" else q.source,
            target=name if q.target == "h" else q.target,
            origin=name,
        )
        for q in program.projections
    )
    return replace(program, populations=populations, projections=projections)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> BundleReport:
    """Of a bundle whose population's name is code."""
    place = tmp_path_factory.mktemp("hostile") / "evil.reference"
    made = snnc.compile(renamed(plain_chain(), EVIL), "reference", place, code=None)
    counts = np.random.default_rng(0).integers(0, 4, (3, 5, 1))
    return made.report((counts, np.zeros(3, np.int64)), samples=2)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> BundleReport:
    """Of a bundle whose payload fires later than the program does."""
    folder = tmp_path_factory.mktemp("planted") / "late.reference"
    snnc.compile(plain_chain(), "reference", folder, code=None)
    payload = snnc.load(folder).manifest.payload
    paths = [folder / payload[role] for role in ("program", "weights")]
    program = read_program(*(path.read_bytes() for path in paths))
    late = replace(program.by_name["h"].dynamics, threshold=np.array(11 << 6))
    populations = tuple(replace(p, neuron=late) if p.name == "h" else p for p in program.populations)
    for path, content in zip(
        paths, write_program(replace(program, populations=populations)).values(), strict=True
    ):
        path.write_bytes(content)
    counts = np.random.default_rng(0).integers(0, 4, (3, 20, 1))
    altered = snnc.load(folder, allow_altered=True)
    return altered.report(counts, samples=2, engine_samples=3)
