"""Operations that take each element of a signal by itself."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from snnc.ir import Array, Op, Scale, SparseLinear


def channels_of(values: Array) -> Array | None:
    """Values of a population as one number, shape (), or one a channel, (channels,); else None."""
    if np.all(values == values.flat[0]):
        return np.asarray(values.flat[0])
    rows = values.reshape(len(values), -1)
    return rows[:, 0] if np.all(rows == rows[:, :1]) else None


def elementwise(factor: Array) -> Op:
    """Multiplication of each element by its own factor, which has the shape of the signal."""
    few = channels_of(factor)
    if few is not None:
        return Scale(few)
    return SparseLinear(sparse.csr_array(sparse.diags_array(factor.ravel())), factor.shape)


def only(elements: Array) -> Op:
    """Some elements of a signal as they are, 0 in place of the others; ``elements`` true or false."""
    chosen = np.flatnonzero(elements)
    parts = (np.ones(len(chosen)), (chosen, chosen))
    return SparseLinear(sparse.csr_array(parts, shape=(elements.size, elements.size)), elements.shape)


def only_places(ops: tuple[Op, ...]) -> bool:
    """Whether a chain passes elements on as they are, at most to other places, or leaves some out."""
    return all(
        isinstance(op, SparseLinear)
        and bool(np.all(op.weight.data == 1))
        and all(int(op.weight.sum(axis=axis).max(initial=0)) <= 1 for axis in (0, 1))
        for op in ops
    )
