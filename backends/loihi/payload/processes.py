"""Makes one Lava Process for one population or projection of the program.

Weights are on the chip's grid already: Lava clips and truncates what it is given, and with the sign
mode and bit width stated here it finds nothing to change.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.proc.conv.process import Conv
from lava.proc.dense.process import Dense
from lava.proc.graded.process import GradedReluVec, GradedVec
from lava.proc.lif.process import LIF
from lava.proc.sparse.process import DelaySparse, Sparse
from lava.utils.weightutils import SignMode

from .matrices import matrix
from .model import Model
from .neurons import Counting, Readout, Spiking

PAYLOAD_BITS = 24
"""Width of a graded spike's payload (signed), as in Lava's own networks."""

THRESHOLD_SHIFT = 6
"""Lava's LIF compares ``v`` with ``vth << 6``."""


def neurons(model: Model, population: dict[str, Any]) -> Any:
    """The Process of a population; all are flat, in C order of (channels, height, width)."""
    neuron = population["neuron"]
    shape = (int(np.prod(population["shape"])),)

    def flat(key: str) -> Any:
        whole = np.broadcast_to(model.array(neuron[key]), population["shape"])
        return np.ascontiguousarray(whole).reshape(shape)

    if population["process"] == "LIF":
        return LIF(
            shape=shape,
            v=flat("start_value"),
            du=neuron["current_decay"],
            dv=neuron["potential_decay"],
            vth=int(flat("threshold")[0]) >> THRESHOLD_SHIFT,
            bias_mant=flat("bias_mantissa"),
            bias_exp=neuron["bias_exponent"],
            name=population["name"],
        )
    shared = {
        "shape": shape,
        "start_value": flat("start_value"),
        "bias": flat("bias_mantissa") << neuron["bias_exponent"],
        "name": population["name"],
        **{key: value for key, value in neuron.items() if isinstance(value, int)},
    }
    if population["process"] == "GradedReluVec":
        return GradedReluVec(shape=shape, vth=0)
    if population["process"] == "GradedVec":
        return GradedVec(shape=shape, vth=0)
    if population["process"] == "Readout":
        return Readout(**shared)
    if population["process"] == "Counting":
        return Counting(threshold=flat("threshold"), code=neuron["code"], **shared)
    return Spiking(
        threshold=flat("threshold"),
        comparison=neuron["comparison"],
        reset=neuron["reset"],
        **shared,
    )


def adding_up(model: Model, population: dict[str, Any]) -> Any:
    """The connection from a GradedVec to itself that keeps the sum of all frames; None for others."""
    if population["process"] != "GradedVec" or population["neuron"]["clear_interval"]:
        return None
    size = int(np.prod(population["shape"]))
    return Dense(
        weights=np.eye(size, dtype=np.int64),
        num_weight_bits=8,
        sign_mode=SignMode.EXCITATORY,
        num_message_bits=PAYLOAD_BITS,
        name=f"{population['name']} -> {population['name']}",
    )


def synapses(model: Model, projection: dict[str, Any]) -> Any:
    """The Process of a projection: Conv, Dense, Sparse or DelaySparse, as ``layout.json`` says."""
    kind = projection["process"]
    name = f"{projection['source']} -> {projection['target']}"
    if kind == "Conv":
        return _conv(model, projection, name)
    options = {
        "weight_exp": projection["exponent"],
        "num_weight_bits": projection["weight_bits"],
        "sign_mode": SignMode[projection["sign_mode"].upper()],
        "num_message_bits": PAYLOAD_BITS if projection["graded"] else 0,
        "name": name,
    }
    if kind == "Dense":
        return Dense(weights=model.array(projection["op"]["weight"]), **options)
    weights = matrix(model, projection)
    if kind == "Sparse":
        return Sparse(weights=weights, **options)
    # Lava wants the delays as int64 in the weights' own sparsity pattern: anything dense would make
    # it multiply full matrices in every step.
    delays = weights.astype(np.int64)
    delays.data[:] = projection["delay"]
    return DelaySparse(weights=weights, delays=delays, max_delay=projection["delay"], **options)


def _conv(model: Model, projection: dict[str, Any], name: str) -> Any:
    # Lava convolves (torch correlates: hence the flip) and counts (width, height, channels).
    op = projection["op"]
    kernel = model.array(op["weight"])[:, :, ::-1, ::-1].transpose(0, 3, 2, 1)
    channels, height, width = model.population(projection["source"])["shape"]
    return Conv(
        weight=np.ascontiguousarray(kernel),
        input_shape=(width, height, channels),
        stride=tuple(reversed(op["stride"])),
        padding=tuple(reversed(op["padding"])),
        dilation=tuple(reversed(op["dilation"])),
        groups=op["groups"],
        num_weight_bits=projection["weight_bits"],
        num_message_bits=0,
        name=name,
    )
