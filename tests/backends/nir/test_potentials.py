"""Hidden potentials of a NIR file: which a node keeps, and why others cannot be compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnc.backends.nir import NirBackend
from snnc.backends.nir.held import FRACTION, LEAKS
from snnc.conformance.builder import single
from snnc.conformance.kit import Kit
from snnc.ir import Program, Reset, Trace
from snnc.sim import simulate
from tests.traces import differences

from .networks import compiled, random_graph, spikes

pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

HARD = "set-neurons{reset=zero,start-value=0.5,comparison=>=}"


def hidden(program: Program) -> set[str]:
    return {p.name for p in program.populations if p.neuron is not None and p is not program.readout}


def ran(target: NirBackend, program: Program, folder: Path, engine: str = "nir") -> Trace:
    """The file on the interpreter, equal to the program wherever it can be compared."""
    given = spikes(program, 1)
    emitted = target.emit(program, folder)
    found = target.run(engine, folder, emitted, given, time_limit=60, potentials=True)
    assert differences(simulate(program, given, states=True), found) == []
    return found


@pytest.mark.parametrize("wiring", ["free", "chain"])
def test_integers_without_leak_are_all_read(wiring: str, tmp_path: Path) -> None:
    target = NirBackend(wiring=wiring)
    program = compiled(random_graph(3), target, HARD, "encode-input{code=spread}", steps=4)
    found = ran(target, program, tmp_path)
    assert hidden(program) and hidden(program) <= set(found.potentials) and found.unread == {}


def test_metadata_that_say_the_rest_are_read_too(tmp_path: Path) -> None:
    target = NirBackend(unsaid="metadata")
    program = compiled(random_graph(3), target, "restart-frames{enabled=true}", steps=4)
    assert any(p.neuron.reset is Reset.SUBTRACT for p in program.populations if p.neuron is not None)
    found = ran(target, program, tmp_path, "nir-metadata")
    assert hidden(program) <= set(found.potentials) and found.unread == {}


def test_composites_are_read_behind_their_reset(tmp_path: Path) -> None:
    target = NirBackend(unsaid="composite")
    program = compiled(random_graph(3), target, steps=4)
    found = ran(target, program, tmp_path)
    assert any(np.any(found.spikes[name]) for name in hidden(program))
    assert hidden(program) <= set(found.potentials) and found.unread == {}


def test_the_others_say_why(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = NirBackend(weights="real")
    program = compiled(random_graph(3), real, HARD, steps=4)
    assert set(ran(real, program, tmp_path / "real").unread.values()) == {FRACTION}
    leaking = single(Kit(), 3, potential_decay=100).built()
    emitted = NirBackend().emit(leaking.program, tmp_path)
    found = NirBackend().run("nir", tmp_path, emitted, leaking.spikes, time_limit=60, potentials=True)
    assert found.unread == {"hidden": LEAKS}
