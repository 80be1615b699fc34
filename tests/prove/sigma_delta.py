"""Sigma-delta neurons: the models' own code, and Lava's ``SigmaDelta`` and ``Delta`` in 32 bits.

What is shown for every state and input of 32 bits, every threshold, and every pair of exponents that
Lava states; of biases, that they are the same once they are shifted.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.backends.loihi import sigma_delta
from snnc.backends.loihi.payload import neurons as payload

from . import expressions as e
from .lava import Port
from .normative import WRAP
from .registers import Cell, numpys
from .scene import Kind, Scene
from .shims import NUMPY, borrowed

# Only importable once the payload has been (``lava_import.py``), which ``.lava`` did.
models = importlib.import_module("lava.proc.sdn.models")

WORD = 2**31 - 1
NAMES = ("delta", "sigma-delta", "sigma-delta, a late bias")
"""What each claim is of: Lava's two processes, and the package's own."""

REGISTERS = ("potential", "value", "residue", "arrived")
OURS: dict[str, Any] = {"delta": sigma_delta.DeltaNeuron, "sigma-delta": sigma_delta.SigmaDeltaNeuron}
THEIRS = {
    "delta": models.PyDeltaModelFixed,
    "sigma-delta": models.PySigmaDeltaModelFixed,
    "sigma-delta, a late bias": payload.PyLateSigmaDeltaFixed,
}


def scene(name: str) -> Scene:
    """Any state, input, threshold, bias and exponents; a mantissa of 0 is a threshold of 1 here."""
    found = Scene(Kind())
    n = found.nodes
    for register in (*REGISTERS, "bias"):
        n[register] = e.variable(register, -WORD - 1, WORD)
    n["vth"] = e.variable("vth", 0, WORD)
    n["threshold"] = e.ite(e.less(n["vth"], e.const(1)), e.const(1), n["vth"])
    for exponent in ("spike_exp", "state_exp"):
        n[exponent] = e.variable(exponent, 0, sigma_delta.MOST_EXPONENT)
    n["step"] = e.variable("step", 1, WORD)
    late = name not in OURS
    n["bias_start"] = e.variable("bias_start", 0, 2**16 - 1) if late else e.const(0)
    return found


def _ours(
    name: str, number: Callable[[str], Any], word: Callable[[str], Any], lent: Any
) -> dict[str, Any]:
    """What the model makes of a state."""
    model = OURS[name.partition(",")[0]]
    own = SimpleNamespace()
    own._send = lambda *given: lent(model._send)(own, *given)
    neuron = SimpleNamespace(
        constants={n: number(n) for n in ("spike_exp", "state_exp")},
        fires_at=word("threshold"),
        bias_mantissa=word("bias"),
        bias_exponent=0,
        bias_start=number("bias_start"),
    )
    state = {n: word(n) for n in ("potential", "value", "residue")}
    sent = lent(model.step)(own, neuron, state, word("arrived"), number("step"))
    kept = ("value", "residue") if name == "delta" else ("potential", "value", "residue")
    return {"sent": sent, **{n: state[n] for n in kept}}


def _theirs(
    name: str, number: Callable[[str], Any], register: Callable[[str], Any], lent: Any
) -> dict[str, Any]:
    """What Lava's model makes of it."""
    model = THEIRS[name]
    own = SimpleNamespace(
        sigma=register("potential"),
        act=register("value"),
        residue=register("residue"),
        vth=register("vth"),
        bias=register("bias"),
        spike_exp=register("spike_exp"),
        state_exp=register("state_exp"),
        cum_error=False,
        act_mode=models.ActivationMode.RELU,
        a_in=Port(register("arrived")),
        s_out=Port(),
        time_step=number("step"),
        proc_params={"bias_start": number("bias_start")},
    )
    parts = ("sigma_dynamics", "delta_dynamics", "activation_dynamics", "dynamics")
    for part in parts:
        if hasattr(model, part):
            code = _without_super(lent, model, part)
            setattr(own, part, lambda *given, code=code: code(own, *given))
    lent(model.run_spk)(own)
    found = {"sent": own.s_out.value, "value": own.act, "residue": own.residue}
    return found if name == "delta" else {**found, "potential": own.sigma}


def _without_super(lent: Any, model: Any, part: str) -> Any:
    """A method; of the package's own model, Lava's activation stands in for ``super``'s."""
    code = lent(getattr(model, part))
    if model is not payload.PyLateSigmaDeltaFixed or part != "activation_dynamics":
        return code
    before = lent(models.AbstractSigmaDeltaModel.activation_dynamics)

    def late(own: Any, data: Any) -> Any:
        own_super = SimpleNamespace(activation_dynamics=lambda given: before(own, given))
        return lent(getattr(model, part), super=lambda *_: own_super)(own, data)

    return late


def _lent(function: Any, **others: Any) -> Any:
    """A function's own code on unknowns."""
    return borrowed(function, NUMPY, wrap_int32=WRAP, ReLU=borrowed(models.ReLU, NUMPY), **others)


def wanted(scene: Scene, name: str) -> Mapping[str, Any]:
    """One step of the neuron model."""
    return _ours(name, scene.number, scene.register, _lent)


def step(scene: Scene, name: str) -> Mapping[str, Any]:
    """One step of Lava's model."""

    def register(register: str) -> Cell:
        return Cell(scene.register(register), np.int32, numpys)

    return _theirs(name, scene.number, register, _lent)


def replay(given: dict[str, int], name: str) -> tuple[dict[str, int], dict[str, int]]:
    """What both make of real numbers."""

    def plain(function: Any, **others: Any) -> Any:
        return function if not others else borrowed(function, np, **others)

    def wide(register: str) -> Any:
        return np.array([given[register]], np.int64)

    def narrow(register: str) -> Any:
        return wide(register).astype(np.int32)

    def number(field: str) -> int:
        return given[field]

    both = _ours(name, number, wide, plain), _theirs(name, number, narrow, plain)
    ours, theirs = ({n: int(np.asarray(v)[0]) for n, v in found.items()} for found in both)
    return ours, theirs
