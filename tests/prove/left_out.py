"""Vectors of neurons that ``step_narrow`` leaves out: that they would have stayed as they are.

``hot`` has a bit for each vector. Shown is an induction over steps. Wherever a bit is not set, no
neuron of the vector can fire, and none is beyond its register's ends (:func:`_cold`). From there
``step_narrow`` itself does in one step what the loop over single neurons does, whether it leaves the
vector out or not, and wherever it leaves a bit that is not set, that is so again. It begins with all
bits set. That a potential is changed elsewhere only where every vector is stepped, and that sums are
zeros where the kernel says that nothing arrives, is asked of ``run_component`` (``fast.step_lines``).

The code runs for many vectors, of which one is looked at, in a word of bits that is not the first, and
of that one lane. What other lanes do is unknown: whether anything arrives there, who fires, and who
would again. The masks are Python's integers, each unknown bit decided both ways.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.ir import Comparison, Reset
from snnc.sim.fast import stepping
from snnc.sim.fast.plan import CONSTANT, STATE_BITS
from snnc.sim.fast.vectors import LANES

from . import expressions as e
from . import vector
from .fast import AS_COMPILED
from .paths import running
from .registers import Number, numbas
from .scene import Kind, Scene, within
from .shims import NUMBA, borrowed

OURS, LANE = stepping.WORD + 2, 5
"""The vector that is looked at, and the neuron of it."""
COUNT = (OURS + 2) * LANES
AT, FIRST, HOT = 48, 7 * LANES, 3
"""Where sums, neurons and bits begin."""
OTHERS = (1 << 2) | (1 << 9) | (1 << 20)
"""Lanes before and behind it that may fire, too."""
WORDS = {HOT + word for word in range((OURS + 2 + stepping.WORD - 1) // stepping.WORD)}
TRUTHS = ("hot", "others_fire", "others_again", "others_hear")


def scene(kind: Kind, bits: int) -> Scene:
    """A vector between two steps; its numbers are what ``plan._stays_small`` makes sure of."""
    found = vector.scene(bits)
    n = found.nodes
    n["state_bits"] = e.variable("state_bits", 2, STATE_BITS)
    n["threshold"] = e.variable("threshold", 1, CONSTANT)
    n["strict"] = e.const(int(kind.comparison is Comparison.GREATER))
    n["subtract"] = e.const(int(kind.reset is Reset.SUBTRACT))
    n["heard"] = e.variable("heard", stepping.NOWHERE, stepping.EVERYWHERE)
    for name in TRUTHS:
        n[name] = e.variable(name, 0, 1)
    found.assume(within(n["v"], e.const(2 * CONSTANT)))  # a bias may be in it
    current = e.shift_left_by_at_most(n["sums"], n["shift"], 31)
    found.assume(within(current, e.shift_left(e.const(1), e.sub(n["state_bits"], e.const(1)))))
    kept = e.either(e.equal(n["hot"], e.const(1)), _cold(found, n["v"]))
    found.assume(e.either(e.equal(n["heard"], e.const(stepping.EVERYWHERE)), kept))
    silent = e.both(e.equal(n["sums"], e.const(0)), e.equal(n["others_hear"], e.const(0)))
    found.assume(e.either(e.invert(e.equal(n["heard"], e.const(stepping.NOWHERE))), silent))
    return found


def _cold(found: Scene, v: e.Node) -> e.Node:
    """That a neuron does not fire unless it hears something, and is within its register."""
    n, one = found.nodes, e.const(1)
    limit = e.sub(e.shift_left(one, e.sub(n["state_bits"], one)), one)
    bound = e.sub(n["threshold"], e.sub(one, n["strict"]))
    return e.both(e.invert(e.less(bound, v)), within(v, limit))


def _so(found: Scene, name: str) -> bool:
    return running().decide(e.equal(found.nodes[name], e.const(1)))


def _true() -> Number:
    return Number(e.TRUE, bool, numbas)


def wanted(found: Scene, bits: int) -> dict[str, Any]:
    """As if it were a neuron of its own; the bits say the truth, and nobody else's spike is lost."""
    return {**vector.scalar(found, bits), "kept": _true(), "others": _true()}


