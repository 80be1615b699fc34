"""CUBA neurons of a netx file as neurons of a program.

Source: lava-dl 0.6.0, lava/lib/dl/netx/hdf5.py (``Network.get_neuron_params``): ``LIF`` with
``vth = vThMant``, ``du = iDecay - 1``, ``dv = vDecay``, ``bias_exp = 6``; lava-nc 0.10.0,
lava/proc/lif/models.py, for what these mean. ``theta``, ``tauRho``, ``scaleRho`` are of the training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from snnc.errors import Diagnostic, counted
from snnc.ir import Array, Comparison, IntegerNeuron, Reset, Shape

from .fields import Layer
from .sigma_delta import SDNN

CUBA = ("LOIHI", "CUBA")
READ = (*CUBA, SDNN)
SHIFT, STATE_BITS = 6, 24
SILENT_FROM = 2**17 - 1
"""Mantissa of a threshold that stands for none: 17 bits are what the chip has. lava-dl writes 2**18 - 1
where a layer is not meant to fire (``AbstractAffine.export_hdf5``)."""

OTHER_TYPES = {
    "RF": "resonate-and-fire neurons have a complex state; snnc's neurons (docs/numerics.md) do not",
    "ALIF": "their threshold grows with spikes; that of snnc's neurons (docs/numerics.md) is fixed",
}


@dataclass(frozen=True)
class When:
    """What the place of a layer settles of its neurons.

    Attributes:
        start: steps before its first.
        reset_interval: steps between two resets, 0 for none.
    """

    start: int
    reset_interval: int


def other_neurons(layers: list[Layer]) -> Iterator[Diagnostic]:
    """D641 for each type of neurons that snnc has not, with all layers that have it."""
    found: dict[str, list[Layer]] = {}
    for layer in layers:
        if "neuron/type" in layer and (kind := layer.text("neuron/type")) not in READ:
            found.setdefault(kind, []).append(layer)
    for kind, having in found.items():
        why = next((why for word, why in OTHER_TYPES.items() if kind.startswith(word)), "")
        yield Diagnostic(
            "D641",
            f"neurons of type {kind:.40} are not supported",
            ", ".join([f"{having[0].where}/neuron", *(layer.origin for layer in having[1:])]),
            why or "snnc's neurons are those of docs/numerics.md",
            f"train with CUBA or sigma-delta neurons: snnc reads {', '.join(READ)}",
        )


def other_fields(layer: Layer) -> Iterator[Diagnostic]:
    """D641 for each thing that a layer's CUBA neurons should do beyond what snnc's do."""
    for name, plain, meaning in (
        (
            "refDelay",
            1,
            "neurons are silent for this number of steps after a spike; lava-dl's reader ignores it",
        ),
        ("wgtExp", 0, "the chip shifts weights by it; lava-dl's reader ignores it"),
        ("weight_exp", 0, "normalisation shifts weights by it; lava-dl's reader ignores it"),
        ("gradedSpike", 0, "spikes would carry numbers; lava-dl's reader ignores it"),
    ):
        path = f"neuron/{name}"
        if path not in layer:
            continue
        found = layer.integers(path)
        if np.any(found != plain):
            other = int(found[found != plain].flat[0])
            yield Diagnostic(
                "D641",
                f"{name} {other} is not supported, only {plain}",
                f"{layer.where}/{path}",
                meaning,
                f"train with {name} {plain}",
            )


def never_fires(layer: Layer) -> bool:
    """Whether a layer has a threshold that stands for none, or no neurons of its own."""
    if "neuron/type" not in layer:
        return True
    return bool(layer.integers("neuron/vThMant").min() >= SILENT_FROM)


def cuba(layer: Layer, shape: Shape, when: When, *, driven_by_counts: bool = False) -> IntegerNeuron:
    """The neurons of a layer that fires.

    Args:
        layer: of the file.
        shape: of its population.
        when: what its place settles.
        driven_by_counts: it is the input's: netx puts the counts into the bias, where no current
            remembers them.
    """
    mantissa = layer.integers("neuron/vThMant")
    if mantissa.min() < 1 or mantissa.max() >= SILENT_FROM:
        found = int(mantissa.max() if mantissa.min() >= 1 else mantissa.min())
        raise layer.wrong("neuron/vThMant", f"it is {found}; it can be 1 to {SILENT_FROM - 1}")
    lowest = 0 if driven_by_counts else 1
    decay = layer.number_of("neuron/iDecay", lowest, 4096)
    return _neuron(
        layer,
        shape,
        when,
        4095 if driven_by_counts else decay - 1,
        layer.number_of("neuron/vDecay", 0, 4096),
        _by_channel(layer, "neuron/vThMant", mantissa, shape) << SHIFT,
    )


def integrator(layer: Layer, shape: Shape, when: When) -> IntegerNeuron:
    """The last layer's neurons where they never fire: a readout in the same units.

    A dense layer without neurons has lava-dl's own: a current that keeps everything (iDecay 0) and a
    potential that keeps nothing, so that the potential is the sum of all that arrived.
    """
    if "neuron/type" not in layer:
        return _neuron(layer, shape, when, 4095, 0, None)
    i, v = (layer.number_of(f"neuron/{name}", 0, 4096) for name in ("iDecay", "vDecay"))
    if not i and v == 4096:
        return _neuron(layer, shape, when, 4095, 0, None)
    if not i:
        raise layer.wrong("neuron/iDecay", "it is 0; it can be 1 to 4096")
    return _neuron(layer, shape, when, i - 1, v, None)


def _neuron(
    layer: Layer, shape: Shape, when: When, du: int, dv: int, threshold: Array | None
) -> IntegerNeuron:
    return IntegerNeuron(
        current_decay=du,
        potential_decay=dv,
        input_shift=SHIFT,
        state_bits=STATE_BITS,
        threshold=threshold,
        comparison=Comparison.GREATER,
        reset=Reset.ZERO,
        start_value=np.zeros((), np.int64),
        bias_mantissa=bias_of(layer, shape),
        bias_exponent=SHIFT,
        bias_start=when.start,
        unit=1 << SHIFT,
        clear_interval=when.reset_interval,
        clear_offset=when.start + 1 if when.reset_interval else 0,
    )


def bias_of(layer: Layer, shape: Shape) -> Array:
    """Biases of a layer, one for all or one for each channel; an input's are part of its transform."""
    if "bias" not in layer or layer.type == "input":
        return np.zeros((), np.int64)
    return _by_channel(layer, "bias", layer.integers("bias"), shape)


def _by_channel(layer: Layer, name: str, values: Array, shape: Shape) -> Array:
    """One value for all, or one for each channel."""
    if values.size == 1:
        return values.reshape(())
    if values.size != shape[0] or values.ndim != 1:
        raise layer.wrong(
            name, f"its shape is {values.shape}; the layer has {counted(shape[0], 'channel')}"
        )
    return values.reshape(shape[0], *(1 for _ in shape[1:]))
