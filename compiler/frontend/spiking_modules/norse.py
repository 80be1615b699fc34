"""Norse's neurons.

Source: norse 1.1.0, norse/torch/module/{snn,lif,lif_box,iaf,leaky_integrator}.py,
norse/torch/functional/*.py.

A step of LIFCell, with ``a = dt tau_mem_inv`` and ``b = dt tau_syn_inv``: ``i <- i + x``, ``v <- v
+ a (v_leak - v + i)``, ``i <- (1 - b) i``; a spike where ``v > v_th``, after which v is v_reset.
LIFBoxCell has no current, IAFCell adds x. LICell never fires. The modules without ``Cell`` take all
steps at once, steps first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from snnc.ir import Linear, Reset

from .layer import Layout, Mark, SpikingLayer, class_of, numbers, refused

if TYPE_CHECKING:
    import torch
    from torch import nn

PLACE = "norse.torch.module."
NEURONS = (
    "coba_lif", "iaf", "izhikevich", "leaky_integrator", "leaky_integrator_box", "lif", "lif_adex",
    "lif_adex_refrac", "lif_box", "lif_correlation", "lif_ex", "lif_mc", "lif_mc_refrac", "lif_refrac",
    "lsnn", "snn",
)  # fmt: skip
"""Modules of Norse in which classes of neurons are."""

KNOWN = {
    "lif.LIFCell": Layout.STEP,
    "lif.LIF": Layout.TIME_FIRST,
    "lif.LIFRecurrentCell": Layout.STEP,
    "lif.LIFRecurrent": Layout.TIME_FIRST,
    "lif_box.LIFBoxCell": Layout.STEP,
    "iaf.IAFCell": Layout.STEP,
    "iaf.IAF": Layout.TIME_FIRST,
    "leaky_integrator.LICell": Layout.STEP,
    "leaky_integrator.LI": Layout.TIME_FIRST,
}


class Carried(NamedTuple):
    """What a marked neuron gives as its state: nobody may use more of it than the potential."""

    v: Any
    i: Any = None
    z: Any = None


class Norse:
    """See the module."""

    def is_neuron(self, module: nn.Module) -> bool:
        """Every class of Norse's neurons."""
        places = {f"{PLACE}{name}" for name in NEURONS}
        return any(kind.__module__ in places for kind in type(module).__mro__)

    def read(self, name: str, module: Any) -> SpikingLayer:
        """See :class:`Library`."""
        kind = f"Norse's {type(module).__name__}"
        known = class_of(module).removeprefix(PLACE)
        if known not in KNOWN:
            read = ", ".join(k.partition(".")[2] for k in KNOWN)
            raise refused(name, kind, "is not read", f"of Norse {read} are")
        p, dt = module.p, float(module.dt)
        spiking = hasattr(p, "v_th")
        reset = _reset(name, kind, p) if spiking else Reset.ZERO
        leak, rest = numbers(getattr(p, "v_leak", 0.0)), numbers(getattr(p, "v_reset", 0.0))
        if not spiking or reset is Reset.SUBTRACT:
            rest = np.zeros(())
        lost = numbers(dt * p.tau_mem_inv) if hasattr(p, "tau_mem_inv") else np.zeros(())
        gone = numbers(dt * p.tau_syn_inv) if hasattr(p, "tau_syn_inv") else np.ones(())
        return SpikingLayer(
            name,
            kind,
            KNOWN[known],
            1.0 - gone,
            1.0 - lost,
            lost if hasattr(p, "tau_mem_inv") else np.ones(()),
            lost * (leak - rest),
            numbers(p.v_th) - rest if spiking else None,
            reset,
            start=np.zeros(()) if known.startswith("iaf.") else leak - rest,  # ``initial_state``
            recurrent=(Linear(numbers(module.recurrent_weights)),)
            if hasattr(module, "recurrent_weights")
            else None,
        )

    def stand_in(self, module: Any, mark: Mark) -> Callable[..., Any]:
        """See :class:`Library`."""
        weights = getattr(module, "input_weights", None)
        spiking = hasattr(module.p, "v_th")

        def forward(input_tensor: torch.Tensor, state: Any = None) -> Any:
            import torch

            x = input_tensor
            if weights is not None:
                x = torch.nn.functional.linear(x, weights)
            carried = {} if state is None else {"potential": state.v}
            given = mark(x, carried, "spikes" if spiking else "potential")
            return given, Carried(mark(x, None, "potential") if spiking else given)

        return forward

    def rest(self, module: Any) -> None:
        """States are arguments: there is nothing to reset."""

    def recorded(self, module: Any, result: Any) -> torch.Tensor:
        """See :class:`Library`."""
        given: torch.Tensor = result[0]
        return given


def _reset(name: str, kind: str, p: Any) -> Reset:
    """Hard, but for what LIFBoxParameters say."""
    method = getattr(getattr(p, "reset_method", None), "__name__", "reset_value")
    if method in ("reset_value", "reset_subtract"):
        return Reset.SUBTRACT if method == "reset_subtract" else Reset.ZERO
    raise refused(name, kind, f"with reset_method={method} is not read")
