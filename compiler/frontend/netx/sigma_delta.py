"""Sigma-delta neurons of a netx file (``SDNN``) as neurons of a program.

Source: lava-dl 0.6.0, lava/lib/dl/netx/hdf5.py (``Network.get_neuron_params``): ``Delta`` in the
input layer, ``Sigma`` where ``sigma_output`` is in the file, else ``SigmaDelta`` with ReLU;
``vth = vThMant``, ``spike_exp = 6``, ``state_exp = 6``. lava-nc 0.10.0, lava/proc/sdn, for what these
mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from snnc.errors import Diagnostic
from snnc.ir import Array, Comparison, IntegerNeuron, Reset

from .fields import Layer

SDNN = "SDNN"
DELTA, SIGMA_DELTA = "delta", "sigma-delta"
"""Neuron models of the program (``snnc.neurons``)."""

SPIKE_EXP, STATE_EXP = 6, 6
SHIFT = SPIKE_EXP + STATE_EXP
STATE_BITS = 24
MESSAGE_BITS = 16
"""lava-dl's reader takes this where the file does not say it."""

SCALE = 64
"""Of weights, thresholds, biases and the input's values in the file (slayer.neuron.sigma_delta)."""

MESSAGE_OF_ONE, SUM_OF_ONE = SCALE << SPIKE_EXP, SCALE << SHIFT
"""What stands for 1 in a spike, and in the sum of what arrives, weights included."""

MOST = (2 ** (STATE_BITS - 1) - 1) >> SHIFT
"""Of thresholds and biases: Lava states 24 bits for what they become."""


def is_sigma_delta(layer: Layer) -> bool:
    """Whether its neurons are of this kind."""
    return "neuron/type" in layer and layer.text("neuron/type") == SDNN


def only_adds(layer: Layer) -> bool:
    """Whether it adds up what arrives and sends nothing on (``slayer.block.sigma_delta.Output``)."""
    return "neuron/sigma_output" in layer


def other_sigma_delta(layers: list[Layer]) -> Iterator[Diagnostic]:
    """D641 for what sigma-delta layers would do otherwise than lava-dl's training."""
    having = [layer for layer in layers if is_sigma_delta(layer)]
    if not having:
        return
    for layer in having:
        yield from _other_fields(layer)
    others = [layer for layer in layers if layer.type not in UNWEIGHTED and layer not in having]
    if others:
        yield Diagnostic(
            "D641",
            f"sigma-delta layers next to others are not supported: {having[0].origin} is one",
            ", ".join([others[0].where, *(layer.origin for layer in others[1:])]),
            f"a sigma-delta neuron sends numbers, {MESSAGE_OF_ONE} for 1, a spiking one sends 1 for "
            "it; lava-dl's reader scales neither, its training does",
            "train with sigma-delta neurons (slayer.block.sigma_delta) in all layers",
        )
    elif layers[0].type != "input" or layers[0] not in having:
        yield Diagnostic(
            "D641",
            "sigma-delta layers behind an input without neurons are not supported",
            layers[0].where,
            "the file does not say whether the input sends spikes or changes; lava-dl's reader takes "
            "spikes unless it is told otherwise",
            "export a network that begins with slayer.block.sigma_delta.Input",
        )


UNWEIGHTED = ("input", "flatten", "average")


def _other_fields(layer: Layer) -> Iterator[Diagnostic]:
    """What snnc, or lava-dl's reader, does not do with one layer."""
    if layer.type == "dense_rec":
        yield Diagnostic(
            "D641",
            "recurrent layers of sigma-delta neurons are not supported",
            layer.where,
            "lava-dl has no such block (slayer.block.sigma_delta)",
            "train without recurrence",
        )
    for name, plain, why in (
        ("activation", "relu", "lava-dl's reader computes relu, whatever the file says"),
        ("messageBits", MESSAGE_BITS, "Lava cuts no message, whatever the file says; the chip does"),
    ):
        path = f"neuron/{name}"
        used = path in layer and (name != "activation" or layer.type != "input")
        if not used or (name == "activation" and only_adds(layer)):
            continue
        found = layer.text(path) if isinstance(plain, str) else layer.number_of(path, 0, 32)
        if found != plain:
            yield Diagnostic(
                "D641",
                f"{name} {found!s:.40} is not supported, only {plain}",
                f"{layer.where}/{path}",
                why,
                f"train with {name} {plain}",
            )


def delta(layer: Layer) -> IntegerNeuron:
    """The input's neurons: they take values and send by how much these change."""
    return replace(_neuron(layer), model=DELTA)


def sigma_delta(layer: Layer, bias: Array, start: int) -> IntegerNeuron:
    """The neurons of any other layer.

    Args:
        layer: of the file.
        bias: its biases, of a shape that broadcasts to the layer's.
        start: steps before the layer's first, in which biases begin.
    """
    largest = int(np.abs(bias).max())
    if largest > MOST:
        raise layer.wrong("bias", f"it holds {largest}; biases of sigma-delta neurons go up to {MOST}")
    return replace(_neuron(layer), model=SIGMA_DELTA, bias_mantissa=bias, bias_start=start)


def sums(unit: int, *, start: int = 0) -> IntegerNeuron:
    """A readout that adds up what arrives: ``Sigma`` in Lava.

    Args:
        unit: what stands for 1.
        start: steps before its first.
    """
    return IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=0,
        state_bits=STATE_BITS,
        threshold=None,
        comparison=Comparison.GREATER,
        reset=Reset.ZERO,
        start_value=np.zeros((), np.int64),
        bias_mantissa=np.zeros((), np.int64),
        bias_exponent=0,
        bias_start=start,
        unit=unit,
    )


def _neuron(layer: Layer) -> IntegerNeuron:
    """With its threshold; 1 where any change is sent, which is the same as 0 in whole numbers."""
    mantissa = layer.number_of("neuron/vThMant", 0, MOST)
    threshold = np.array(max(1, mantissa << SHIFT), np.int64)
    return replace(
        sums(SUM_OF_ONE),
        threshold=threshold,
        bias_exponent=SHIFT,
        constants={"spike_exp": SPIKE_EXP, "state_exp": STATE_EXP},
    )
