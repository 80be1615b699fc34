"""Weights of a netx file on the chip's grid, unchanged, and the operations that they belong to.

lava-dl brings weights to the grid by a left shift and takes it back by the weight exponent
(``optimize_weight_bits``), which is exact; so is what is done here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from snnc.errors import counted, fail
from snnc.ir import Array, Conv2d, Linear, Op, Shape, SignMode, SparseLinear, on_grid, size

from .fields import Layer

BITS = 8
LONGEST_DELAY = 62
"""Of Loihi, in steps; lava-dl's reader cuts longer ones to it."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Weights as a projection holds them: with ``exponent``, the file's."""

    weights: Array
    sign_mode: SignMode
    exponent: int


def on_chip(layer: Layer, name: str, weights: Array) -> Grid:
    """The same weights on the grid of 8 bits.

    Raises:
        UserError: D643 the chip cannot hold them.
    """
    for mode in (SignMode.MIXED, SignMode.EXCITATORY, SignMode.INHIBITORY):
        if on_grid(weights, BITS, mode):
            return Grid(weights, mode, 0)
    if on_grid(2 * weights, BITS, SignMode.MIXED):  # odd ones; halved again after the sum
        return Grid(2 * weights, SignMode.MIXED, -1)
    low, high = int(weights.min()), int(weights.max())
    odd = " and odd numbers among them" if np.any(weights % 2) else ""
    raise fail(
        "D643",
        f"weights of {low} to {high}{odd} are more than {BITS} bits hold",
        where=f"{layer.where}/{name}",
        why="of both signs the chip has the even numbers from -256 to 254, or any from -128 to 127; of "
        "one sign any up to 255; lava-dl would cut them",
        help="export with the block's pre_hook_fx, which quantizes",
    )


def dense_weights(layer: Layer, name: str, outputs: int, source: Shape) -> Array:
    """A full matrix (outputs, inputs).

    Raises:
        UserError: D640 it fits neither the layer nor what is before it.
    """
    found = layer.integers(name)
    if found.ndim == 1 and found.size % outputs == 0:
        found = found.reshape(outputs, -1)
    if found.shape != (outputs, size(source)):
        wanted = (outputs, size(source))
        raise layer.wrong(name, f"its shape is {found.shape}; between these layers it is {wanted}")
    return found


def convolution(layer: Layer, source: Shape) -> tuple[Conv2d, Grid]:
    """A cross-correlation, with the file's (height, width) in torch's order."""
    if len(source) != 3:
        raise layer.wrong("type", f"a convolution takes channels, height and width, not {source}")
    weights = _kernels(layer)
    groups = layer.number_of("groups", 1, weights.shape[0]) if "groups" in layer else 1
    grid = on_chip(layer, "weight", weights)
    stride, padding, dilation = (
        layer.pair(name, least) for name, least in (("stride", 1), ("padding", 0), ("dilation", 1))
    )
    return Conv2d(grid.weights, None, stride, padding, dilation, groups), grid


def pooling(layer: Layer, source: Shape) -> tuple[Conv2d, Grid]:
    """A sum of what lies side by side, times one weight: a convolution of each channel with itself.

    Raises:
        UserError: D641 SLAYER lays the channels one above the other, so that pools that overlap or do
            not divide the height would mix them.
    """
    if len(source) != 3:
        raise layer.wrong("type", f"pooling takes channels, height and width, not {source}")
    kernel = _kernels(layer)
    if kernel.shape[:2] != (1, 1):
        raise layer.wrong(
            "weight", f"its shape is {kernel.shape}; a pool has one kernel for all channels"
        )
    high, wide = kernel.shape[2:]
    plain = (
        layer.pair("stride", 1) == (high, wide)
        and layer.pair("padding", 0) == (0, 0)
        and layer.pair("dilation", 1) == (1, 1)
        and source[1] % high == 0
        and source[2] % wide == 0
    )
    if not plain:
        raise fail(
            "D641",
            f"pools of {high} x {wide} that overlap, are padded, or do not divide {source[1]} x "
            f"{source[2]}",
            where=layer.where,
            why="SLAYER lays channels one above the other, and such pools mix them",
            help="use pools whose stride is their size, and which divide height and width",
        )
    grid = on_chip(layer, "weight", kernel)
    weights = np.repeat(grid.weights, source[0], axis=0)
    return Conv2d(weights, None, (high, wide), (0, 0), (1, 1), source[0]), grid


def _kernels(layer: Layer) -> Array:
    """Weights (outputs, inputs a group, height, width); SLAYER's have one axis more, of length 1."""
    found = layer.integers("weight")
    if found.ndim == 5 and found.shape[4] == 1:
        found = found[..., 0]
    if found.ndim != 4:
        raise layer.wrong("weight", f"its shape is {found.shape}; kernels have 4 axes")
    return found


def each_delayed(layer: Layer, grid: Grid) -> list[tuple[int, Op]]:
    """A full matrix, by delay: rows of one delay together, each an operation of its own.

    As lava-dl's reader: one delay for each neuron of the layer, at all of its inputs; where there are
    as many as inputs and not as neurons, one for each input.

    Returns:
        Pairs of a delay in steps and what arrives with it.

    Raises:
        UserError: D640 another number of delays, or negative ones; D643 one is too long.
    """
    weights = grid.weights
    delays = layer.integers("delay").ravel() if "delay" in layer else np.zeros(1, np.int64)
    if delays.min() < 0:
        raise layer.wrong("delay", f"it holds {int(delays.min())}; delays are 0 or more steps")
    if delays.max() > LONGEST_DELAY:
        raise fail(
            "D643",
            f"a delay of {counted(int(delays.max()), 'step')}; the chip has {LONGEST_DELAY}",
            where=f"{layer.where}/delay",
            why="lava-dl would cut it to that",
            help=f"train with delays up to {LONGEST_DELAY} (delay.max_delay)",
        )
    if delays.size not in (1, *weights.shape):
        raise layer.wrong(
            "delay", f"it holds {counted(delays.size, 'delay')} for weights of {weights.shape}"
        )
    if len(np.unique(delays)) == 1:
        return [(int(delays[0]), Linear(weights))]
    if delays.size == weights.shape[0]:
        delays = delays[:, None]
    parts = ((int(delay), np.where(delays == delay, weights, 0)) for delay in np.unique(delays))
    shape = (weights.shape[0],)
    return [(delay, SparseLinear(sparse.csr_array(part), shape)) for delay, part in parts]
