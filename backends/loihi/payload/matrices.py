"""The connection matrix of every operation: rows are outputs, columns inputs, both in C order of
(channels, height, width). Lava's Sparse and DelaySparse take nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sparse

from .model import Integers, Model


def matrix(model: Model, projection: dict[str, Any]) -> sparse.csr_matrix:
    """The matrix of a projection, int32. Lava knows ``csr_matrix`` only, not ``csr_array``."""
    op = projection["op"]
    if op["type"] == "conv2d":
        source = tuple(model.population(projection["source"])["shape"])
        full = conv_matrix(model.array(op["weight"]), source, op)
    elif op["type"] == "linear":
        full = sparse.csr_matrix(model.array(op["weight"]))
    else:
        key = op["weight"]
        parts = (model.array(f"{key}.{part}") for part in ("data", "indices", "indptr"))
        full = sparse.csr_matrix(tuple(parts), shape=tuple(op["matrix"]))
    result = sparse.csr_matrix(full, dtype=np.int32)
    result.eliminate_zeros()
    result.sort_indices()
    return result


def conv_matrix(kernel: Integers, shape: tuple[int, ...], op: dict[str, Any]) -> sparse.csr_matrix:
    """A 2-d convolution (torch's cross-correlation, zero padding) as a matrix.

    Args:
        kernel: (channels out, channels in / groups, height, width).
        shape: of the source, (channels, height, width).
        op: ``stride``, ``padding``, ``dilation`` as (vertical, horizontal), and ``groups``.
    """
    outs, ins, *size = kernel.shape
    out_size = [
        (shape[1 + axis] + 2 * op["padding"][axis] - op["dilation"][axis] * (size[axis] - 1) - 1)
        // op["stride"][axis]
        + 1
        for axis in (0, 1)
    ]
    # One entry for each (row out, column out, channel in of the group, row, column of the kernel);
    # entries that look into the padding or weigh nothing are dropped. One channel out at a time,
    # because all entries of a large layer at once would not fit into memory.
    entry = np.indices((*out_size, ins, *size)).reshape(5, -1)
    row, column = (
        entry[axis] * op["stride"][axis] + entry[3 + axis] * op["dilation"][axis] - op["padding"][axis]
        for axis in (0, 1)
    )
    inside = (row >= 0) & (row < shape[1]) & (column >= 0) & (column < shape[2])
    source = (entry[2] * shape[1] + row) * shape[2] + column
    target = entry[0] * out_size[1] + entry[1]
    positions, pixels = out_size[0] * out_size[1], shape[1] * shape[2]
    channels = []
    for out in range(outs):
        weight = kernel[out, entry[2], entry[3], entry[4]]
        used = inside & (weight != 0)
        first = out // (outs // op["groups"]) * ins * pixels
        where = (target[used], source[used] + first)
        full = (positions, shape[0] * pixels)
        channels.append(sparse.csr_matrix((weight[used], where), shape=full, dtype=np.int32))
    return sparse.vstack(channels, format="csr")