def step(found: Scene, bits: int) -> dict[str, Any]:
    """``step_narrow`` itself."""
    sums, v, threshold = vector.cells(found, bits)

    def fire_vector(_: Any, at: int, _v: Any, n: int, _t: Any, there: int, *numbers: Any) -> int:
        assert at - AT == n - FIRST == there - FIRST
        if n != FIRST + OURS * LANES:
            return 0  # of other vectors nobody fires
        fired, again = vector.one_lane(found, bits, sums, v, threshold)
        mask = OTHERS if _so(found, "others_fire") else 0
        mask |= (OTHERS << LANES) if _so(found, "others_again") else 0
        return mask | (bool(fired) << LANE) | (bool(again) << (LANE + LANES))

    def touched(_: Any, first: int, count: int) -> int:
        number = (AT + OURS * LANES - first) // LANES
        if not 0 <= number < count:
            return 0
        return (bool(sums.number) or _so(found, "others_hear")) << number

    n = {name: Number(found.nodes[name], np.int64, numbas) for name in ("state_bits", "shift")}
    strict, subtract = (int(found.nodes[name].value or 0) for name in ("strict", "subtract"))
    p = SimpleNamespace(state_bits=n["state_bits"], strict=strict, subtract=subtract, cycle=-1)
    bit = 1 << (OURS % stepping.WORD)
    hot = dict.fromkeys(WORDS, 0)
    hot[HOT + OURS // stepping.WORD] = bit if _so(found, "hot") else 0
    heard = next(
        k for k in range(3) if k == 2 or running().decide(e.equal(found.nodes["heard"], e.const(k)))
    )
    events: dict[int, int] = {}
    # Masks are Python's integers: none of what is done with them leaves 64 bits.
    language = SimpleNamespace(**{**vars(NUMBA), "uint64": int, "int64": int})
    space = {**AS_COMPILED, "ALL": int(stepping.ALL), "FIRED": int(stepping.FIRED)}
    code = borrowed(
        stepping.step_narrow,
        language,
        **space,
        fire_vector=fire_vector,
        touched=touched,
        lowest_bit=lambda mask: (mask & -mask).bit_length() - 1 if mask else 64,
    )
    end = code(p, sums, AT, n["shift"], v, threshold, FIRST, COUNT, events, 0, hot, HOT, heard)
    listed = [events[k] - FIRST - OURS * LANES for k in range(end)]
    others = [lane for lane in listed if lane != LANE]
    stepped = not others or _so(found, "others_fire")
    complete = others in ([], [k for k in range(LANES) if OTHERS >> k & 1])
    rest = all(not hot[word] & ~(bit if word == HOT + OURS // stepping.WORD else 0) for word in WORDS)
    still = bool(hot[HOT + OURS // stepping.WORD] & bit)
    truth = e.TRUE if still else _cold(found, v.number.node)
    return {
        "v": v,
        "sent": Number(e.const(listed.count(LANE)), np.int64, numbas),
        "sums": sums,
        "kept": Number(e.both(truth, e.const(int(rest), True)), bool, numbas),
        "others": Number(
            e.const(int(stepped and complete and listed == sorted(listed)), True), bool, numbas
        ),
    }


def again_scene(bits: int) -> Scene:
    """Any neuron of the plan's, either way of firing, whatever it hears."""
    found = vector.scene(bits)
    found.nodes["state_bits"] = e.variable("state_bits", 2, STATE_BITS)
    found.nodes["threshold"] = e.variable("threshold", 1, CONSTANT)
    return found


def again_wanted(found: Scene, bits: int) -> dict[str, Any]:
    """Whether a neuron of its own fires in the step after this one, if nothing arrives in that."""
    sums, v, threshold = vector.cells(found, bits)
    vector.one_step(found, sums, v, threshold)
    return {"again": vector.one_step(found, sums, v, threshold)}
