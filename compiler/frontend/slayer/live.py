"""A live network of lava-dl's blocks, run as it is: what each block sends, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import counted
from snnc.frontend.torch_save.own_folder import folder_on_path
from snnc.frontend.torch_save.through_torch import failed, quiet_torch

from .blocks import rest

if TYPE_CHECKING:
    from torch import nn

AT_ONCE = 32
"""Samples that are run together."""


@dataclass(frozen=True)
class Watched:
    """A block beside the population that it became.

    Attributes:
        path: of the block.
        shape: of the population.
        late: steps by which what the block gives is moved, by ``delay_shift`` of it and all before it.
        unit: what it gives in the program's units, ``neuron.s_scale`` for potentials; 1 for spikes.
        summed: the population's potential adds up what the block gives step by step.
    """

    path: str
    shape: tuple[int, ...]
    late: int
    unit: int
    summed: bool


@dataclass(frozen=True, eq=False)
class LiveBlocks:
    """A network of blocks, at rest.

    Attributes:
        net: in evaluation, float32; every run begins at rest.
        watched: by population.
        kinds: classes of its blocks, in words.
        late: steps by which its answer is moved.
    """

    net: nn.Module
    watched: Mapping[str, Watched]
    kinds: str
    late: int

    def run(self, frames: NDArray[Any]) -> dict[str, NDArray[np.int64]]:
        """By population the spikes of each step; of one that never fires its potential, (samples,
        steps, \\*shape), in the program's units and its own steps.

        Args:
            frames: counts (samples, steps, \\*input shape).

        Raises:
            UserError: D124 the network fails.
        """
        parts = [self._some(frames[n : n + AT_ONCE]) for n in range(0, len(frames), AT_ONCE)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _some(self, frames: NDArray[Any]) -> dict[str, NDArray[np.int64]]:
        import torch

        samples, steps = frames.shape[:2]
        longer = np.zeros((*frames.shape[:1], steps + self.late, *frames.shape[2:]), np.float32)
        longer[:, :steps] = frames
        given = torch.from_numpy(np.ascontiguousarray(np.moveaxis(longer, 1, -1)))
        results: dict[str, Any] = {}

        def keeping(path: str) -> Any:
            def hook(_: nn.Module, __: Any, result: Any) -> None:
                results[path] = result[0] if isinstance(result, tuple) else result

            return hook

        places = {watched.path for watched in self.watched.values()}
        hooks = [self.net.get_submodule(p).register_forward_hook(keeping(p)) for p in places]
        rest(self.net)
        try:
            with folder_on_path(Path.cwd()), quiet_torch(), torch.no_grad():
                self.net(given)
        except Exception as error:  # the user's own code, which may raise anything
            what = f"the network fails on {counted(samples, 'sample')} of {counted(steps, 'step')}"
            raise failed(what, type(self.net).__name__, error) from None
        finally:
            for hook in hooks:
                hook.remove()
        return {name: _in_units(results[w.path], w, steps) for name, w in self.watched.items()}


def _in_units(result: Any, watched: Watched, steps: int) -> NDArray[np.int64]:
    """(samples, steps, \\*shape) of what a block gave, (samples, ..., steps)."""
    values = result.detach().double().numpy()[..., watched.late : watched.late + steps]
    whole = np.rint(np.moveaxis(values, -1, 1) * watched.unit).astype(np.int64)
    whole = whole.reshape(*whole.shape[:2], *watched.shape)
    return np.cumsum(whole, axis=1) if watched.summed else whole
