"""From the layers of a netx file to a program: what lava-dl's reader builds of them in Lava.

Time: a frame is a step. Spikes of a layer arrive at the next a step later. In the file's own steps, as
in training, all layers begin together, so a layer's biases begin with its first step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sparse

from snnc.errors import Diagnostic, Severity, UserError, counted, fail
from snnc.ir import (
    Encoding,
    IntegerNeuron,
    Kind,
    Linear,
    Op,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Shape,
    SignMode,
    SparseLinear,
    size,
)

from .fields import NETX, Layer
from .neurons import (
    SILENT_FROM,
    When,
    bias_of,
    cuba,
    integrator,
    never_fires,
    other_fields,
    other_neurons,
)
from .sigma_delta import (
    MESSAGE_OF_ONE,
    SUM_OF_ONE,
    delta,
    is_sigma_delta,
    only_adds,
    other_sigma_delta,
    sigma_delta,
    sums,
)
from .weights import BITS, Grid, convolution, dense_weights, each_delayed, on_chip, pooling

INPUT, ANSWER = "input", "answer"
WEIGHTED = ("dense", "dense_rec", "conv", "pool")
READ = ("input", "flatten", *WEIGHTED, "average")

OTHER_LAYERS = {
    "convT": "transposed convolutions are not read, by lava-dl's reader neither",
    "unpool": "unpooling is not read, by lava-dl's reader neither",
    "concat": "the file does not say how sources are aligned in time; lava-dl's reader refuses it too",
    "dense_comp": "its weights are complex, for neurons that resonate",
}


@dataclass
class Builder:
    """Builds one program, layer by layer.

    Attributes:
        layers: of the file.
        reset_interval: steps after which every layer is cleared, 0 for never.
        source: the population that the next layer's input comes from.
        grouped: neurons that an ``average`` layer takes together; 1 without one.
        changes: its neurons are sigma-delta neurons, whose spikes carry numbers.
    """

    layers: list[Layer]
    reset_interval: int
    populations: list[ProgramPopulation] = field(default_factory=list)
    projections: list[ProgramProjection] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    grouped: int = 1
    changes: bool = False

    def build(self, name: str) -> Program:
        """The program, not yet validated."""
        refuse_other_layers(self.layers)
        first, *rest = self.layers
        if first.type == "input":
            self._input(first)
        else:
            rest = self.layers
            self._bare_input(first)
        last = max((layer.number for layer in rest if layer.type in WEIGHTED), default=None)
        if last is None:
            raise NETX.wrong(f"{first.place}: layer", "no layer has weights")
        ways: dict[str, Callable[[Layer, bool], None]] = {
            "dense": self._dense,
            "dense_rec": self._dense,
            "conv": self._spatial,
            "pool": self._spatial,
            "average": self._average,
        }
        for layer in rest:
            if layer.type == "input":
                raise layer.wrong("type", "an input layer that is not the first")
            if self.grouped > 1 and layer.type != "average":
                raise layer.wrong("type", "nothing can follow an average layer")
            if layer.type in ways:
                ways[layer.type](layer, layer.number == last)
        if self.source.kind is not Kind.READOUT:
            self._count_spikes()
        self._about_biases()
        return Program(name, 1, tuple(self.populations), tuple(self.projections))

    @property
    def source(self) -> ProgramPopulation:
        """Where the next layer's input comes from."""
        return self.populations[-1]

    def _input(self, layer: Layer) -> None:
        shape = layer.shape()
        if "neuron/type" not in layer:
            self._add_input(shape, layer.origin, Encoding.SPREAD)
            return
        self._add_input(shape, layer.origin, Encoding.GRADED)
        self.changes = is_sigma_delta(layer)
        neuron = delta(layer) if self.changes else cuba(layer, shape, self._when, driven_by_counts=True)
        one = sparse.identity(size(shape), np.int64, format="csr")
        same = SparseLinear(sparse.csr_array(one), shape)
        self._add(layer, shape, neuron, [(0, same)], SignMode.EXCITATORY, 0, counts=True)
        weight, bias = (_single(layer, name, plain) for name, plain in (("weight", 64), ("bias", 0)))
        self.notes.append(
            Diagnostic(
                "N777",
                f"the counts are what lava-dl {'gives' if self.changes else 'puts into the bias of'} "
                f"this layer: {weight:g} x "
                f"{'+' if bias >= 0 else '-'} {abs(bias):g} for a value x of the data set, cut to a "
                "whole number",
                layer.origin,
                "in lava-dl this is done outside of the network, by who feeds it",
                severity=Severity.NOTE,
            )
        )

    def _bare_input(self, layer: Layer) -> None:
        """The input of a file without an input layer: as many as its first layer's weights say."""
        if layer.type not in ("dense", "dense_rec"):
            raise layer.wrong("type", "the first layer is neither an input nor dense, and has no shape")
        outputs, weights = size(layer.shape()), layer.integers("weight")
        inputs = weights.shape[1] if weights.ndim == 2 else max(1, weights.size // outputs)
        self._add_input((inputs,), layer.origin, Encoding.SPREAD)

    def _add_input(self, shape: Shape, origin: str, encoding: Encoding) -> None:
        self.populations.append(ProgramPopulation(INPUT, Kind.INPUT, shape, origin, 0, None, encoding))

    @property
    def _when(self) -> When:
        """Of the layer that comes next."""
        return When(self.source.start + 1, self.reset_interval)

    def _dense(self, layer: Layer, last: bool) -> None:
        shape = (size(layer.shape()),)
        weights = dense_weights(layer, "weight", shape[0], self.source.shape)
        neuron = self._neuron(layer, shape, last)
        if layer.type == "dense":
            grid = on_chip(layer, "weight", weights)
            self._add(layer, shape, neuron, each_delayed(layer, grid), grid.sign_mode, grid.exponent)
            return
        if "delay" in layer and np.any(layer.integers("delay")):
            why = "lava-dl's reader would delay what arrives from outside and from itself alike"
            what = "delays in a recurrent layer"
            raise fail("D641", what, where=f"{layer.where}/delay", why=why, help="train without delays")
        if neuron.threshold is None:
            raise layer.wrong("neuron/vThMant", "a recurrent layer that never fires")
        back = on_chip(layer, "weight_rec", dense_weights(layer, "weight_rec", shape[0], shape))
        grid = on_chip(layer, "weight", weights)
        self._add(layer, shape, neuron, _now(grid), grid.sign_mode, grid.exponent)
        self._project(layer, layer.name, _now(back), back.sign_mode, back.exponent)

    def _spatial(self, layer: Layer, last: bool) -> None:
        if "delay" in layer and np.any(layer.integers("delay")):
            why = "lava-dl's reader ignores them, its training does not"
            what = f"delays in a layer of type {layer.type}"
            raise fail("D641", what, where=f"{layer.where}/delay", why=why, help="train without delays")
        if "neuron/type" not in layer:
            raise layer.wrong("neuron/type", "it is not there")
        op, grid = (convolution if layer.type == "conv" else pooling)(layer, self._unflattened(layer))
        shape = layer.shape()
        try:
            given = op.out_shape(self.source.shape)
        except ValueError as problem:
            raise layer.wrong("weight", str(problem)) from problem
        if given != shape:
            raise layer.wrong("shape", f"it is {shape}; what it does gives {given}")
        neuron = self._neuron(layer, shape, last)
        self._add(layer, shape, neuron, [(0, op)], grid.sign_mode, grid.exponent)

    def _unflattened(self, layer: Layer) -> Shape:
        if self.layers[layer.number - 1].type == "flatten":
            raise layer.wrong("type", f"{layer.type} behind a flatten layer")
        return self.source.shape

    def _neuron(self, layer: Layer, shape: Shape, last: bool) -> IntegerNeuron:
        """Neurons that fire; of the last layer a readout, where they never do."""
        if self.changes:
            return self._sigma_delta(layer, shape, last)
        if not never_fires(layer):
            return cuba(layer, shape, self._when)
        if not last:
            raise layer.wrong("neuron", "its neurons never fire, and other layers come behind it")
        if "neuron/type" in layer and layer.integers("neuron/vThMant").min() == SILENT_FROM:
            self.notes.append(
                Diagnostic(
                    "N775",
                    f"a threshold of {SILENT_FROM} stands for none: its potential is the answer",
                    layer.origin,
                    f"in lava-dl it would fire, if its potential got to the last 63 units of its "
                    f"register, above {SILENT_FROM << 6}",
                    severity=Severity.NOTE,
                )
            )
        return integrator(layer, shape, self._when)

    def _sigma_delta(self, layer: Layer, shape: Shape, last: bool) -> IntegerNeuron:
        if not only_adds(layer):
            return sigma_delta(layer, bias_of(layer, shape), self._when.start)
        if not last:
            raise layer.wrong("neuron/sigma_output", "other layers come behind it")
        if "bias" in layer:
            raise layer.wrong("bias", "a layer of type sigma_output has none in lava-dl")
        return sums(SUM_OF_ONE)

    def _add(
        self,
        layer: Layer,
        shape: Shape,
        neuron: IntegerNeuron,
        ops: list[tuple[int, Op]],
        mode: SignMode,
        exponent: int,
        *,
        counts: bool = False,
    ) -> None:
        """A population and its projections from the one before it."""
        source = self.source
        kind = Kind.READOUT if neuron.threshold is None else Kind.NEURONS
        start = source.start + 1
        self.populations.append(ProgramPopulation(layer.name, kind, shape, layer.origin, start, neuron))
        self._project(layer, source.name, ops, mode, exponent, graded=counts or self.changes)

    def _project(
        self,
        layer: Layer,
        source: str,
        ops: list[tuple[int, Op]],
        mode: SignMode,
        exponent: int,
        *,
        graded: bool = False,
    ) -> None:
        self.projections += [
            ProgramProjection(source, layer.name, op, BITS, mode, exponent, delay, graded, layer.origin)
            for delay, op in ops
        ]

    def _average(self, layer: Layer, last: bool) -> None:
        """Neurons side by side, of one class together; the readout takes their sum."""
        classes, neurons = size(layer.shape()), size(self.source.shape)
        if self.source.kind is Kind.READOUT:
            raise layer.wrong("type", "it is behind a layer that never fires")
        if neurons % classes:
            raise layer.wrong(
                "shape", f"{neurons} neurons make no {counted(classes, 'group')} of one size"
            )
        self.grouped = neurons // classes

    def _count_spikes(self) -> None:
        """A readout that counts the spikes of the last layer, or of each of its groups.

        What sigma-delta neurons send adds up to their values.
        """
        source, group = self.source, self.grouped
        neurons = size(source.shape)
        shape = source.shape if group == 1 else (neurons // group,)
        rows = np.arange(neurons) // group
        where = (rows, np.arange(neurons))
        ones = sparse.coo_array((np.ones(neurons, np.int64), where), shape=(size(shape), neurons))
        matrix = sparse.csr_array(ones)
        neuron = replace(
            sums(group * (MESSAGE_OF_ONE if self.changes else 1), start=source.start + 1),
            clear_interval=self.reset_interval,
            clear_offset=source.start + 2 if self.reset_interval else 0,
        )
        origin = self.layers[-1].origin
        self.populations.append(
            ProgramPopulation(ANSWER, Kind.READOUT, shape, origin, source.start + 1, neuron)
        )
        op = SparseLinear(matrix, shape)
        self.projections.append(
            ProgramProjection(
                source.name, ANSWER, op, BITS, SignMode.EXCITATORY, 0, 0, self.changes, origin
            )
        )

    def _about_biases(self) -> None:
        """N776: lava-dl's reader begins all biases at once, training does not."""
        named = [
            p.origin
            for p in self.populations
            if p.neuron is not None and p.start > 1 and np.any(p.neuron.bias_mantissa)
        ]
        if named:
            self.notes.append(
                Diagnostic(
                    "N776",
                    f"the biases of {counted(len(named), 'layer')} begin with the layer's first step, "
                    "as in training",
                    ", ".join(named),
                    "lava-dl's reader begins all of them at step 1; "
                    + (
                        "what is sent too early stays where later changes are below the thresholds"
                        if self.changes
                        else "where it is given a reset_interval it resets one layer after the other, "
                        "which is the same from there on"
                    ),
                    severity=Severity.NOTE,
                )
            )


def refuse_other_layers(layers: list[Layer]) -> None:
    """Refuse layers and neurons that no program can express, all of them at once.

    Raises:
        UserError: D641.
    """
    wrong: list[Diagnostic] = []
    for layer in layers:
        if layer.type not in READ:
            why = OTHER_LAYERS.get(layer.type, "")
            what = f"layers of type {layer.type:.40} are not supported"
            wrong.append(Diagnostic("D641", what, layer.where, why, f"snnc reads {', '.join(READ)}"))
        elif "neuron/type" in layer:
            wrong += [] if is_sigma_delta(layer) else other_fields(layer)
        elif any(name.startswith("neuron/") for name in layer.arrays):
            raise layer.wrong("neuron/type", "it is not there")
    wrong += [*other_neurons(layers), *other_sigma_delta(layers)]
    if wrong:
        raise UserError(*wrong)


def _now(grid: Grid) -> list[tuple[int, Op]]:
    return [(0, Linear(grid.weights))]


def _single(layer: Layer, name: str, plain: int) -> float:
    """One number of the input layer, which lava-dl's reader takes for a part of its transform."""
    if name not in layer:
        return plain
    found = layer.array(name).ravel()
    if found.size != 1 or found.dtype.kind not in "biuf" or not np.isfinite(found[0]):
        raise layer.wrong(name, "it is one number in an input layer")
    return float(found[0])
