"""The fast simulator's step: its kernels' own code, once for each layout of sums and registers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.ir import Comparison, Reset
from snnc.ir import fixed_point
from snnc.sim.fast import kernels, stepping
from snnc.sim.fast.hearing import add_shifted
from snnc.sim.fast.plan import CONSTANT, STATE_BITS
from snnc.sim.fast.tables import CODES

from . import expressions as e
from .numbers import Cell, Number, numbas
from .scene import Kind, Scene, least, unknown_neuron, within
from .shims import NUMBA, borrowed

FIELDS = (
    "current_decay",
    "potential_decay",
    "input_shift",
    "state_bits",
    "bias_start",
    "bias_interval",
    "clear_interval",
    "clear_offset",
    "levels",
)


class Kept:
    """Arrays of which nobody looks at the places: events, and where they lie."""

    def __init__(self, value: Any = 0) -> None:
        self.value = value

    def __getitem__(self, where: Any) -> Any:
        return self.value

    def __setitem__(self, where: Any, value: Any) -> None:
        self.value = value

    def __len__(self) -> int:
        return 1


class Heard:
    """What the kernel lists as spikes, and how sums are given to it."""

    def __init__(self, sums: Number | None = None) -> None:
        self.sums, self.sent = sums, None

    def hear(self, q: Any, events: Any, payloads: Any, lo: int, hi: int, w: Any, sums: Any, *_: Any) -> None:
        sums[:] = self.sums

    def list_spikes(self, sent: Any, size: int, events: Any, at: Any) -> Any:
        self.sent = sent.number
        return at

    def list_payloads(self, sent: Any, size: int, events: Any, payloads: Any, at: Any) -> Any:
        self.sent = sent.number
        return at


def _functions() -> dict[str, Any]:
    """The kernels' parts, each with numba's meaning of numbers."""
    wrap = borrowed(fixed_point.wrap_int32, NUMBA)
    integrate = borrowed(
        fixed_point.integrate,
        NUMBA,
        decay=borrowed(fixed_point.decay, NUMBA),
        wrap_int32=wrap,
        wrap_current=borrowed(fixed_point.wrap_current, NUMBA, wrap_int32=wrap),
        saturate=borrowed(fixed_point.saturate, NUMBA),
    )
    fire = borrowed(fixed_point.fire, NUMBA)
    return {
        "level": borrowed(fixed_point.level, NUMBA),
        "integrate_narrow": borrowed(stepping.integrate_narrow, NUMBA),
        "step_narrow": borrowed(stepping.step_narrow, NUMBA),
        "step_wide": borrowed(stepping.step_wide, NUMBA, integrate=integrate, fire=fire),
        "add_shifted": borrowed(add_shifted, NUMBA),
    }


def run(scene: Scene, narrow: bool, projection: dict[str, Any] | None, lone: bool) -> dict[str, Any]:
    """One step of ``run_component``.

    Args:
        scene: the neuron; ``sums`` of it is what the projection's spikes bring, unshifted.
        narrow: as the plan has it.
        projection: its row; None: what arrives is in the dense array.
        lone: whether it goes into the narrow registers without a detour.
    """
    kind = scene.kind

    def cell(name: str, register: Any = np.int64) -> Cell:
        return Cell(Number(scene.nodes[name], np.int64, numbas), register, numbas)

    row = {name: Number(scene.nodes[name], np.int64, numbas) for name in FIELDS}
    p = SimpleNamespace(
        **row,
        size=1,
        state=0,
        depth=1,
        first=0,
        last=0 if projection is None else 1,
        lone=0 if lone else -1,
        given=0 if projection is None else -1,
        record=0,
        narrow=narrow,
        fires=kind.code is not None,
        strict=kind.comparison is Comparison.GREATER,
        subtract=kind.reset is Reset.SUBTRACT,
        biased=Number(e.invert(e.equal(scene.nodes["bias"], e.const(0))), bool, numbas),
        code=CODES[kind.code] if kind.code is not None else 0,
    )
    source = SimpleNamespace(depth=1)
    q = SimpleNamespace(**(projection or {}), source=1, delay=0, lines=1, line=1, line_first=0, line_step=1, sums=1, skipped=False)
    heard = Heard(Number(scene.nodes["sums"], np.int64, numbas) if projection else None)
    u, v, v32, waiting = cell("u"), cell("v"), cell("v", np.int32), cell("waiting", np.int32)
    record = Cell(0, np.int32, numbas)
    given = cell("arrived", np.int32) if projection is None else Kept()
    constants = (
        cell("threshold"),
        cell("threshold", np.int32),
        cell("bias"),
        cell("bias", np.int32),
        cell("start"),
    )
    end = Kept(1)
    lists = (Kept(), Kept(), Kept(0), end, Kept(0))
    space = {**_functions(), "hear": heard.hear, "list_spikes": heard.list_spikes}
    code = borrowed(
        kernels.run_component,
        _with_arrays(),
        **space,
        list_payloads=heard.list_payloads,
    )
    step = Number(scene.nodes["step"], np.int64, numbas)
    code(
        [0], ([p, source], [q], *(None,) * 5, *constants), (u, v, v32, waiting), lists, given, record,
        step, 1, 1, 1,
    )  # fmt: skip
    found: dict[str, Any] = {"v": v32 if narrow else v, "record": record}
    if not narrow:
        found["u"] = u
    if kind.code is not None:
        found["sent"] = end.value if heard.sent is None else heard.sent
    if kind.code is not None and kind.code.exact:
        found["waiting"] = waiting
    return found


def _with_arrays() -> Any:
    """numba's numpy, whose ``zeros`` are arrays of one element."""
    return SimpleNamespace(**{**vars(NUMBA), "zeros": lambda size, kind: Cell(0, kind, numbas)})


def wide_scene(kind: Kind) -> Scene:
    """Any neuron; what arrives is any number of 32 bits."""
    return unknown_neuron(kind)


def narrow_scene(kind: Kind) -> Scene:
    """What ``make_plan`` takes for narrow, and nothing more."""
    scene = unknown_neuron(kind, {"current_decay": 4095, "potential_decay": 0})
    n = scene.nodes
    scene.assume(least(n["state_bits"], e.const(STATE_BITS)))
    scene.assume(*(within(n[name], e.const(CONSTANT)) for name in ("threshold", "bias", "start")))
    # most << input_shift < 1 << (state_bits - 1), without leaving 64 bits.
    scene.assume(within(n["arrived"], e.shift_right(n["end"], n["input_shift"])))
    return scene
