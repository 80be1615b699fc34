"""Moving, repeating and leaving out elements: one rule for every operation that numpy has as well.

numpy does the same operation on the numbers of the elements instead of on their values. What comes
out says which element of the source each element of the result is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sparse

from snnc.ir import Array, Flatten, Reshape, Shape, SparseLinear, size

from .call import Call, Rule, UnsupportedError
from .cures import MERGE
from .expression import Signal, Tensor


def numbered(shape: Shape) -> Array:
    """The elements of a signal of ``shape``, numbered from 1 in C order."""
    return np.arange(1, size(shape) + 1, dtype=np.int64).reshape(shape)


def gather(call: Call, signal: Signal, index: Array) -> Signal:
    """The signal whose elements are those that ``index`` numbers (from 1; 0 stands for a zero).

    A change of shape alone stays one; anything else becomes a sparse matrix with one 1 a row.
    """
    call.refuse_large(index.size)
    flat = index.ravel()
    if np.array_equal(flat, np.arange(1, size(signal.shape) + 1)):
        if index.shape == signal.shape:
            return signal
        return call.through(signal, Flatten() if index.ndim == 1 else Reshape(index.shape))
    rows = np.flatnonzero(flat)
    where = (rows, flat[rows] - 1)
    whole = (index.size, size(signal.shape))
    ones = sparse.coo_array((np.ones(len(rows)), where), shape=whole)
    return call.through(signal, SparseLinear(sparse.csr_array(ones), index.shape))


def rearranging(rule: Callable[[Call, Array], Array]) -> Rule:
    """A rule from what an operation does to an array, for signals and constants alike.

    Args:
        rule: gets an array with the batch axis in front, and gives another.
    """

    def checked(call: Call) -> Tensor:
        tensor = call.value("self")
        if not isinstance(tensor, Signal):
            return np.asarray(rule(call, np.asarray(tensor, np.float64)), np.float64)
        moved = rule(call, numbered(tensor.shape)[None])
        if moved.shape[:1] != (1,):
            raise UnsupportedError(
                f"{call.node.target} from {(1, *tensor.shape)} to {moved.shape}", MERGE
            )
        return gather(call, tensor, moved[0])

    return checked
