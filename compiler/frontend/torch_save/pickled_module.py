"""A whole ``nn.Module`` of standard layers from a pickle, without running anything that is in it.

``torch.load(weights_only=True)`` reads the pickle. Where it would make a layer it makes a record of
ours instead, which only keeps what it is given; the layers are then built new from the records whose
every entry is known. So nothing of the pickle's own choice gets into an object that is run: no hooks,
no ``forward`` in an instance's dictionary, no attributes on tensors.
"""

from __future__ import annotations

import copy
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.errors import UserError, counted, fail
from snnc.files import Budget
from snnc.frontend.archives.archive import damaged
from snnc.frontend.archives.tensors import MOST_ELEMENTS as MOST_WEIGHTS
from snnc.frontend.operations.cures import HOW_TO_EXPORT
from snnc.frontend.operations.expression import MOST_ELEMENTS
from snnc.ir import Shape
from snnc.optional import missing

from .saved import Saved
from .standard_layers import NAMES, build
from .through_torch import cannot_run, quiet_torch, reason

if TYPE_CHECKING:
    import torch
    from torch import nn

DEEPEST = 50
"""Modules within modules, and lists within lists."""

MOST_SETTINGS = 2**10
"""Numbers in one setting of a layer, such as a shape; a list may hold itself many times over."""

