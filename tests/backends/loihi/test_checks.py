"""Every limit is reported, all at once, in the words of the golden file.

After a change of words: ``cd tests/backends && python -m loihi.test_checks``, then read the diff.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.backends.loihi import LoihiBackend
from snnc.errors import UserError
from snnc.ir import Conv2d, Identity, LimitName, Linear, Program, SparseLinear

from .networks import edge_program, random_program

GOLDEN = Path(__file__).with_name("golden") / "checks.txt"


def broken_program() -> Program:
    """The edge program with every limit of a population or projection violated."""
    program = edge_program()
    source, lif, hard, soft, readout = program.populations
    assert lif.neuron and hard.neuron and soft.neuron
    lif = replace(
        lif,
        origin="features.0.act",
        neuron=replace(
            lif.neuron,
            current_decay=4096,
            potential_decay=-1,
            state_bits=16,
            input_shift=8,
            threshold=np.asarray(131072 * 64),
        ),
    )
    hard = replace(
        hard,
        neuron=replace(
            hard.neuron,
            threshold=np.asarray([0]),
            start_value=np.asarray(-(2**23)),
            bias_mantissa=np.asarray([-4096]),
            bias_exponent=8,
        ),
    )
    soft = replace(soft, neuron=replace(soft.neuron, bias_exponent=-1))
    populations = (source, lif, hard, soft, readout)
    first, second, third, last = program.projections
    projections = (
        replace(first, delay=63, exponent=-8, weight_bits=9, origin="features.0"),
        replace(second, op=Linear(np.asarray([[300]])), delay=-1),
        replace(third, op=SparseLinear(sparse.csr_array(np.ones((2, 1), np.int64)), (2,))),
        replace(last, op=Identity()),
    )
    misfit = replace(last, op=Linear(np.ones((1, 2), np.int64)), origin="shortcut")
    return replace(program, populations=populations, projections=(*projections, misfit))


def large_program() -> Program:
    """More neurons and more synapses than a chip has, from one small kernel."""
    program = edge_program()
    source, lif, *_ = program.populations
    shape = (1, 4000, 4000)
    kernel = Conv2d(np.ones((1, 1, 3, 3), np.int64), padding=(1, 1))
    populations = (replace(source, shape=shape), replace(lif, shape=shape))
    projection = replace(program.projections[0], op=kernel)
    return replace(program, name="large", populations=populations, projections=(projection,))


def messages() -> str:
    """What the checks say about both."""
    programs = (broken_program(), large_program())
    found = [d.render() for program in programs for d in LoihiBackend().check(program)]
    return "\n".join(found) + "\n"


def test_messages_are_the_golden_ones() -> None:
    assert messages() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", range(20))
def test_programs_that_fit_give_no_message(seed: int) -> None:
    assert list(LoihiBackend().check(random_program(seed))) == []


def test_several_chips_hold_several_times_as_much() -> None:
    """16 million neurons, 144 million synapses: 2 chips hold the synapses, 17 both, as cures say."""
    program = large_program()
    cures = [d.help or "" for d in LoihiBackend().check(program)]
    assert [re.findall(r"chips=(\d+)", cure) for cure in cures] == [
        ["17"],
        ["17"],
    ]  # one number for both
    for chips, codes in ((1, ["D401", "D402"]), (2, ["D401"]), (16, ["D401"]), (17, [])):
        assert [d.code for d in LoihiBackend(chips=chips).check(program)] == codes, chips
    target = LoihiBackend(chips=17).target
    assert target.name == "loihi{chips=17}"
    assert target.limits[LimitName.NEURONS].value == 17 * 120 * 8192
    assert LoihiBackend().target.name == "loihi"
    stock = LoihiBackend(processes="stock")
    assert stock.target.name == "loihi{processes=stock}"
    cure = next(d.help for d in stock.check(program) if d.code == "D402")
    assert cure and "loihi{processes=stock,chips=17}" in cure
    both = LoihiBackend(processes="stock", chips=8).target.name
    assert both == "loihi{processes=stock,chips=8}"


def test_more_chips_than_any_system_has_are_no_cure() -> None:
    program = large_program()
    source, lif, *_ = program.populations
    shape = (1, 40000, 40000)
    populations = (replace(source, shape=shape), replace(lif, shape=shape))
    (found, *_) = LoihiBackend().check(replace(program, populations=populations, projections=()))
    assert "chips=" not in (found.help or "") and "the largest system has 1152" in (found.help or "")


@pytest.mark.parametrize("chips", [0, 1153])
def test_chips_that_no_system_has_are_refused(chips: int) -> None:
    with pytest.raises(UserError, match="D305"):
        LoihiBackend(chips=chips)


if __name__ == "__main__":
    GOLDEN.write_text(messages(), encoding="utf-8")
