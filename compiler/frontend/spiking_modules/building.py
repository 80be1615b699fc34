"""From layers of a library and what is between them to a graph of populations that spike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sparse

from snnc.errors import Diagnostic, Severity, fail
from snnc.frontend.operations.expression import Signal, Source, Term
from snnc.frontend.steps.constants import constant_of
from snnc.frontend.steps.elementwise import channels_of, elementwise
from snnc.frontend.steps.network import Dynamics, StepNetwork, refuse_without_path
from snnc.ir import (
    MOST_SPIKES,
    SEVERAL_SPIKES,
    Array,
    Comparison,
    Graph,
    Kind,
    Neuron,
    Op,
    Population,
    Reset,
    Scale,
    Shape,
    SparseLinear,
    size,
)
from snnc.ir.several_spikes import MOST_PAYLOAD

from .fold import Folded
from .layer import SpikingLayer, refused

MOST_PARTS = 2**8
"""Populations that a layer is taken apart into, where its neurons have decays of their own."""

POOL = Neuron(Reset.ZERO, Comparison.GREATER, 0.0, 0.0, 0.0)
"""A neuron that fires where anything arrives: the largest of spikes of 0 and 1."""


@dataclass(frozen=True)
class Part:
    """Neurons of a layer that share their decays: their population, and their places, flat."""

    name: str
    places: Array


def build(
    found: Folded, layers: dict[str, SpikingLayer], shape: Shape, name: str
) -> tuple[Graph, tuple[Diagnostic, ...], dict[str, tuple[Part, ...]]]:
    """The graph of a network.

    Args:
        found: what reaches its neurons, and its answer.
        layers: what these do, by path; those of ``found`` that are not there pool spikes.
        shape: of a frame.
        name: of the graph.

    Returns:
        The graph, what it settled, and by layer the populations that it became.

    Raises:
        UserError: D205 the answer does not depend on the input, D681 neurons that a chip has not,
            D684 an answer that is not spikes or the potential of neurons that never fire.
    """
    network = StepNetwork(found.input, found.arriving.keys())
    network.populations.append(Population(found.input, Kind.INPUT, shape, found.input))
    shapes = {name: signal.shape for name, signal in found.arriving.items()}
    parts = {n: _parts(n, layers[n], shapes[n]) for n in found.arriving if n in layers}
    answer = _silent_answer(found, layers)
    used = _used(found)
    for layer, signal in found.arriving.items():
        arriving = _together(signal, parts, shapes)
        if layer not in layers:
            _refuse_several(signal, layers)
            network.population(layer, layer, _pool(signal.shape), arriving)
        elif layers[layer].threshold is not None or layer == answer:
            _neurons(network, layers[layer], arriving, parts[layer], shapes)
        elif layer in used:
            raise _refused_inside(layer, layers[layer])
    if answer is None:
        _readout(network, found, _together(found.answer, parts, shapes))
    graph = _graph(network, name)
    notes = [*network.notes, *_split(parts)]
    return graph, tuple(notes), parts


def _graph(network: StepNetwork, name: str) -> Graph:
    last = next(p for p in network.populations if p.kind is Kind.READOUT)
    ordered = [p for p in network.populations if p is not last]
    there = {p.name for p in network.populations}
    projections = tuple(p for p in network.projections if {p.source, p.target} <= there)
    graph = Graph(name, (*ordered, last), projections, frame_is_step=True)
    refuse_without_path(graph)
    return graph


def _refuse_several(pooled: Signal, layers: dict[str, SpikingLayer]) -> None:
    """D681 where several spikes a step are pooled: the largest of numbers is no spike of 0 or 1."""
    for term in pooled.terms:
        layer = layers.get(term.source.name)
        if layer is not None and layer.several:
            raise refused(
                layer.name,
                layer.kind,
                "sends several spikes in a step into a maximum",
                "build it with spike_fn=SingleSpike, or pool sums (SumPool2d, AvgPool2d)",
            )


def _used(found: Folded) -> set[str]:
    """Whose spikes or potentials anything takes."""
    signals = (*found.arriving.values(), found.answer)
    return {term.source.name.split(" ")[-1] for signal in signals for term in signal.terms}


def _silent_answer(found: Folded, layers: dict[str, SpikingLayer]) -> str | None:
    """The layer whose potential is the answer, if it is one.

    Raises:
        UserError: D684 it is the potential of neurons that fire, or something made of potentials.
    """
    potentials = [t for t in found.answer.terms if t.source.name.startswith(("potential ", "current "))]
    if not potentials:
        return None
    (quantity, layer), only = potentials[0].source.name.split(" ", 1), len(found.answer.terms) == 1
    if layers[layer].threshold is not None or quantity == "current":
        raise _not_an_answer(layer, f"the {quantity} of neurons that fire")
    bare = _only_moves(potentials[0].ops) and not potentials[0].frames and found.answer.added is None
    if not only or not bare or found.summed:
        raise _not_an_answer(layer, "computed from a potential")
    return layer


def _not_an_answer(layer: str, what: str) -> Exception:
    return fail(
        "D684",
        f"what the network returns is {what}",
        where=layer,
        why="a chip sends spikes, and reads out the potential of neurons that never fire, as it is",
        help="return the spikes of this layer, or the potential of a last layer that never fires",
    )


def _refused_inside(name: str, layer: SpikingLayer) -> Exception:
    return fail(
        "D681",
        f"{layer.kind} never fires, and is inside the network",
        where=name,
        why="it sends real numbers at every step; a chip's neurons send spikes",
        help="only the last layer, whose potential is the answer, may be one",
    )


def _parts(name: str, layer: SpikingLayer, shape: Shape) -> tuple[Part, ...]:
    """A layer's neurons by their decays.

    Raises:
        UserError: D663 there are more than ``MOST_PARTS`` different ones.
    """
    kept = [np.broadcast_to(v, shape).ravel() for v in (layer.current_kept, layer.potential_kept)]
    values, numbers = np.unique(np.stack(kept, axis=1), axis=0, return_inverse=True)
    if len(values) == 1:
        return (Part(name, np.arange(size(shape))),)
    if len(values) > MOST_PARTS:
        raise fail(
            "D663",
            f"{len(values)} different decays in one layer, the limit is {MOST_PARTS}",
            where=name,
            why="a chip's population has one decay, so each value becomes a population of its own",
            help="round the decays to fewer values and train on, or train one for all",
        )
    places = [np.flatnonzero(numbers.ravel() == number) for number in range(len(values))]
    return tuple(Part(f"{name}.tau{n}", chosen) for n, chosen in enumerate(places, 1))


def _split(parts: dict[str, tuple[Part, ...]]) -> list[Diagnostic]:
    found = []
    for name, several in parts.items():
        if len(several) > 1:
            what = f"its decays have {len(several)} different values: it becomes as many populations"
            why = "a chip's population has one decay"
            found.append(Diagnostic("N788", what, name, why, severity=Severity.NOTE))
    return found


def _together(signal: Signal, parts: dict[str, tuple[Part, ...]], shapes: dict[str, Shape]) -> Signal:
    """A signal whose sources are populations: layers that were taken apart are put together."""
    terms: list[Term] = []
    for term in signal.terms:
        several = parts.get(term.source.name, ())
        if len(several) < 2:
            terms.append(term)
            continue
        ops = term.ops
        for part in several:
            shape = shapes[term.source.name]
            back = SparseLinear(_picking(part.places, size(shape)).T.tocsr(), shape)
            source, origins = Source(part.name), ("", *term.origins)
            terms.append(Term(source, (len(part.places),), term.frames, (back, *ops), origins))
            ops = tuple(op.without_constant() for op in term.ops)  # a bias comes once
    return replace(signal, terms=tuple(terms))


def _picking(places: Array, count: int) -> sparse.csr_array:
    entries = (np.ones(len(places)), (np.arange(len(places)), places))
    return sparse.csr_array(entries, shape=(len(places), count))


def _neurons(
    network: StepNetwork,
    layer: SpikingLayer,
    arriving: Signal,
    parts: tuple[Part, ...],
    shapes: dict[str, Shape],
) -> None:
    """Add a layer's populations."""
    shape = shapes[layer.name]
    own = _own(layer, shape, arriving)
    for part in parts:
        together = own if len(parts) == 1 else _together(own, {layer.name: parts}, shapes)
        some = shape
        if len(parts) > 1:
            some = (len(part.places),)
            op = SparseLinear(_picking(part.places, size(shape)), some)
            together = together.through(op, "")
        dynamics = _dynamics(layer, shape, part, some)
        network.population(part.name, layer.name, dynamics, together)
        waiting = _waiting_bias(layer, shape).ravel()[part.places].reshape(some)
        if np.any(waiting):
            network.constant_input(part.name, waiting * dynamics.gain, 1)


