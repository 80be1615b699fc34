"""A copy of a network whose neurons are markers: what it does in between can be traced.

While it runs, a neuron only says that it was called, and with what shape. In a trace by
``torch.export`` it is one operation of ours, which no file can name: archives of strangers have no
such operation.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snnc.errors import fail

from .layer import SpikingLayer, class_of
from .recognise import copied, library_of, rest

if TYPE_CHECKING:
    import torch
    from torch import nn

QUANTITIES = ("spikes", "potential", "current")
OPERATION = "torch.ops.snnc.neurons.default"
"""How a marker is called in a trace: of a tensor, layer, call, and the place in ``QUANTITIES``."""


@dataclass(frozen=True)
class Seen:
    """One call of a neuron: which, its number since :meth:`Marked.begin`, the shape that it got."""

    layer: str
    call: int
    shape: tuple[int, ...]


@dataclass
class Marked:
    """The copy.

    Attributes:
        net: in evaluation, with markers.
        layers: by path, in the order of the network's modules.
        calls: of the neurons, since :meth:`begin`.
        given: what stands for the neurons' quantities, likewise.
    """

    net: nn.Module
    layers: dict[str, SpikingLayer]
    calls: list[Seen] = field(default_factory=list)
    given: list[torch.Tensor] = field(default_factory=list)
    _given: dict[str, dict[str, Any]] = field(default_factory=dict)

    def begin(self) -> None:
        """Before each run."""
        rest(self.net)
        self.calls.clear()
        self.given.clear()
        self._given.clear()

    def mark(
        self, layer: str, x: torch.Tensor, states: Mapping[str, Any] | None, quantity: str
    ) -> torch.Tensor:
        """What stands for a quantity of a layer.

        Args:
            layer: its path.
            x: what it was given.
            states: that it was given, by quantity, which must be those that it gave the last time;
                None where another quantity of the same call has been marked already.
            quantity: of ``QUANTITIES``.

        Raises:
            UserError: D682 a state comes from somewhere else.
        """
        import torch

        before = self._given.setdefault(layer, {})
        if states is not None:
            _refuse_other_states(layer, states, before)
            count = sum(seen.layer == layer for seen in self.calls)
            self.calls.append(Seen(layer, count, tuple(x.shape)))
            before.clear()
        call = sum(seen.layer == layer for seen in self.calls) - 1
        number = list(self.layers).index(layer)
        given: torch.Tensor = torch.ops.snnc.neurons(x, number, call, QUANTITIES.index(quantity))
        before[quantity] = given
        self.given.append(given)
        return given


def _refuse_other_states(layer: str, states: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    import torch

    for quantity, state in states.items():
        if state is None or state is before.get(quantity):
            continue
        if not before and isinstance(state, torch.Tensor) and _may_be_rest(state):
            continue
        raise fail(
            "D682",
            "its state is not the one that it gave in the step before",
            where=layer,
            why="on a chip, neurons keep their state; nothing else can write it",
            help="pass each state on as the neurons gave it, and begin with none or with zeros",
        )


def _may_be_rest(state: torch.Tensor) -> bool:
    """Zeros, or nothing. A trace knows no values: the run before it has seen them."""
    import torch

    return bool(torch.compiler.is_exporting()) or not bool(torch.count_nonzero(state))


def marked(net: nn.Module, layers: dict[str, SpikingLayer]) -> Marked:
    """A copy of a network with markers in place of its neurons."""
    _define()
    twin = copied(net).cpu().eval()
    found = Marked(twin, layers)
    for name in layers:
        module: Any = twin.get_submodule(name)
        library = library_of(module)
        assert library is not None
        forward = library.stand_in(module, functools.partial(found.mark, name))
        # Norse and others look at the signature of what they call.
        module.forward = functools.wraps(type(module).forward.__get__(module))(forward)
    for module in twin.modules():
        if class_of(module) == SUM_POOL:
            module.forward = functools.partial(_sum_pool, module)
    return found


SUM_POOL = "sinabs.layers.pool2d.SumPool2d"
"""A norm of order 1: of spikes, none of which is negative, the sum."""


def _sum_pool(module: Any, spikes: torch.Tensor) -> torch.Tensor:
    import torch

    size = torch.nn.modules.utils._pair(module.kernel_size)
    ceil = module.ceil_mode
    mean = torch.nn.functional.avg_pool2d(spikes, size, module.stride, ceil_mode=ceil)
    found: torch.Tensor = mean * (size[0] * size[1])
    return found


@functools.cache
def _define() -> Any:
    """The operation, once a process."""
    import torch

    library: Any = torch.library.Library("snnc", "FRAGMENT")  # type: ignore[no-untyped-call]
    library.define("neurons(Tensor x, int layer, int call, int quantity) -> Tensor")

    def zeros(x: torch.Tensor, layer: int, call: int, quantity: int) -> torch.Tensor:
        return torch.zeros_like(x)

    library.impl("neurons", zeros, "CompositeExplicitAutograd")
    return library
