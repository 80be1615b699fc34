"""One case in one float simulator, in its own environment: ``run_peer.py NAME CASE.npz RUNS``.

Prints seconds of each run as JSON. The network is the same as ours, in floats: integrate and fire with
soft reset where the library has it; Norse has leaky neurons only. Gradients are off, torch has
all its threads, the first two runs do not count. Libraries that take a whole sequence get it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

Layers = list[tuple[Any, float]]
Run = Callable[[Any], Any]


def layers(case: dict[str, Any]) -> Layers:
    """Torch modules with their weights, and the threshold behind each."""
    found: Layers = []
    while f"weight{len(found)}" in case:
        number = len(found)
        weight = torch.tensor(case[f"weight{number}"], dtype=torch.float32)
        module: Any
        if weight.ndim == 4:
            outs, ins, height, width = weight.shape
            stride, padding = (case[f"{name}{number}"].tolist() for name in ("stride", "padding"))
            module = torch.nn.Conv2d(ins, outs, (height, width), stride, padding, bias=False)
        else:
            module = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        module.weight.data = weight
        pool = int(case.get(f"pool{number}", 1))
        if pool > 1:  # of sums
            module = torch.nn.Sequential(torch.nn.AvgPool2d(pool, divisor_override=1), module)
        found.append((module, float(case[f"threshold{number}"])))
    return found


def is_matrix(module: Any) -> bool:
    """Whether it wants its input flat."""
    return isinstance(module, torch.nn.Linear)


def snntorch(network: Layers) -> Run:
    """Step by step, as its documentation has it."""
    import snntorch as library

    cells = [(m, library.Leaky(beta=1.0, threshold=t, reset_mechanism="subtract")) for m, t in network]

    def run(x: Any) -> Any:
        states = [cell.init_leaky() for _, cell in cells]
        outputs = []
        for y in x:
            for number, (module, cell) in enumerate(cells):
                y = module(y.flatten(1) if is_matrix(module) else y)
                y, states[number] = cell(y, states[number])
            outputs.append(y)
        return torch.stack(outputs)

    return run


def norse(network: Layers) -> Run:
    """Step by step through ``SequentialState``; ``LIFBoxCell`` has no current of its own."""
    import norse.torch as library

    parts: list[Any] = []
    for module, threshold in network:
        if is_matrix(module):
            parts.append(torch.nn.Flatten())
        leak = torch.tensor(1.0)
        parameters = library.LIFBoxParameters(tau_mem_inv=leak, v_th=torch.tensor(threshold / 1000))
        parts += [module, library.LIFBoxCell(parameters)]
    net = library.SequentialState(*parts)

    def run(x: Any) -> Any:
        state, outputs = None, []
        for y in x:
            out, state = net(y, state)
            outputs.append(out)
        return torch.stack(outputs)

    return run


def spikingjelly(network: Layers) -> Run:
    """Multi-step mode: a layer's whole sequence at once."""
    from spikingjelly.activation_based import functional, layer, neuron

    parts: list[Any] = []
    for module, threshold in network:
        if is_matrix(module):
            parts.append(layer.Flatten(step_mode="m"))
        cell = neuron.IFNode(v_threshold=threshold, v_reset=None, step_mode="m")
        parts += [layer.SeqToANNContainer(module), cell]
    net = torch.nn.Sequential(*parts)

    def run(x: Any) -> Any:
        functional.reset_net(net)
        return net(x)

    return run


def sinabs(network: Layers) -> Run:
    """A layer's whole sequence at once."""
    import sinabs.layers as library

    cells = [(m, library.IAF(spike_threshold=torch.tensor(t))) for m, t in network]

    def run(x: Any) -> Any:
        y = x.transpose(0, 1).contiguous()
        batch, steps = y.shape[:2]
        for module, cell in cells:
            cell.reset_states()
            y = y.flatten(0, 1)
            y = module(y.flatten(1) if is_matrix(module) else y)
            y = cell(y.reshape(batch, steps, *y.shape[1:]))
        return y

    return run


PEERS = {"snntorch": snntorch, "norse": norse, "spikingjelly": spikingjelly, "sinabs": sinabs}


def main() -> None:
    """Time the runs and print them."""
    name, path, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with np.load(path) as file:
        case = dict(file)
    # (batch, steps, ...) to (steps, batch, ...)
    x = torch.tensor(case["x"], dtype=torch.float32).transpose(0, 1).contiguous()
    run = PEERS[name](layers(case))
    seconds = []
    with torch.no_grad():
        for number in range(runs + 2):
            began = time.perf_counter()
            run(x)
            if number >= 2:
                seconds.append(time.perf_counter() - began)
    sys.stdout.write(json.dumps(seconds) + "\n")


main()
