"""The Lava payload's own neurons: the Processes' models, with their registers of 32 bits."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.backends.loihi.payload import neurons
from snnc.ir import fixed_point

from . import expressions as e
from . import normative
from .registers import Cell, numpys
from .scene import FIELDS, Kind, Scene
from .shims import NUMPY, borrowed

OWN = {n: borrowed(getattr(neurons, n), NUMPY) for n in ("decay", "wrap_int32", "wrap_current")}
"""The payload's own functions."""
SHOWN = {
    **{n: normative.FUNCTIONS[n] for n in ("decay", "wrap_int32")},
    # What it is before its register of 32 bits, which the payload applies one line later.
    "wrap_current": borrowed(fixed_point.wrap_current, NUMPY, wrap_int32=lambda value: value),
}
"""What each is shown to return, in ``fixed_point``'s words."""
_WORD = (-(2**31), 2**31 - 1)
ARGUMENTS = {
    "decay": (_WORD, (0, 4096)),
    "wrap_int32": ((-(2**62), 2**62),),
    "wrap_current": (_WORD, (2, 32)),
}
"""For which arguments."""
REGISTERS = ("u", "v", "start_value", "bias", "threshold", "waiting")


class Port:
    """An InPort that brings a number, or an OutPort that keeps what it is given."""

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def recv(self) -> Any:
        return self.value

    def send(self, value: Any) -> None:
        self.value = value


def _model(kind: Kind) -> Any:
    if kind.code is None:
        return neurons.PyReadoutFixed
    return neurons.PyCountingFixed if kind.code.exact else neurons.PySpikingFixed


def _words(kind: Kind) -> dict[str, Any]:
    """The constants of a Process that are no numbers, as ``processes.py`` gives them."""
    sums = {"sums_changes": kind.sums}
    if kind.code is None:
        return sums
    if kind.code.exact:
        return {"code": kind.code.value, **sums}
    return {**sums, "comparison": kind.comparison.value, "reset": kind.reset.value}


def function_scene(name: str) -> Scene:
    """Any arguments of a function."""
    scene = Scene(Kind())
    for at, (low, high) in enumerate(ARGUMENTS[name]):
        scene.nodes[f"argument{at}"] = e.variable(f"argument{at}", low, high)
    return scene


def returned(scene: Scene, function: Any) -> dict[str, Any]:
    """What a function makes of them."""
    return {"returned": function(*(scene.register(name) for name in scene.nodes))}


def step(scene: Scene, space: Mapping[str, Any] = SHOWN) -> dict[str, Any]:
    """``run_spk`` of the model of a kind of neuron, on unknown numbers."""
    kind, r = scene.kind, scene.register
    values = {"start_value": r("start"), **{n: r(n) for n in REGISTERS if n != "start_value"}}
    arrived = Cell(r("arrived"), np.int32, numpys)
    own = SimpleNamespace(
        **{n: Cell(value, np.int32, numpys) for n, value in values.items()},
        a_in=Port(arrived.number),
        s_out=Port(),
        v_out=Port(),
        time_step=scene.number("step"),
        proc_params={**{n: scene.number(n) for n in FIELDS}, **_words(kind)},
    )
    model = _model(kind)
    code = borrowed(neurons.AbstractPyIntegrator.integrate, NUMPY, **space)
    own.integrate = lambda: code(own)
    borrowed(model.run_spk, NUMPY, **space)(own)
    found = {"u": own.u, "v": own.v}
    if kind.code is None:
        found["record"] = own.v_out.value
    else:
        found["sent"] = own.s_out.value
    if kind.code is not None and kind.code.exact:
        found["waiting"] = own.waiting
    return found


def real_step(kind: Kind, given: Mapping[str, int]) -> dict[str, int]:
    """The same by the models themselves, of real numbers."""

    def register(name: str) -> Any:
        return np.array([given[name]], np.int64).astype(np.int32)

    model = _model(kind)
    own = object.__new__(model)
    values = {n: register("start" if n == "start_value" else n) for n in REGISTERS}
    own.__dict__.update(
        **values,
        a_in=Port(register("arrived")),
        s_out=Port(),
        v_out=Port(),
        time_step=int(given["step"]),
        proc_params={**{n: int(given[n]) for n in FIELDS}, **_words(kind)},
    )
    model.run_spk(own)
    found = {"u": own.u, "v": own.v}
    if kind.code is None:
        found["record"] = own.v_out.value
    else:
        found["sent"] = own.s_out.value
    if kind.code is not None and kind.code.exact:
        found["waiting"] = own.waiting
    return {name: int(np.asarray(value)[0]) for name, value in found.items()}
