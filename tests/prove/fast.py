"""The fast simulator's step: its kernels' own code, once for each layout of sums and registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.ir import Comparison, Reset, SignMode, fixed_point, weight_step
from snnc.sim.fast import kernels, plan, stepping, tables
from snnc.sim.fast.hearing import add_shifted
from snnc.sim.fast.plan import CONSTANT, REGISTER, STATE_BITS
from snnc.sim.fast.records import CONVOLUTION
from snnc.sim.fast.tables import CODES

from . import expressions as e
from . import normative
from .normative import SHIFT_SUM
from .paths import running
from .registers import Cell, Number, numbas, numpys
from .scene import FIELDS, Kind, Scene, least, neuron_of, unknown_neuron, within
from .shims import NUMBA, NUMPY, borrowed, larger, private, smaller

AS_COMPILED: dict[str, Any] = {"to_int32": NUMBA.int32, "CHECKED": False}
"""What compiled.py gives the kernels where they are not the checked build."""


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


class Sample(Kept):
    """An array by samples, of which there is one."""

    def __getitem__(self, where: Any) -> Any:
        return self.value[where] if isinstance(where, tuple) else self.value


def clear(numbers: Any, first: int, end: int) -> None:
    """As ``vectors.clear``: of a cell, if its element is meant."""
    if first == 0 < end:
        numbers[:] = 0


class Heard:
    """What the kernel lists as spikes, and how sums are given to it."""

    def __init__(self, sums: Number | None = None) -> None:
        self.sums, self.sent = sums, None

    def hear(self, q: Any, events: Any, payloads: Any, place: Any, w: Any, sums: Any, *_: Any) -> Any:
        narrow, wide = sums
        (narrow if q.narrow else wide)[:] = self.sums
        return q.narrow

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
        "step_wide": borrowed(stepping.step_wide, NUMBA, integrate=integrate, fire=fire),
        "clear": clear,
        # As if there were more neurons than are always stepped: a population of one stands for any.
        "WORD": 0,
        **{
            name: borrowed(getattr(kernels, name), NUMBA)
            for name in ("is_cleared", "adds_bias", "ends_frame")
        },
        "add_shifted": borrowed(add_shifted, NUMBA, **AS_COMPILED),
        **AS_COMPILED,
    }


def step_lines(before: Callable[[], e.Node]) -> Any:
    """``stepping.step_lines``, and what it is told about where anything arrives has to be so.

    Vectors may only be left out (``left_out.py``) where potentials are as the last step left them,
    which ``before`` says, and where it is told that nothing arrives sums are zeros.
    """
    parts = {name: getattr(stepping, name) for name in ("integrate_narrow", "step_narrow")}
    code = borrowed(
        stepping.step_lines,
        NUMBA,
        clear=clear,
        **{name: borrowed(part, NUMBA, **AS_COMPILED) for name, part in parts.items()},
    )

    def run(p: Any, q: Any, sums: Cell, v: Cell, *others: Any) -> Any:
        heard, now = others[-1], v.number.node
        if heard != stepping.EVERYWHERE:
            running().need("a potential is as the last step left it", e.equal(now, before()))
        if heard == stepping.NOWHERE:
            running().need("nothing arrives", e.equal(sums.number.node, e.const(0)))
        after = code(p, q, sums, v, *others)
        running().need("sums are left as zeros", e.equal(sums.number.node, e.const(0)))
        return after

    return run


DESCRIBE_SUMS = borrowed(private(tables, "_describe_sums"), NUMPY)


def _node(value: Any) -> e.Node:
    return e.const(value) if isinstance(value, int) else value.node


LAST_STEP = 2**62
"""A step that is seen: others are left out (``snnc.sim.fast.horizon``), and change nothing."""


def _rows(
    scene: Scene, narrow: bool, projection: dict[str, Any] | None, lone: bool
) -> tuple[SimpleNamespace, SimpleNamespace]:
    """The rows of the population and of its projection, as the plan has them."""
    kind = scene.kind
    row: dict[str, Any] = {name: scene.number(name) for name in FIELDS}
    DESCRIBE_SUMS(row, neuron_of(scene))
    flags = {name: row.pop(name) for name in ("sums_changes", "adds_answers")}
    p = SimpleNamespace(
        **{name: Number(_node(value), np.int64, numbas) for name, value in row.items()},
        **flags,
        biased=Number(e.invert(e.equal(scene.nodes["bias"], e.const(0))), bool, numbas),
        size=1,
        state=0,
        depth=1,
        first=0,
        last=0 if projection is None else 1,
        lone=0 if lone else -1,
        cycle=-1,
        hot=0,
        words=1,
        given=0 if projection is None else -1,
        record=0,
        until=Number(e.const(LAST_STEP), np.int64, numbas),
        narrow=narrow,
        fires=kind.code is not None,
        strict=kind.comparison is Comparison.GREATER,
        subtract=kind.reset is Reset.SUBTRACT,
        code=CODES[kind.code] if kind.code is not None else 0,
    )
    one = dict.fromkeys(("source", "lines", "line", "line_step", "sums"), 1)
    row = {"unit_shift": 0, "exponent": 0, **(projection or {}), "kind": CONVOLUTION}
    q = SimpleNamespace(**row, **one, delay=0, line_first=0, skipped=False)
    return p, q


def run(
    scene: Scene,
    narrow: bool,
    projection: dict[str, Any] | None,
    lone: bool,
    spikes: int = 1,
) -> dict[str, Any]:
    """One step of ``run_component``.

    Args:
        scene: the neuron; ``sums`` of it is what the projection's spikes bring, unshifted.
        narrow: as the plan has it.
        projection: its row; None: what arrives is in the dense array.
        lone: whether it goes into the narrow registers without a detour.
        spikes: how many the projection hears.
    """
    kind = scene.kind

    def cell(name: str, register: Any = np.int64) -> Cell:
        return Cell(Number(scene.nodes[name], np.int64, numbas), register, numbas)

    p, q = _rows(scene, narrow, projection, lone)
    source = SimpleNamespace(depth=1)
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
    end = Kept(spikes)
    lists = (Kept(), Kept(), Kept(0), end, Kept(0))
    lines = step_lines(lambda: scene.nodes["v"])
    space = {**_functions(), "step_lines": lines, "hear": heard.hear, "list_spikes": heard.list_spikes}
    send_levels = borrowed(kernels.send_levels, NUMBA, list_payloads=heard.list_payloads, clear=clear)
    code = borrowed(kernels.run_component, NUMBA, **space, send_levels=send_levels)
    scratch = (np.int16, np.int32, np.int32, np.int32, np.int8, np.int32)  # as ``kernels.Scratch``
    step = Number(scene.nodes["step"], np.int64, numbas)
    states = (Sample(u), v, v32, waiting, Kept())
    code(
        [0], ([p, source], [q], *(None,) * 5, *constants), states, lists, given, record,
        (step, 0, 1), tuple(Cell(0, register, numbas) for register in scratch),
    )  # fmt: skip
    found: dict[str, Any] = {"v": v32 if narrow else v, "record": record}
    if not narrow:
        found["u"] = u
    if kind.code is not None:
        found["sent"] = end.value if heard.sent is None else heard.sent
    if kind.code is not None and kind.code.exact:
        found["waiting"] = waiting
    return found


def wide_scene(kind: Kind) -> Scene:
    """Any neuron; what arrives is any number of 32 bits."""
    return unknown_neuron(kind)


def _small(scene: Scene) -> None:
    """What ``plan._stays_small`` makes sure of, but for what arrives."""
    n = scene.nodes
    scene.assume(least(n["state_bits"], e.const(STATE_BITS)))
    scene.assume(*(within(n[name], e.const(CONSTANT)) for name in ("threshold", "bias", "start")))


def _stays(current: e.Node, scene: Scene) -> None:
    """A current that does not wrap: from minus the register's end to one above it."""
    end = scene.nodes["end"]
    scene.assume(least(e.neg(end), current), least(current, e.add(end, e.const(1))))


