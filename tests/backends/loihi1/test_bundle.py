"""Bundles for Loihi 1: what is written, that changes are found, and what engines refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends import Emitted
from snnc.backends.loihi1 import Loihi1Backend
from snnc.backends.loihi1.cores import partition
from snnc.errors import UserError
from snnc.ir import Program
from snnc.placement import core_loads
from snnc.sim import simulate
from tests.emitting import emitted_into
from tests.traces import differences

from .many import interpreter
from .networks import random_program, random_spikes
from .test_cores import layered

PROGRAM = random_program(3)
BACKEND = Loihi1Backend()


def emitted(program: Program, folder: Path) -> Emitted:
    folder.mkdir()
    assert list(BACKEND.check(program)) == []
    return emitted_into(folder, BACKEND, program)


def test_same_program_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        emitted(PROGRAM, tmp_path / name)
    files = sorted(
        p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()
    )
    payload = ["cores.json", "placement.json", "program.json", "weights.npz"]
    names = ["README.md", *payload, "program.json", "weights.npz"]
    assert [p.name for p in files] == names
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_what_is_placed_and_written_between_steps_is_said(tmp_path: Path) -> None:
    program = layered([3, 1500, 4], 0.1, 0)
    found = emitted(program, tmp_path / "bundle")
    notes = {n.code: n for n in found.notes}
    assert "2 of 128 cores" in notes["N741"].what and "1024 of 1024" in notes["N741"].what
    assert "0 into the 4 compartments of layer.2 every 4 steps" in notes["N742"].what
    text = (tmp_path / "bundle" / "README.md").read_text()
    assert "| layer.1 | 1500 | 0 to 1 | 2 | 4095 | 0 |" in text and "$" not in text


def edit(path: Path, change: Any) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content, indent=1) + "\n")


def test_changed_cores_are_found(tmp_path: Path) -> None:
    found = emitted(PROGRAM, tmp_path / "bundle")
    assert BACKEND.differences(PROGRAM, tmp_path / "bundle", found) == []
    path = tmp_path / "bundle" / found.files["cores"]
    edit(path, lambda content: content["cores"][0]["uses"].update(compartments=1))
    assert "cores.json" in BACKEND.differences(PROGRAM, tmp_path / "bundle", found)[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["cores"].pop(), "where every core is"),
        (lambda c: c["cores"][0].update(place=128), "where there are none"),
        (lambda c: c["cores"][0]["uses"].update({"input axons": 0}), "other cores"),
        (lambda c: c["limits"]["compartments"].update(value=1), "other limits"),
    ],
)
def test_a_changed_placement_is_found(tmp_path: Path, change: Any, said: str) -> None:
    found = emitted(PROGRAM, tmp_path / "bundle")
    edit(tmp_path / "bundle" / found.files["placement"], change)
    (told,) = BACKEND.differences(PROGRAM, tmp_path / "bundle", found)
    assert said in told and "placement.json" in told


def test_what_cores_send_is_what_output_axons_carry(tmp_path: Path) -> None:
    """With an axon for each projection and core, a spike is one message on each axon."""
    program = layered([3, 1500, 4], 0.1, 0)
    spikes = random_spikes(program, 0, 2, 20)
    found = tmp_path / "bundle"
    found.mkdir()
    written = emitted_into(found, BACKEND, program, spikes)
    told = json.loads((found / written.files["placement"]).read_text())
    trace, cores = simulate(program, spikes), partition(program)
    total = 0
    for projection in program.projections:
        if projection.source == program.input.name:
            continue
        matrix = projection.op.matrix(program.by_name[projection.source].shape).toarray() != 0
        sent = trace.spikes[projection.source].reshape(-1, matrix.shape[1]).sum(0)
        for core in cores:
            for part in core.parts:
                if part.population == projection.target:
                    total += int(sent[matrix[part.first : part.first + part.count].any(0)].sum())
    assert told["traffic"]["messages"] == total > 0
    assert {*told["cores"][0]["uses"]} < {*told["limits"]}
    full = core_loads(told)["cores"][0]
    assert (full["fullest"], full["share"]) == ("compartments", 1.0)
    assert "2 cores of 1 chip" in next(n for n in written.notes if n.code == "N802").what


CHANGES = {
    "twice": lambda c: c["cores"].append(c["cores"][0]),
    "nowhere": lambda c: c["cores"][0]["parts"].pop(),
    "too many": lambda c: c["cores"][0]["parts"][0].update(count=10**9),
    "negative": lambda c: c["cores"][0]["parts"][0].update(first=-1),
    "none": lambda c: c["cores"].append({"parts": []}),
    "stranger": lambda c: c["cores"][0]["parts"][0].update(population="x"),
    "text": lambda c: c["cores"][0]["parts"][0].update(count="many"),
    "no list": lambda c: c.update(cores=3),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_cores_that_cannot_be(change: str, tmp_path: Path) -> None:
    interpreter()
    found = emitted(PROGRAM, tmp_path / "bundle")
    edit(tmp_path / "bundle" / found.files["cores"], CHANGES[change])
    spikes = random_spikes(PROGRAM, 0, 1, 3)
    with pytest.raises(UserError) as refused:
        BACKEND.run("nengo-loihi", tmp_path / "bundle", found, spikes, time_limit=60)
    assert [d.code for d in refused.value.diagnostics] == ["D144"]


@pytest.mark.parametrize("engine", ["nengo-loihi", "brian2-loihi"])
def test_an_engine_runs_a_bundle_from_disk(engine: str, tmp_path: Path) -> None:
    interpreter()
    found = emitted(PROGRAM, tmp_path / "bundle")
    spikes, done = random_spikes(PROGRAM, 1, 3, 20), list[int]()
    trace = BACKEND.run(
        engine, tmp_path / "bundle", found, spikes, time_limit=120, progress=done.append
    )
    assert differences(simulate(PROGRAM, spikes), trace) == []
    assert done == [1, 2, 3]


def test_several_cores_on_the_emulator(tmp_path: Path) -> None:
    interpreter()
    program = layered([40, 1500, 300, 5], 0.05, 1, thresholds=3)
    found = emitted(program, tmp_path / "bundle")
    spikes = random_spikes(program, 1, 1, 30)
    for engine in ("nengo-loihi", "brian2-loihi"):
        trace = BACKEND.run(engine, tmp_path / "bundle", found, spikes, time_limit=120)
        assert differences(simulate(program, spikes), trace) == []
        assert np.any(trace.spikes["layer.2"]) and np.any(trace.potentials["layer.3"])


def test_a_payload_that_does_not_fit_the_chip_is_not_run(tmp_path: Path) -> None:
    interpreter()
    found = emitted(PROGRAM, tmp_path / "bundle")
    path = tmp_path / "bundle" / found.files["program"]
    text = path.read_text()
    changed = text.replace('"delay": 0', '"delay": 63')
    assert changed != text
    path.write_text(changed)
    with pytest.raises(UserError, match="63 exceeds 62"):
        BACKEND.run(
            "nengo-loihi", tmp_path / "bundle", found, random_spikes(PROGRAM, 0, 1, 3), time_limit=60
        )


def test_no_such_engine(tmp_path: Path) -> None:
    found = emitted(PROGRAM, tmp_path / "bundle")
    with pytest.raises(UserError, match=r"nengo-loihi, brian2-loihi"):
        BACKEND.run("nxsdk", tmp_path / "bundle", found, random_spikes(PROGRAM, 0, 1, 2), time_limit=1)


def test_an_engine_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNC_ENGINES", str(tmp_path / "none"))
    found = emitted(PROGRAM, tmp_path / "bundle")
    with pytest.raises(UserError, match="snnc targets install loihi1"):
        BACKEND.run(
            "nengo-loihi", tmp_path / "bundle", found, random_spikes(PROGRAM, 0, 1, 2), time_limit=1
        )
    assert all(not e.installed and e.how_to_install for e in BACKEND.engines())
