"""Where a program in Python is refused, no pass can help: what is advised works for integers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.conformance.builder import Network
from snnc.conformance.kit import Kit
from snnc.errors import Diagnostic
from snnc.ir import Encoding, Linear, Program

COUNTS = np.array([[[3, 0]] * 4])
PASS_OPTIONS = ("--steps-per-frame", "--set", "levels", "train")


def heavy(state_bits: int, weight: int = 254) -> Program:
    """A readout that adds up two inputs, one spike a step each at most, over a frame of 4 steps."""
    network = Network(Kit(), 3)
    network.input(2, encoding=Encoding.SPREAD)
    cleared = {"clear_interval": 4, "clear_offset": 1}
    network.readout(1, state_bits=state_bits, **cleared)
    network.connect("input", "readout", Linear(np.full((1, 2), weight)))
    return replace(network.built().program, steps_per_frame=4)


def refused(program: Program, target: str, **given: Any) -> Diagnostic:
    with pytest.raises(snnc.UserError) as caught:
        snnc.compile(program, target, **given)
    (problem,) = caught.value.diagnostics
    assert not [word for word in PASS_OPTIONS if word in problem.help], problem.help
    return problem


@pytest.mark.parametrize("target", ["reference", "fpga"])
def test_a_sum_that_leaves_its_register_gets_more_state_bits(target: str) -> None:
    program = heavy(11)
    problem = refused(program, target, calibration=np.minimum(COUNTS, 1))
    # 4 x 2 x 254 = 2032 takes 11 bits, and one for the sign.
    assert problem.code == "D423" and "2032" in problem.what
    assert problem.help.startswith("give its neurons 12 state bits, use smaller weights, or ")
    assert "--allow-overflow" in problem.help
    for cured in (heavy(12), heavy(11, 120)):
        bundle = snnc.compile(cured, target, calibration=np.minimum(COUNTS, 1))
        assert bundle.manifest.ranges.status == "proved"
    bundle = snnc.compile(program, target, calibration=np.minimum(COUNTS, 1), allow_overflow=True)
    assert "observed" in bundle.manifest.ranges.status


def test_an_option_of_the_target_is_named_where_its_registers_end() -> None:
    problem = refused(heavy(11), "fpga{state-bits=11}", calibration=np.minimum(COUNTS, 1))
    assert (
        "give its neurons 12 state bits and compile for --target 'fpga{state-bits=N}'" in problem.help
    )
    assert snnc.compile(heavy(12), "fpga{state-bits=12}", calibration=np.minimum(COUNTS, 1))


def test_without_data_these_come_first() -> None:
    problem = refused(heavy(11), "reference")
    assert problem.help.startswith("compile with --calibration FILE.npz, give its neurons 12")


def test_counts_that_single_spikes_cannot_carry(tmp_path: Path) -> None:
    program = heavy(24)
    many = COUNTS * 2
    problem = refused(program, "fpga", calibration=many)
    assert problem.code == "D509" and "largest 6" in problem.what
    assert problem.help == "give the program's input the encoding graded, or use counts of 0 to 4"
    snnc.compile(program, "fpga", calibration=np.minimum(many, 4))
    graded = replace(
        program,
        populations=(replace(program.input, encoding=Encoding.GRADED), *program.populations[1:]),
        projections=tuple(replace(q, graded=True) for q in program.projections),
    )
    snnc.compile(graded, "fpga", calibration=many)
    bundle = snnc.compile(program, "fpga", tmp_path / "bundle", calibration=np.minimum(many, 4))
    with pytest.raises(snnc.UserError) as caught:
        bundle.run(many)
    assert [d.help for d in caught.value.diagnostics] == [problem.help]
