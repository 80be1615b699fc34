"""Which modules of a network are neurons of a library, and what they do."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from snnc.errors import UserError

from .layer import Library, SpikingLayer, refused
from .norse import Norse
from .sinabs import Sinabs
from .snntorch import SnnTorch
from .spikingjelly import SpikingJelly

if TYPE_CHECKING:
    from torch import nn

LIBRARIES: tuple[Library, ...] = (SnnTorch(), SpikingJelly(), Norse(), Sinabs())


def library_of(module: nn.Module) -> Library | None:
    """Whose neurons a module is; None for any other module. Nothing is imported for it."""
    return next((library for library in LIBRARIES if library.is_neuron(module)), None)


def spikes(net: nn.Module) -> bool:
    """Whether a network has neurons of a library that is known."""
    return any(library_of(module) is not None for module in net.modules())


MEMORIES = "spikingjelly.activation_based.base.MemoryModule"
"""What keeps a state in SpikingJelly, containers of neurons too."""


def rest(net: nn.Module) -> None:
    """Put all that a network's libraries keep back to where every sample begins."""
    for module in net.modules():
        library = library_of(module)
        memory: Any = module
        if library is not None:
            library.rest(module)
        elif any(f"{k.__module__}.{k.__qualname__}" == MEMORIES for k in type(module).__mro__):
            memory.reset()


def copied(net: nn.Module) -> nn.Module:
    """A copy of a network.

    sinabs 3.1.3 cannot copy its recurrent layers (``StatefulLayer.__deepcopy__`` looks for the
    parameters of the layer inside under their full names): these go through their bytes.
    """
    try:
        return copy.deepcopy(net)
    except AttributeError:
        twin: nn.Module = pickle.loads(pickle.dumps(net))
        return twin


def states_of(net: nn.Module) -> set[str]:
    """Names in a state dict that are what neurons had in the last run, and no weights.

    Source: sinabs 3.1.3, sinabs/layers/stateful_layer.py, whose states are buffers that are saved.
    """
    return {
        f"{name}.{state}" if name else state
        for name, module in net.named_modules()
        for state in ("v_mem", "i_syn")
        if library_of(module) is not None and state in dict(module.named_buffers(recurse=False))
    }


def layers_of(net: nn.Module) -> dict[str, SpikingLayer]:
    """What the neurons of a network do, by module path.

    Raises:
        UserError: D681 for each that is not read.
    """
    found: dict[str, SpikingLayer] = {}
    problems: list[UserError] = []
    for name, module in _outermost(net):
        library = library_of(module)
        assert library is not None
        try:
            found[name] = library.read(name or type(module).__name__, module)
            _refuse_numbers(found[name])
        except UserError as problem:
            problems.append(problem)
    if problems:
        raise UserError(*(each for problem in problems for each in problem.diagnostics))
    return found


def _refuse_numbers(layer: SpikingLayer) -> None:
    """D681 where a threshold is not above 0, or any number of a layer is not finite.

    What is told from data alone would show only where such a neuron is driven.
    """
    every = (layer.current_kept, layer.potential_kept, layer.gain, layer.leak, layer.start, layer.sends)
    threshold = np.ones(()) if layer.threshold is None else layer.threshold
    if not all(np.all(np.isfinite(values)) for values in (*every, threshold)):
        raise refused(
            layer.name, layer.kind, "has parameters that are NaN or infinite", "look at its training"
        )
    if np.any(threshold <= 0):
        what = f"has a threshold of {float(threshold.min()):g}, which is not above 0"
        raise refused(layer.name, layer.kind, what, "keep thresholds above 0 in training")


def _outermost(net: nn.Module) -> Iterable[tuple[str, nn.Module]]:
    """Neurons that are not inside others, such as the recurrent layer of one."""
    inside: tuple[str, ...] = ()
    for name, module in net.named_modules():
        if library_of(module) is None or name.startswith(inside):
            continue
        inside = (*inside, f"{name}.")
        yield name, module
