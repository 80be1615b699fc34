"""Whether what a checkpoint holds has the form of what a run would write."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

DEEPEST = 8
NUMBER = (int, float)
MOVED = ("lr", "momentum", "betas")
"""What a schedule changes of an optimizer's options: ``onecycle`` moves momenta too."""


def same_form(found: Any, mine: Any, place: str, depth: int = 0) -> None:
    """Make sure that a state could be the one of an object here: keys, types and shapes.

    Args:
        found: of the file.
        mine: of the object that would take it over.
        place: what it is called.

    Raises:
        ValueError: it could not.
    """
    if isinstance(mine, torch.Tensor):
        if (
            not isinstance(found, torch.Tensor)
            or found.shape != mine.shape
            or found.dtype != mine.dtype
        ):
            raise ValueError(f"{place} is not a tensor of shape {tuple(mine.shape)} and {mine.dtype}")
        if found.layout is not torch.strided or found.device.type != "cpu":
            raise ValueError(f"{place} is not a dense tensor in memory")
    elif isinstance(mine, Mapping):
        if not isinstance(found, Mapping) or found.keys() != mine.keys() or depth > DEEPEST:
            raise ValueError(f"{place} has other entries than {', '.join(map(str, mine))}")
        for key, value in mine.items():
            same_form(found[key], value, f"{place}.{key}", depth + 1)
    elif isinstance(mine, list | tuple):
        if type(found) is not type(mine) or len(found) != len(mine):
            raise ValueError(f"{place} has another form")
        for number, (one, other) in enumerate(zip(found, mine, strict=True)):
            same_form(one, other, f"{place}[{number}]", depth + 1)
    elif type(mine) is float:
        if type(found) not in NUMBER or not math.isfinite(found):
            raise ValueError(f"{place} is not a number")
    elif type(found) is not type(mine):
        raise ValueError(f"{place} is not of type {type(mine).__name__}")


def optimizer_state(found: Any, mine: Mapping[str, Any], parameters: Sequence[torch.Tensor]) -> None:
    """The same for an optimizer, which has no state before its first step.

    Args:
        found: of the file.
        mine: ``state_dict()`` of a new one.
        parameters: in the order of its groups.

    Raises:
        ValueError: it could not be the optimizer's.
    """
    if not isinstance(found, Mapping) or found.keys() != mine.keys():
        raise ValueError("the optimizer's state has other entries")
    same_form(found["param_groups"], mine["param_groups"], "the optimizer's groups")
    for one, other in zip(found["param_groups"], mine["param_groups"], strict=True):
        if any(one[key] != value for key, value in other.items() if key not in MOVED) or one["lr"] < 0:
            raise ValueError("the optimizer's groups have other options")
        decays = [*one.get("betas", ()), one.get("momentum", 0.0)]
        if not all(0 <= decay < 1 for decay in decays):
            raise ValueError("the optimizer's momentum is outside 0 to 1")
    states = found["state"]
    if not isinstance(states, Mapping):
        raise ValueError("the optimizer's state is not a table")
    for index, state in states.items():
        if type(index) is not int or not 0 <= index < len(parameters) or not isinstance(state, Mapping):
            raise ValueError(f"the optimizer has no parameter {str(index)[:20]}")
        for name, value in state.items():
            place = f"the optimizer's {str(name)[:20]} of parameter {index}"
            if value is None:
                continue
            # A parameter of no axes, as one threshold is, has moments of no axes too.
            if name == "step" and isinstance(value, torch.Tensor) and not value.shape:
                if not 0 <= value.item() < math.inf:
                    raise ValueError(f"{place} is not a number of steps")
            else:
                same_form(value, parameters[index].detach(), place)


def curve_rows(found: Any) -> None:
    """The epochs of a curve, as ``Curve.as_data`` gives them.

    Raises:
        ValueError: they are others.
    """
    if not isinstance(found, list) or not found:
        raise ValueError("the curve has no epochs")
    for number, row in enumerate(found):
        wanted = {"epoch": 0, "loss": 0.0, "right": [], "samples": 0, "rates": {}, "seconds": 0.0}
        if not isinstance(row, Mapping) or row.keys() != wanted.keys():
            raise ValueError("the curve has other entries")
        right, rates = row["right"], row["rates"]
        numbers = [row[key] for key in ("epoch", "loss", "samples", "seconds")]
        if not isinstance(right, list) or not isinstance(rates, Mapping) or not right:
            raise ValueError("the curve has no shares by frame, or no rates")
        if any(type(n) not in NUMBER for n in (*numbers, *right, *rates.values())):
            raise ValueError("the curve holds something that is not a number")
        if row["epoch"] != number or any(type(name) is not str for name in rates):
            raise ValueError(f"epoch {number} of the curve is not where it should be")