def narrow_scene(kind: Kind) -> Scene:
    """What ``make_plan`` takes for narrow, and nothing more."""
    scene = unknown_neuron(kind, {"current_decay": 4095, "potential_decay": 0})
    _small(scene)
    _stays(e.shift_left(scene.nodes["arrived"], scene.nodes["input_shift"]), scene)
    return scene


def lone_scene(kind: Kind, bits: int = 16, spikes: int = 1) -> Scene:
    """A population whose only projection goes into it without a detour."""
    scene = unknown_neuron(kind, {"current_decay": 4095, "potential_decay": 0})
    n = scene.nodes
    largest_shift = weight_step(1, SignMode.MIXED).bit_length() - 1
    for name, low, high in (
        ("sums", -(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        ("unit_shift", 0, largest_shift),
        ("exponent", 0, REGISTER - 1),
    ):
        n[name] = e.variable(name, low, high)
    if not spikes:
        n["sums"] = e.const(0)
    total = e.add(e.add(n["input_shift"], n["unit_shift"]), n["exponent"])  # as the kernel has it
    _small(scene)
    scene.assume(e.less(total, e.const(REGISTER)))
    # One shift of all that the kernel knows is what the reference shifts in three steps.
    whole = e.wrap(e.shift_left(n["sums"], n["unit_shift"]), 32)
    arrived = e.wrap(e.shift_left(whole, n["exponent"]), 32)
    at_once = e.shift_left_by_at_most(n["sums"], total, REGISTER - 1)
    in_steps = e.shift_left(arrived, n["input_shift"])
    _stays(at_once, scene)
    scene.lemmas.append(([at_once, in_steps, e.wrap(in_steps, 32)], e.add(n["end"], e.const(1))))
    return scene


class Within:
    """What can arrive in a step, as the plan has it: an ``Extent`` of unknown ends."""

    def __init__(self, low: e.Node, high: e.Node) -> None:
        self.low, self.high = low, high

    def shifted(self, by: Number) -> Within:
        return Within(e.shift_left(self.low, by.node), e.shift_left(self.high, by.node))

    def within(self, low: Number, high: Number) -> Number:
        inside = e.both(least(low.node, self.low), least(self.high, high.node))
        return Number(inside, bool, numpys)


class Constants:
    """An array of thresholds, biases or start values, of which one neuron's is looked at."""

    def __init__(self, number: Number) -> None:
        self.number = number

    def min(self, initial: int) -> Any:
        return smaller(self.number, initial)

    def max(self, initial: int) -> Any:
        return larger(self.number, initial)


def plan_scene() -> Scene:
    """Any population, and anything that can arrive: beyond 32 bits no shift makes it fit a register."""
    scene = unknown_neuron(Kind(None))
    word = 2**31
    for name, low, high in (
        ("low", -word, 0),
        ("high", 0, word),
        ("unit_shift", 0, 8),
        ("exponent", -31, 31),
    ):
        scene.nodes[name] = e.variable(name, low, high)
    n = scene.nodes
    scene.assume(least(n["low"], n["arrived"]), least(n["arrived"], n["high"]))
    return scene


def plan_step(scene: Scene) -> dict[str, Any]:
    """What the proofs of the narrow path take for granted, wherever the plan's own code says narrow."""
    n = scene.nodes
    row = {name: Number(n[name], np.int64, numpys) for name in FIELDS}
    plain = {"int": lambda value: value, "bool": lambda value: value}
    small = borrowed(private(plan, "_stays_small"), NUMPY, **plain)
    constants = [
        Constants(Number(n[name], np.int64, numpys)) for name in ("threshold", "bias", "start")
    ]
    if not small(row, Within(n["low"], n["high"]), constants):
        return {}
    taken = unknown_neuron(Kind(None), {"current_decay": 4095, "potential_decay": 0})
    taken.nodes, taken.hypotheses = n, []
    _small(taken)
    _stays(e.shift_left(n["arrived"], n["input_shift"]), taken)
    taken.assume(e.equal(n["current_decay"], e.const(4095)), e.equal(n["potential_decay"], e.const(0)))
    only = {name: Number(n[name], np.int64, numpys) for name in ("unit_shift", "exponent")}
    lone = borrowed(private(plan, "_lone"), NUMPY, **plain)
    if lone({**row, "first": 0, "last": 1, "narrow": True}, [{**only, "narrow": True}]) == 0:
        total = e.add(e.add(n["unit_shift"], n["exponent"]), n["input_shift"])
        taken.assume(e.less(total, e.const(REGISTER)), least(e.const(0), n["exponent"]))
    kept = e.TRUE
    for hypothesis in taken.hypotheses:
        kept = e.both(kept, hypothesis)
    return {"kept": Number(kept, bool, numpys)}


def lone_wanted(scene: Scene) -> Mapping[str, Any]:
    """The normative step; it hears the sum of whole weights, in 32 bits, shifted."""
    n = scene.nodes
    whole = e.wrap(e.shift_left(n["sums"], n["unit_shift"]), 32)
    arrived = SHIFT_SUM(Number(whole, np.int64, numpys), Number(n["exponent"], None, numpys))
    return normative.step(scene, arrived)


def lone_step(scene: Scene, bits: int = 16, spikes: int = 1) -> Mapping[str, Any]:
    """The kernel's, from sums of so many bits."""
    row = {name: Number(scene.nodes[name], np.int64, numbas) for name in ("unit_shift", "exponent")}
    return run(scene, True, {**row, "narrow": bits == 16}, True, spikes)
