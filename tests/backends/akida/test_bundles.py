"""Whole bundles: the shipped digits network, altered payloads, planted mistakes, what may go in."""

from __future__ import annotations

import json
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.small_digits import data
from snnc.backends.akida import AkidaBackend, layout, reading
from snnc.backends.akida.chips import Chip, chip_of
from snnc.backends.akida.conformance import AkidaConformance
from snnc.backends.akida.emit import FILES
from snnc.backends.akida.installed import AKIDA_SOFTWARE, ENVIRONMENT
from snnc.conformance.builder import Network
from snnc.errors import UserError
from snnc.ir import Linear, pack_arrays, unpack_arrays
from snnc.sim import simulate
from snnc.verify.compare import compare
from tests.by_options import compile_model, verify_bundle

from .engines import need_akida, run
from .networks import random_program, random_spikes

MODEL = Path(data.__file__).with_name("model.pt")
TURNED = next(
    s
    for s in range(99)
    if (c := layout.chain_of(random_program(s), chip_of("akd1000"))) is not None and c.turned
)
"""A random program whose maps are turned."""


def test_the_same_program_gives_the_same_bytes_and_no_difference(tmp_path: Path) -> None:
    for seed in (TURNED, 2):
        program = random_program(seed)
        folders = [tmp_path / f"{seed}{which}" for which in "ab"]
        for folder in folders:
            folder.mkdir()
            emitted = AkidaBackend().emit(program, folder)
            assert AkidaBackend().differences(program, folder, emitted) == []
        for name in (*FILES.values(), "README.md"):
            first, second = ((folder / name).read_bytes() for folder in folders)
            assert first == second


@pytest.mark.parametrize("array", ["weights_0", "threshold_0", "act_step_0", "readout_bias"])
def test_an_altered_value_is_found(array: str, tmp_path: Path) -> None:
    program = random_program(TURNED)
    emitted = AkidaBackend().emit(program, tmp_path)
    path = tmp_path / FILES["layers"]
    arrays: Any = unpack_arrays(path.read_bytes())
    arrays[array].ravel()[0] += 1
    path.write_bytes(pack_arrays(arrays))
    assert array in AkidaBackend().differences(program, tmp_path, emitted)[0]


def test_an_altered_script_is_found_and_never_runs(tmp_path: Path) -> None:
    """The engine runs this snnc's own script on the bundle's data."""
    program = random_program(2)
    emitted = AkidaBackend().emit(program, tmp_path)
    (tmp_path / FILES["script"]).write_text("raise SystemExit('a stranger')\n")
    assert "another file" in AkidaBackend().differences(program, tmp_path, emitted)[0]
    need_akida()
    spikes = random_spikes(program, 2, 1, 4)
    AkidaBackend().run(AKIDA_SOFTWARE, tmp_path, emitted, spikes, time_limit=60)


def test_the_digits_network_keeps_every_value(tmp_path: Path) -> None:
    """16-64-64-10 with plain ReLUs, 4-bit weights and 15 levels, on both devices."""
    need_akida()
    data.write_test(tmp_path / "test.npz")
    for device in ("akd1000", "akd1500"):
        bundle = tmp_path / device
        compile_model(MODEL, f"akida{{device={device}}}", bundle, calibration=tmp_path / "test.npz")
        done = verify_bundle(bundle, data=tmp_path / "test.npz", samples=10)
        assert done.comparison.mismatches == 0
        assert {m.name for m in done.measured} >= {"processors used", "program"}


def test_the_script_of_a_bundle_runs_as_its_readme_says(tmp_path: Path) -> None:
    need_akida()
    data.write_test(tmp_path / "test.npz")
    compile_model(MODEL, "akida", tmp_path / "net", calibration=tmp_path / "test.npz")
    with np.load(tmp_path / "test.npz") as found:
        np.savez(tmp_path / "frames.npz", x=found["x"][:3])
    script, files = tmp_path / "net" / FILES["script"], ("frames.npz", "answers.npz")
    python = str(ENVIRONMENT.interpreter)
    command = [python, "-I", str(script), *(str(tmp_path / name) for name in files)]
    subprocess.run(command, check=True, capture_output=True)
    verified = verify_bundle(tmp_path / "net", data=tmp_path / "test.npz", samples=3)
    assert verified.comparison.mismatches == 0
    with np.load(tmp_path / "answers.npz") as found:
        assert found["answers"].shape[:2] == np.load(tmp_path / "frames.npz")["x"].shape[:2]
    mapped = subprocess.run([python, "-I", str(script), "--map"], check=True, capture_output=True)
    assert b"processors" in mapped.stdout


def test_a_network_that_does_not_map_is_refused_with_the_reason() -> None:
    need_akida()
    network = Network(AkidaConformance.kit, 7)
    network.input(512, 8, 8)
    network.neurons("maps", 8, 8, 8)
    network.readout(2)
    network.connect("input", "maps", network.convolution(8, 512, (7, 7), padding=(3, 3)))
    network.connect("maps", "readout", Linear(network.drawn(2, 512)))
    built = network.built(samples=1, steps=2)
    with pytest.raises(UserError) as refused:
        run(built.program, built.spikes, "akd1500")
    (found,) = refused.value.diagnostics
    assert found.code == "D485" and "AKD1500" in found.what and found.why


