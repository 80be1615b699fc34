"""snnc: compiles trained streaming-rollout networks to neuromorphic chips and proves they arrived.

``snnc.Rollout`` is the authoring class, ``snnc.QuantizedReLU`` the activation that chips carry without
loss, ``snnc.SpikingNeuron`` the chip's time steps in training; they are loaded on first use because
they need torch, which nothing else here does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if __name__ != "snnc":
    raise ImportError(
        f"this folder is the package 'snnc', not {__name__!r}: import snnc (see ARCHITECTURE.md)"
    )

if TYPE_CHECKING:
    from .authoring.activation import QuantizedReLU as QuantizedReLU
    from .authoring.neurons import SpikingNeuron as SpikingNeuron
    from .authoring.rollout import Rollout as Rollout

__version__ = "0.1.0"

__all__ = ["QuantizedReLU", "Rollout", "SpikingNeuron", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Rollout":
        from .authoring.rollout import Rollout

        return Rollout
    if name == "QuantizedReLU":
        from .authoring.activation import QuantizedReLU

        return QuantizedReLU
    if name == "SpikingNeuron":
        from .authoring.neurons import SpikingNeuron

        return SpikingNeuron
    raise AttributeError(f"module 'snnc' has no attribute {name!r}")
