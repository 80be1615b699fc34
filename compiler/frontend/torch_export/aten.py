"""One operation of a program, called in torch by its name, with its arguments as the file has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snnc.frontend.archives.exported import Exported, Node, Ref

NAMESPACE = ("torch", "ops", "aten")

Lookup = Callable[[str], Any]
"""A tensor of torch by its name in the program."""


def called(node: Node, lookup: Lookup, device: str | None = None) -> tuple[Any, ...]:
    """What torch's operation gives.

    Args:
        node: the operation; the caller has made sure that it is one that may be called.
        lookup: gives its tensors.
        device: where those are that the operation makes out of nothing; None leaves it to the file.

    Raises:
        ValueError: it is not an operation of ATen, or lacks an argument.
    """
    import torch

    parts = node.target.split(".")
    if tuple(parts[:3]) != NAMESPACE or len(parts) != 5:
        raise ValueError(f"{node.target} is not an operation of ATen")
    operation = getattr(getattr(torch.ops.aten, parts[3]), parts[4])
    arguments, options = [], {}
    for argument in operation._schema.arguments:
        if argument.name == "device" and device is not None:
            value: Any = device
        elif argument.name not in node.arguments:
            if not argument.has_default_value():
                raise ValueError(f"{node.target} lacks {argument.name}")
            value = argument.default_value
        else:
            value = _value(argument.name, node.arguments[argument.name], lookup)
        if argument.kwarg_only:
            options[argument.name] = value
        else:
            arguments.append(value)
    result = operation(*arguments, **options)
    return tuple(result) if isinstance(result, tuple | list) else (result,)


def dtype_of(program: Exported, tensor: str) -> Any:
    """The type of torch that the file gives a tensor; float32 where it gives none.

    Raises:
        ValueError: a type that numbers of ours do not become, such as 8-bit floats.
    """
    import torch

    # ``ScalarType`` of torch/_export/serde/schema.py.
    kinds = {
        1: torch.uint8,
        2: torch.int8,
        3: torch.int16,
        4: torch.int32,
        5: torch.int64,
        6: torch.float16,
        7: torch.float32,
        8: torch.float64,
        12: torch.bool,
        13: torch.bfloat16,
    }
    number = program.dtypes.get(tensor, 7)
    if number not in kinds:
        raise ValueError(f"{tensor} is of the type {number} of torch's schema")
    return kinds[number]


def _value(name: str, given: Any, lookup: Lookup) -> Any:
    if isinstance(given, Ref):
        return lookup(given.name)
    if isinstance(given, tuple):
        return [_value(name, part, lookup) for part in given]
    if name == "dtype" and isinstance(given, int):
        return dtype_of(Exported((), {}, (), (), dtypes={"": given}), "")
    return given
