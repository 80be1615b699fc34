"""A still image that a network repeats over all its steps: traced with one step in place of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any


def one_step() -> AbstractContextManager[object]:
    """While it lasts, what puts copies of a tensor into a new first axis gives a single one.

    ``x.unsqueeze(0).repeat(T, 1, ...)``, ``x.repeat(T, 1, ...)`` with an axis more, ``expand`` in both
    forms, and ``torch.stack`` of one tensor many times become a change of shape. What a network does
    with T besides is not noticed here: the comparison with the network itself shows it (D686).
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class OneStep(TorchFunctionMode):
        """See above."""

        def __torch_function__(
            self,
            func: Any,
            types: Any,
            args: Sequence[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> Any:
            given = dict(kwargs or {})
            if func is torch.Tensor.unsqueeze and (*args[1:], *given.values()) == (0,):
                return args[0].reshape(1, *args[0].shape)
            if func in (torch.Tensor.repeat, torch.Tensor.expand) and not given:
                sizes = _sizes(args[1:])
                if _copies_in_front(args[0].shape, sizes, func is torch.Tensor.repeat):
                    shape = args[0].shape
                    return args[0].reshape(*([1] * (len(sizes) - len(shape))), *shape)
            if func is torch.stack and given.get("dim", (*args[1:], 0)[0]) == 0:
                parts = args[0] if args else given["tensors"]
                if len({id(part) for part in parts}) == 1:
                    return parts[0].reshape(1, *parts[0].shape)
            return func(*args, **given)

    return OneStep()


def _sizes(given: Sequence[Any]) -> tuple[int, ...]:
    """Sizes given one by one or in one sequence."""
    return tuple(given[0]) if len(given) == 1 and not isinstance(given[0], int) else tuple(given)


def _copies_in_front(shape: Sequence[int], sizes: Sequence[int], repeat: bool) -> bool:
    """Whether a repeat or expand copies along a first axis of one, or along a new one, and no other."""
    rank = len(shape)
    if len(sizes) not in (rank, rank + 1) or (len(sizes) == rank and shape[0] != 1):
        return False
    kept = shape[1:] if len(sizes) == rank else shape
    return all(n == 1 if repeat else n in (-1, size) for n, size in zip(sizes[1:], kept, strict=True))
