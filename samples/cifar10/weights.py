"""Weights of a network in floats, at half precision: 0.5 MB of ResNet-20."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from snnc.authoring import FrameNetwork


def write_weights(network: FrameNetwork, path: Path) -> None:
    """Round the weights to half precision, and keep them in 0.5 MB.

    So a later session begins with the very network, ``samples/cifar10/resnet20_<seed>.npz``.
    """
    for weight in network.parameters():
        if weight.ndim > 1:
            weight.data = weight.data.half().float()
    halves = {
        name: value.half().numpy() if value.ndim > 1 else value.numpy()
        for name, value in network.state_dict().items()
    }
    np.savez_compressed(path, **halves)


def read_weights(network: FrameNetwork, path: Path) -> None:
    """What ``write_weights`` has written."""
    with np.load(path) as file:
        state = {name: torch.from_numpy(file[name]) for name in file.files}
    network.finalize()
    network.load_state_dict({n: v.float() if v.is_floating_point() else v for n, v in state.items()})
