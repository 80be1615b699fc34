"""snnTorch's neurons.

Source: snntorch 1.0.0, snntorch/_neurons/{neurons,leaky,synaptic,rleaky,rsynaptic}.py.

A step of Leaky: ``mem <- beta mem + x``, less the threshold where the potential was above it before
(``reset_delay``, the default: the reset comes one step late, after the leak), a spike where mem is
above the threshold. ``reset_mechanism="zero"`` puts mem back to 0 before the leak, which is a hard
reset in the step of the spike. With ``reset_delay=False`` the reset comes at once, but where a
potential stays above the threshold behind it, the next step takes another threshold before it
compares, and gives it back where no spike follows: that no population of ours does. Synaptic and
RSynaptic add a current, RLeaky and RSynaptic their own spikes of the step before. Lapicque keeps
``1 - time_step / (R C)`` and adds ``time_step / C`` times x.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from snnc.ir import Op, Reset

from .layer import Layout, Mark, SpikingLayer, class_of, numbers, refused
from .recurrence import own_connections

if TYPE_CHECKING:
    import torch
    from torch import nn

PLACE = "snntorch._neurons."
KNOWN = {
    "lapicque.Lapicque": ("mem",),
    "leaky.Leaky": ("mem",),
    "synaptic.Synaptic": ("syn", "mem"),
    "rleaky.RLeaky": ("spk", "mem"),
    "rsynaptic.RSynaptic": ("spk", "syn", "mem"),
}
"""By class, what its ``forward`` takes behind the input, and gives behind the spikes (less ``spk``)."""


QUANTITIES = {"spk": "spikes", "syn": "current", "mem": "potential"}
"""What a neuron's states are, by their names."""


class SnnTorch:
    """See the module."""

    def is_neuron(self, module: nn.Module) -> bool:
        """Every class of its neurons."""
        return any(
            k.__module__.startswith(PLACE) for k in type(module).__mro__
        ) and "Recurrent" not in (type(module).__name__)

    def read(self, name: str, module: Any) -> SpikingLayer:
        """See :class:`Library`."""
        kind = f"snnTorch's {type(module).__name__}"
        known = class_of(module).removeprefix(PLACE)
        if known not in KNOWN:
            read = ", ".join(k.partition(".")[2] for k in KNOWN)
            raise refused(name, kind, "is not read", f"of snnTorch {read} are")
        if module.inhibition:
            raise refused(name, kind, "lets one neuron fire and holds back all others (inhibition)")
        if module.state_quant:
            raise refused(name, kind, "quantizes its state (state_quant)", "leave state_quant out")
        kept, gain = np.clip(numbers(module.beta), 0, 1), np.ones(())
        if known == "lapicque.Lapicque":
            gain = numbers(module.time_step) / numbers(module.C)
            kept = 1.0 - gain / numbers(module.R)
        reset, delayed = module.reset_mechanism, bool(getattr(module, "reset_delay", True))
        if reset == "zero" and delayed and known != "leaky.Leaky":
            raise refused(
                name,
                kind,
                "with reset_mechanism='zero' drops what arrives in the step after a spike",
                "give it reset_delay=False",
            )
        if reset == "subtract" and not delayed:
            raise refused(
                name,
                kind,
                "with reset_delay=False gives a threshold back to potentials that stay above it",
                "leave reset_delay as it is by default, and train on",
            )
        return SpikingLayer(
            name,
            kind,
            Layout.STEP,
            np.clip(numbers(getattr(module, "alpha", 0.0)), 0, 1),
            kept,
            gain,
            np.zeros(()),
            None if reset == "none" else numbers(module.threshold),
            Reset.ZERO if reset == "zero" else Reset.SUBTRACT,
            late=reset == "subtract" and delayed,
            sends=numbers(module.graded_spikes_factor),
            recurrent=_recurrent(name, kind, module),
        )

    def stand_in(self, module: Any, mark: Mark) -> Callable[..., Any]:
        """See :class:`Library`."""
        states = KNOWN[class_of(module).removeprefix(PLACE)]

        def forward(input_: torch.Tensor, *given: Any, **named: Any) -> Any:
            carried = {**dict(zip(states, given, strict=False)), **named}
            carried = {QUANTITIES[name]: state for name, state in carried.items()}
            spikes = mark(input_, carried, "spikes")
            potential = mark(input_, None, "potential")
            if module.init_hidden and not module.output:
                return spikes
            # What stands between spikes and potential is the current: nobody may use it.
            middle = [mark(input_, None, "current")] if "syn" in states else []
            return (spikes, *middle, potential)

        return forward

    def rest(self, module: Any) -> None:
        """See :class:`Library`."""
        module.reset_mem()

    def recorded(self, module: Any, result: Any) -> torch.Tensor:
        """See :class:`Library`."""
        given: torch.Tensor
        if not isinstance(result, tuple):
            given = module.mem if module.reset_mechanism == "none" else result
        else:
            given = result[-1] if module.reset_mechanism == "none" else result[0]
        return given


@contextmanager
def alone(*neurons: nn.Module) -> Iterator[None]:
    """While a network runs, ``snntorch.utils.reset`` in its ``forward`` resets these neurons.

    It goes through ``SpikingNeuron.instances``, a list of the neurons that were ever made, in which
    copies are not: a copy would be left as it is, and the user's own network be given states of the
    copy, in a trace even tensors without values.
    """
    library: Any = sys.modules.get(f"{PLACE}neurons")
    if library is None:
        yield
        return
    kinds = [library.SpikingNeuron, *{type(neuron) for neuron in neurons}]
    kept = {kind: vars(kind)["instances"] for kind in kinds if "instances" in vars(kind)}
    for kind in kept:
        kind.instances = [neuron for neuron in neurons if isinstance(neuron, library.SpikingNeuron)]
    try:
        yield
    finally:
        for kind, instances in kept.items():
            kind.instances = instances


def _recurrent(name: str, kind: str, module: Any) -> tuple[Op, ...] | None:
    inner = getattr(module, "recurrent", None)
    if inner is None:
        return None
    if not module.all_to_all:
        return own_connections(name, kind, numbers(module.V))
    return own_connections(name, kind, inner)
