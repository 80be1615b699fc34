"""The user's network itself, run in double precision: what its neurons send in every step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import fail
from snnc.frontend.torch_save.own_folder import folder_on_path
from snnc.frontend.torch_save.through_torch import quiet_torch, reason

from .building import Part
from .form import Form, Way
from .layer import Layout, SpikingLayer
from .recognise import copied, library_of

if TYPE_CHECKING:
    from torch import nn

Recorded = dict[str, NDArray[np.float64]]
"""By population, (samples, steps, \\*shape)."""

AT_ONCE = 32
"""Samples that are run together."""


@dataclass(frozen=True, eq=False)
class LiveNetwork:
    """A network of a library, at rest.

    Attributes:
        net: in evaluation, in double precision; every run is on a copy.
        form: how it takes its steps.
        layers: what its neurons do, by path.
        parts: by layer, the populations that it became.
    """

    net: nn.Module
    form: Form
    layers: Mapping[str, SpikingLayer]
    parts: Mapping[str, tuple[Part, ...]]

    @property
    def kinds(self) -> str:
        """Libraries and classes of its neurons."""
        return ", ".join(dict.fromkeys(layer.kind for layer in self.layers.values()))

    def comparable(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Of some frames, those that the network can be given: (samples, steps, \\*shape).

        A loop of fixed length takes no more than its steps; one over a single frame takes that frame in
        every step.
        """
        most = self.form.steps
        found = frames if most is None else frames[:, :most]
        return np.repeat(found[:, :1], found.shape[1], axis=1) if self.form.way is Way.STATIC else found

    def run(self, frames: NDArray[Any]) -> Recorded:
        """What the neurons send, how many spikes a step; of those that never fire the potential.

        Args:
            frames: (samples, steps, \\*shape), as :meth:`comparable` gives them.

        Raises:
            UserError: D124 the network fails.
        """
        parts = [self._some(frames[n : n + AT_ONCE]) for n in range(0, len(frames), AT_ONCE)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _some(self, frames: NDArray[Any]) -> Recorded:
        import torch

        samples, steps = frames.shape[:2]
        total = self.form.steps or steps
        net = copied(self.net)
        given = torch.zeros(total, samples, *frames.shape[2:], dtype=torch.float64)
        given[:steps] = torch.from_numpy(np.moveaxis(np.asarray(frames, np.float64), 1, 0).copy())
        records: dict[str, list[Any]] = {name: [] for name in self.layers}
        with ExitStack() as stack:
            for name in self.layers:
                hook = net.get_submodule(name).register_forward_hook(_keeping(records[name]))
                stack.callback(hook.remove)
                _resize(net.get_submodule(name), samples, total)
            for module in net.modules():
                if (
                    library_of(module) is None
                    and next(module.parameters(recurse=False), None) is not None
                ):
                    stack.callback(module.register_forward_pre_hook(_widening).remove)
            stack.enter_context(folder_on_path(Path.cwd()))
            stack.enter_context(quiet_torch())
            stack.enter_context(torch.no_grad())
            try:
                self.form.call(net, list(given))
            except Exception as error:  # the user's own code, which may raise anything
                what = f"the network fails on {samples} samples of {steps} steps"
                raise fail("D124", what, where=type(net).__name__, why=reason(error)) from None
        found: Recorded = {}
        for name, record in records.items():
            values = _by_step(record, self.layers[name].layout, self.form.unrolled, samples)[:, :steps]
            found |= self._populations(name, values)
        return found

    def _populations(self, name: str, values: NDArray[np.float64]) -> Recorded:
        """A layer's values by population; those of a spike are 1, whatever it is multiplied by."""
        layer = self.layers[name]
        if layer.threshold is not None:
            values = values / layer.sends
        parts = self.parts[name]
        if len(parts) == 1:
            return {parts[0].name: values}
        flat = values.reshape(*values.shape[:2], -1)
        return {part.name: flat[:, :, part.places] for part in parts}


def _keeping(record: list[Any]) -> Any:
    """A hook that keeps what neurons send, and goes on in double precision: libraries send float32."""

    def hook(module: nn.Module, given: Any, result: Any) -> Any:
        library = library_of(module)
        assert library is not None
        record.append(library.recorded(module, result).detach().double().numpy().copy())
        return _in_double(result)

    return hook


def _widening(module: nn.Module, given: Any) -> Any:
    """A hook before layers with weights, which are in double precision: they may be inside neurons."""
    return _in_double(given)


def _in_double(result: Any) -> Any:
    """Spikes, and tuples of spikes and states, in double precision."""
    import torch
    from torch.utils import _pytree

    def widened(leaf: Any) -> Any:
        return leaf.double() if isinstance(leaf, torch.Tensor) and leaf.is_floating_point() else leaf

    return _pytree.tree_map(widened, result)


def _resize(module: Any, samples: int, steps: int) -> None:
    """Layers that take samples and steps in one axis are told how many there are."""
    if hasattr(module, "num_timesteps"):
        module.batch_size, module.num_timesteps = samples, steps


def _by_step(
    record: list[NDArray[Any]], layout: Layout, unrolled: bool, samples: int
) -> NDArray[np.float64]:
    """(samples, steps, \\*shape) from what a layer gave."""
    if unrolled:
        return np.stack(record, axis=1)
    (whole,) = record
    if layout is Layout.TIME_FIRST:
        return np.moveaxis(whole, 0, 1)
    if layout is Layout.TIME_LAST:
        return np.moveaxis(whole, -1, 1)
    return whole if layout is Layout.BATCH_FIRST else whole.reshape(samples, -1, *whole.shape[1:])
