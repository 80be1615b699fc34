"""Weights as training scripts save them: under a key of a checkpoint, under a prefix of a wrapper.

Sources: torch.nn.DataParallel puts ``module.`` before every name, torch.compile ``_orig_mod.``
(torch/_dynamo/eval_frame.py, torch 2.13); Lightning saves ``{"state_dict": {"model.conv.weight": ...},
"epoch": ...}`` with the name of the attribute that holds the network (lightning 2.5, checkpointing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.errors import Diagnostic, Severity, UserError, fail
from snnc.frontend.archives.tensors import MOST_ELEMENTS

if TYPE_CHECKING:
    from torch import Tensor

USUAL = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "module",
    "model_state",
    "weights",
)
"""Keys under which scripts put the weights of the network that they train."""

WRAPPERS = frozenset({"module", "_orig_mod"})
"""Parts of names that wrappers put in."""

MOST_SHOWN = 8


@dataclass(frozen=True)
class Weights:
    """A state dict, the key under which the file has it (empty where it is one), and other keys."""

    tensors: Mapping[str, Tensor]
    key: str = ""
    others: tuple[str, ...] = ()


def weights_in(found: Any, path: Path, size: int) -> Weights:
    """The state dict of what a file holds.

    Args:
        found: what torch's weights-only loader gives.
        path: the user's file.
        size: its bytes; tensors cannot hold more.

    Raises:
        UserError: D104 there is none, or nothing says which of several is meant.
    """
    if _is_state_dict(found):
        return Weights(_checked(found, path, size))
    if not isinstance(found, dict) or not found:
        raise _no_state_dict(path, f"a {type(found).__name__}")
    inside = {key: value for key, value in found.items() if _is_state_dict(value)}
    for key in USUAL:
        if isinstance(found.get(key), dict) and found[key] and key not in inside:
            raise _no_state_dict(path, f"{key!r} with more than tensors in it")
    usual = [key for key in inside if key in USUAL]
    chosen = usual if usual else list(inside)
    if len(chosen) == 1:
        others = tuple(str(key) for key in inside if key != chosen[0])
        return Weights(_checked(inside[chosen[0]], path, size), str(chosen[0]), others)
    if chosen:
        raise fail(
            "D104",
            f"this file holds {len(chosen)} state dicts: {shown(map(str, chosen))}",
            where=str(path),
            why="nothing says which of them is the network's",
            help="save that one alone: torch.save(net.state_dict(), path)",
        )
    raise _no_state_dict(path, f"a dictionary of {', '.join(str(k) for k in list(found)[:MOST_SHOWN])}")


def _is_state_dict(found: Any) -> bool:
    import torch

    return (
        isinstance(found, dict)
        and bool(found)
        and all(type(k) is str and isinstance(v, torch.Tensor) for k, v in found.items())
    )


def _checked(found: dict[str, Tensor], path: Path, size: int) -> dict[str, Tensor]:
    for name, values in found.items():
        if values.is_complex() or values.is_quantized:
            raise _no_state_dict(path, f"{name}, which holds numbers of type {values.dtype}")
        if values.numel() > MOST_ELEMENTS or values.untyped_storage().nbytes() > size:
            raise _no_state_dict(path, f"{name}, which claims more numbers than the file holds")
    return found


def _no_state_dict(path: Path, what: str) -> UserError:
    return fail(
        "D104",
        f"this file holds {what}, not a state dict",
        where=str(path),
        why="a state dict has one tensor for each parameter and buffer",
        help="save it alone: torch.save(net.state_dict(), path)",
    )


def fitted(weights: Weights, wanted: Iterable[str], path: Path) -> tuple[Weights, list[Diagnostic]]:
    """The weights by the names that the network has for them, and what was done to get there.

    Names that do not fit are tried without what wrappers put in, and without one prefix that all names
    of the network have in the file. What the file has outside that prefix is left out, and named.

    Args:
        weights: as the file has them.
        wanted: names of the network's own state dict.
        path: the user's file.

    Raises:
        UserError: D127 the names fit under several prefixes.
    """
    if set(wanted) <= weights.tensors.keys() and set(wanted) != weights.tensors.keys():
        return weights, []  # all are there by name: what else there is, the caller refuses
    spellings = ({name: name for name in weights.tensors}, _without_wrappers(weights.tensors))
    for spelling in spellings:
        prefixes = _prefixes(spelling, set(wanted))
        if len(prefixes) > 1:
            raise fail(
                "D127",
                f"the network's weights are in the file {len(prefixes)} times: {shown(prefixes)}",
                where=str(path),
                why="nothing says which of them is meant",
                help="save one alone: torch.save(net.state_dict(), path)",
            )
        for prefix in prefixes:
            inside = {
                name[len(prefix) :]: key for name, key in spelling.items() if name.startswith(prefix)
            }
            found = {name: weights.tensors[key] for name, key in inside.items()}
            return Weights(found, weights.key, weights.others), _told(weights, inside, path)
    return weights, []


def _told(weights: Weights, inside: Mapping[str, str], path: Path) -> list[Diagnostic]:
    """N765 where the weights were not the whole file under their own names."""
    done = [f"under the key {weights.key!r}"] if weights.key else []
    example = next((name for name, key in inside.items() if name != key), None)
    if example is not None:
        done.append(f"{inside[example]} as {example}, and so on")
    if not done:
        return []
    left = weights.tensors.keys() - set(inside.values())
    why = f"the network has none of these, and they are left out: {shown(left)}" if left else ""
    if weights.others:
        why += ("; " if why else "") + f"not read: {shown(weights.others)}"
    what = f"weights read {'; '.join(done)}"
    return [Diagnostic("N765", what, str(path), why, severity=Severity.NOTE)]


def _without_wrappers(names: Iterable[str]) -> dict[str, str]:
    """Names without what wrappers put in, and their names in the file; empty where two become one."""
    listed = list(names)
    bare = {".".join(part for part in name.split(".") if part not in WRAPPERS): name for name in listed}
    return bare if len(bare) == len(listed) else {}


def _prefixes(names: Iterable[str], wanted: set[str]) -> list[str]:
    """Prefixes, with their last dot, under which exactly the wanted names are; none at all is one."""
    listed = list(names)
    if set(listed) == wanted:
        return [""]
    possible = {name[: i + 1] for name in listed for i, letter in enumerate(name) if letter == "."}
    return sorted(
        prefix
        for prefix in possible
        if {name[len(prefix) :] for name in listed if name.startswith(prefix)} == wanted
    )


def shown(names: Iterable[str]) -> str:
    """Some names, and how many more there are."""
    listed = sorted(names)
    more = len(listed) - MOST_SHOWN
    return ", ".join(listed[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
