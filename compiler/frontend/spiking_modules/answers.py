"""What a traced network answers in each step: results of calls, or one made of all steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snnc.frontend.archives.exported import Exported, Node
from snnc.frontend.operations.outputs import Output, chosen
from snnc.frontend.torch_export.interface import no_tensor

from .form import Form, Way

OVER_STEPS = ("sum", "mean")
"""Operations along the axis of steps, after which an answer is a sum over the frames."""

AXES = {Way.TIME_FIRST: 0, Way.BATCH_FIRST: 1}
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

    Raises:
        UserError: D228 there is no such one.
    """
    if wanted is None:
        while isinstance(result, tuple | list) and result:
            result = result[0]
        return result
    parts = list(result) if isinstance(result, tuple | list) else [result]
    shapes = [tuple(getattr(part, "shape", ())) for part in parts]
    outputs = [
        Output((), shape, str(number), is_tensor=hasattr(part, "shape"))
        for number, (part, shape) in enumerate(zip(parts, shapes, strict=True))
    ]
    return parts[chosen(outputs, wanted, where)]


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
    outputs = [output for output in program.outputs if output is not None]
    if not outputs:
        raise no_tensor(name)
    if form.way is Way.STEP:
        return Answers(tuple(outputs))
    made = {tensor: node for node in program.nodes for tensor in node.outputs}
    axis = None if form.unrolled else AXES.get(form.way)
    tensor, summed = outputs[0], False
    while (node := made.get(tensor)) is not None:
        if node.op in PASSED_ON or (not summed and _is_over_steps(program, node, made, axis)):
            summed = summed or node.op in OVER_STEPS
            tensor = node.taken[0]
        elif form.unrolled and node.op == "stack" and len(node.taken) == steps:
            return Answers(node.taken, summed)
        else:
            break
    return Answers((outputs[0],)) if form.unrolled or not summed else Answers((tensor,), True)


def _is_over_steps(program: Exported, node: Node, made: dict[str, Node], axis: int | None) -> bool:
    """Whether a sum or mean is along the axis of steps: ``axis``, or that which a stack has made."""
    if node.op not in OVER_STEPS or not node.taken:
        return False
    inner, rank = made.get(node.taken[0]), len(program.shapes.get(node.taken[0]) or ())
    if axis is None and inner is not None and inner.op == "stack":
        axis = int(inner.arguments.get("dim", 0))
    dims: Any = node.arguments.get("dim")
    if axis is None or not rank or not isinstance(dims, tuple) or len(dims) != 1:
        return False
    return bool(dims[0] % rank == axis % rank)