@pytest.mark.parametrize("device", ["akd1000", "six-nodes-ipv2"])
def test_neurons_of_a_dense_layer_are_not_turned(device: str) -> None:
    """Maps that are turned on the chip, a convolution that becomes dense, and a readout."""
    need_akida()
    network = Network(AkidaConformance.kit, 8)
    network.input(2, 6, 6)
    network.neurons("halved", 3, 3, 3)
    network.neurons("unrolled", 2, 2, 2)
    network.readout(3)
    halved = network.convolution(3, 2, (3, 3), stride=(2, 2), padding=(1, 1))
    network.connect("input", "halved", halved)
    network.connect("halved", "unrolled", network.convolution(2, 3, (2, 2)))
    network.connect("unrolled", "readout", Linear(network.drawn(3, 8)))
    built = network.built()
    chain = layout.chain_of(built.program, chip_of(device))
    assert chain is not None and chain.turned
    assert [place.maps for place in chain.places] == [True, True, False]
    spikes = np.minimum(built.spikes, 15)
    expected = simulate(built.program, spikes, states=True)
    got = run(built.program, spikes, device)
    assert compare(built.program, expected, got, potentials=True).mismatches == 0


def _unturned(place: layout.Place, turned: bool, found: Any, chip: Chip) -> Any:
    return LAYER_WEIGHTS(place, not turned, found, chip)


def _swapped(place: layout.Place, turned: bool, found: Any, chip: Chip) -> Any:
    weights = LAYER_WEIGHTS(place, turned, found, chip)
    return weights.swapaxes(0, 1) if place.kind == layout.CONVOLUTION else weights


LAYER_WEIGHTS = layout.layer_weights


@pytest.mark.parametrize("mistake", [_unturned, _swapped])
def test_a_planted_mistake_is_found(mistake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that are turned over once too often, or lie on their side, show in the values."""
    need_akida()
    program = random_program(TURNED)
    spikes = random_spikes(program, TURNED, 2, 8)
    expected = simulate(program, spikes, states=True)
    assert compare(program, expected, run(program, spikes), potentials=True).mismatches == 0
    monkeypatch.setattr(import_module("snnc.backends.akida.emit"), "layer_weights", mistake)
    assert compare(program, expected, run(program, spikes), potentials=True).mismatches > 0


@pytest.mark.parametrize(("count", "code"), [(16, "D520"), (-1, "D470")])
def test_counts_that_the_input_cannot_carry(count: int, code: str, tmp_path: Path) -> None:
    need_akida()
    program = random_program(2)
    emitted = AkidaBackend().emit(program, tmp_path)
    spikes = np.full((1, 3, *program.input.shape), count, np.int64)
    with pytest.raises(UserError) as refused:
        AkidaBackend().run(AKIDA_SOFTWARE, tmp_path, emitted, spikes, time_limit=60)
    assert refused.value.diagnostics[0].code == code


CHANGES: tuple[tuple[tuple[Any, ...], Any, str], ...] = (
    (("readout", "name"), 3, "name is 3, not a text"),
    (("layers", 0, "units"), 10**9, "wanted i1"),
    (("layers", 0, "given"), [1, 1, 10**6], "a dense layer 57334"),
    (("layers", 0, "act_bits"), 3, "it has 3 bits"),
    (("inputs",), 3, "the layer has not 3 inputs"),
    (("blocks", 0, "source"), "nobody", "there is no 'nobody'"),
    (("populations", 0, "shape"), [2**31 - 1], "size is"),
    (("populations", 0, "power"), 60, "power is 60"),
    (("readout", "state_bits"), 64, "state_bits is 64"),
    (("format",), 2, "format is 2"),
)
"""Places in the description of a network by frame, what a stranger writes there, and what is said."""


@pytest.mark.parametrize(("place", "value", "said"), CHANGES)
def test_an_altered_description_asks_for_no_more_than_there_is(
    place: tuple[Any, ...], value: Any, said: str, tmp_path: Path
) -> None:
    """Refused before anything runs: no engine is needed."""
    program = random_program(2)
    AkidaBackend().emit(program, tmp_path)
    assert reading.read(tmp_path).input == ("x", program.input.shape)
    path = tmp_path / FILES["network"]
    about = json.loads(path.read_text())
    inner = about
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    path.write_text(json.dumps(about))
    with pytest.raises(UserError) as refused:
        reading.read(tmp_path)
    (found,) = refused.value.diagnostics
    assert found.code == "D144" and said in found.what


def test_every_random_payload_is_read_again(tmp_path: Path) -> None:
    for seed in range(30):
        program, folder = random_program(seed), tmp_path / str(seed)
        if list(AkidaBackend().check(program)):
            continue
        folder.mkdir()
        AkidaBackend().emit(program, folder)
        found = reading.read(folder)
        named = {p.name: p.shape for p in program.populations if p.neuron is not None}
        assert found.populations == named
