"""Networks whose memories take several blocks of a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import scipy.sparse as sparse

from snnc.conformance.builder import Network
from snnc.conformance.kit import Kit
from snnc.ir import Conv2d, Integers, Linear, Op, Program, SparseLinear


def matrix(sources: int, targets: int) -> Program:
    """One matrix without zeros to speak of."""
    drawn = np.random.default_rng(0).integers(-128, 128, (targets, sources)) * 2
    return _between((sources,), (targets,), Linear(drawn))


def _sparse() -> Program:
    drawn = sparse.random_array((400, 600), density=0.05, rng=np.random.default_rng(1))
    drawn.data = np.ceil(drawn.data * 100) * 2
    return _between((600,), (400,), SparseLinear(drawn.astype(np.int64).tocsr(), (400,)))


def _image() -> Program:
    drawn = np.random.default_rng(2).integers(-128, 128, (8, 4, 3, 3)) * 2
    return _between((4, 20, 20), (8, 18, 18), Conv2d(drawn))


def _one_weight() -> Program:
    drawn: Integers = np.zeros((200, 300), np.int64)
    drawn[7, 9] = 64
    return _between((300,), (200,), Linear(drawn))


def _between(source: tuple[int, ...], target: tuple[int, ...], op: Op) -> Program:
    network = Network(Kit(), 10)
    network.input(*source)
    network.readout(*target)
    network.connect("input", "readout", op)
    return network.built(steps=1).program


NETWORKS: Mapping[str, Callable[[], Program]] = {
    "matrix": lambda: matrix(200, 75),
    "sparse": _sparse,
    "image": _image,
    "one weight": _one_weight,
}
