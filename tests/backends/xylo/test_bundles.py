"""Whole bundles: a real recurrent network, altered payloads, what may go in, what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.xylo import XyloBackend
from snnc.backends.xylo.emit import FILES
from snnc.backends.xylo.engine import read
from snnc.errors import UserError
from snnc.ir import pack_arrays, unpack_arrays
from snnc.sim import simulate
from snnc.verify.compare import compare
from tests.by_options import compile_model, verify_bundle

from .engines import need_xylosim, run
from .networks import random_program, random_spikes
from .test_checks import chain, changed

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "nir"
BRAILLE = DATA / "braille_noDelay_bias_zero.nir"
recordings = pytest.mark.skipif(not BRAILLE.exists(), reason=f"{BRAILLE} is not there")


@recordings
def test_the_braille_network_arrives_on_xylosim(tmp_path: Path) -> None:
    """12-38-7 with recurrence, from NIR: every population equal over 24 samples of 60 steps."""
    pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")
    need_xylosim()
    compiled = compile_model(BRAILLE, "xylo", tmp_path / "out", dt=1e-4)
    codes = {note.code for note in compiled.notes}
    assert {"N745", "N746", "N748", "N749"} <= codes
    rng = np.random.default_rng(2)
    frames = rng.random((24, 60, 12)) < rng.uniform(0.02, 0.5, (24, 1, 1))
    np.savez(tmp_path / "data.npz", x=frames.astype(np.uint8))
    done = verify_bundle(tmp_path / "out", data=tmp_path / "data.npz", engine="xylosim", samples=24)
    assert done.comparison.mismatches == 0
    spiking = [p for p in done.comparison.populations if p.quantity == "spikes"]
    assert all(p.spikes for p in spiking) and len(spiking) == 4


def test_the_same_program_gives_the_same_bytes_and_no_difference(tmp_path: Path) -> None:
    program = random_program(1)
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        emitted = XyloBackend().emit(program, folder)
        assert XyloBackend().differences(program, folder, emitted) == []
    for name in (*FILES.values(), "README.md"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


@pytest.mark.parametrize("array", ["weights_rec", "threshold", "dash_mem", "bias_hidden"])
def test_an_altered_value_is_found(array: str, tmp_path: Path) -> None:
    program = chain()
    emitted = XyloBackend().emit(program, tmp_path)
    path = tmp_path / FILES["specification"]
    arrays = dict(unpack_arrays(path.read_bytes()))
    arrays[array] = arrays[array].copy()
    arrays[array].flat[0] += 1
    path.write_bytes(pack_arrays(arrays))
    (found,) = XyloBackend().differences(program, tmp_path, emitted)
    assert array in found and "compiled" in found


def test_a_moved_population_is_found(tmp_path: Path) -> None:
    program = random_program(3)
    emitted = XyloBackend().emit(program, tmp_path)
    path = tmp_path / FILES["mapping"]
    data = json.loads(path.read_text())
    data["late"] += 1
    path.write_text(json.dumps(data))
    assert XyloBackend().differences(program, tmp_path, emitted)


@pytest.mark.parametrize(
    ("role", "edit"),
    [
        ("mapping", {"format": 2}),
        ("mapping", {"late": -1}),
        ("mapping", {"populations": []}),
        ("mapping", {"readout": {"name": "readout", "hears": ["nobody"]}}),
        ("mapping", {"readout": {"name": "readout", "hears": []}}),
        ("specification", {"weights_in": np.full((4, 6), 200)}),
        ("specification", {"weights_in": np.full((4, 5), 2)}),
        ("specification", {"dash_syn": np.full(6, 16)}),
        ("specification", {"threshold": np.zeros(6, np.int64)}),
        ("specification", {"threshold": np.full(6, 1.5)}),
    ],
)
def test_a_damaged_payload_is_never_run(role: str, edit: dict[str, object], tmp_path: Path) -> None:
    emitted = XyloBackend().emit(chain(), tmp_path)
    path = tmp_path / FILES[role]
    if role == "mapping":
        path.write_text(json.dumps({**json.loads(path.read_text()), **edit}))
    else:
        arrays = {**unpack_arrays(path.read_bytes()), **edit}
        path.write_bytes(pack_arrays({k: np.asarray(v) for k, v in arrays.items()}))
    with pytest.raises((ValueError, KeyError, TypeError, UserError)):
        read(tmp_path, emitted.files)


def test_input_that_the_chip_cannot_take(tmp_path: Path) -> None:
    need_xylosim()
    program = chain()
    for value, code in ((16, "D520"), (-1, "D470")):
        spikes = np.zeros((1, 3, 4), np.int64)
        spikes[0, 1, 2] = value
        with pytest.raises(UserError, match=f"{code}.*{abs(value)}"):
            run(program, spikes, tmp_path / str(value))
    spikes = np.zeros((1, 30, 4), np.int64)
    spikes[0, 1] = 15
    got = run(program, spikes, tmp_path / "most")
    assert compare(program, simulate(program, spikes), got).mismatches == 0
    assert got.spikes["hidden"].any()


def test_a_late_chip_begins_with_the_biases(tmp_path: Path) -> None:
    """Input that starts at step 5: biases may begin up to step 6, and are the same on xylosim."""
    need_xylosim()
    program = changed(chain(), "hidden", bias_mantissa=np.asarray(30), bias_start=6)
    populations = [p for p in program.populations if p.name != "input"]
    late = type(program.input)(**{**vars(program.input), "start": 5})
    program = type(program)("late", 1, (late, *populations), program.projections)
    assert list(XyloBackend().check(program)) == []
    spikes = np.zeros((2, 40, 4), np.int64)
    spikes[:, 5:] = random_spikes(program, 0, 2, 35)
    got = run(program, spikes, tmp_path / "good")
    assert compare(program, simulate(program, spikes), got).mismatches == 0
    spikes[0, 3, 1] = 1
    with pytest.raises(UserError, match="D454"):
        run(program, spikes, tmp_path / "early")


def test_hidden_neurons_that_the_host_reads_are_named(tmp_path: Path) -> None:
    notes = XyloBackend().emit(chain(), tmp_path).notes
    assert not [n for n in notes if n.code == "N747"]
    shutil.rmtree(tmp_path / "xylo")
    hidden = changed(chain(), "out", constants=chain().by_name["hidden"].neuron.constants)  # type: ignore[union-attr]
    (note,) = [n for n in XyloBackend().emit(hidden, tmp_path).notes if n.code == "N747"]
    assert "3 of out" in note.what


def test_saturation_on_the_example_is_a_warning(tmp_path: Path) -> None:
    example = np.full((1, 8, 4), 15, np.int64)
    quiet, loud = tmp_path / "quiet", tmp_path / "loud"
    quiet.mkdir()
    loud.mkdir()
    (note,) = XyloBackend().emit(chain(), quiet, example).notes
    assert note.code == "N749" and note.severity.value == "note" and "of 32767" in note.what
    first, *rest = chain().projections
    strong = type(first)(**{**vars(first), "exponent": 6})
    program = type(chain())("loud", 1, chain().populations, (strong, *rest))
    heavy = XyloBackend().emit(program, loud, example * 8)
    assert any(n.code == "N749" and n.severity.value == "warning" for n in heavy.notes)
    (counts,) = [n for n in heavy.notes if n.code == "N743"]
    assert "120 spikes" in counts.what and "takes 15" in counts.what
