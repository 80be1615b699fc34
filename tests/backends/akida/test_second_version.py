"""Akida 2.0: its activation beside the program's, what it refuses, its values, a planted mistake."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.small_digits import data
from snnc.backends.akida import AkidaBackend, reading, shifted
from snnc.backends.akida.chips import chip_of
from snnc.backends.akida.conformance import Akida2Conformance
from snnc.backends.akida.emit import FILES
from snnc.backends.akida.installed import AKIDA_SOFTWARE
from snnc.backends.akida.layout import CONVOLUTION, chain_of
from snnc.backends.akida.stored import Activation, activation, stored, stored_in
from snnc.conformance.builder import Network, single
from snnc.errors import Diagnostic, UserError
from snnc.ir import Linear, Program, pack_arrays, unpack_arrays
from snnc.sim import simulate
from snnc.verify.compare import compare
from tests.by_options import compile_model, verify_bundle

from .engines import need_akida, run
from .networks import random_program, random_spikes
from .random_programs import SAMPLES, STEPS, differing

DEVICE = "six-nodes-ipv2"
CHIP, KIT = chip_of(DEVICE), Akida2Conformance.kit
MODEL = Path(data.__file__).with_name("model.pt")


def found(program: Program) -> list[Diagnostic]:
    """Everything that is said against it."""
    return list(AkidaBackend(device=DEVICE).check(program))


def simple(**changes: Any) -> Program:
    """Input, one population, readout."""
    return single(KIT, 1, **changes).built().program


ACCEPTED = [s for s in range(40) if not found(random_program(s, DEVICE))]
HIDDEN = next(s for s in ACCEPTED if len(random_program(s, DEVICE).populations) > 3)
"""A random program with two hidden populations or more."""


@pytest.mark.parametrize("seed", ACCEPTED[:12])
def test_akida_agrees_with_the_reference(seed: int) -> None:
    need_akida()
    wrong, values = differing(seed, DEVICE)
    assert wrong == 0 and values


def test_random_programs_use_everything() -> None:
    """Counted on the layout and the reference simulator alone."""
    used: set[str] = set()
    for seed in ACCEPTED:
        program = random_program(seed, DEVICE)
        chain = chain_of(program, CHIP)
        used |= {"loops"} if chain is None else {"chain", *(p.kind for p in chain.places)}
        if chain is not None:
            used |= {"turned"} if chain.turned else set()
            used |= {"maps into dense" for p in chain.places if p.maps and p.kind != CONVOLUTION}
        trace = simulate(program, random_spikes(program, seed, SAMPLES, STEPS, DEVICE))
        for p in program.populations:
            if p.neuron is not None and p.neuron.threshold is not None:
                top = p.neuron.levels
                used |= {f"{top} levels"} if (trace.spikes[p.name] == top).any() else set()
                worth = stored_in(program, p.name, CHIP).power
                made = shifted.shifted(activation(p.neuron, worth))
                used |= {"shifted bias"} if np.any(made.bias_shift) else set()
                used |= {"no shift"} if np.any(made.shift == 0) else set()
                used |= {"rounded sums"} if worth < 0 else set()
    wanted = {"chain", "loops", "convolution", "dense", "turned", "maps into dense", "1 levels"}
    wanted |= {"5 levels", "15 levels", "127 levels", "shifted bias", "no shift", "rounded sums"}
    assert wanted <= used
    assert len(ACCEPTED) >= 20


def test_the_activation_is_the_documented_one() -> None:
    """The bias, the cut and the rounded shift, in numpy, beside the program's own arithmetic."""
    z = np.arange(-3000, 3000)
    for k, constant, levels in (
        (0, 5, 3),
        (4, 0, 127),
        (4, 8, 15),
        (7, -60, 5),
        (10, 512 + 96 * 64, 127),
    ):
        act = Activation(np.asarray(1 << k), np.asarray(constant), 0, odd=False)
        made = shifted.shifted(act)
        assert made.lost == 0 and made.shift == k
        y = np.clip(z + (made.bias << made.bias_shift), 0, levels << k)
        rounded = np.floor(y / 2**k + 0.5).astype(int)
        assert np.array_equal(rounded, np.clip((z + constant) >> k, 0, levels))


@pytest.mark.parametrize(
    ("code", "changes", "said"),
    [
        ("D481", {"levels": 128}, "128 levels, akida{device=six-nodes-ipv2} has 1 to 127"),
        ("D486", {"threshold": np.asarray(24)}, "24 units, akida has powers of two, 16 and 32"),
        ("D406", {"threshold": np.asarray(2**27)}, "exceeds 67108864"),
        ("D409", {"bias_mantissa": np.asarray(-128)}, "bias mantissa 128 exceeds 127"),
        (
            "D487",
            {"bias_mantissa": np.asarray(127), "bias_exponent": 4, "start_value": np.asarray(1)},
            "a",
        ),
        ("D480", {"clear_interval": 0}, "keeps its potential for all steps"),
    ],
)
def test_neurons_that_akida_has_not(code: str, changes: dict[str, Any], said: str) -> None:
    (only,) = found(simple(**changes))
    assert only.code == code and said in only.what and only.help and only.where


def test_a_bias_of_more_than_eight_bits_has_both_numbers() -> None:
    """Half a threshold of 128 goes off: 2032 - 64 + 1."""
    changes = {"bias_mantissa": np.asarray(127), "bias_exponent": 4, "start_value": np.asarray(1)}
    (only,) = found(simple(**changes))
    assert only.what == "a bias of 1969 units, akida has 1968, the next below"


