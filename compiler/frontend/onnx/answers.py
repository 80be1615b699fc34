"""Which outputs of a file are read out, what they need, and what behind them is left out."""

from __future__ import annotations

from typing import Any

from snnc.errors import Diagnostic, Severity, counted
from snnc.frontend.operations.outputs import Output, chosen
from snnc.ir import Shape

from .node import OnnxNode
from .translation import ELEMENT_FLOATS

BEHIND = frozenset(
    {
        *("Softmax", "LogSoftmax", "Sigmoid", "Tanh", "Softplus", "Exp", "Cast", "Identity", "Dropout"),
        *("QuantizeLinear", "DequantizeLinear", "ZipMap"),
    }
)
"""Functions behind an answer that leave its largest element the largest."""


def read_out(
    graph: Any, states: int, wanted: str | None, where: str
) -> tuple[list[str], list[Diagnostic]]:
    """The answer and behind it the new values of states; with notes on what is left out.

    Args:
        graph: of the file.
        states: inputs behind the first.
        wanted: name or position of the answer; None where the user gives none.
        where: the file, for messages.

    Raises:
        UserError: D228 several outputs, and none or an unknown one is named.
    """
    names = [value.name for value in graph.output]
    kept, told = _of_real_numbers(graph)
    if not names or (wanted is None and len(kept) <= 1 + states):
        return kept, told
    outputs = [
        Output((value.name,), _shape(value), value.name, is_tensor=value.name in kept)
        for value in graph.output
    ]
    answer = names[chosen(outputs, wanted, where)]
    return [answer, *(name for name in kept if states and name != answer)], []


def _shape(value: Any) -> Shape | None:
    """Without the batch axis; None where an axis is open."""
    sizes = [int(axis.dim_value) for axis in value.type.tensor_type.shape.dim][1:]
    return tuple(sizes) if all(sizes) else None


def _of_real_numbers(graph: Any) -> tuple[list[str], list[Diagnostic]]:
    """The outputs that a readout can give, and N767 for those that are left out.

    Classifiers of scikit-learn give a class as well, or a table for each sample; what these are made
    from is the answer.
    """
    makers = {name: node for node in graph.node for name in node.output}
    kept, left = [], []
    for value in graph.output:
        maker = makers.get(value.name)
        of = value.type.tensor_type
        table = maker is not None and maker.op_type == "ZipMap"
        if table or (value.type.HasField("tensor_type") and of.elem_type in ELEMENT_FLOATS):
            kept.append(value.name)
        else:
            left.append(value.name)
    if not kept or not left:
        return [value.name for value in graph.output], []
    said = Diagnostic(
        "N767",
        f"of {counted(len(kept) + len(left), 'output')}, {len(left)} hold no real numbers and are "
        "left out: "
        f"{', '.join(left)}",
        kept[0],
        "a chip's readout is a population of sums; the class is the largest of them",
        "",
        Severity.NOTE,
    )
    return kept, [said]


def needed(graph: Any, outputs: list[str]) -> list[Any]:
    """The nodes that some outputs need, in the order of the file."""
    wanted, kept = set(outputs), []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]


def taken_off(nodes: list[OnnxNode], outputs: list[str]) -> set[str]:
    """What nodes give that stand behind the answer and nowhere else.

    A quantizer and its inverse are taken off together.
    """
    makers = {name: node for node in nodes for name in node.outputs if name}
    uses: dict[str, int] = {}
    for name in (*outputs, *(n for node in nodes for n in node.inputs if n)):
        uses[name] = uses.get(name, 0) + 1
    found: set[str] = set()
    answer = outputs[0] if outputs else ""
    while (node := makers.get(answer)) is not None and node.op in BEHIND and uses[answer] == 1:
        found.add(answer)
        answer = node.inputs[0]
    return found
