"""A network of a spiking library, live in this process, becomes a graph."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snnc.errors import Diagnostic, Severity, fail
from snnc.frontend.torch_save.through_torch import reason
from snnc.ir import Graph, Shape

from .answers import answers_of
from .building import build
from .fold import folded, refuse_uneven
from .form import Way, form_of
from .live import LiveNetwork
from .marking import marked
from .recognise import copied, layers_of, rest
from .steps import reader_of
from .trace import steps_of, traced, without_stacks

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Found:
    """A network that was read.

    Attributes:
        graph: a frame is a step.
        notes: what reading it settled.
        live: the network itself.
    """

    graph: Graph
    notes: tuple[Diagnostic, ...]
    live: LiveNetwork


def load_network(net: nn.Module, shape: Shape, name: str, answer: str | None = None) -> Found:
    """Read a network whose neurons are those of a library.

    Args:
        net: with its weights, at rest; is left as it is.
        shape: of one frame, without samples and steps.
        name: of the graph.
        answer: position (from 0) of the answer in what it returns; None for the first tensor.

    Raises:
        UserError: D124 it cannot be traced, D228 there is no such answer, D2xx what
            is between its neurons, D663 and D681 neurons
            that a chip has not, D682 to D685 how it takes its steps and what it answers.
    """
    twin = at_rest(net, name)
    layers = layers_of(twin)
    markers = marked(twin, layers)
    form = form_of(markers, shape)
    program, tensors = traced(markers, form, shape, name, answer)
    steps = steps_of(form)
    refuse_uneven(markers.calls, layers, steps)
    answers = answers_of(program, form, steps, name)
    apart = without_stacks(program, answers.tensors)
    reader = reader_of(apart, tensors, layers)
    reader.read()
    way = Way.STEP if form.unrolled else form.way
    signals = tuple(reader.answer(tensor, way) for tensor in apart.outputs if tensor is not None)
    found = folded(reader, form, steps, signals, answers.summed)
    graph, notes, parts = build(found, layers, shape, name)
    live = LiveNetwork(twin, form, layers, parts, answer)
    return Found(graph, (*notes, _what_it_takes(live)), live)


def at_rest(net: nn.Module, name: str) -> nn.Module:
    """A copy of a network in double precision, in evaluation, its neurons at rest.

    Raises:
        UserError: D124 it cannot be copied.
    """
    try:
        twin = copied(net).cpu().double().eval()
    except Exception as error:  # states with gradients, and whatever the user's own modules raise
        raise fail(
            "D124",
            "the network cannot be copied",
            where=name,
            why=reason(error),
            help="reset the states of its neurons first, as the library does between samples",
        ) from None
    rest(twin)
    return twin


def digest_of_network(net: nn.Module) -> str:
    """What stands for a file: sha256 of the modules and of all numbers, hexadecimal."""
    found = hashlib.sha256(repr(net).encode())
    for name, values in sorted(net.state_dict().items()):
        found.update(name.encode())
        found.update(values.detach().cpu().numpy().tobytes())
    return found.hexdigest()


def _what_it_takes(live: LiveNetwork) -> Diagnostic:
    """N778: the neurons, and how the network takes its steps."""
    length = "" if live.form.steps is None else f", {live.form.steps} of them"
    return Diagnostic(
        "N778",
        f"neurons of {live.kinds}; the network takes {live.form.way.value}{length}",
        live.net.__class__.__name__,
        "a frame of the data is one step here",
        severity=Severity.NOTE,
    )
