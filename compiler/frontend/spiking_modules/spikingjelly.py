"""SpikingJelly's neurons.

Source: spikingjelly 2.0.0, activation_based/neuron/{base_node,integrate_and_fire,lif,plif}.py,
_ops/lif/reference.py.

A step of LIFNode: ``v <- v + (x - (v - v_reset)) / tau`` (``decay_input``, the default), or ``v <-
v - (v - v_reset) / tau + x``; a spike where ``v >= v_threshold``; then v is ``v_reset``, or, where
``v_reset`` is None, less the threshold. IFNode adds x. ParametricLIFNode has ``1 / tau =
sigmoid(w)``. CUBALIFNode: ``c <- c c_decay + x``, ``v <- v v_decay + c``. HalfThresholdIFNode is an
IFNode that begins at half its threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from snnc.ir import Array, Comparison, Reset

from .layer import Layout, Mark, SpikingLayer, class_of, numbers, refused

if TYPE_CHECKING:
    import torch
    from torch import nn

PLACE = "spikingjelly.activation_based.neuron."
KNOWN = (
    "integrate_and_fire.HalfThresholdIFNode",
    "integrate_and_fire.IFNode",
    "integrate_and_fire.SimpleIFNode",
    "lif.LIFNode",
    "lif.SimpleLIFNode",
    "lif_variants.CUBALIFNode",
    "plif.ParametricLIFNode",
)


class SpikingJelly:
    """See the module."""

    def is_neuron(self, module: nn.Module) -> bool:
        """Every class of its neurons."""
        return any(kind.__module__.startswith(PLACE) for kind in type(module).__mro__)

    def read(self, name: str, module: Any) -> SpikingLayer:
        """See :class:`Library`."""
        kind = f"SpikingJelly's {type(module).__name__}"
        known = class_of(module).removeprefix(PLACE)
        if known not in KNOWN:
            read = ", ".join(k.partition(".")[2] for k in KNOWN)
            raise refused(name, kind, "is not read", f"of SpikingJelly {read} are")
        hard = module.v_reset is not None
        rest = float(module.v_reset) if hard else 0.0
        lost = _lost_in_a_step(module)
        decays = known.startswith(("lif.", "plif."))
        gain = lost if decays and module.decay_input else np.ones(())
        current = numbers(getattr(module, "c_decay", 0.0))
        # CUBALIFNode decays to 0; the others to v_reset, from which everything is counted.
        leak = rest * -lost if hasattr(module, "v_decay") else np.zeros(())
        _refuse_other_spikes(name, kind, module)
        threshold = numbers(module.v_threshold) - rest
        if np.any(threshold <= 0):
            raise refused(name, kind, f"has its threshold {float(threshold.min()):g} above its reset")
        return SpikingLayer(
            name,
            kind,
            Layout.TIME_FIRST if module.step_mode == "m" else Layout.STEP,
            current,
            1.0 - lost,
            gain,
            leak,
            threshold,
            Reset.ZERO if hard else Reset.SUBTRACT,
            Comparison.GREATER_EQUAL,
            start=threshold / 2 if known.endswith("HalfThresholdIFNode") else np.zeros(()),
        )

    def stand_in(self, module: Any, mark: Mark) -> Callable[..., Any]:
        """See :class:`Library`."""

        def forward(x: torch.Tensor) -> torch.Tensor:
            return mark(x, {}, "spikes")

        return forward

    def rest(self, module: Any) -> None:
        """See :class:`Library`."""
        if hasattr(module, "reset"):
            module.reset()

    def recorded(self, module: Any, result: Any) -> torch.Tensor:
        """See :class:`Library`."""
        given: torch.Tensor = result
        return given


def _lost_in_a_step(module: Any) -> Array:
    """``1 / tau``: the part of the potential that a step loses; 0 for IFNode."""
    if hasattr(module, "v_decay"):
        return 1.0 - numbers(module.v_decay)
    if hasattr(module, "w"):
        return np.asarray(1.0 / (1.0 + np.exp(-numbers(module.w))))
    return np.asarray(1.0 / float(module.tau)) if hasattr(module, "tau") else np.zeros(())


def _refuse_other_spikes(name: str, kind: str, module: Any) -> None:
    """Refuse what sends something other than 0 and 1: noise, or the surrogate's own values."""
    function = module.surrogate_function
    if not getattr(function, "spiking", True) or type(function).__name__ == "PoissonPass":
        raise refused(name, kind, f"with {type(function).__name__} sends no spikes of 0 and 1")
