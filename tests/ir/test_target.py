"""What a target may state, and that passes take it at its word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends import registered_backends
from snnc.backends.akida import AkidaBackend
from snnc.errors import UserError
from snnc.ir import Graph, Limit, LimitName, Reset, Target
from snnc.passes import Context, Pipeline
from tests.passes.networks import counts, rollout

ROOT = Path(__file__).resolve().parents[2]
BEFORE = "fold-batch-norm,fold-linear-chains,match-delays{steps-per-frame=4},encode-input"


def prepared(target: Target, passes: str) -> Graph:
    return Pipeline.parse(f"{BEFORE},{passes}").run(rollout(), Context(target, counts()))


def stating(**limits: int) -> Target:
    return having({}, **limits)


def having(abilities: dict[str, Any], **limits: int) -> Target:
    named = {LimitName[n]: Limit(v, "units", "a test") for n, v in limits.items()}
    return Target("chip", limits=named, **abilities)


@pytest.mark.parametrize("name", LimitName, ids=lambda n: n.name)
def test_a_limit_has_ends(name: LimitName) -> None:
    for value in (name.least, name.most):
        others = {"LOWEST_WEIGHT_EXPONENT": -31} if name is LimitName.WEIGHT_EXPONENT else {}
        assert having({"weight_bits": (1,)}, **{name.name: value}, **others).limit(name) == value
    for value in (name.least - 1, name.most + 1):
        with pytest.raises(ValueError, match=re.escape(f"{name.text} {value} is outside")):
            stating(**{name.name: value})


def test_a_misspelt_limit_is_an_error() -> None:
    limits: Any = {"weight exponnet": Limit(7, "power of 2", "a test")}
    with pytest.raises(ValueError, match="target chip: 'weight exponnet' is not a LimitName"):
        Target("chip", limits=limits)
    assert stating().limit(LimitName.DELAY) is None
    assert stating().limit(LimitName.DELAY, 5) == 5


@pytest.mark.parametrize(
    ("abilities", "limits", "said"),
    [
        ({}, {"DECAY": 0, "LEAST_CURRENT_DECAY": 4095}, "least current decay 4095 is above decay 0"),
        (
            {},
            {"DECAY": 4095, "CURRENT_DECAY": 6, "LEAST_CURRENT_DECAY": 7},
            "least current decay 7 is above current decay 6",
        ),
        (
            {},
            {"LOWEST_WEIGHT_EXPONENT": 3, "WEIGHT_EXPONENT": 2},
            "lowest weight exponent 3 is above weight exponent 2",
        ),
        (
            {},
            {"WEIGHT_EXPONENT": -1},
            "lowest weight exponent 0, as none is stated, is above weight exponent -1",
        ),
        (
            {},
            {"LEAST_THRESHOLD": 65, "THRESHOLD": 1},
            "least threshold 65 is above threshold mantissa 1, shifted left by 6",
        ),
        (
            {},
            {"INPUT_SPIKES": 0, "LEAST_INPUT": 0},
            "input spikes and least input are 0: no input has a count",
        ),
        ({}, {"WEIGHT_BITS": 7}, "weight_bits has 8, the limit on weight bits is 7"),
        (
            {"shift_is_fixed": True},
            {"STATE_BITS": 7},
            "a threshold, shifted by 6, does not fit 7 state bits",
        ),
        ({"codes": ()}, {}, "codes is empty: nothing could be compiled"),
        (
            {"resets": (), "weight_bits": ()},
            {"INPUT_SPIKES": 0, "LEAST_INPUT": 0},
            "weight_bits is empty: nothing could be compiled; resets is empty: nothing could be "
            "compiled; input spikes and least input are 0: no input has a count",
        ),
    ],
)
def test_statements_that_contradict_each_other(
    abilities: dict[str, Any], limits: dict[str, int], said: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'target chip: {said}')}$"):
        having(abilities, **limits)


def test_statements_that_just_fit() -> None:
    stating(DECAY=0, CURRENT_DECAY=4095, LEAST_CURRENT_DECAY=4095)
    stating(LEAST_CURRENT_DECAY=4095)
    stating(LOWEST_WEIGHT_EXPONENT=2, WEIGHT_EXPONENT=2)
    stating(LEAST_THRESHOLD=64, THRESHOLD=1)
    stating(INPUT_SPIKES=0, LEAST_INPUT=-1)
    stating(WEIGHT_BITS=8)
    having({"shift_is_fixed": True}, STATE_BITS=8)
    having({"plain_weights": True}, WEIGHT_EXPONENT=-1)


ASKED_BY_PLUG_INS = {LimitName.CURRENT_DECAY, LimitName.LEAST_CURRENT_DECAY}
"""Chips whose currents have decays of their own; none of ours states them."""


def test_every_limit_is_stated_and_asked_for() -> None:
    """One that no target states, or that no pass or check asks for, is unused."""
    backends = [found.backend for found in registered_backends() if found.backend is not None]
    targets = [*(backend.target for backend in backends), AkidaBackend(device="six-nodes-ipv2").target]
    stated = {name for target in targets for name in target.limits}
    sources = [*(ROOT / "compiler").rglob("*.py"), *(ROOT / "passes").rglob("*.py")]
    texts = [path.read_text() for path in sources if path.name != "limits.py"]
    asked = {name for text in texts for name in re.findall(r"LimitName\.([A-Z_]+)", text)}
    assert asked == {name.name for name in LimitName}
    assert stated | ASKED_BY_PLUG_INS == set(LimitName)


def test_0_is_a_limit() -> None:
    """No power of 2 for weights: ``or 31`` took it for none stated."""
    pipeline = "quantize-activations,balance-thresholds,fold-thresholds,quantize-weights"
    free, none = (prepared(t, pipeline) for t in (stating(), stating(WEIGHT_EXPONENT=0)))
    exponents = [{p.grid.exponent for p in g.projections if p.grid is not None} for g in (free, none)]
    assert exponents[1] == {0} and max(exponents[0]) > 0


def test_hard_reset_only() -> None:
    hard = Target("hard", resets=(Reset.ZERO,))
    assert {p.neuron.reset for p in prepared(hard, "set-neurons").neurons if p.neuron} == {Reset.ZERO}
    with pytest.raises(UserError, match=r"D336.*hard has no reset subtract") as caught:
        prepared(hard, "set-neurons{reset=subtract}")
    assert "set-neurons{reset=zero}" in str(caught.value)
    both = prepared(Target("both"), "set-neurons").neurons
    assert {p.neuron.reset for p in both if p.neuron} == {Reset.SUBTRACT}


def test_no_clearing() -> None:
    keeps = Target("keeps", clears=False)
    with pytest.raises(UserError, match=r"D336.*keeps cannot reset potentials") as caught:
        prepared(keeps, "restart-frames")
    assert "restart-frames{enabled=false}" in str(caught.value)
    done = prepared(keeps, "restart-frames{enabled=false}")
    assert not any(p.neuron.restart for p in done.neurons if p.neuron)


def test_no_delays() -> None:
    """The shortcut and the loop would need some: relays take them."""
    done = prepared(stating(DELAY=0), "set-neurons")
    assert done.longest_delay == 0
    assert np.max([p.delay or 0 for p in done.projections]) > 0
