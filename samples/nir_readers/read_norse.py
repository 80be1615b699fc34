"""Norse 1.1.0. It takes one sample at a time: NIR's Flatten begins at axis 0, and so does Norse's."""

from __future__ import annotations

from typing import Any

import norse.torch
import numpy as np
import torch
from adapter import main


def read_and_run(graph: Any, x: Any, dt: float) -> Any:
    """Step by step, each sample from rest."""
    net = norse.torch.from_nir(graph, dt=dt, ignore_warnings=True)
    rows = []
    with torch.no_grad():
        for sample in torch.from_numpy(x):
            state, outputs = None, []
            for frame in sample:
                y, state = net(frame, state)
                outputs.append(y.numpy())
            rows.append(np.array(outputs))
    return np.array(rows)


main(read_and_run)
