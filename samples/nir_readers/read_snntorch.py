"""snnTorch 1.0.0. One sample at a time: NIR's Flatten begins at axis 0, and so does snnTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from adapter import main
from snntorch.import_nir import import_from_nir


def read_and_run(graph: Any, x: Any, dt: float) -> Any:
    """Step by step, each sample from rest. It takes its own time step from the time constants."""
    rows = []
    with torch.no_grad():
        for sample in torch.from_numpy(x):
            net, state, outputs = import_from_nir(graph), None, []
            for frame in sample:
                y, state = net(frame, state)
                outputs.append(y.numpy())
            rows.append(np.array(outputs))
    return np.array(rows)


main(read_and_run)
