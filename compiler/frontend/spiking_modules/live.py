"""The user's network itself, run in double precision: what its neurons send in every step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import UserError, counted, fail
from snnc.frontend.torch_save.own_folder import folder_on_path
from snnc.frontend.torch_save.through_torch import quiet_torch, reason

from .answers import answer_of
from .building import Part
from .form import Form, Way
from .layer import Layout, SpikingLayer
from .recognise import copied, library_of
from .snntorch import alone

if TYPE_CHECKING:
    from torch import nn

Recorded = dict[str, NDArray[np.float64]]
"""By population, (samples, steps, \\*shape)."""


@dataclass(frozen=True, eq=False)
class Returned:
    """What a network returned for some samples.

    Attributes:
        values: as it came; of a call for each step, (samples, steps, ...).
        samples, steps: of the run.
    """

    values: NDArray[np.float64]
    samples: int
    steps: int

    def readings(self, size: int) -> list[tuple[bool, NDArray[np.float64]]]:
        """What it may be: whether for each step, and (samples, steps, size) or (samples, size).

        A network does not say which axis is which; where two readings are possible, both are given.
        """
        shape, found = self.values.shape, []
        whole = self.values.size == size * self.samples * self.steps
        if whole and shape[:2] == (self.samples, self.steps):
            found.append((True, self.values.reshape(self.samples, self.steps, size)))
        if whole and shape[:2] == (self.steps, self.samples):
            turned = np.moveaxis(self.values, 0, 1)
            found.append((True, turned.reshape(self.samples, self.steps, size)))
        if shape[0] == self.samples * self.steps and self.values.size == size * shape[0]:
            found.append((True, self.values.reshape(self.samples, self.steps, size)))
        if shape[0] == self.samples and self.values.size == size * self.samples:
            found.append((False, self.values.reshape(self.samples, size)))
        return found


@dataclass(frozen=True, eq=False)
class LiveRun:
    """What a network did.

    Attributes:
        sent: by population, how many spikes a step; of those that never fire the potential.
        answers: what it returned, for some samples after the other.
    """

    sent: Recorded
    answers: tuple[Returned, ...]


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
        answer: position (from 0) of the answer in what it returns; None for the first tensor.
    """

    net: nn.Module
    form: Form
    layers: Mapping[str, SpikingLayer]
    parts: Mapping[str, tuple[Part, ...]]
    answer: str | None = None

    @property
    def kinds(self) -> str:
        """Libraries and classes of its neurons."""
        return ", ".join(dict.fromkeys(layer.kind for layer in self.layers.values()))

    def comparable(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Of some frames, those that the network can be given: (samples, steps, \\*shape).

        A loop of fixed length takes its own number of steps: further frames are left out, missing ones
        are empty. One over a single frame takes the first frame in every step.
        """
        steps = self.form.steps
        if steps is None:
            return frames
        if self.form.of_one_frame:
            return np.repeat(frames[:, :1], steps, axis=1)
        found = np.zeros((len(frames), steps, *frames.shape[2:]), frames.dtype)
        there = min(steps, frames.shape[1])
        found[:, :there] = frames[:, :there]
        return found

    def run(self, frames: NDArray[Any]) -> LiveRun:
        """What the neurons send, and what the network returns.

        Args:
            frames: (samples, steps, \\*shape), as :meth:`comparable` gives them.

        Raises:
            UserError: D124 the network fails, D685 its loop takes another number of steps.
        """
        runs = [self._some(frames[n : n + AT_ONCE]) for n in range(0, len(frames), AT_ONCE)]
        sent = {n: np.concatenate([run.sent[n] for run in runs]) for n in runs[0].sent}
        return LiveRun(sent, tuple(answer for run in runs for answer in run.answers))

    def _some(self, frames: NDArray[Any]) -> LiveRun:
        import torch

        samples, steps = frames.shape[:2]
        net = copied(self.net)
        given = torch.from_numpy(np.moveaxis(np.asarray(frames, np.float64), 1, 0).copy())
        records: dict[str, list[Any]] = {name: [] for name in self.layers}
        with ExitStack() as stack:
            for name in self.layers:
                hook = net.get_submodule(name).register_forward_hook(_keeping(records[name]))
                stack.callback(hook.remove)
                _resize(net.get_submodule(name), samples, steps)
            for module in net.modules():
                if (
                    library_of(module) is None
                    and next(module.parameters(recurse=False), None) is not None
                ):
                    stack.callback(module.register_forward_pre_hook(_widening).remove)
            stack.enter_context(folder_on_path(Path.cwd()))
            stack.enter_context(quiet_torch())
            stack.enter_context(torch.no_grad())
            stack.enter_context(alone(*(net.get_submodule(name) for name in self.layers)))
            try:
                results = self.form.call(net, list(given))
            except Exception as error:  # the user's own code, which may raise anything
                what = f"the network fails on {counted(samples, 'sample')} of {counted(steps, 'step')}"
                raise fail("D124", what, where=type(net).__name__, why=reason(error)) from None
        sent: Recorded = {}
        for name, record in records.items():
            values = _by_step(record, self.layers[name].layout, self.form.unrolled, samples)
            if values.shape[1] != steps:
                raise _another_number(name, values.shape[1], steps)
            sent |= self._populations(name, values)
        where = type(net).__name__
        returned = [answer_of(result, self.answer, where).double().numpy() for result in results]
        if self.form.way is Way.STEP:
            return LiveRun(sent, (Returned(np.stack(returned, axis=1), samples, steps),))
        return LiveRun(sent, (Returned(returned[0], samples, steps),))

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


def _another_number(name: str, found: int, steps: int) -> UserError:
    return fail(
        "D685",
        f"it takes {counted(found, 'step')} of {steps}",
        where=name,
        why="the network leaves its loop before the frames end, or goes on behind them",
        help="give --calibration data of as many frames as it takes; a loop of fixed length is read "
        "as one",
    )


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
    return whole if layout is Layout.BATCH_FIRST else whole.reshape(samples, -1, *whole.shape[1:])
