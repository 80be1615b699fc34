"""A network of a library beside the graph that is read of it, spike by spike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from snnc import UserError
from snnc.bundle.data import Data
from snnc.frontend import Model
from snnc.frontend.spiking_modules.load import Found, load_network
from snnc.sim.step_floats import run_in_floats
from snnc.workflows.live_network import with_live_comparison

SAMPLES, STEPS = 6, 24


def frames_of(net: Any, shape: tuple[int, ...], density: float, seed: int, most: int) -> Any:
    rng = np.random.default_rng(seed)
    spikes = rng.random((SAMPLES, STEPS, *shape)) < density
    return spikes * rng.integers(1, most + 1, spikes.shape)


def equal(
    net: Any,
    shape: tuple[int, ...] = (12,),
    *,
    density: float = 0.4,
    seed: int = 0,
    most: int = 1,
    silent: int = 0,
    several: bool = False,
) -> Found:
    """Every spike of every population is the network's own, every population spikes; answers too.

    Args:
        silent: populations that may stay silent.
        several: neurons have to send several spikes in some steps, not at most one in each.
    """
    found = load_network(net, shape, "net")
    frames = found.live.comparable(frames_of(net, shape, density, seed, most))
    live, ours = found.live.run(frames).sent, run_in_floats(found.graph, frames)
    quiet, largest = 0, 0
    for population in found.graph.neurons:
        if population.name not in live:
            continue
        theirs = live[population.name]
        quiet += not np.any(theirs)
        apart = ours.spikes[population.name] != theirs
        largest = max(largest, theirs.max(initial=0))
        assert not np.any(apart), f"{population.name}: {int(apart.sum())} of {apart.size} differ"
    assert quiet <= silent
    assert largest > 1 if several else largest <= 1
    readout = found.graph.readout
    if readout.name in live:
        np.testing.assert_allclose(ours.readout, live[readout.name], rtol=1e-5, atol=1e-6)
    with_live_comparison(Model(found.graph, None, "", live=found.live), Data(frames, None))
    return found


def refused(code: str, net: Any, shape: tuple[int, ...] = (12,), match: str | None = None) -> str:
    """The message of a network that is refused."""
    with pytest.raises(UserError, match=match) as caught:
        load_network(net, shape, "net")
    assert code in {d.code for d in caught.value.diagnostics}, str(caught.value)
    return str(caught.value)


def linear(inputs: int, outputs: int, seed: int, gain: float = 1.0) -> torch.nn.Linear:
    """Weights that make neurons with a threshold of 1 spike."""
    torch.manual_seed(seed)
    layer = torch.nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.mul_(2.5 * gain)
    return layer
