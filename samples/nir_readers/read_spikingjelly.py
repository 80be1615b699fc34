"""SpikingJelly 2.0.0, in its single-step mode, the only one for loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from adapter import main
from spikingjelly.activation_based.nir_exchange import import_from_nir


def read_and_run(graph: Any, x: Any, dt: float) -> Any:
    """Step by step, all samples together."""
    net = import_from_nir(graph, dt=dt)
    state, outputs = None, []
    with torch.no_grad():
        for step in range(x.shape[1]):
            y, state = net(torch.from_numpy(x[:, step]), state)
            outputs.append(y.numpy())
    return np.stack(outputs, axis=1)


main(read_and_run)
