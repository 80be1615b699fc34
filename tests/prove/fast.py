"""The fast simulator's step: its kernels' own code, once for each layout of sums and registers."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.ir import Comparison, Reset, fixed_point
from snnc.sim.fast import kernels, stepping
from snnc.sim.fast.events import Lists
from snnc.sim.fast.hearing import add_shifted
from snnc.sim.fast.plan import CONSTANT, SHORT, STATE_BITS
from snnc.sim.fast.records import POPULATION, PROJECTION
from snnc.sim.fast.tables import CODES
from snnc.sim.fast.vectors import LANES

from . import expressions as e
from . import normative
from .normative import SHIFT_SUM
from .registers import Cell, Number, numbas, numpys
from .scene import FIELDS, Kind, Scene, least, unknown_neuron, within
from .shims import NUMBA, borrowed


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

    def hear(
        self, q: Any, events: Any, payloads: Any, lo: int, hi: int, w: Any, sums: Any, *_: Any
    ) -> None:
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
    q = SimpleNamespace(
        **(projection or {}),
        source=1,
        delay=0,
        lines=1,
        line=1,
        line_first=0,
        line_step=1,
        sums=1,
        skipped=False,
    )
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


def lone_scene(kind: Kind) -> Scene:
    """A population whose only projection goes into it without a detour: sums of 16 bits.

    ``stored`` bounds them. Where it is 0 nothing ever arrives; the shift may then be anything.
    """
    scene = unknown_neuron(kind, {"current_decay": 4095, "potential_decay": 0})
    n = scene.nodes
    for name, low, high in (
        ("stored", 1, SHORT),
        ("sums", -SHORT, SHORT),
        ("unit_shift", 0, 8),
        ("exponent", 0, 31),
    ):
        n[name] = e.variable(name, low, high)
    total = e.add(e.add(n["unit_shift"], n["exponent"]), n["input_shift"])
    scene.assume(least(n["state_bits"], e.const(STATE_BITS)))
    scene.assume(*(within(n[name], e.const(CONSTANT)) for name in ("threshold", "bias", "start")))
    scene.assume(within(n["sums"], n["stored"]), least(n["stored"], e.shift_right(n["end"], total)))
    scene.assume(least(total, e.const(26)))
    # One shift of all that the kernel knows is what the reference shifts in three steps.
    whole = e.wrap(e.shift_left(n["sums"], n["unit_shift"]), 32)
    arrived = e.wrap(e.shift_left(whole, n["exponent"]), 32)
    at_once = e.shift_left_by_at_most(n["sums"], total, 31)
    in_steps = e.shift_left(arrived, n["input_shift"])
    scene.lemmas.append(([at_once, in_steps, e.wrap(in_steps, 32)], n["end"]))
    return scene


def lone_wanted(scene: Scene) -> Mapping[str, Any]:
    """The normative step; it hears the sum of whole weights, in 32 bits, shifted."""
    n = scene.nodes
    whole = e.wrap(e.shift_left(n["sums"], n["unit_shift"]), 32)
    arrived = SHIFT_SUM(Number(whole, np.int64, numpys), Number(n["exponent"], None, numpys))
    return normative.step(scene, arrived)


def lone_step(scene: Scene) -> Mapping[str, Any]:
    """The kernel's, from sums of 16 bits."""
    row = {name: Number(scene.nodes[name], np.int64, numbas) for name in ("unit_shift", "exponent")}
    return run(scene, True, {**row, "bytes": 1}, True)


def real_step(kind: Kind, given: Mapping[str, int], narrow: bool) -> dict[str, int]:
    """The same by the compiled kernel, of real numbers: 33 neurons, a vector and one behind it."""
    size = LANES + 1
    populations, projections = np.zeros(2, POPULATION), np.zeros(1, PROJECTION)
    row = populations[0]
    for name in FIELDS:
        row[name] = given[name]
    row["size"], row["depth"], row["lone"], row["narrow"] = size, 1, -1, narrow
    row["fires"], row["biased"] = kind.code is not None, given["bias"] != 0
    row["strict"], row["subtract"] = kind.comparison is Comparison.GREATER, kind.reset is Reset.SUBTRACT
    row["code"] = CODES[kind.code] if kind.code is not None else 0

    def filled(value: int, register: Any, rows: tuple[int, ...] = ()) -> Any:
        return np.full((*rows, size), value, np.int64).astype(register)

    constants = [
        filled(given[name], register)
        for name, register in (
            ("threshold", np.int64),
            ("threshold", np.int32),
            ("bias", np.int64),
            ("bias", np.int32),
            ("start", np.int64),
        )
    ]
    pools = [np.zeros(1, kind_) for kind_ in (np.int8, np.int16, np.int32, np.int64, np.int32)]
    network = kernels.Network(populations, projections, *pools, *constants)
    states = kernels.States(
        filled(given["u"], np.int64, (1,)),
        filled(given["v"], np.int64, (1,)),
        filled(given["v"], np.int32, (1,)),
        filled(given["waiting"], np.int32, (1,)),
    )
    places = np.zeros((1, 2, 2), np.int64)
    lists = Lists(
        np.zeros(99, np.int32), np.zeros(99, np.int32), places, places.copy(), np.zeros(2, np.int64)
    )
    record = np.zeros((1, 1, size), np.int32)
    arrived = filled(given["arrived"], np.int32, (1, 1))
    kernels.run_component(
        np.array([0]), network, states, lists, arrived, record, given["step"], 1, size, 1
    )
    first, last = int(lists.begin[0, 0, 1]), int(lists.end[0, 0, 1])
    sent = np.zeros(size, np.int64)
    exact = kind.code is not None and kind.code.exact
    sent[lists.events[first:last]] = lists.payloads[first:last] if exact else 1
    found = {"v": states.v32 if narrow else states.v, "record": record, "sent": sent}
    if not narrow:
        found["u"] = states.u
    if exact:
        found["waiting"] = states.waiting
    values = {name: np.unique(value) for name, value in found.items()}
    apart = [name for name, value in values.items() if len(value) != 1]
    assert not apart, f"a vector and the neuron behind it differ in {apart}"
    return {name: int(value[0]) for name, value in values.items() if name != "sent" or kind.code}
