"""How wide registers are: numbers worked out by hand, and what cannot be narrow."""

from __future__ import annotations

import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends.c_code import code_files, lay_out
from snnc.backends.c_code.layout import Clock, Layout
from snnc.backends.c_code.widths import widths
from snnc.conformance.builder import Built, Network, single
from snnc.conformance.kit import Kit
from snnc.ir import Encoding, Linear, Program, Reset, Target
from snnc.sim.reference import simulate

FRAME = 4


def hidden(weights: list[list[int]], encoding: Encoding, **changes: Any) -> Program:
    """Input, neurons with these weights that are cleared every frame of 4 steps, readout."""
    network = Network(Kit(), 0)
    cleared = {"clear_interval": FRAME, "clear_offset": 1, "input_shift": 0}
    network.input(len(weights[0]), encoding=encoding)
    network.neurons("hidden", len(weights), **{**cleared, "reset": Reset.SUBTRACT, **changes})
    network.readout(2, clear_interval=FRAME, clear_offset=1)
    network.connect("input", "hidden", Linear(np.array(weights, np.int64)))
    network.connect("hidden", "readout", Linear(np.full((2, len(weights)), 2)))
    return network.built().program


@pytest.mark.parametrize(
    ("weights", "kind"),
    [
        # Binary input, four steps a frame, nothing fires: 4 * 30 = 120 and 4 * -32 = -128 fit 8 bits.
        ([[30, -32]], "int8_t"),
        ([[32, -32]], "int16_t"),
        ([[30, -34]], "int16_t"),
    ],
)
def test_a_potential_of_one_frame(weights: list[list[int]], kind: str) -> None:
    program = hidden(weights, Encoding.SPREAD, threshold=np.asarray(10_000))
    width = widths(program, 0, FRAME)["hidden"]
    assert not width.checked and not width.saturates and width.potential == kind


def test_larger_counts_take_wider_registers() -> None:
    """At every step a payload of up to the count: 4 * 2 * count."""
    program = hidden([[2]], Encoding.GRADED, threshold=np.asarray(2**22))
    kinds = {most: widths(program, 0, most)["hidden"].potential for most in (15, 16, 4095, 4096)}
    assert kinds == {15: "int8_t", 16: "int16_t", 4095: "int16_t", 4096: "int32_t"}


def test_a_potential_that_adds_up_for_ever_saturates() -> None:
    """Never cleared, and inhibition alone has no end: it keeps its register's width."""
    built = single(Kit(), 1).built()
    width = widths(built.program, 0, 4)["hidden"]
    assert width.saturates and not width.checked and width.potential == "int32_t"


def test_where_a_current_can_wrap_everything_is_checked() -> None:
    program = hidden([[254]], Encoding.GRADED, threshold=np.asarray(2**22), input_shift=31)
    assert widths(program, 0, 255)["hidden"].checked


def test_frames_that_begin_elsewhere_prove_nothing() -> None:
    program = hidden([[30]], Encoding.SPREAD, threshold=np.asarray(10_000), clear_offset=3)
    assert all(width.checked for width in widths(program, 0, FRAME).values())


def test_a_clock_of_32_bits_begins_again_where_nobody_sees_it() -> None:
    built = single(Kit(), 2, clear_interval=6, clear_offset=2).built()
    layout = lay_out(built.program, Target("c"))
    assert layout.clock.kind == "uint32_t" and layout.clock.last is not None
    assert (layout.clock.last - layout.clock.next + 1) % math.lcm(6, 2) == 0
    assert layout.clock.last <= 2**31


def test_periods_without_a_common_one_take_64_bits() -> None:
    network = Network(Kit(), 3)
    network.input(2)
    for number, interval in enumerate((65_521, 65_519, 65_497)):  # primes
        name = network.neurons(f"n{number}", 2, clear_interval=interval, clear_offset=1)
        network.connect("input", name)
    network.readout(2)
    network.connect("n0", "readout")
    layout = lay_out(network.built().program, Target("c"))
    assert layout.clock == Clock("uint64_t")


MAIN = """
#include <stdio.h>
#include "network.h"
int main(void)
{
    static int32_t values[NETWORK_LARGEST + NETWORK_OUTPUTS];
    int steps, element, payload, i;
    network_reset();
    while (scanf("%d", &steps) == 1) {
        while (scanf("%d", &element) == 1 && element >= 0 && scanf("%d", &payload) == 1)
            if (!network_event(element, payload))
                return 1;
        network_step();
        network_output(values);
        for (i = 0; i < NETWORK_OUTPUTS; ++i)
            printf("%d ", (int)values[i]);
    }
    return 0;
}
"""


def outputs(built: Built, layout: Layout, folder: Path) -> list[int]:
    """The readout's potentials of the first sample, by the computer's own compiler."""
    for name, content in code_files(built.program, layout).items():
        (folder / name).write_bytes(content)
    (folder / "main.c").write_text(MAIN)
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *strict, "network.c", "main.c", "-o", "one"], cwd=folder, check=True)
    lines = []
    for row in built.spikes[0]:
        events = " ".join(f"{e} {row[e]}" for e in np.flatnonzero(row))
        lines.append(f"0 {events} -1")
    done = subprocess.run(
        [folder / "one"], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return [int(word) for word in done.stdout.split()]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler: apt-get install gcc")
def test_steps_after_the_clock_began_again_are_the_same(tmp_path: Path) -> None:
    """The counter goes back after its first period, many times in 60 steps."""
    changes = {"clear_interval": 3, "clear_offset": 1, "bias_start": 2, "bias_interval": 2}
    network = single(Kit(), 4, bias_mantissa=np.asarray(700), **changes)
    built = network.built(samples=1, steps=60)
    layout = lay_out(built.program, Target("c"))
    period = math.lcm(3, 2, 2)
    short = replace(layout, clock=Clock("uint32_t", layout.clock.next - 1 + period, layout.clock.next))
    wanted = simulate(built.program, built.spikes).potentials["readout"].ravel().tolist()
    assert outputs(built, short, tmp_path) == wanted and any(wanted)
    early = replace(layout, clock=Clock("uint32_t", layout.clock.next + period, layout.clock.next))
    assert outputs(built, early, tmp_path) != wanted  # a step too late