def _waiting_bias(layer: SpikingLayer, shape: Shape) -> Array:
    """The bias of recurrent connections that is not there in the first step."""
    if layer.recurrent is None or not layer.bias_waits:
        return np.zeros(shape)
    return constant_of(shape, None, (Term(Source(""), shape, 1, layer.recurrent),))


def _own(layer: SpikingLayer, shape: Shape, arriving: Signal) -> Signal:
    """What reaches a layer, with what it sends itself: recurrent connections, and a late reset."""
    source = Source(layer.name)
    if layer.recurrent is not None:
        spikes = Signal(shape, (Term(source, shape, 1),))
        if np.any(layer.sends != 1):
            spikes = spikes.through(Scale(layer.sends), layer.name)
        for op in layer.recurrent:
            spikes = spikes.through(op.without_constant() if layer.bias_waits else op, layer.name)
        arriving = arriving.plus(spikes)
    if not layer.late or layer.threshold is None:
        return arriving
    # The threshold goes at once, before the potential leaks; the library takes a whole one after the
    # leak: what has leaked of it by then is still to be taken.
    missing = np.broadcast_to((layer.potential_kept - 1) * layer.threshold / layer.gain, shape)
    current = np.broadcast_to(layer.current_kept, shape)
    if not np.any(missing):
        return arriving
    terms = [Term(source, shape, 1, (elementwise(missing),), (layer.name,))]
    if np.any(current):  # a current keeps it: what it would bring in the next step is taken back
        terms.append(Term(source, shape, 2, (elementwise(-missing * current),), (layer.name,)))
    return arriving.plus(Signal(shape, tuple(terms)))


