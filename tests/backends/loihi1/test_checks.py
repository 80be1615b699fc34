"""Every limit of Loihi 1 is reported, with both numbers, where it is, and a cure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.backends.loihi1 import Loihi1Backend
from snnc.backends.loihi1.target import LOIHI1
from snnc.errors import Diagnostic
from snnc.ir import (
    Code,
    Comparison,
    Encoding,
    Identity,
    IntegerNeuron,
    Kind,
    LimitName,
    Linear,
    Op,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    SignMode,
    SparseLinear,
)


def lif(**changes: Any) -> IntegerNeuron:
    """A neuron that fits; ``threshold`` None makes it a readout."""
    neuron = IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=6,
        state_bits=24,
        threshold=np.asarray(6400),
        comparison=Comparison.GREATER,
        reset=Reset.ZERO,
        start_value=np.asarray(0),
        bias_mantissa=np.asarray(0),
        bias_exponent=0,
        bias_start=0,
    )
    return replace(neuron, **changes)


def program(op: Op | None = None, sources: int = 1, projection: Any = None, **changes: Any) -> Program:
    """Input, one population, readout; fields of the neuron and of the first projection changed."""
    op = Linear(np.full((1, sources), 2)) if op is None else op
    hidden = op.out_shape((sources,)) if not isinstance(op, Identity) else (sources,)
    into = ProgramProjection("input", "hidden", op, 8, SignMode.MIXED, 0, 0, False, "features.0")
    heard = Linear(2 * (np.arange(hidden[0]) < 9)[None])
    out = ProgramProjection("hidden", "out", heard, 8, SignMode.MIXED, 0, 0, False, "fc")
    return Program(
        "net",
        4,
        (
            ProgramPopulation("input", Kind.INPUT, (sources,), "input", 0, None, Encoding.SPREAD),
            ProgramPopulation("hidden", Kind.NEURONS, hidden, "features.1", 0, lif(**changes)),
            ProgramPopulation("out", Kind.READOUT, (1,), "fc", 0, lif(threshold=None, input_shift=0)),
        ),
        (replace(into, **(projection or {})), out),
    )


def refused(wrong: Program) -> list[Diagnostic]:
    """What the back end says, all of it with place and cure."""
    found = list(Loihi1Backend().check(wrong))
    assert all(d.where and d.help for d in found)
    return found


def test_the_plain_program_fits() -> None:
    assert refused(program()) == []


NEURONS = [
    ("D425", {"reset": Reset.SUBTRACT}, ["subtract", "set-neurons{reset=zero}"]),
    ("D426", {"code": Code.FRAME, "levels": 3, "clear_interval": 4}, ["frame", "--code rate"]),
    ("D426", {"model": "xylo"}, ["xylo"]),
    ("D403", {"current_decay": 4096}, ["4096", "4095"]),
    ("D403", {"potential_decay": -1}, ["-1"]),
    ("D404", {"state_bits": 32}, ["32", "24"]),
    ("D405", {"input_shift": 7}, ["7", "6"]),
    ("D406", {"threshold": np.asarray(131072 * 64)}, [str(131072 * 64), str(131071 * 64)]),
    ("D407", {"threshold": np.asarray(0)}, ["0"]),
    ("D407", {"threshold": np.asarray(64), "comparison": Comparison.GREATER_EQUAL}, ["64"]),
    ("D408", {"start_value": np.asarray(-(2**23))}, [str(2**23), str(2**23 - 1)]),
    ("D409", {"bias_mantissa": np.asarray([-4096])}, ["4096", "4095"]),
    ("D410", {"bias_mantissa": np.asarray(1), "bias_exponent": 8}, ["8", "7"]),
    ("D410", {"bias_exponent": -1}, ["-1"]),
    ("D428", {"threshold": np.asarray(6401), "potential_decay": 1}, ["6401", "64"]),
    ("D434", {"bias_interval": 4}, ["4"]),
    ("D431", {"current_decay": 0}, [str(4096 * 128), str(2**23 - 1)]),
]


@pytest.mark.parametrize(("code", "changes", "numbers"), NEURONS)
def test_neurons(code: str, changes: dict[str, Any], numbers: list[str]) -> None:
    op = Linear(np.full((1, 40), 2)) if code == "D431" else None
    numbers = [str(40 * 4096 * 128), numbers[1]] if code == "D431" else numbers
    found = refused(program(op, 40 if op else 1, **changes))
    assert [d.code for d in found] == [code]
    assert "features.1 (hidden)" in found[0].where
    assert all(number in found[0].render() for number in numbers)


PROJECTIONS = [
    ("D411", {"delay": 63}, ["63", "62"]),
    ("D411", {"delay": -1}, ["-1"]),
    ("D412", {"exponent": 8}, ["8", "7"]),
    ("D413", {"weight_bits": 7}, ["7", "1, 2, 3, 4, 5, 6, 8"]),
    ("D414", {"op": Linear(np.asarray([[3]]))}, ["3", "254", "2"]),
    ("D415", {"op": Identity()}, ["leave --passes out"]),
    ("D416", {"op": Linear(np.asarray([[2], [2]]))}, ["shape"]),
    ("D427", {"graded": True}, ["payloads"]),
    ("D421", {"exponent": -2}, ["-2", "4"]),
]


@pytest.mark.parametrize(("code", "changes", "numbers"), PROJECTIONS)
def test_projections(code: str, changes: dict[str, Any], numbers: list[str]) -> None:
    found = refused(program(projection=changes))
    assert [d.code for d in found] == [code]
    assert "features.0 (input -> hidden)" in found[0].where
    assert all(number in found[0].render() for number in numbers)


def test_an_exponent_below_zero_is_exact_where_no_weight_loses_a_bit() -> None:
    assert refused(program(projection={"exponent": -1})) == []
    assert [d.code for d in refused(program(projection={"exponent": -1}, input_shift=5))] == ["D421"]
    assert refused(program(Linear(np.asarray([[64]])), input_shift=0)) == []


def test_a_step_that_an_accumulator_cannot_hold() -> None:
    most = LOIHI1.limits[LimitName.DENDRITIC_INPUT].value // 254
    assert refused(program(Linear(np.full((1, most), 254)), most)) == []
    (found,) = refused(program(Linear(np.full((1, most + 1), 254)), most + 1))
    assert found.code == "D430" and f"{254 * (most + 1)} exceeds 32767" in found.what


def test_at_least_is_exact_where_potentials_are_multiples_of_64() -> None:
    at_least: dict[str, Any] = {"comparison": Comparison.GREATER_EQUAL}
    assert refused(program(**at_least)) == []
    others: tuple[dict[str, Any], ...] = (
        {"bias_mantissa": np.asarray(1)},
        {"potential_decay": 1},
        {"current_decay": 4000},
    )
    for other in others:
        assert [d.code for d in refused(program(**at_least, **other))] == ["D428"]
    falling = Linear(np.full((1, 1), -2))
    assert [d.code for d in refused(program(falling, **at_least))] == ["D428"]
    assert refused(program(falling, clear_interval=4, **at_least)) == []


def test_an_input_with_payloads() -> None:
    fine = program()
    first, *rest = fine.populations
    wrong = replace(fine, populations=(replace(first, encoding=Encoding.GRADED), *rest))
    (found,) = refused(wrong)
    assert found.code == "D427" and "encode-input{code=spread}" in found.help


def test_everything_at_once() -> None:
    wrong = program(projection={"delay": 63, "weight_bits": 9}, reset=Reset.SUBTRACT, state_bits=16)
    assert {d.code for d in refused(wrong)} == {"D404", "D411", "D413", "D425"}


def test_one_neuron_that_hears_more_than_a_core_has_axons() -> None:
    sources = 4097
    weights = sparse.csr_array(np.tile([2, -2], sources)[:sources][None])
    (found,) = refused(program(SparseLinear(weights, (1,)), sources))
    assert found.code == "D432"
    assert "4097 input axons" in found.what and "4096" in found.what and "features.1" in found.where


def test_more_neurons_than_a_chip_has() -> None:
    count = 128 * 1024
    weights = sparse.csr_array(np.full((count, 1), 2))
    codes = [d.code for d in refused(program(SparseLinear(weights, (count,))))]
    assert codes == ["D401"]


def test_more_cores_than_a_chip_has() -> None:
    # A core has room for 8 different thresholds.
    count = 128 * 8 + 1
    thresholds = 64 * np.arange(2, 2 + count)
    (found,) = refused(program(Linear(np.full((count, 1), 2)), threshold=thresholds))
    assert found.code == "D433" and "129 cores" in found.what and "128" in found.what
    assert "thresholds" in found.why and "features.1" in found.where
    assert "per=population" in found.help


def test_a_layer_whose_synapses_fill_more_cores_than_there_are() -> None:
    # 64 neurons a core: 64 synapses of 14 bits on each of 1024 axons.
    sources, neurons = 1024, 65 * 128
    signs = np.where(np.arange(sources) % 2, 2, -2)
    (found,) = refused(program(Linear(np.tile(signs, (neurons, 1))), sources))
    assert found.code == "D433" and "synaptic memory" in found.why
    assert "--weight-bits" in found.help


def test_every_limit_names_its_source() -> None:
    for limit in (*LOIHI1.limits.values(), *LOIHI1.own_limits.values()):
        assert len(limit.source) > 20 and limit.unit
