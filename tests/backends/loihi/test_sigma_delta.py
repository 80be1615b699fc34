"""Sigma-delta neurons on Loihi: what the models refuse, what the target holds, which process it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.layout import population_places
from snnc.backends.loihi.sigma_delta import DELTA, SIGMA_DELTA
from snnc.conformance.builder import Network
from snnc.conformance.kit import Kit
from snnc.errors import UserError
from snnc.ir import Code, Encoding, Program, find_model, validate

PLAIN: dict[str, Any] = {
    "model": "sigma-delta",
    "constants": {"spike_exp": 6, "state_exp": 6},
    "threshold": np.asarray(3 << 12),
    "bias_exponent": 12,
    "input_shift": 0,
}


def program(**changes: Any) -> Program:
    made = Network(Kit(graded=True), 1)
    made.input(3, encoding=Encoding.GRADED)
    made.neurons("hidden", 4, **{**PLAIN, **changes})
    made.readout(2)
    made.connect("input", "hidden")
    made.connect("hidden", "readout")
    return made.built().program


def test_the_models_are_found_by_name() -> None:
    assert find_model("delta") is DELTA and find_model("sigma-delta") is SIGMA_DELTA


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "no constants": ({"constants": {}}, "constants none"),
    "one more": ({"constants": {"spike_exp": 6, "state_exp": 6, "cum_error": 1}}, "cum_error"),
    "an exponent of 8": ({"constants": {"spike_exp": 6, "state_exp": 8}}, "state_exp 8"),
    "an exponent below 0": ({"constants": {"spike_exp": -1, "state_exp": 6}}, "spike_exp -1"),
    "between two thresholds": ({"threshold": np.asarray((3 << 12) + 1)}, "multiple of 4096"),
    "a threshold of 2": ({"threshold": np.asarray(2)}, "neither 1"),
    "thresholds that differ": ({"threshold": np.arange(1, 5) << 12}, "differ"),
    "another bias exponent": (
        {"bias_mantissa": np.asarray(1), "bias_exponent": 6},
        "exponent 6, not 12",
    ),
    "a bias of delta neurons": ({"model": "delta", "bias_mantissa": np.asarray(1)}, "have none"),
    "a leak": ({"potential_decay": 1}, "potential_decay 1"),
    "a current that lasts": ({"current_decay": 4094}, "current_decay 4094"),
    "an input shift": ({"input_shift": 6}, "input_shift 6"),
    "32 bits": ({"state_bits": 32}, "state_bits 32"),
    "frames": ({"clear_interval": 4, "clear_offset": 1}, "clear_interval 4"),
    "a bias at times": ({"bias_interval": 2}, "bias_interval 2"),
    "a start value": ({"start_value": np.asarray(-5)}, "up to 5"),
    "levels": (
        {"code": Code.GRADED, "levels": 3, "clear_interval": 1, "clear_offset": 1},
        "clear_interval 1",
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_the_models_cannot_follow_is_named(case: str) -> None:
    changes, words = PROBLEMS[case]
    with pytest.raises(UserError, match="D333") as refused:
        validate(program(**changes))
    assert words in str(refused.value)


def test_a_readout_is_not_such_a_neuron() -> None:
    whole = program()
    neuron = replace(whole.by_name["hidden"].dynamics, threshold=None)
    populations = (*whole.populations[:2], replace(whole.readout, neuron=neuron))
    with pytest.raises(UserError, match="D333"):
        validate(replace(whole, populations=populations))


def codes(whole: Program, **options: Any) -> list[str]:
    return [found.code for found in LoihiBackend(**options).check(whole)]


@pytest.mark.parametrize(
    ("field", "most", "code"), [("threshold", 2047 << 12, "D406"), ("bias_mantissa", 2047, "D409")]
)
def test_limits_of_the_target(field: str, most: int, code: str) -> None:
    step = 1 << 12 if field == "threshold" else 1
    assert codes(validate(program(**{field: np.asarray(most)}))) == []
    assert codes(validate(program(**{field: np.asarray(most + step)}))) == [code]
    if field == "bias_mantissa":
        assert codes(validate(program(bias_mantissa=np.asarray(-most)))) == []
        assert codes(validate(program(bias_mantissa=np.asarray(-most - 1)))) == [code]


@pytest.mark.parametrize(
    ("changes", "process"),
    [
        ({}, "SigmaDelta"),
        ({"model": "delta"}, "Delta"),
        ({"bias_mantissa": np.asarray(5)}, "SigmaDelta"),
        ({"bias_start": 3}, "SigmaDelta"),
        ({"bias_mantissa": np.asarray(5), "bias_start": 1}, "LateSigmaDelta"),
    ],
)
def test_lavas_own_process_wherever_it_does_the_same(changes: dict[str, Any], process: str) -> None:
    whole = program(**changes)
    assert population_places(whole)[1].process == process
    late = ["D424"] if process == "LateSigmaDelta" else []
    assert codes(whole, processes="stock") == late
