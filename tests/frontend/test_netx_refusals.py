"""Files of lava-dl that are damaged, or hold what no program can say: one message, which names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.errors import Diagnostic, UserError
from snnc.frontend import ModelSource, load_model

from .netx_files import Layers, conv, dense, layer, neuron, written

Change = Callable[[Layers], Any]


def network() -> Layers:
    rng = np.random.default_rng(0)
    return [
        layer("input", (2, 7, 5), **neuron()),
        conv(rng, 2, (3, 3, 6)),
        layer("flatten", (54, 1, 1)),
        dense(rng, 54, 4),
    ]


def put(number: int, name: str, value: Any) -> Change:
    return lambda layers: layers[number].update({name: value})


def drop(number: int, name: str) -> Change:
    return lambda layers: layers[number].pop(name)


def refusal(path: Path, layers: Layers, **options: Any) -> tuple[Diagnostic, ...]:
    with pytest.raises(UserError) as caught:
        ModelSource(written(path / "net.net", layers), **options).load_integers()
    return caught.value.diagnostics


DAMAGED: dict[str, tuple[Change, str]] = {
    "no type": (drop(1, "type"), "layer/1/type"),
    "a type that is a number": (put(1, "type", 7), "layer/1/type"),
    "a type that is no ASCII": (put(1, "type", np.array([b"c\xff"])), "layer/1/type"),
    "no shape": (drop(3, "shape"), "layer/3/shape"),
    "a shape of two": (put(3, "shape", np.array([4, 1])), "layer/3/shape"),
    "a shape with a zero": (put(3, "shape", np.array([0, 1, 1])), "layer/3/shape"),
    "a shape without end": (put(0, "shape", np.array([2**20] * 3)), "layer/0/shape"),
    "another shape": (put(1, "shape", np.array([3, 6, 3])), "layer/1/shape"),
    "a layer is missing": (lambda layers: layers[2].clear(), "layer"),
    "no weights": (drop(3, "weight"), "layer/3/weight"),
    "weights that are text": (put(3, "weight", b"heavy"), "layer/3/weight"),
    "weights of another shape": (put(3, "weight", np.zeros((4, 53))), "layer/3/weight"),
    "weights that are nothing": (put(3, "weight", np.zeros((0, 54))), "layer/3/weight"),
    "weights that are infinite": (put(3, "weight", np.full((4, 54), np.inf)), "layer/3/weight"),
    "weights that are no numbers": (put(3, "weight", np.full((4, 54), np.nan)), "layer/3/weight"),
    "weights too large": (put(3, "weight", np.full((4, 54), 2.0**40)), "layer/3/weight"),
    "kernels without axes": (put(1, "weight", np.zeros(12)), "layer/1/weight"),
    "kernels of other channels": (put(1, "weight", np.zeros((3, 5, 3, 2))), "layer/1/weight"),
    "kernels that are too large": (put(1, "weight", np.zeros((3, 2, 9, 9))), "layer/1/weight"),
    "a stride of 0": (put(1, "stride", np.array([0, 1])), "layer/1/stride"),
    "three strides": (put(1, "stride", np.array([1, 1, 1])), "layer/1/stride"),
    "no padding": (drop(1, "padding"), "layer/1/padding"),
    "groups that do not divide": (put(1, "groups", 2), "layer/1/weight"),
    "no threshold": (drop(1, "neuron/vThMant"), "layer/1/neuron/vThMant"),
    "a threshold of 0": (put(1, "neuron/vThMant", 0), "layer/1/neuron/vThMant"),
    "thresholds for others": (put(1, "neuron/vThMant", np.array([1, 2])), "layer/1/neuron/vThMant"),
    "one channel that never fires": (
        put(1, "neuron/vThMant", np.array([80, 80, 131071])),
        "layer/1/neuron/vThMant",
    ),
    "a current that keeps all": (put(1, "neuron/iDecay", 0), "layer/1/neuron/iDecay"),
    "a current's decay beyond": (put(1, "neuron/iDecay", 4097), "layer/1/neuron/iDecay"),
    "a decay beyond": (put(1, "neuron/vDecay", 4097), "layer/1/neuron/vDecay"),
    "no type of neurons": (drop(1, "neuron/type"), "layer/1/neuron/type"),
    "silent in the middle": (put(1, "neuron/vThMant", 131071), "layer/1/neuron"),
    "biases for others": (put(3, "bias", np.zeros(3)), "layer/3/bias"),
    "delays for others": (put(3, "delay", np.zeros(5)), "layer/3/delay"),
    "delays before now": (put(3, "delay", np.array([0, -1, 0, 0])), "layer/3/delay"),
    "a convolution of a flat layer": (lambda layers: layers.insert(1, layers.pop(2)), "layer/2/type"),
    "an input in between": (put(2, "type", b"input"), "layer/2/type"),
    "nothing but input": (lambda layers: layers.__delitem__(slice(1, 4)), "layer"),
    "groups of no size": (lambda layers: layers.append(layer("average", (3,))), "layer/4/shape"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_named(tmp_path: Path, case: str) -> None:
    change, where = DAMAGED[case]
    layers = network()
    change(layers)
    (found,) = refusal(tmp_path, layers)
    assert found.code == "D640" and found.where.endswith(f"net.net: {where}"), found


OTHER: dict[str, tuple[Change, str, str]] = {
    "sigma-delta": (put(1, "neuron/type", b"SDNN"), "D641", "4096 for 1"),
    "resonate": (put(1, "neuron/type", b"RF_PHASE"), "D641", "complex"),
    "adaptive": (put(1, "neuron/type", b"ALIF"), "D641", "threshold"),
    "unknown": (put(1, "neuron/type", b"HODGKIN"), "D641", "docs/numerics.md"),
    "refractory": (put(1, "neuron/refDelay", 2), "D641", "silent"),
    "a weight exponent": (put(1, "neuron/wgtExp", -1), "D641", "ignores"),
    "graded spikes": (put(1, "neuron/gradedSpike", True), "D641", "ignores"),
    "decays of each neuron": (put(1, "neuron/vDecay", np.array([1, 2, 3])), "D641", "one"),
    "transposed": (put(1, "type", b"convT"), "D641", "reader"),
    "delays of a convolution": (put(1, "delay", np.array([0, 2, 0])), "D641", "ignores"),
    "fractions": (put(3, "weight", np.full((4, 54), 0.5)), "D642", "cut"),
    "a delay too long": (put(3, "delay", np.full(4, 63)), "D643", "cut"),
}


@pytest.mark.parametrize("case", OTHER)
def test_what_cannot_be_said_is_named_with_the_reason(tmp_path: Path, case: str) -> None:
    change, code, reason = OTHER[case]
    layers = network()
    change(layers)
    (found,) = refusal(tmp_path, layers)
    assert found.code == code and reason in found.why and found.help


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stride", [2, 2]),
        ("padding", [1, 0]),
        ("dilation", [1, 2]),
        ("weight", np.ones((1, 1, 2, 2))),
    ],
)
def test_pools_that_mix_channels_are_refused(tmp_path: Path, field: str, value: Any) -> None:
    how = {"stride": [3, 2], "padding": [0, 0], "dilation": [1, 1], "weight": np.ones((1, 1, 3, 2))}
    how[field] = value
    pool = layer("pool", (2, 2, 2), **{name: np.array(v) for name, v in how.items()}, **neuron())
    (found,) = refusal(tmp_path, [layer("input", (2, 6, 4)), pool])
    assert found.code == "D641" and "mix" in found.why


@pytest.mark.parametrize("shape", [(2, 7, 4), (2, 6, 5)])
def test_pools_have_to_divide(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    how = {"stride": [3, 2], "padding": [0, 0], "dilation": [1, 1], "weight": np.ones((1, 1, 3, 2))}
    pool = layer("pool", (2, 2, 2), **{name: np.array(v) for name, v in how.items()}, **neuron())
    (found,) = refusal(tmp_path, [layer("input", shape), pool])
    assert found.code == "D641" and "do not divide" in found.what


def test_all_that_is_not_supported_is_said_at_once(tmp_path: Path) -> None:
    layers = network()
    layers[0]["neuron/type"] = layers[1]["neuron/type"] = b"ALIF"
    layers[3]["neuron/refDelay"] = 3
    layers.append(layer("concat", (3,)))
    found = refusal(tmp_path, layers)
    assert [d.code for d in found] == ["D641"] * 3
    assert any("layer/0/neuron" in d.where and "layer/1" in d.where for d in found)


def test_what_needs_real_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_model(written(tmp_path / "net.net", network()))
    assert [d.code for d in caught.value.diagnostics] == ["D644"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"dt": 1e-3}, "D118"),
        ({"input_shape": "2,7,5"}, "D121"),
        ({"module": "a:b"}, "D121"),
        ({"reset_interval": 0}, "D305"),
        ({"reset_interval": 2**16 + 1}, "D305"),
    ],
)
def test_options_that_are_for_others(tmp_path: Path, options: dict[str, Any], code: str) -> None:
    (found,) = refusal(tmp_path, network(), **options)
    assert found.code == code
