"""What SANA-FE cannot do is refused, with both numbers and a cure; what it can is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.backends.sanafe import SanafeBackend
from snnc.backends.sanafe.saturation import carried
from snnc.errors import Diagnostic, UserError
from snnc.ir import Code, Comparison, Identity, Linear, Program, Reset, SignMode, SparseLinear
from tests.backends.loihi.networks import edge_program

BACK_END = SanafeBackend()


def program() -> Program:
    """The edge program with neurons that SANA-FE has."""
    found = edge_program()
    assert list(BACK_END.check(found)) == []
    return found


def changed(name: str, **fields: object) -> Program:
    """With another neuron in one population."""
    whole = program()
    populations = tuple(
        replace(p, origin="features.3", neuron=replace(p.neuron, **fields))  # type: ignore[arg-type]
        if p.name == name and p.neuron is not None
        else p
        for p in whole.populations
    )
    return replace(whole, populations=populations)


def with_weights(op: Linear | SparseLinear, exponent: int) -> Program:
    """With another first projection."""
    whole = program()
    first, *rest = whole.projections
    first = replace(first, op=op, exponent=exponent, sign_mode=SignMode.MIXED, origin="features.0")
    return replace(whole, projections=(first, *rest))


def only(found: Program, back_end: SanafeBackend = BACK_END) -> Diagnostic:
    (problem,) = back_end.check(found)
    return problem


@pytest.mark.parametrize("code", [Code.FRAME, Code.GRADED])
def test_exact_codes(code: Code) -> None:
    problem = only(changed("lif", code=code, levels=3, clear_interval=4))
    assert problem.code == "D426" and problem.where == "features.3 (lif)"
    assert code.value in problem.what


def test_what_the_host_carries() -> None:
    """Lasting currents, and half a unit under a leak, are no reason to refuse; they are named."""
    at: dict[str, object] = {"comparison": Comparison.GREATER_EQUAL, "reset": Reset.SUBTRACT}
    for fields in ({"current_decay": 4094}, {**at, "potential_decay": 7}):
        found = changed("hard", **fields)
        assert list(BACK_END.check(found)) == []
        assert carried(found, "hard", (-16, 15))
    assert not carried(changed("hard", potential_decay=7), "hard", (-16, 15))
    above = changed("hard", comparison=Comparison.GREATER_EQUAL)
    assert not carried(above, "hard", (-16, 15))
    # Never cleared, and it subtracts: its potential may grow for ever.
    assert carried(program(), "soft", (-16, 15))
    assert not carried(changed("soft", clear_interval=9), "soft", (-16, 15))


def test_sums_that_are_rounded() -> None:
    for op in (
        Linear(np.asarray([[6]])),
        SparseLinear(sparse.csr_array(np.asarray([[6]])), (1,)),
    ):
        problem = only(with_weights(op, -2))
        assert problem.code == "D421" and problem.where == "features.0 (input -> lif)"
        assert "-2" in problem.what and "not multiples of 4" in problem.what
        assert list(BACK_END.check(with_weights(op, -1))) == []


def test_a_chip_that_is_too_small() -> None:
    whole = program()
    source, lif, *rest = whole.populations
    count = 128 * 1024 - 8
    op = SparseLinear(sparse.csr_array((count, 1), dtype=np.int64), (count,))
    first, second, third, last = whole.projections
    # Inputs: four bits and a sign; one neuron in each of three other populations.
    fits = replace(
        whole,
        populations=(source, replace(lif, shape=(count,)), *rest),
        projections=(replace(first, op=op), second, third, last),
    )
    assert list(BACK_END.check(fits)) == []
    problem = only(fits, SanafeBackend(input_bits=5))
    assert problem.code == "D433"
    assert all(text in problem.what for text in ("131067 neurons", "6 inputs", "131072", "129 cores"))


def test_echoes_take_places_beside_their_sources() -> None:
    whole = program()
    source, lif, *rest = whole.populations
    count = 65 * 1024
    op = SparseLinear(sparse.csr_array((count, 1), dtype=np.int64), (count,))
    back = SparseLinear(sparse.csr_array((1, count), dtype=np.int64), (1,))
    first, second, third, last = whole.projections
    late = replace(last, source="lif", op=back, delay=3, graded=False)
    large = replace(
        whole,
        populations=(source, replace(lif, shape=(count,)), *rest),
        projections=(replace(first, op=op), second, third, last, late),
    )
    problem = only(large)
    assert problem.code == "D433" and f"{count} echoes" in problem.what


def test_a_step_that_leaves_the_register() -> None:
    # 254 << 6 << 7 times 4 payloads is under 2^23, times 8 it is not.
    large = with_weights(Linear(np.asarray([[254]])), 7)
    assert list(SanafeBackend(input_bits=2).check(large)) == []
    problem = only(large, SanafeBackend(input_bits=3))
    assert problem.code == "D430" and str(254 * 8 << 13) in problem.what and "8388607" in problem.what


def test_an_operation_that_no_synapse_does() -> None:
    whole = program()
    first, *rest = whole.projections
    strange = replace(whole, projections=(replace(first, op=Identity()), *rest))
    assert [p.code for p in BACK_END.check(strange)] == ["D415"]


def test_limits_of_loihi_are_asked_too() -> None:
    codes = {p.code for p in BACK_END.check(changed("lif", state_bits=16, bias_exponent=9))}
    assert codes == {"D404", "D410"}


@pytest.mark.parametrize("bits", [0, 17])
def test_options(bits: int) -> None:
    with pytest.raises(UserError, match=f"D305.*input-bits is {bits}"):
        SanafeBackend(input_bits=bits)
