"""What a traced network answers in each step: results of calls, or one made of all steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snnc.frontend.archives.exported import Exported, Node
from snnc.frontend.operations.outputs import Output, chosen
from snnc.frontend.torch_export.interface import no_tensor

from .form import Form, Way

OVER_STEPS = ("sum", "mean")
"""Operations along the axis of steps, after which an answer is a sum over the frames."""

AXES = {Way.TIME_FIRST: 0, Way.BATCH_FIRST: 1, Way.REPEATED: 0}
"""Of what takes all steps at once, the axis of steps."""

PASSED_ON = ("alias", "clone", "contiguous", "detach", "to", "_to_copy")


@dataclass(frozen=True)
class Answers:
    """What a network answers.

    Attributes:
        tensors: one for each step; or a single one, made of all steps.
        summed: whether the network itself adds them up over its steps, or takes their mean.
    """

    tensors: tuple[str, ...]
    summed: bool = False


def answer_of(result: Any, wanted: str | None, where: str) -> Any:
    """The answer in what a network returns: the first tensor, or the one that the user names.

    Of a dictionary its values count, in their order.

    Raises:
        UserError: D228 there is no such one.
    """
    if wanted is None:
        while (parts := _parts(result)) is not None and parts:
            result = parts[0]
        return result
    parts = _parts(result) or [result]
    shapes = [tuple(getattr(part, "shape", ())) for part in parts]
    outputs = [
        Output((), shape, str(number), is_tensor=hasattr(part, "shape"))
        for number, (part, shape) in enumerate(zip(parts, shapes, strict=True))
    ]
    return parts[chosen(outputs, wanted, where)]


def _parts(result: Any) -> list[Any] | None:
    """What a tuple, a list or a dictionary holds; None of anything else."""
    if isinstance(result, Mapping):
        return list(result.values())
    return list(result) if isinstance(result, tuple | list) else None


def answers_of(program: Exported, form: Form, steps: int, name: str) -> Answers:
    """The answers of a trace.

    Args:
        program: with a result for each call.
        form: how the network takes its steps.
        steps: of the trace.
        name: of the network, for messages.

    Raises:
        UserError: D205 it returns no tensor.
    """
    calls = steps if form.way is Way.STEP else 1  # behind their results are the markers
    outputs = [output for output in program.outputs[:calls] if output is not None]
    if not outputs:
        raise no_tensor(name)
    if form.way is Way.STEP:
        return Answers(tuple(outputs))
    made = {tensor: node for node in program.nodes for tensor in node.outputs}
    axis = None if form.unrolled else AXES.get(form.way)
    tensor, summed = outputs[0], False
    while (node := made.get(tensor)) is not None:
        if form.unrolled and _is_turned(program, node, made):
            tensor = node.taken[0]
        elif node.op in PASSED_ON or (not summed and _is_over_steps(program, node, made, axis)):
            summed = summed or node.op in OVER_STEPS
            tensor = node.taken[0]
        elif form.unrolled and node.op == "stack" and len(node.taken) == steps:
            return Answers(node.taken, summed)
        else:
            break
    return Answers((outputs[0],)) if form.unrolled or not summed else Answers((tensor,), True)


def _is_turned(program: Exported, node: Node, made: dict[str, Node]) -> bool:
    """Whether steps and samples of a stack change places: ``torch.stack(spikes).transpose(0, 1)``."""
    inner, rank = made.get(node.taken[0] if node.taken else ""), _rank(program, node)
    if inner is None or inner.op != "stack" or int(inner.arguments.get("dim", 0)) % max(1, rank) > 1:
        return False
    if node.op == "transpose":
        return {int(node.arguments[dim]) % rank for dim in ("dim0", "dim1")} == {0, 1}
    dims: Any = node.arguments.get("dims")
    return node.op == "permute" and tuple(d % rank for d in dims) == (1, 0, *range(2, rank))


def _rank(program: Exported, node: Node) -> int:
    return len(program.shapes.get(node.taken[0]) or ()) if node.taken else 0


def _is_over_steps(program: Exported, node: Node, made: dict[str, Node], axis: int | None) -> bool:
    """Whether a sum or mean is along the axis of steps: ``axis``, or that which a stack has made."""
    if node.op not in OVER_STEPS or not node.taken:
        return False
    inner, rank = made.get(node.taken[0]), _rank(program, node)
    if axis is None and inner is not None and inner.op == "stack":
        axis = int(inner.arguments.get("dim", 0))
    dims: Any = node.arguments.get("dim")
    if axis is None or not rank or not isinstance(dims, tuple) or len(dims) != 1:
        return False
    return bool(dims[0] % rank == axis % rank)
