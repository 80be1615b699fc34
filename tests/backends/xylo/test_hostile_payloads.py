"""Every leaf of a payload's mapping and every array, changed to everything hostile: run or refused.

The chip's simulator is replaced by one that is silent: what is asked is what comes before and after it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends import Emitted
from snnc.backends.xylo import XyloBackend, comparison, engine
from snnc.backends.xylo.emit import FILES, payload
from snnc.errors import UserError
from snnc.ir import Integers, Program, Trace, pack_arrays, unpack_arrays
from snnc.sim import simulate
from snnc.verify import compare
from snnc.workflows.comparing import refuse_others
from tests.hostile import changes, leaves, without

from .networks import random_program, random_spikes

SAMPLES, STEPS = 1, 6


def silent(*_: Any, arrays: dict[str, Any], **__: Any) -> dict[str, Any]:
    """A chip that never fires."""
    steps = arrays["inputs"].shape[1]
    neurons = {"hidden": len(arrays["threshold"]), "outputs": len(arrays["threshold_out"])}
    found = {name: np.zeros((SAMPLES, steps, count), np.int64) for name, count in neurons.items()}
    return {**found, **{f"potentials_{name}": values for name, values in found.items()}}


@pytest.fixture(autouse=True)
def no_chip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "run_script", silent)
    monkeypatch.setattr(comparison, "payload", cache(payload))
    monkeypatch.setattr(engine, "_interpreter", lambda _: Path("python"))


@pytest.fixture
def program() -> Program:
    return random_program(3)


@pytest.fixture
def written(program: Program, tmp_path: Path) -> tuple[Path, Emitted]:
    return tmp_path, XyloBackend().emit(program, tmp_path)


@cache
def ran(program: Program) -> tuple[Integers, Trace]:
    spikes = random_spikes(program, 1, SAMPLES, STEPS)
    return spikes, simulate(program, spikes, states=True)


def outcome(program: Program, folder: Path, emitted: Emitted) -> int:
    """1: run, and known to be altered. 2: refused with one message. 0: as compiled."""
    spikes, expected = ran(program)
    backend = XyloBackend()
    try:
        different = backend.differences(program, folder, emitted)
        found = backend.run("xylosim", folder, emitted, spikes, time_limit=9, potentials=True)
        if different:
            refuse_others(program, expected, found, potentials=True)
    except UserError as refused:
        assert len(refused.diagnostics) == 1 and len(str(refused)) < 1500, refused
        return 2
    compare(program, expected, found, potentials=True)
    return 1 if different else 0


@pytest.mark.slow
@pytest.mark.parametrize("role", ["mapping", "host"])
def test_every_leaf(role: str, program: Program, written: tuple[Path, Emitted]) -> None:
    folder, emitted = written
    assert outcome(program, folder, emitted) == 0
    path = folder / FILES[role]
    document = json.loads(path.read_text())
    codes = []
    for place, value, content in changes(document):
        path.write_bytes(content)
        codes.append(outcome(program, folder, emitted))
        assert codes[-1] != 0, (place, value)
    assert 1 in codes and codes.count(2) > 100
    for place in leaves(document):
        path.write_bytes(without(document, place))
        code = outcome(program, folder, emitted)  # a list may be shorter
        assert code == 2 or (code == 1 and isinstance(place[-1], int)), place
    for whole in (b"", b"[]", b"{}", b"null", b"1"):
        path.write_bytes(whole)
        assert outcome(program, folder, emitted) == 2, whole


def test_a_readout_of_another_name_is_refused(program: Program, written: tuple[Path, Emitted]) -> None:
    folder, emitted = written
    path = folder / FILES["mapping"]
    document = json.loads(path.read_text())
    document["readout"]["name"] = "other"
    path.write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"D144.*'other'"):
        engine.read(folder, emitted.files)


def arrays(old: Any) -> Iterator[Any]:
    shape = np.shape(old)
    for kind in ("?", "u1", "f8", "g", "c16", "S3", "i8"):
        yield np.ones(shape, kind)
    for number in (2**62, -1, -(2**62), 0):
        yield np.full(shape, number, np.int64)
    for other in ((), (0,), (1,), (7,), (*shape, 1), (2, *shape)):
        yield np.ones(other, np.int64)


@pytest.mark.parametrize("role", ["specification", "host weights"])
def test_every_array(role: str, program: Program, written: tuple[Path, Emitted]) -> None:
    folder, emitted = written
    path = folder / FILES[role]
    meant = dict(unpack_arrays(path.read_bytes()))
    shutil.copy(path, folder.parent / "kept.npz")
    codes = []
    for name, old in meant.items():
        path.write_bytes(pack_arrays({n: v for n, v in meant.items() if n != name}))
        codes.append(outcome(program, folder, emitted))
        for value in arrays(old):
            path.write_bytes(pack_arrays({**meant, name: value}))
            code = outcome(program, folder, emitted)
            assert code != 0 or np.array_equal(value, old), (name, value)
            codes.append(code)
    assert 1 in codes and 2 in codes
