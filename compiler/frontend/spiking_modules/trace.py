"""What a network does between its neurons in some steps, traced by ``torch.export``."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.errors import UserError, fail
from snnc.frontend.archives.archive import Archive
from snnc.frontend.archives.exported import Exported, Module, Node, Ref, read_program
from snnc.frontend.archives.tensors import read_payloads, read_tensors
from snnc.frontend.torch_save.through_torch import quiet_torch, reason
from snnc.ir import Array, Shape

from .answers import answer_of
from .form import Form, Way
from .marking import OPERATION, Marked
from .repeats import one_step
from .snntorch import alone

if TYPE_CHECKING:
    import torch

STEPS = 3
"""Of a network that takes any number: what a step hears of the two before it."""

OWN = "model"
"""What ``torch.export.save`` calls the only network of an archive."""


def steps_of(form: Form) -> int:
    """How many steps a trace has."""
    return (form.steps or STEPS) if form.unrolled else 1


def traced(
    marked: Marked, form: Form, shape: Shape, name: str, answer: str | None
) -> tuple[Exported, dict[str, Array]]:
    """The operations between neurons, for a batch of one; with the tensors that they use.

    Args:
        marked: the network with markers.
        form: how it takes its steps.
        shape: of one frame.
        name: of the network, for messages.
        answer: position of the answer in what the network returns; None for the first tensor.

    Raises:
        UserError: D228 there is no such answer, D124 ``torch.export`` cannot follow it.
    """
    import torch
    from torch import nn

    class Unrolled(nn.Module):
        """Frames in; out an answer for each call, and behind them the markers."""

        def __init__(self) -> None:
            super().__init__()
            self.net = marked.net

        def forward(self, *frames: torch.Tensor) -> list[Any]:
            marked.begin()
            with one_step() if form.way is Way.REPEATED else nullcontext():
                called = form.call(self.net, frames)
            results = [answer_of(result, answer, name) for result in called]
            # All markers are outputs: those of the last steps may lead to nothing in the trace.
            return [*results, *marked.given]

    count = 1 if form.of_one_frame else steps_of(form)
    frames = tuple(torch.zeros(1, *shape, dtype=torch.float64) for _ in range(count))
    buffer = io.BytesIO()
    with quiet_torch(), torch.no_grad(), alone():
        try:
            torch.export.save(torch.export.export(Unrolled(), frames), buffer)
        except UserError:
            raise
        except Exception as error:  # the user's own code, which may raise anything
            raise fail(
                "D124",
                "torch.export cannot follow the network",
                where=name,
                why=reason(error),
                help="make forward free of conditions and loops that depend on the input",
            ) from None
    archive = Archive.open(Path(name), buffer.getvalue())
    program = read_program(archive, f"models/{OWN}.json")
    return _in_users_words(program), read_tensors(archive, read_payloads(archive, OWN))


def _in_users_words(program: Exported) -> Exported:
    """Without the module that was put around the user's."""

    def named(node: Node) -> Node:
        path = node.module.path.removeprefix("net").removeprefix(".")
        return replace(node, module=Module(path, node.module.kind))

    return replace(program, nodes=tuple(named(node) for node in program.nodes))


def without_stacks(program: Exported, wanted: tuple[str, ...]) -> Exported:
    """The program for some of its tensors, without stacks of frames that are taken apart again.

    The signals of this compiler have one sample; a second axis, of steps, would be none of theirs.
    """
    nodes: list[Node] = []
    stacks: dict[str, tuple[int, tuple[str, ...]]] = {}
    alias: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, Ref):
            return Ref(alias.get(value.name, value.name))
        return tuple(renamed(each) for each in value) if isinstance(value, tuple) else value

    for node in program.nodes:
        node = replace(node, arguments={k: renamed(v) for k, v in node.arguments.items()})
        if node.op == "stack":
            parts = tuple(part.name for part in node.arguments["tensors"])
            if len(parts) == 1:  # one step: an axis more, and nothing else
                size = program.shapes.get(node.outputs[0])
                view = {"self": Ref(parts[0]), "size": size}
                nodes.append(replace(node, target="torch.ops.aten.view.default", arguments=view))
                continue
            rank = len(program.shapes.get(node.outputs[0]) or ())
            stacks[node.outputs[0]] = (int(node.arguments.get("dim", 0)) % max(1, rank), parts)
        source = node.arguments.get("self")
        stack = stacks.get(source.name) if isinstance(source, Ref) else None
        if stack is not None and _takes_one(node, *stack):
            index = int(node.arguments["index"]) % len(stack[1])
            alias[node.outputs[0]] = alias.get(stack[1][index], stack[1][index])
            continue
        if stack is not None and node.op == "unbind" and _axis(program, node) == stack[0]:
            alias |= {out: alias.get(p, p) for out, p in zip(node.outputs, stack[1], strict=True)}
            continue
        nodes.append(node)
    outputs = tuple(alias.get(name, name) for name in wanted)
    return _only_used(replace(program, nodes=tuple(nodes), outputs=outputs))


def _takes_one(node: Node, dim: int, parts: Sequence[str]) -> bool:
    return node.op == "select" and int(node.arguments.get("dim", 0)) == dim and bool(parts)


def _axis(program: Exported, node: Node) -> int:
    rank = len(program.shapes.get(node.taken[0]) or ())
    return int(node.arguments.get("dim", 0)) % max(1, rank)


def _only_used(program: Exported) -> Exported:
    """Without operations whose results nobody takes: stacks of frames that were taken apart again.

    What reaches neurons that something takes is kept in all steps.
    """
    markers = [node for node in program.nodes if node.target == OPERATION]
    wanted = {name for name in (*program.outputs, *program.mutated.values()) if name is not None}
    while True:
        kept: list[Node] = []
        for node in reversed(program.nodes):
            if wanted.intersection(node.outputs):
                kept.append(node)
                wanted.update(node.taken)
        used = {node.arguments["layer"] for node in markers if wanted.intersection(node.outputs)}
        more = {n for node in markers if node.arguments["layer"] in used for n in node.outputs}
        if more <= wanted:
            return replace(program, nodes=tuple(reversed(kept)))
        wanted |= more
