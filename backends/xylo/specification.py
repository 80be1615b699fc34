"""The configuration as data: arrays, named as rockpool's ``config_from_specification`` takes them.

Source of the names and shapes: rockpool, rockpool/devices/xylo/syns61201/xylo_samna.py.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from snnc.ir import Integers, pack_arrays, unpack_arrays

from .layout import HIDDEN, INPUT, OUTPUT, Layout
from .target import LARGEST_DASH, STATE_BITS, WEIGHT_BITS, WEIGHT_SHIFT


@dataclass(frozen=True, eq=False)
class Specification:
    """What is written to the chip, int64.

    Attributes:
        weights_in: (inputs, hidden).
        weights_rec: (hidden, hidden).
        weights_out: (hidden, outputs).
        weight_shift_in, weight_shift_rec, weight_shift_out: shape ().
        threshold, bias_hidden, dash_syn, dash_mem: (hidden,).
        threshold_out, bias_out, dash_syn_out, dash_mem_out: (outputs,).
    """

    weights_in: Integers
    weights_rec: Integers
    weights_out: Integers
    weight_shift_in: Integers
    weight_shift_rec: Integers
    weight_shift_out: Integers
    threshold: Integers
    bias_hidden: Integers
    dash_syn: Integers
    dash_mem: Integers
    threshold_out: Integers
    bias_out: Integers
    dash_syn_out: Integers
    dash_mem_out: Integers

    def arrays(self) -> dict[str, Integers]:
        """By name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def pack(self) -> bytes:
        """The file ``specification.npz``; the same values give the same bytes."""
        return pack_arrays(self.arrays())


def specify(layout: Layout) -> Specification:
    """The arrays of a layout."""
    matrices, hidden, out = layout.matrices, layout.neurons[HIDDEN], layout.neurons[OUTPUT]
    return Specification(
        weights_in=matrices[INPUT].weights,
        weights_rec=matrices[HIDDEN].weights,
        weights_out=matrices[OUTPUT].weights,
        weight_shift_in=np.asarray(matrices[INPUT].shift),
        weight_shift_rec=np.asarray(matrices[HIDDEN].shift),
        weight_shift_out=np.asarray(matrices[OUTPUT].shift),
        threshold=hidden.threshold,
        bias_hidden=hidden.bias,
        dash_syn=hidden.dash_syn,
        dash_mem=hidden.dash_mem,
        threshold_out=out.threshold,
        bias_out=out.bias,
        dash_syn_out=out.dash_syn,
        dash_mem_out=out.dash_mem,
    )


def _range(name: str) -> tuple[int, int]:
    """Smallest and largest value of an array."""
    if name.startswith("weights"):
        return -(2 ** (WEIGHT_BITS.value - 1)), 2 ** (WEIGHT_BITS.value - 1) - 1
    if name.startswith("weight_shift"):
        return 0, WEIGHT_SHIFT.value
    if name.startswith("dash"):
        return 0, LARGEST_DASH.value
    highest = 2 ** (STATE_BITS.value - 1) - 1
    return (1, highest) if name.startswith("threshold") else (-highest, highest)


def unpack(packed: bytes) -> Specification:
    """A specification from the bytes of its file.

    Raises:
        ValueError: something is missing, or of a shape, type or size that Xylo cannot hold.
    """
    arrays = unpack_arrays(packed)
    names = [field.name for field in fields(Specification)]
    if set(arrays) != set(names):
        raise ValueError(
            f"arrays {', '.join(sorted(set(arrays) ^ set(names)))} are missing or too many"
        )
    for name, array in arrays.items():
        low, high = _range(name)
        if array.dtype.kind != "i" or (array.size and not low <= array.min() <= array.max() <= high):
            raise ValueError(f"{name} is not whole numbers from {low} to {high}")
    if arrays["weights_in"].ndim != 2 or arrays["weights_out"].ndim != 2:
        raise ValueError("weights are not matrices")
    (inputs, hidden), outputs = arrays["weights_in"].shape, arrays["weights_out"].shape[1]
    for name, array in arrays.items():
        shape: tuple[int, ...] = (outputs,) if name.endswith("_out") else (hidden,)
        if name.startswith("weight_shift"):
            shape = ()
        elif name.startswith("weights"):
            ends = {"weights_in": (inputs, hidden), "weights_rec": (hidden, hidden)}
            shape = ends.get(name, (hidden, outputs))
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}, not {shape}")
    return Specification(**{name: np.asarray(array, np.int64) for name, array in arrays.items()})
