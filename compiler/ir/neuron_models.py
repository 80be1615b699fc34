"""Neuron models that plug-ins bring: other arithmetic than ``docs/numerics.md``, by name.

A chip whose neurons do something else (another leak, several spikes a step) says so once, as integer
operations on arrays, and the reference simulator runs exactly that. Entry-point group ``snnc.neurons``.
A population of such a model has the fields of ``IntegerNeuron``; the model says which it follows, and
``problems`` refuses values of the others that would be ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from snnc.errors import fail

from .dynamics import STANDARD
from .extent import Extent
from .fixed_point import Integers
from .ops import Shape
from .plugins import Plugin, plugins, without_interface

if TYPE_CHECKING:
    from .program import IntegerNeuron, Program

GROUP = "snnc.neurons"
INTERFACE = 1


@runtime_checkable
class NeuronModel(Protocol):
    """The arithmetic of one kind of neuron."""

    @property
    def interface(self) -> int:
        """The :data:`INTERFACE` that it was written for: ``interface = 1``."""
        ...

    @property
    def name(self) -> str:
        """As its entry point, and as ``IntegerNeuron.model`` says."""
        ...

    @property
    def graded(self) -> bool:
        """Whether a spike carries a number that its connections multiply with their weights."""
        ...

    def start(self, neuron: IntegerNeuron, shape: Shape) -> dict[str, Integers]:
        """The state before step 1: int64 arrays of ``shape``, (samples, \\*population's shape).

        One is called ``potential``: it is what traces record.
        """
        ...

    def step(
        self, neuron: IntegerNeuron, state: dict[str, Integers], arrived: Integers, step: int
    ) -> Integers:
        """One time step: replaces the arrays in ``state``, returns the spikes, int64, 0 for none.

        Args:
            neuron: its fields and constants; a threshold of None never fires.
            state: as :meth:`start` made it.
            arrived: sum of all projections in this step, int64 (samples, \\*shape).
            step: counted from 1.
        """
        ...

    def most_spikes(self, neuron: IntegerNeuron) -> int:
        """The largest number that one spike can carry; the smallest is 0, but of a
        :class:`BoundedModel`, whose :meth:`~BoundedModel.bounds` says it."""
        ...

    def problems(self, neuron: IntegerNeuron) -> Iterator[str]:
        """Every field that has a value which the model cannot follow, in words."""
        ...


@dataclass(frozen=True, eq=False)
class Reach:
    """How far what is sent, or what arrives, can go; arrays of a population's shape.

    Attributes:
        step: in one step.
        whole: all of it since step 1, added up after any step of a run.
    """

    step: Extent
    whole: Extent


@runtime_checkable
class BoundedModel(NeuronModel, Protocol):
    """A model that knows how far its registers can go, so that ranges are proved through its neurons.

    Only the neurons of such a model may send numbers below 0.
    """

    @property
    def signed(self) -> bool:
        """Whether they may."""
        ...

    def bounds(
        self, neuron: IntegerNeuron, arriving: Reach, steps: int
    ) -> tuple[dict[str, Extent], Reach]:
        """Bounds on all registers by name, and on what is sent.

        Args:
            neuron: its fields and constants.
            arriving: bounds on what arrives.
            steps: of the run.
        """
        ...


@cache
def find_model(name: str) -> NeuronModel:
    """The neuron model of a name.

    Raises:
        UserError: D331 no package brings it, or what brings it cannot be used.
    """
    problem = "no installed package provides it"
    for plugin in plugins(GROUP):
        if plugin.name == name:
            model, reason = _made(plugin)
            if model is not None:
                return model
            problem = f"{plugin.distribution}: {reason}"
    raise fail(
        "D331",
        f"the neuron model {name!r} cannot be used: {problem}",
        help="install or update the package of the target that the network was compiled for",
    )


def _made(plugin: Plugin) -> tuple[NeuronModel | None, str]:
    """The model that a plug-in brings, or why it cannot be used."""
    if plugin.problem:
        return None, plugin.problem
    try:
        model = plugin.loaded()
    except Exception as raised:  # of a package that is not ours
        return None, f"{type(raised).__name__}: {raised}"
    outdated = without_interface(model, INTERFACE)
    if outdated:
        return None, outdated
    if not isinstance(model, NeuronModel):
        return None, "it is not a neuron model: it lacks a part of snnc.ir.NeuronModel"
    return model, ""


def foreign_models(program: Program) -> tuple[str, ...]:
    """The names of neuron models in a program other than ``standard``, each once."""
    names = [p.neuron.model for p in program.populations if p.neuron is not None]
    return tuple(dict.fromkeys(name for name in names if name != STANDARD))
