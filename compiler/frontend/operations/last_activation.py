"""A softmax or sigmoid behind the answer: it leaves the decision alone, and a chip has none.

The readout's sums are what it would be given; the largest of them is the largest behind it, too.
"""

from __future__ import annotations

from dataclasses import replace

from snnc.errors import Diagnostic, Severity
from snnc.frontend.archives.exported import Exported, Node, Ref

OVER_CLASSES = frozenset({"_log_softmax", "_softmax", "log_softmax", "softmax"})
COPY = "torch.ops.aten.clone.default"
GROWING = frozenset({"exp", "log_sigmoid", "sigmoid", "softplus", "tanh"})
"""Functions of one number that grow with it (ATen, torch 2.13)."""


def without_last_activation(program: Exported) -> tuple[Exported, list[Diagnostic]]:
    """The program with the sums as its answer, and N766 for each function that was taken off.

    Args:
        program: any; an answer that something else uses as well, or softmax along another axis than the
            one behind the batch, stays as it is.
    """
    told: list[Diagnostic] = []
    while (found := _last(program)) is not None:
        node, sums = found
        # A copy, at the same place: what it was given may be written afterwards.
        copy = replace(node, target=COPY, arguments={"self": Ref(sums)}, outputs=node.outputs[:1])
        nodes = tuple(copy if n is node else n for n in program.nodes)
        program = replace(program, nodes=nodes)
        one = (program.shapes.get(sums) or ())[1:] == (1,)
        told.append(
            Diagnostic(
                "N766",
                f"{node.op.strip('_')} behind the answer is taken off",
                node.where,
                "the answers are what it was given: "
                + ("they grow with what it gave" if one else "the largest stays the largest"),
                f"apply {node.op.strip('_')} to the answers where its own values are needed",
                Severity.NOTE,
            )
        )
    return program, told


def _last(program: Exported) -> tuple[Node, str] | None:
    """The operation that makes the answer, and what it is given, where it can be taken off."""
    if not program.outputs or program.outputs[0] is None:
        return None
    answer = program.outputs[0]
    makers = {node.outputs[0]: node for node in program.nodes if node.outputs}
    # Behind copies that stand for functions that were taken off before.
    while answer in makers and makers[answer].target == COPY and program.uses(answer) == 1:
        answer = makers[answer].arguments["self"].name
    return _taken_off(program, answer)


def _taken_off(program: Exported, answer: str) -> tuple[Node, str] | None:
    makers = [node for node in program.nodes if node.outputs[:1] == (answer,)]
    if len(makers) != 1 or program.uses(answer) != 1:
        return None
    (node,) = makers
    given = node.arguments.get("self")
    if not isinstance(given, Ref):
        return None
    shape = program.shapes.get(given.name) or ()
    if node.op in OVER_CLASSES:
        along = node.arguments.get("dim")
        return (node, given.name) if len(shape) == 2 and along in (1, -1) else None
    return (node, given.name) if node.op in GROWING else None