def test_weights_are_whole_numbers_of_eight_bits() -> None:
    for values, code in (([254, -254], ""), ([256, 254], "D414"), ([256, -128], "")):
        network = Network(KIT, 2)
        network.input(1)
        network.neurons("hidden", 2)
        network.readout(2)
        network.connect("input", "hidden", Linear(np.asarray(values, np.int64)[:, None]), bits=9)
        network.connect("hidden", "readout")
        told = [d.code for d in found(network.built().program) if d.code != "D413"]
        assert told == ([code] if code else [])


def test_a_unit_is_never_worth_more_than_a_level() -> None:
    """Even weights and a threshold of 1: nothing is taken out of the weights."""
    network = Network(KIT, 3)
    network.input(1)
    network.neurons("hidden", 2, threshold=np.asarray(1))
    network.readout(2)
    network.connect("input", "hidden", Linear(np.asarray([[8], [-16]])), exponent=-1)
    network.connect("hidden", "readout")
    program = network.built().program
    assert stored(program.into("hidden")).power == 2
    assert stored_in(program, "hidden", CHIP).power == 0
    assert found(program) == []


def test_sums_stay_in_the_buffer() -> None:
    network = single(KIT, 6, neurons=2)
    network.of("hidden")
    program = network.built().program
    assert found(program) == []
    network = Network(KIT, 6)
    network.input(2000)
    network.neurons("hidden", 2, threshold=np.asarray(128), state_bits=32)
    network.readout(2)
    weights = np.full((2, 2000), 255, np.int64) - 1
    network.connect("input", "hidden", Linear(weights), exponent=-6)
    network.connect("hidden", "readout")
    assert found(network.built(samples=1, steps=2).program) == []
    network = Network(KIT, 6)
    network.input(2049)
    network.neurons("hidden", 2, threshold=np.asarray(128), state_bits=32)
    network.readout(2)
    network.connect("input", "hidden", Linear(np.full((2, 2049), 2, np.int64)))
    network.connect("hidden", "readout")
    (only,) = found(network.built(samples=1, steps=2).program)
    assert only.code == "D401" and "2049 exceeds 2048" in only.what


@pytest.mark.parametrize("bits", [8, 4])
def test_the_digits_network_keeps_every_value(bits: int, tmp_path: Path) -> None:
    """The target's own passes give thresholds of powers of two and biases that fit."""
    data.write_test(tmp_path / "test.npz")
    bundle, target = tmp_path / "net", f"akida{{device={DEVICE}}}"
    compile_model(MODEL, target, bundle, calibration=tmp_path / "test.npz", weight_bits=bits)
    need_akida()
    done = verify_bundle(bundle, data=tmp_path / "test.npz", samples=10)
    assert done.comparison.mismatches == 0
    assert {m.name for m in done.measured} >= {"processors used", "program"}


@pytest.mark.parametrize(
    "array", ["weights_0", "layer_bias_0", "bias_shift_0", "shift_0", "max_value_0"]
)
def test_an_altered_value_is_found(array: str, tmp_path: Path) -> None:
    program, backend = random_program(HIDDEN, DEVICE), AkidaBackend(device=DEVICE)
    emitted = backend.emit(program, tmp_path)
    assert backend.differences(program, tmp_path, emitted) == []
    path = tmp_path / FILES["layers"]
    arrays: Any = unpack_arrays(path.read_bytes())
    arrays[array].ravel()[0] += 1
    path.write_bytes(pack_arrays(arrays))
    assert array in backend.differences(program, tmp_path, emitted)[0]


@pytest.mark.parametrize(
    ("array", "value"), [("shift_0", 27), ("bias_shift_0", 31), ("max_value_0", 128)]
)
def test_what_no_program_has_is_not_run(array: str, value: int, tmp_path: Path) -> None:
    AkidaBackend(device=DEVICE).emit(random_program(HIDDEN, DEVICE), tmp_path)
    reading.read(tmp_path)
    path = tmp_path / FILES["layers"]
    arrays: Any = unpack_arrays(path.read_bytes())
    arrays[array].ravel()[0] = value
    path.write_bytes(pack_arrays(arrays))
    with pytest.raises(UserError) as refused:
        reading.read(tmp_path)
    assert (
        refused.value.diagnostics[0].code == "D144" and str(value) in refused.value.diagnostics[0].what
    )


def _floored(act: Activation) -> shifted.Shifted:
    """As if the shift to the right rounded down."""
    made = SHIFTED(act)
    return shifted.Shifted(made.shift, made.wanted, made.bias + (made.shift > 0), made.bias_shift)


SHIFTED = shifted.shifted


def test_a_planted_mistake_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit of the bias, in one program of the random ones, shows in the values."""
    need_akida()
    seed = HIDDEN
    program = random_program(seed, DEVICE)
    spikes = random_spikes(program, seed, SAMPLES, STEPS, DEVICE)
    expected = simulate(program, spikes, states=True)
    monkeypatch.setattr(import_module("snnc.backends.akida.emit"), "shifted", _floored)
    assert compare(program, expected, run(program, spikes, DEVICE), potentials=True).mismatches > 0


@pytest.mark.parametrize(("count", "code"), [(128, "D520"), (-129, "D470")])
def test_counts_that_the_input_cannot_carry(count: int, code: str, tmp_path: Path) -> None:
    need_akida()
    program, backend = random_program(HIDDEN, DEVICE), AkidaBackend(device=DEVICE)
    emitted = backend.emit(program, tmp_path)
    spikes = np.full((1, 3, *program.input.shape), count, np.int64)
    with pytest.raises(UserError) as refused:
        backend.run(AKIDA_SOFTWARE, tmp_path, emitted, spikes, time_limit=60)
    assert refused.value.diagnostics[0].code == code