def _dynamics(layer: SpikingLayer, shape: Shape, part: Part, some: Shape) -> Dynamics:
    """What a part of a layer does."""

    def of(values: Array) -> Array:
        return np.broadcast_to(values, shape).ravel()[part.places].reshape(some).copy()

    gain, leak, start = of(layer.gain), of(layer.leak), of(layer.start)
    kept = (float(of(layer.current_kept).flat[0]), float(of(layer.potential_kept).flat[0]))
    if layer.threshold is None:
        return Dynamics(Neuron(Reset.ZERO, Comparison.GREATER, 0.0, *kept), gain, leak, None)
    threshold = of(layer.threshold)
    start = start / threshold
    if channels_of(threshold) is None:  # folded here: a population has one, or one a channel
        gain, leak, threshold = gain / threshold, leak / threshold, np.ones(threshold.shape)
    one = float(start.flat[0])
    apart = start if np.any(start != one) else None
    neuron = Neuron(layer.reset, layer.comparison, 0.0 if apart is not None else one, *kept)
    if layer.several:
        neuron = replace(neuron, model=SEVERAL_SPIKES, constants={MOST_SPIKES: MOST_PAYLOAD})
    return Dynamics(neuron, gain, leak, threshold, apart)


def _pool(shape: Shape) -> Dynamics:
    return Dynamics(POOL, np.ones(shape), np.zeros(shape), np.full(shape, 0.5))


def _readout(network: StepNetwork, found: Folded, answer: Signal) -> None:
    """The answer of a network that ends in spikes, or in a sum of them."""
    name = "readout"
    while name in found.arriving or name == found.input:
        name += "_"
    constant = network.connect(name, answer, None)
    spikes = all(_only_moves(term.ops) for term in answer.terms) and not np.any(constant)
    accumulate = found.summed or spikes
    network.populations.append(
        Population(
            name,
            Kind.READOUT,
            answer.shape,
            name,
            constant if np.any(constant) else None,
            accumulate=accumulate,
        )
    )
    if accumulate:
        network.note(
            "N707",
            "the answer is the number of spikes since the first step"
            if spikes
            else "the answer is the sum since the first step",
            name,
            "the network returns spikes"
            if spikes and not found.summed
            else "the network adds up its answers over the steps",
        )


def _only_moves(ops: tuple[Op, ...]) -> bool:
    """Whether spikes are passed on as they are."""
    return all(op.__class__.__name__ in ("Reshape", "Flatten", "Identity") for op in ops)
