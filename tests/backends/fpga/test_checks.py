"""What the hardware refuses, and what it takes from the range proofs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.backends.fpga import FpgaBackend
from snnc.backends.fpga.layout import lay_out
from snnc.backends.fpga.widths import Span, registers
from snnc.conformance.bench import Bench
from snnc.conformance.builder import Network, single
from snnc.conformance.kit import Kit
from snnc.errors import UserError
from snnc.ir import Encoding, Linear, Program, SparseLinear

CLEARED = {"clear_interval": 4, "clear_offset": 1}


def chain(layers: int) -> Program:
    network = Network(Kit(), 1)
    names = [network.input(1), *(network.neurons(f"n{n}", 1) for n in range(layers))]
    names.append(network.readout(1))
    for before, after in pairwise(names):
        network.connect(before, after, Linear(np.full((1, 1), 64)))
    return replace(network.built(steps=1).program, name="deep")


def test_populations_beyond_their_number_are_refused() -> None:
    (found,) = FpgaBackend().check(chain(300))
    assert found.code == "D435" and "302 exceeds 256" in found.what
    assert not list(FpgaBackend().check(chain(20)))


def test_registers_of_more_bits_are_an_option() -> None:
    built = single(Kit(), 2)
    program = built.built().program
    wide = replace(
        program,
        populations=tuple(
            p if p.neuron is None else replace(p, neuron=replace(p.neuron, state_bits=30))
            for p in program.populations
        ),
    )
    found = list(FpgaBackend().check(wide))
    assert [d.code for d in found] == ["D404", "D404"] and "state-bits=30" in found[0].help
    assert not list(FpgaBackend(state_bits=30).check(wide))


def of_span(span: Span | None) -> tuple[int, int] | None:
    return None if span is None else (span.low, span.high)


def test_registers_are_as_wide_as_is_proved() -> None:
    """Four steps a frame of at most +7 and -5 each, worked out by hand."""
    network = Network(Kit(), 3)
    network.input(2)
    network.neurons("hidden", 1, input_shift=0, threshold=np.asarray(1000), **CLEARED)
    network.readout(1, **CLEARED)
    network.connect("input", "hidden", Linear(np.array([[14, -10]])))
    network.connect("hidden", "readout", Linear(np.array([[2]])))
    found = registers(network.built().program, 8)
    assert of_span(found["hidden"].arrived) == (-10, 14)
    assert of_span(found["hidden"].current) == (-10, 14)
    assert of_span(found["hidden"].potential) == (-40, 56)
    # It cannot fire, so that nothing arrives.
    assert of_span(found["readout"].potential) == (0, 0)
    layout = lay_out(network.built().program, 8)
    given = layout.parameters
    # A common factor of 2 is not stored: sums from -5 to 7; a threshold that is not reached is 57.
    assert (given["SUM"], given["WEIGHT"], given["POTENTIAL"]) == (4, 4, 7)
    assert not given["WRAPS"] and not given["SATURATES"] and given["PAYLOAD"] == 1


def test_what_is_not_proved_saturates() -> None:
    """A readout that adds up without end is proved for no number of steps; what it hears is."""
    network = single(Kit(), 4, **CLEARED)
    found = registers(network.built().program, 8)
    assert found["readout"].potential is None and found["hidden"].potential is not None
    given = lay_out(network.built().program, 8).parameters
    assert given["SATURATES"] and not given["WRAPS"] and given["POTENTIAL"] == 24


@pytest.mark.usefixtures("verilator")
def test_changed_hardware_is_not_run(tmp_path: Path) -> None:
    built, back_end = single(Kit(), 5).built(), FpgaBackend()
    folder, emitted = Bench(back_end, Kit(), (), tmp_path).emit(built.program)
    path = folder / "fpga" / "snnc_core.sv"
    path.write_text(path.read_text().replace("1'b1", "1'b0", 1))
    assert back_end.differences(built.program, folder, emitted) != []
    with pytest.raises(UserError, match="D602"):
        back_end.run("verilator", folder, emitted, built.spikes, time_limit=100)


@pytest.mark.usefixtures("verilator")
@pytest.mark.parametrize(("payload", "code"), [(16, "D520"), (-17, "D470")])
def test_payloads_that_the_stream_cannot_carry_are_refused(
    tmp_path: Path, payload: int, code: str
) -> None:
    network = Network(Kit(encoding=Encoding.GRADED), 6)
    network.input(3)
    network.readout(2)
    network.connect("input", "readout")
    built, back_end = network.given(np.full((1, 3, 3), payload)), FpgaBackend()
    folder, emitted = Bench(back_end, Kit(), (), tmp_path).emit(built.program)
    with pytest.raises(UserError, match=code):
        back_end.run("verilator", folder, emitted, built.spikes, time_limit=100)


@pytest.mark.usefixtures("verilator")
def test_a_matrix_without_connections(tmp_path: Path) -> None:
    network = Network(Kit(), 7)
    network.input(3)
    network.neurons("hidden", 4, bias_mantissa=np.asarray(3000))
    network.readout(2)
    network.connect("input", "hidden", SparseLinear(sparse.csr_array((4, 3), dtype=np.int64), (4,)))
    network.connect("hidden", "readout")
    Bench(FpgaBackend(), Kit(), ("verilator",), tmp_path).exact(network.built())


@pytest.mark.usefixtures("verilator")
def test_payloads_of_a_narrow_type(tmp_path: Path) -> None:
    """Streams are encoded in as few bytes as they need; a neuron's number takes more."""
    network = Network(Kit(encoding=Encoding.GRADED), 8)
    network.input(300)
    network.readout(2)
    network.connect("input", "readout")
    built = network.built()
    narrow = replace(built, spikes=built.spikes.astype(np.int8))
    Bench(FpgaBackend(), Kit(), ("verilator",), tmp_path).exact(narrow)
