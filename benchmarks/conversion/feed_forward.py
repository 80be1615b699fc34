"""A trained network as plain steps and arrays, for tools that know nothing of snnc."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.export import ExportedProgram
from torch.fx import Node


class NotFeedForwardError(Exception):
    """The network is not a plain chain of known layers on one image: the reason in one line."""


@dataclass(frozen=True)
class Steps:
    """A network in the order in which it is computed.

    Attributes:
        steps: of each its ``name``, ``op``, ``inputs`` (names of earlier steps, or ``x``), ``arrays``
            (of which role which array) and ``options``, as plain types. The last is the answer.
        arrays: weights and the like by their names in the network, as PyTorch lays them out.
    """

    steps: list[dict[str, Any]]
    arrays: dict[str, NDArray[np.float32]]


ROLES = {
    "linear": ("weight", "bias"),
    "conv2d": ("weight", "bias"),
    "batch_norm": ("weight", "bias", "mean", "variance"),
}
"""Operations with arrays, and what these are, in the order of PyTorch's arguments after the input."""


def feed_forward(archive: Path) -> Steps:
    """Read an archive of ``torch.export``.

    Raises:
        NotFeedForwardError: it is a rollout, which has a state, or has an operation not known here.
    """
    program = torch.export.load(archive)
    signature = program.graph_signature
    if any(node.target is torch.ops.aten.copy_.default for node in program.graph.nodes):
        raise NotFeedForwardError("a rollout network: its edges have delays or loops")
    names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    (given,) = signature.user_inputs
    steps = [
        _step(node, names, str(given)) for node in program.graph.nodes if node.op == "call_function"
    ]
    used = {name for step in steps for name in step["arrays"].values()}
    return Steps(steps, {name: _array(program, name) for name in sorted(used)})


def _array(program: ExportedProgram, name: str) -> NDArray[np.float32]:
    return np.asarray(program.state_dict[name].detach().numpy(), np.float32)


def _step(node: Node, names: dict[str, str], given: str) -> dict[str, Any]:
    op = str(node.target).split(".")[1]
    schema = node.target._schema  # type: ignore[union-attr]
    found = {
        argument.name: node.args[i] if i < len(node.args) else argument.default_value
        for i, argument in enumerate(schema.arguments)
    }
    first = next(iter(found.values()))
    sources: list[Any] = list(first) if isinstance(first, list | tuple) else [first]
    if op == "add":
        sources.append(found["other"])
    roles = ROLES.get(op, ())
    tensors = list(found.values())[1 : 1 + len(roles)]
    return {
        "name": node.name,
        "op": op,
        "inputs": ["x" if source.name == given else source.name for source in sources],
        "arrays": {
            r: names[t.name] for r, t in zip(roles, tensors, strict=True) if isinstance(t, Node)
        },
        "options": _options(op, found, first),
    }


def _options(op: str, found: dict[str, Any], first: Any) -> dict[str, Any]:
    if op == "conv2d":
        return {name: found[name] for name in ("stride", "padding", "dilation", "groups")}
    if op == "batch_norm":
        return {"eps": found["eps"], "dimensions": first.meta["val"].ndim - 2}
    if op == "avg_pool2d":
        return {"kernel": found["kernel_size"], "stride": found["stride"]}
    if op == "hardtanh":
        return {"low": found["min_val"], "high": found["max_val"]}
    if op == "div":
        return {"by": found["other"]}
    if op in ("linear", "relu") or (op == "flatten" and found["start_dim"] == 1):
        return {}
    if (op == "cat" and found["dim"] == 1) or (op == "add" and found["alpha"] == 1):
        return {}
    raise NotFeedForwardError(f"the operation {op} has no counterpart here")
