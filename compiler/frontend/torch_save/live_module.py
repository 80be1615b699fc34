"""A module that lives in this Python process becomes an archive, in memory; it is left as it was."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.errors import UserError, fail
from snnc.ir import Shape

from .through_torch import archive_of, quiet_torch, reason

if TYPE_CHECKING:
    from torch import nn


def archive_of_module(net: nn.Module, example: tuple[Any, ...] | None, shape: Shape | None) -> bytes:
    """The module in evaluation, on the CPU, as a ``torch.export`` archive.

    Args:
        net: a :class:`snnc.Rollout`, which knows its input's shape, or any other module.
        example: the arguments of ``forward`` with the batch axis, ``(frame, *states)``, as arrays or
            tensors; None to use a frame of zeros.
        shape: of one frame without the batch axis, where there is no example.

    Raises:
        UserError: D126 a rollout that is incomplete; D122 neither example nor shape; D124 torch.export
            cannot follow the module.
    """
    from snnc.authoring import FrameNetwork

    name = type(net).__name__
    if isinstance(net, FrameNetwork):
        try:
            with quiet_torch():
                return net.to_bytes()
        except ValueError as problem:
            raise fail("D126", "the network is incomplete", where=name, why=str(problem)) from None
    twin = copy.deepcopy(net).cpu().eval()
    if example is not None:
        return _exported(twin, example, name)
    if shape is None:
        raise no_shape(name)
    return archive_of(Path(name), twin, shape)


def no_shape(name: str) -> UserError:
    """D122, for a module of this process."""
    return fail(
        "D122",
        "the shape of the input is not known",
        where=name,
        why="a module does not contain it",
        help="give example=frame, a batch of one frame; or input_shape, or calibration data",
    )


def _exported(net: nn.Module, example: tuple[Any, ...], name: str) -> bytes:
    import torch

    kind = next((p.dtype for p in net.parameters()), torch.float32)
    buffer = io.BytesIO()
    try:
        frames = tuple(torch.as_tensor(each, dtype=kind).detach().cpu() for each in example)
        with quiet_torch(), torch.no_grad():
            torch.export.save(torch.export.export(net, frames), buffer)
    except Exception as error:
        raise fail(
            "D124",
            "torch.export cannot follow the network",
            where=name,
            why=reason(error),
            help="example is what forward takes: a frame with its batch axis, then the states; "
            "forward may have no conditions or loops that depend on the input",
        ) from None
    return buffer.getvalue()
