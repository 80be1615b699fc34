"""sinabs' neurons.

Source: sinabs 3.1.3, sinabs/layers/{lif,iaf,exp_leak}.py, layers/functional/lif.py,
activation/*.py.

A step: ``i <- alpha_syn (i + x)`` (or ``i <- x`` without ``tau_syn``), ``v <- alpha_mem v + i``,
with ``norm_input`` ``(1 - alpha_mem) i``; as many spikes as thresholds are in v (MultiSpike, the
default; SingleSpike one where ``v >= threshold``); each takes the threshold away, or v is 0
(MembraneReset).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from snnc.ir import Comparison, Reset

from .layer import Layout, Mark, SpikingLayer, class_of, numbers, refused
from .recurrence import own_connections

if TYPE_CHECKING:
    import torch
    from torch import nn

PLACE = "sinabs.layers."
KNOWN = ("LIF", "IAF", "ExpLeak", "LIFRecurrent", "IAFRecurrent")
STATEFUL = "sinabs.layers.stateful_layer.StatefulLayer"


class Sinabs:
    """See the module."""

    def is_neuron(self, module: nn.Module) -> bool:
        """Every layer of sinabs with a state."""
        return any(f"{k.__module__}.{k.__qualname__}" == STATEFUL for k in type(module).__mro__)

    def read(self, name: str, module: Any) -> SpikingLayer:
        """See :class:`Library`."""
        own = type(module).__name__
        kind = f"sinabs' {own}"
        if not class_of(module).startswith(PLACE) or own.removesuffix("Squeeze") not in KNOWN:
            raise refused(name, kind, "is not read", f"of sinabs {', '.join(KNOWN)} are, squeezed too")
        if module.min_v_mem is not None:
            lowest = float(numbers(module.min_v_mem))
            raise refused(
                name,
                kind,
                f"keeps its potential above {lowest:g} (min_v_mem)",
                "build it without: from_model(net, min_v_mem=None), whose default is -1; or train "
                "without, and measure how well it decides",
            )
        kept = numbers(module.alpha_mem_calculated)
        alpha = module.alpha_syn_calculated
        current = np.zeros(()) if alpha is None else numbers(alpha)
        gain = np.ones(()) if alpha is None else current
        if module.norm_input:
            gain = gain * (1.0 - kept)
        squeezed = hasattr(module, "num_timesteps")
        threshold, reset, several = _firing(name, kind, module)
        return SpikingLayer(
            name,
            kind,
            Layout.SQUEEZED if squeezed else Layout.BATCH_FIRST,
            current,
            kept,
            gain,
            np.zeros(()),
            threshold,
            reset,
            Comparison.GREATER_EQUAL,
            recurrent=own_connections(name, kind, module.rec_connect)
            if hasattr(module, "rec_connect")
            else None,
            bias_waits=True,  # in the first step nothing comes back (``lif_recurrent``)
            several=several,
        )

    def stand_in(self, module: Any, mark: Mark) -> Callable[..., Any]:
        """See :class:`Library`."""
        quantity = "spikes" if module.does_spike else "potential"

        def forward(input_data: torch.Tensor) -> torch.Tensor:
            return mark(input_data, {}, quantity)

        return forward

    def rest(self, module: Any) -> None:
        """See :class:`Library`."""
        import torch

        for name, _ in list(module.named_buffers(recurse=False)):
            module.register_buffer(name, torch.zeros(0, dtype=torch.float64))

    def recorded(self, module: Any, result: Any) -> torch.Tensor:
        """See :class:`Library`."""
        given: torch.Tensor = result
        return given


def _firing(name: str, kind: str, module: Any) -> tuple[Any, Reset, bool]:
    """Threshold, reset, and whether a step may send several spikes."""
    if not module.does_spike:
        return None, Reset.SUBTRACT, False
    spikes = getattr(module.spike_fn, "__name__", type(module.spike_fn).__name__)
    if spikes not in ("SingleSpike", "MultiSpike"):
        raise refused(name, kind, f"with spike_fn={spikes} is not read", "use SingleSpike")
    threshold, rule = numbers(module.spike_threshold), module.reset_fn
    way = type(rule).__name__
    if way == "MembraneReset" and rule.reset_value == 0:
        return threshold, Reset.ZERO, spikes == "MultiSpike"
    taken = threshold if getattr(rule, "subtract_value", None) is None else numbers(rule.subtract_value)
    if way == "MembraneSubtract" and np.all(taken == threshold):
        return threshold, Reset.SUBTRACT, spikes == "MultiSpike"
    raise refused(
        name,
        kind,
        f"with reset_fn={rule} is not read",
        "use MembraneSubtract() or MembraneReset()",
    )
