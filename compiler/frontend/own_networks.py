"""Networks of the user's own code, live in this process: built, and read by their libraries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from snnc.ir import Shape

from .model import IntegerModel, Model, Own
from .operations.magnitudes import refuse_extremes
from .slayer.blocks import fit
from .slayer.blocks import states_of as block_states
from .slayer.load import load_blocks
from .spiking_modules.load import load_network
from .spiking_modules.recognise import states_of
from .torch_export.given import Given
from .torch_save.own_folder import folder_on_path
from .torch_save.own_module import own_network
from .torch_save.saved import Saved
from .torch_save.through_torch import need_torch

if TYPE_CHECKING:
    import torch
    from torch import nn


def own_of_saved(saved: Saved, given: Given, digest: str) -> Own:
    """The network of a state dict that was found in a file.

    Args:
        saved: the file's content.
        given: with a module.
        digest: of the file.

    Raises:
        UserError: D123 no torch; see :func:`snnc.frontend.torch_save.own_module.own_network`.
    """
    need_torch(saved.path)
    net, told = own_network(saved, given, _prepared)
    return Own(net, tuple(told), digest)


def _prepared(net: nn.Module, tensors: Mapping[str, torch.Tensor]) -> set[str]:
    """Make a library's network ready for tensors of a file; the names of what is no weight."""
    fit(net, tensors)
    return states_of(net) | block_states(net)


def of_blocks(own: Own, shape: Shape, name: str) -> IntegerModel:
    """A network of lava-dl's blocks, live in this process.

    Args:
        own: is left as it is.
        shape: of one frame.
        name: of the program.

    Raises:
        UserError: as :func:`snnc.frontend.slayer.load.load_blocks`.
    """
    found = load_blocks(own.net, shape, name)
    return IntegerModel(found.program, own.digest, (*own.notes, *found.notes), found.live)


def of_library(
    net: nn.Module, shape: Shape, name: str, digest: str, answer: str | None = None
) -> Model:
    """A network whose neurons are a spiking library's, live in this process.

    Args:
        net: with its weights; is left as it is.
        shape: of one frame.
        name: of the graph.
        digest: of its file.
        answer: position (from 0) of what it returns, where it is not the first tensor.

    Raises:
        UserError: as :func:`snnc.frontend.spiking_modules.load.load_network`.
    """
    with folder_on_path(Path.cwd()):
        found = load_network(net, shape, name, answer)
    refuse_extremes(found.graph)
    return Model(found.graph, None, digest, found.notes, live=found.live)
