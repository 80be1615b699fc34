"""What a traced network answers in each step: results of calls, or one made of all steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snnc.frontend.archives.exported import Exported, Node
from snnc.frontend.operations.outputs import Output, chosen
from snnc.frontend.torch_export.interface import no_tensor

OVER_STEPS = ("sum", "mean")
"""Operations along the axis of steps, after which an answer is a sum over the frames."""

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


def answers_of(program: Exported, steps: int, name: str) -> Answers:
    """The answers of a trace.

    Args:
        program: with a result for each call.
        steps: of the trace.
        name: of the network, for messages.

    Raises:
        UserError: D205 it returns no tensor.
    """
    outputs = [output for output in program.outputs if output is not None]
    if not outputs:
        raise no_tensor(name)
    if len(outputs) == steps:
        return Answers(tuple(outputs))
    made = {tensor: node for node in program.nodes for tensor in node.outputs}
    tensor, summed = outputs[0], False
    while (node := made.get(tensor)) is not None:
        if node.op in PASSED_ON or (not summed and _is_over_steps(node, made)):
            summed = summed or node.op in OVER_STEPS
            tensor = node.taken[0]
        elif node.op == "stack" and len(node.taken) == steps:
            return Answers(node.taken, summed)
        else:
            break
    return Answers((outputs[0],))


def _is_over_steps(node: Node, made: dict[str, Node]) -> bool:
    """Whether a sum or mean is along the axis that a stack has made."""
    inner = made.get(node.taken[0]) if node.taken else None
    if node.op not in OVER_STEPS or inner is None or inner.op != "stack":
        return False
    dims: Any = node.arguments.get("dim")
    return bool(dims == (int(inner.arguments.get("dim", 0)),))
