"""Lava's own ``LIF`` and ``LIFReset``, as lava-nc ships them: their models of fixed point.

What ``lif.py`` lets through is taken for granted: the limits of the target, hard reset, ``>``,
thresholds in multiples of 64, a bias from step 1 on in every step, and for ``LIFReset`` a start value
of 0.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.backends.loihi.target import (
    BIAS_EXPONENT,
    BIAS_MANTISSA,
    INPUT_SHIFT,
    MAX_DECAY,
    MAX_THRESHOLD_MANTISSA,
    STATE_BITS,
)
from snnc.ir import Comparison, Reset

from . import expressions as e
from .lava import Port
from .registers import Cell, numpys
from .scene import Kind, Scene, least, unknown_neuron, within
from .shims import NUMPY, borrowed

# Only importable once the payload has been (``lava_import.py``), which ``.lava`` did.
models = importlib.import_module("lava.proc.lif.models")

KINDS = tuple(Kind(comparison=Comparison.GREATER, reset=Reset.ZERO, clears=c) for c in (False, True))


def scene(kind: Kind) -> Scene:
    """A neuron that the back end lets Lava's own processes have."""
    known = {"state_bits": STATE_BITS.value, "input_shift": INPUT_SHIFT.value, "bias_start": 0}
    known |= {"bias_interval": 1, **({"start": 0} if kind.clears else {})}
    found = unknown_neuron(kind, known)
    n = found.nodes
    n["vth"] = e.variable("vth", 1, MAX_THRESHOLD_MANTISSA.value)
    n["threshold"] = e.shift_left(n["vth"], n["input_shift"])
    found.assume(least(n["potential_decay"], e.const(MAX_DECAY.value)))
    found.assume(within(n["bias"], e.const(BIAS_MANTISSA.value << BIAS_EXPONENT.value)))
    return found


def _own(kind: Kind, register: Any, number: Any) -> Any:
    """A model's registers and constants, as ``__init__`` and the builder make them."""
    return SimpleNamespace(
        u=register("u"),
        v=register("v"),
        effective_bias=register("bias"),
        vth=number("vth"),
        du=number("current_decay"),
        dv=number("potential_decay"),
        a_in=Port(register("arrived")),
        s_out=Port(),
        time_step=number("step"),
        ds_offset=1,
        dm_offset=0,
        isthrscaled=False,
        uv_bitwidth=24,
        max_uv_val=2**23,
        decay_shift=12,
        decay_unity=2**12,
        vth_shift=6,
        act_shift=6,
        **({} if not kind.clears else {"reset_interval": number("clear_interval")}),
    )


def _run(kind: Kind, own: Any, lent: Any) -> dict[str, Any]:
    model = models.PyLifResetModelBitAcc if kind.clears else models.PyLifModelBitAcc
    own.scale_bias = lambda: None  # mantissa << exponent, in 32 bits: given as it is
    for name in ("scale_threshold", "subthr_dynamics", "spiking_activation", "reset_voltage"):
        code = lent(getattr(model, name))
        setattr(own, name, lambda *a, code=code, **k: code(own, *a, **k))
    lent(model.run_spk)(own) if kind.clears else _run_plain(own)
    return {"u": own.u, "v": own.v, "record": own.v, "sent": own.s_out.value}


def _run_plain(own: Any) -> None:
    """``AbstractPyLifModelFixed.run_spk`` without its call of ``super``, which does nothing."""
    arrived = own.a_in.recv()
    own.scale_threshold()
    own.subthr_dynamics(activation_in=arrived)
    spikes = own.spiking_activation()
    own.reset_voltage(spike_vector=spikes)
    own.s_out.send(spikes)


def step(scene: Scene) -> dict[str, Any]:
    """One step of the model on unknown numbers."""

    def register(name: str) -> Cell:
        return Cell(scene.register(name), np.int32, numpys)

    own = _own(scene.kind, register, scene.number)
    if scene.kind.clears:
        own.reset_offset = scene.number("clear_offset") % scene.number("clear_interval")
    return _run(scene.kind, own, lambda function: borrowed(function, NUMPY))


def real_step(kind: Kind, given: Mapping[str, int]) -> dict[str, int]:
    """The same with numpy, of real numbers."""

    def register(name: str) -> Any:
        return np.array([given[name]], np.int64).astype(np.int32)

    own = _own(kind, register, lambda name: int(given[name]))
    if kind.clears:
        own.reset_offset = given["clear_offset"] % given["clear_interval"]
    found = _run(kind, own, lambda function: function)
    return {name: int(np.asarray(value)[0]) for name, value in found.items()}
