"""snnTorch 1.0.0."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from adapter import main
from snntorch.import_nir import import_from_nir


def read_and_run(graph: Any, x: Any, dt: float) -> Any:
    """Step by step, all samples together. It takes its own time step from the time constants."""
    net = import_from_nir(graph)
    state, outputs = None, []
    with torch.no_grad():
        for step in range(x.shape[1]):
            y, state = net(torch.from_numpy(x[:, step]), state)
            outputs.append(y.numpy())
    return np.stack(outputs, axis=1)


main(read_and_run)
