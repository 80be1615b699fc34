"""The estimate of cycles: what Arm's manuals state, and what QEMU writes of a run."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest

from snnc.backends.c_project import Board
from snnc.backends.c_project.cycles import HARNESS, Instruction, Mix, cycles, mix
from snnc.backends.c_project.measured import instructions, measured
from snnc.backends.c_project.memory import Sizes
from snnc.backends.cortex_m.boards import BOARDS
from snnc.backends.riscv.boards import BOARDS as RISCV
from snnc.conformance.builder import single
from snnc.conformance.kit import Kit
from snnc.ir import FRAME_INSTRUCTIONS, FRAME_LATENCY

LOG = """----------------
IN: network_step
0x00000210:  1c43       adds     r3, r0, #1
0x00000212:  f91c bf01  ldrsb    fp, [ip, #1]!
0x00000216:  fb0b 4409  mla      r4, fp, sb, r4
0x0000021a:  d1f9       bne      #0x210

Trace 0: 0x7f [00800400/00000210/00000110/ff000200] network_step
Trace 0: 0x7f [00800400/00000210/00000110/ff000200] network_step
----------------
IN: network_step
0x0000021c:  bd38       pop      {r3, r4, r5, pc}

Trace 0: 0x7f [00800400/0000021c/00000110/ff000200] network_step
----------------
IN: main
0x00000300:  4770       bx       lr

Trace 0: 0x7f [00800400/00000300/00000110/ff000200] main
"""


def test_a_loop_counted_by_hand() -> None:
    """Twice four instructions, the first time with a jump back; a pop of four registers jumps to main.

    Cortex-M4: 1 + 1..2 + 1 + 1 a turn, and twice 1..3 for a refill; the pop takes 4..5.
    """
    assert mix(LOG.splitlines(), "cortex-m4") == Mix(9, 2 * 4 + 4 + 2, 2 * 5 + 5 + 6)
    assert mix(LOG.splitlines(), "cortex-m3") == Mix(9, 2 * 5 + 4 + 2, 2 * 6 + 5 + 6)
    assert mix([], "cortex-m3") == Mix(0, 0, 0)


@pytest.mark.parametrize(
    ("name", "operands", "m3", "m4"),
    [
        ("mla", "r0, r1, r2, r3", (2, 2), (1, 1)),
        ("umull", "r0, r1, r2, r3", (3, 5), (1, 1)),
        ("udiv", "r0, r1, r2", (2, 12), (2, 12)),
        ("ldrsh", "r0, [r1]", (1, 2), (1, 2)),
        ("str", "r0, [r1]", (1, 2), (1, 2)),
        ("strd", "r0, r1, [r2]", (2, 3), (2, 3)),
        ("push", "{r3, r4, lr}", (3, 4), (3, 4)),
        ("ite", "ge", (0, 1), (0, 1)),
        ("adds", "r0, r0, #1", (1, 1), (1, 1)),
    ],
)
def test_cycles_of_the_manuals(
    name: str, operands: str, m3: tuple[int, int], m4: tuple[int, int]
) -> None:
    each = Instruction(0, 2, name, operands)
    assert (cycles(each, "cortex-m3"), cycles(each, "cortex-m4")) == (m3, m4)


def test_the_harness_is_no_step() -> None:
    assert {"main", "network_spikes"} <= HARNESS and "network_step" not in HARNESS


@pytest.mark.parametrize("board", [*BOARDS.values(), *RISCV.values()], ids=[*BOARDS, *RISCV])
def test_ticks_tell_every_number_of_instructions(board: Board) -> None:
    """Both ends of a span are cut to whole ticks: the number is found all the same."""
    each = Fraction(1 << board.shift) / board.tick
    assert each == 1 or each > 2
    for number in (1, 2, 3, 1000, 123_457):
        for start in range(11):
            began = 5 * each.numerator * Fraction(start, 7) if each > 2 else Fraction(start)
            ticks = int(began + number * each) - int(began)
            assert instructions(np.array([ticks]), board) == number


@pytest.mark.parametrize("board", [*BOARDS.values(), *RISCV.values()], ids=[*BOARDS, *RISCV])
def test_the_clock_is_the_one_that_the_driver_says(board: Board) -> None:
    driver = board.tools.files.joinpath(board.driver).read_text(encoding="utf-8")
    said = re.search(r"#define CLOCK (\d+)u /\* Hz \*/", driver)
    assert board.clock == (int(said[1]) if said else 0)
    assert bool(board.clocked) == bool(board.clock)


def test_the_time_of_a_frame_is_an_estimate_at_the_boards_clock() -> None:
    """2000 instructions a step, two of which take 3 to 5 cycles: steps of 3000 to 5000 cycles."""
    program = single(Kit(), 0).built().program
    counted, sizes = np.array([[1000, 3000]]), Sizes(1, 1)
    board, steps = BOARDS["nucleo-f411re"], program.steps_per_frame
    found = {m.name: m for m in measured(counted, program, board, sizes, Mix(200, 300, 500))}
    least, most = (found[f"time of a frame, at {word}"] for word in ("least", "most"))
    assert (least.value, most.value) == (steps * 3000 / 16e6, steps * 5000 / 16e6)
    assert least.estimated and most.estimated and (least.role, most.role) == ("", FRAME_LATENCY)
    assert "16 MHz" in most.source and board.cycles in most.source and "nucleo" in most.source
    executed = found["instructions a frame"]
    assert (executed.value, executed.role) == (2000 * steps, FRAME_INSTRUCTIONS)
    assert not executed.estimated


@pytest.mark.parametrize("board", [BOARDS["mps2-an500"], *RISCV.values()], ids=lambda b: b.name)
def test_where_no_cycles_are_published_no_time_is_made_up(board: Board) -> None:
    program = single(Kit(), 0).built().program
    found = list(measured(np.array([[1000]]), program, board, Sizes(1, 1), None))
    assert not any(m.estimated or m.role == FRAME_LATENCY for m in found)
    (executed,) = (m for m in found if m.role == FRAME_INSTRUCTIONS)
    assert f"no manual states cycles of {board.core}" in executed.source
