"""Connections inside a library's neurons, from their spikes to themselves one step later."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnc.frontend.steps.elementwise import elementwise
from snnc.ir import Array, Conv2d, Linear, Op

from .layer import numbers, refused


def own_connections(name: str, kind: str, inner: Any) -> tuple[Op, ...]:
    """The operations of a recurrent layer.

    Args:
        name, kind: of the neurons, for messages.
        inner: a torch ``Linear`` or ``Conv2d``, a ``Sequential`` of such, or factors, one for all
            neurons or one each.

    Raises:
        UserError: D681 it is something else.
    """
    from torch import nn

    if isinstance(inner, np.ndarray):
        return (elementwise(np.atleast_1d(inner)),)
    if type(inner) is nn.Sequential:
        found: tuple[Op, ...] = ()
        for part in inner:
            found += own_connections(name, kind, part)
        return found
    if type(inner) is nn.Identity:
        return ()
    if type(inner) is nn.Linear:
        return (Linear(numbers(inner.weight), _bias(inner)),)
    if type(inner) is nn.Conv2d and inner.padding_mode == "zeros" and inner.groups == 1:
        padding: Any = inner.padding
        if isinstance(padding, tuple) and set(inner.dilation) == {1}:
            high, wide = inner.stride
            return (Conv2d(numbers(inner.weight), _bias(inner), (high, wide), padding),)
    raise refused(
        name, kind, f"has recurrent connections of {type(inner).__name__}", "use Linear or Conv2d"
    )


def _bias(inner: Any) -> Array | None:
    return None if inner.bias is None else numbers(inner.bias)
