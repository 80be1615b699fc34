"""What Akida refuses, by name, and what it lays out in another way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnc.backends.akida import AkidaBackend
from snnc.backends.akida.chips import chip_of
from snnc.backends.akida.conformance import AkidaConformance
from snnc.backends.akida.emit import emit
from snnc.backends.akida.layout import chain_of, frame_size
from snnc.backends.akida.stored import activation, stored
from snnc.conformance.builder import Network, single
from snnc.errors import Diagnostic
from snnc.ir import Code, Conv2d, Linear, Program

KIT = AkidaConformance.kit
CHIP = chip_of("akd1000")


def found(program: Program) -> list[Diagnostic]:
    """Everything that is said against it."""
    return list(AkidaBackend().check(program))


def simple(**changes: Any) -> Program:
    """Input, one population, readout."""
    return single(KIT, 1, **changes).built().program


def with_weights(values: list[int], exponent: int = -5, bits: int = 4) -> Program:
    """A chain whose first connection has these weights, one neuron each."""
    network = Network(KIT, 2)
    network.input(1)
    network.neurons("hidden", len(values))
    network.readout(2)
    weights = Linear(np.asarray(values, np.int64)[:, None])
    network.connect("input", "hidden", weights, exponent=exponent, bits=bits)
    network.connect("hidden", "readout")
    return network.built().program


@pytest.mark.parametrize(
    ("code", "changes", "said"),
    [
        ("D480", {"code": Code.RATE, "levels": 0, "clear_interval": 0}, "its code is rate"),
        ("D480", {"clear_interval": 0}, "keeps its potential for all steps"),
        ("D480", {"bias_interval": 3, "bias_mantissa": np.asarray(2)}, "every 3 steps"),
        ("D481", {"levels": 8}, "8 levels, akida has 1, 3 or 15"),
        ("D406", {"threshold": np.asarray(65536)}, "65536 exceeds 65535"),
        ("D409", {"bias_mantissa": np.asarray(2**19 + 16)}, "exceeds 524287"),
    ],
)
def test_neurons_that_akida_has_not(code: str, changes: dict[str, Any], said: str) -> None:
    (only,) = found(simple(**changes))
    assert only.code == code and said in only.what and only.help and only.where


def test_a_frame_of_several_steps() -> None:
    (only,) = found(replace(simple(), steps_per_frame=4))
    assert only.code == "D482" and "4 steps" in only.what


def test_weights_are_whole_numbers_up_to_seven() -> None:
    assert found(with_weights([-224, 224, 0])) == []
    (only,) = found(with_weights([-256, 224]))
    assert only.code == "D414" and "up to 8" in only.what
    # What counts is what is left without the power of two that all have.
    assert found(with_weights([-256, 128])) == []
    told = found(with_weights([-256, 2], bits=8))
    assert {d.code for d in told} == {"D413", "D414"}


def test_one_scale_for_all_connections() -> None:
    network = single(KIT, 3)
    network.connect("input", "hidden", exponent=-4)
    assert found(network.built().program)[0].code == "D414"
    network = single(KIT, 3)
    network.projections.clear()
    for _ in range(2):
        ones = Linear(np.full((9, 7), 32, np.int64))
        network.connect("input", "hidden", ones, exponent=-7)
    network.connect("hidden", "readout")
    assert [d.code for d in found(network.built().program)] == ["D483"]


def test_thresholds_are_whole_units() -> None:
    program = with_weights([32, 64], exponent=0)
    (only,) = found(program)
    assert only.code == "D484" and only.what == "a threshold that is not a multiple of 32"


def test_the_activation_is_the_documented_one() -> None:
    """T + (n - 1) s < z <= T + n s gives n: beside the program's own arithmetic, for every sum."""
    for threshold, start, bias, exponent in (
        (16, 0, 3, -5),
        (6, 5, -9, -5),
        (7, 2, 1, -7),
        (24, 3, 1, -4),
    ):
        program = simple(
            threshold=np.asarray(threshold),
            start_value=np.asarray(start),
            bias_mantissa=np.asarray(bias),
        )
        p = replace(program.projections[0], exponent=exponent)
        power = stored((p,)).power
        act = activation(program.by_name["hidden"].dynamics, power)
        for z in range(-300, 300):
            potential = (z << power if power >= 0 else z >> -power) + start + bias
            level = int(np.clip(potential // threshold, 0, 15))
            chip = int(np.clip(-((-(z - int(act.threshold))) // int(act.step)), 0, 15))
            assert level == chip, (threshold, start, bias, power, z)


def _maps(kernel: int, stride: int, padding: int, side: int = 6) -> Program:
    network = Network(KIT, 4)
    network.input(2, side, side)
    op = Conv2d(
        network.drawn(3, 2, kernel, kernel), None, stride=(stride, stride), padding=(padding, padding)
    )
    network.neurons("maps", *op.out_shape((2, side, side)))
    network.readout(2)
    network.connect("input", "maps", op)
    shape = network.of("maps").shape
    network.connect("maps", "readout", Linear(network.drawn(2, int(np.prod(shape)))))
    return network.built().program


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "side", "kind", "turned"),
    [
        (3, 1, 1, 6, "convolution", False),
        (1, 1, 0, 6, "convolution", False),
        (3, 2, 1, 5, "convolution", False),
        (3, 2, 1, 6, "convolution", True),  # torch pads at the upper left, the chip at the lower right
        (3, 1, 0, 6, "dense", False),
        (5, 2, 2, 6, "dense", False),
        (2, 2, 0, 6, "dense", False),
    ],
)
def test_convolutions_that_the_chip_has(
    kernel: int, stride: int, padding: int, side: int, kind: str, turned: bool
) -> None:
    chain = chain_of(_maps(kernel, stride, padding, side), CHIP)
    assert chain is not None and chain.places[0].kind == kind and chain.turned == turned
    assert bool(chain.places[0].why_dense) == (kind == "dense")


def test_what_becomes_dense_or_is_closed_by_the_host_is_said(tmp_path: Any) -> None:
    notes = emit(_maps(2, 2, 0), tmp_path, "akd1000").notes
    assert [n.code for n in notes] == ["N798"] and "dense layer of 1944 weights" in notes[0].what
    network = single(KIT, 5)
    network.connect("hidden", "hidden")
    program = network.built().program
    assert frame_size(program) == (16, 9)
    notes = emit(program, tmp_path, "akd1000").notes
    assert [n.code for n in notes] == ["N797"] and "16 inputs and 9 units" in notes[0].what


def test_sizes() -> None:
    network = single(KIT, 6, neurons=3000)
    network.connect("hidden", "hidden", Linear(np.zeros((3000, 3000), np.int64)))
    assert found(network.built(samples=1, steps=2).program) == []
    network.connect("hidden", "hidden", Linear(np.zeros((3000, 3000), np.int64)))
    (only,) = found(network.built(samples=1, steps=2).program)
    assert only.code == "D402" and "18021000 exceeds 16777216" in only.what
