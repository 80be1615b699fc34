"""Hidden potentials of a NIR file: which a node keeps, and why others cannot be compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnc.backends.nir import NirBackend
from snnc.backends.nir.held import COMPOSITE, FRACTION, LEAKS
from snnc.conformance.builder import single
from snnc.conformance.kit import Kit
from snnc.ir import Program, Reset, Trace
from snnc.sim import simulate
from tests.traces import differences

from .networks import compiled, random_graph, spikes

pytest.importorskip("nir", reason="the package nir is not installed: pip install 'snnc[nir]'")

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


def test_the_others_say_why(tmp_path: Path) -> None:
    cases = (
        (NirBackend(weights="real"), (HARD,), FRACTION),
        (NirBackend(unsaid="composite"), ("restart-frames{enabled=false}",), COMPOSITE),
    )
    for number, (target, changes, reason) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        program = compiled(random_graph(3), target, *changes, steps=4)
        assert set(ran(target, program, folder).unread.values()) == {reason}
    leaking = single(Kit(), 3, potential_decay=100).built()
    emitted = NirBackend().emit(leaking.program, tmp_path)
    found = NirBackend().run("nir", tmp_path, emitted, leaking.spikes, time_limit=60, potentials=True)
    assert found.unread == {"hidden": LEAKS}