SPECIAL = frozenset({"_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "training"})
"""Entries of a module's dictionary that are rebuilt, or that evaluation makes meaningless."""

PLAIN = (type(None), bool, int, float, str)


class Record:
    """What stands for a layer while the pickle is read."""

    state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


def load_tensors(saved: Saved, records: dict[str, type[Record]] | None = None) -> Any:
    """What the file holds, through torch's weights-only loader, or through safetensors.

    Args:
        saved: a file whose pickles were looked at.
        records: by global name in the pickle, what is made in its place.

    Raises:
        UserError: D106 it cannot be read, D123 the package safetensors is not installed.
    """
    import torch

    if saved.safetensors:
        return _load_safetensors(saved)
    stand_ins: list[Any] = [(kind, name) for name, kind in (records or {}).items()]
    with quiet_torch(), torch.serialization.safe_globals(stand_ins):
        try:
            return torch.load(io.BytesIO(saved.data), map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises what it likes about files that it cannot read
            raise damaged(str(saved.path), f"in torch's weights-only loader, {reason(error)}") from None


def _load_safetensors(saved: Saved) -> Any:
    try:
        from safetensors.torch import load
    except ImportError as error:
        what = "reading this file needs the package safetensors"
        raise missing("safetensors", what, error, where=str(saved.path)) from None
    try:
        return load(saved.data)
    except Exception as error:  # its own kind, and what torch raises of types that it lacks
        raise damaged(str(saved.path), f"in safetensors, {reason(error)}") from None


def load_module(saved: Saved) -> nn.Module:
    """The module of a file, built new.

    Raises:
        UserError: D106 damaged, D125 a layer whose state is not what that layer has.
    """
    kinds = {name: type(name, (Record,), {}) for name in NAMES}
    found = load_tensors(saved, kinds)
    rebuilding = _Rebuilding(saved, {kind: name for name, kind in kinds.items()})
    if not isinstance(found, Record):
        raise fail(
            "D104",
            f"this pickle holds a {type(found).__name__} with modules in it, not one module",
            where=str(saved.path),
            help="save the network alone: torch.save(net, path)",
        )
    return rebuilding.module(found, "")


def refuse_large(net: nn.Module, shape: Shape, path: Path) -> None:
    """Run a rebuilt module without numbers, and look at the size of what each layer gives.

    A layer's settings are numbers of the file: a padding of a million pixels takes two bytes there.

    Raises:
        UserError: D124 a layer gives too much, or the module cannot take a frame of the shape.
    """
    import torch

    def look(layer: nn.Module, given: Any, gives: Any) -> None:
        if isinstance(gives, torch.Tensor) and gives.numel() > MOST_ELEMENTS:
            raise ValueError(f"a {type(layer).__name__} gives {counted(gives.numel(), 'element')}")

    try:
        with quiet_torch(), torch.no_grad():
            empty = copy.deepcopy(net).to("meta").eval()
            for layer in empty.modules():
                layer.register_forward_hook(look)
            dtype = next((p.dtype for p in net.parameters()), None)
            empty(torch.zeros(1, *shape, dtype=dtype, device="meta"))
    except Exception as error:  # torch raises what it likes about settings that fit nothing
        raise cannot_run(path, shape, error) from None


@dataclass
class _Rebuilding:
    saved: Saved
    names: dict[type, str]
    built: dict[int, nn.Module] = field(default_factory=dict)
    tensors: dict[int, nn.Parameter | torch.Tensor] = field(default_factory=dict)
    open: list[int] = field(default_factory=list)
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self.budget = Budget(str(self.saved.path))

    def module(self, record: Record, path: str) -> nn.Module:
        """The layer of a record; the same one for the same record."""
        if id(record) in self.built:
            return self.built[id(record)]
        name = self.names[type(record)]
        if id(record) in self.open or len(self.open) > DEEPEST:
            raise self._wrong(name, path, "it is part of itself, or is nested too deeply")
        self.open.append(id(record))
        module = build(name)
        state = record.state
        if type(state) is not dict or not all(type(key) is str for key in state):
            raise self._wrong(name, path, "it has no state")
        self._attributes(module, state, name, path)
        for key, given in self._entries(state, "_parameters", name, path):
            self._tensor(module, module._parameters, key, given, path)
        for key, given in self._entries(state, "_buffers", name, path):
            self._tensor(module, module._buffers, key, given, path)
        for key, given in self._entries(state, "_modules", name, path):
            inner = f"{path}.{key}" if path else key
            if (
                not isinstance(given, Record)
                or not name.endswith("Sequential")
                or "." in key
                or not key
            ):
                raise self._wrong(name, path, f"{key!r} is not a layer that it can contain")
            if hasattr(module, key) and key not in module._modules:
                raise self._wrong(name, path, f"a layer in it is called {key!r}, which is taken")
            module.add_module(key, self.module(given, inner))
        self.open.pop()
        self.built[id(record)] = module
        return module

    def _attributes(self, module: nn.Module, state: dict[str, Any], name: str, path: str) -> None:
        """Give a layer its settings; everything else in its dictionary must be empty."""
        settings = set()
        for key, value in module.__dict__.items():
            if key not in SPECIAL and not isinstance(value, dict):
                settings.add(key)
        for key, value in state.items():
            if key in SPECIAL or (isinstance(value, dict) and not value):
                continue
            if key not in settings:
                raise self._wrong(name, path, f"{key!r} is not among what such a layer has")
            if not _is_plain(value):
                raise self._wrong(name, path, f"{key!r} is a {type(value).__name__}, not a setting")
            module.__dict__[key] = value
        if missing := sorted(settings - state.keys() - {"_is_full_backward_hook"}):
            raise self._wrong(name, path, f"it lacks {', '.join(missing)}")

    def _entries(
        self, state: dict[str, Any], key: str, name: str, path: str
    ) -> list[tuple[str, object]]:
        found = state.get(key)
        if not isinstance(found, dict) or not all(type(inner) is str for inner in found):
            raise self._wrong(name, path, f"{key} is not there")
        return list(found.items())

    def _tensor(
        self, module: nn.Module, place: dict[str, Any], key: str, given: object, path: str
    ) -> None:
        import torch

        name = type(module).__name__
        if key not in place:
            raise self._wrong(name, path, f"{key!r} is not among what such a layer has")
        if given is None:
            place[key] = None
            return
        if type(given) not in (torch.Tensor, torch.nn.Parameter) or not isinstance(given, torch.Tensor):
            raise self._wrong(name, path, f"{key!r} is a {type(given).__name__}, not a tensor")
        if given.__dict__ or given._backward_hooks:
            raise self._wrong(name, path, f"{key!r} carries more than numbers")
        if given.layout is not torch.strided or given.numel() > MOST_WEIGHTS:
            raise self._wrong(name, path, f"{key!r} is not dense or too large")
        if given.untyped_storage().nbytes() > len(self.saved.data):
            raise self._wrong(name, path, f"{key!r} claims more numbers than the file holds")
        if id(given) not in self.tensors:
            self.budget.take(given.numel() * given.element_size(), f"{self.saved.path}: {path}.{key}")
            values = given.detach().clone()
            new = torch.nn.Parameter(values, requires_grad=False) if _is_weight(key) else values
            self.tensors[id(given)] = new
        place[key] = self.tensors[id(given)]

    def _wrong(self, name: str, path: str, why: str) -> UserError:
        kind = name.rpartition(".")[2]
        return fail(
            "D125",
            f"the pickled layer is not a plain {kind}",
            where=f"{path} ({kind})" if path else f"{self.saved.path} ({kind})",
            why=f"{why}; a layer is rebuilt only if all of its state is known",
            help=f"remove hooks, parametrizations and attributes of your own, or {HOW_TO_EXPORT}",
        )


def _is_weight(key: str) -> bool:
    return key in ("weight", "bias", "range")


def _is_plain(value: object) -> bool:
    """Whether a value is made of numbers, texts, tuples and lists alone, and of few."""
    level, looked_at = [value], 0
    for _ in range(DEEPEST):
        inner: list[object] = []
        for part in level:
            if type(part) is tuple or type(part) is list:
                inner += part
            elif type(part) not in PLAIN:
                return False
        looked_at += len(inner)
        if not inner:
            return True
        if looked_at > MOST_SETTINGS:
            return False
        level = inner
    return False
