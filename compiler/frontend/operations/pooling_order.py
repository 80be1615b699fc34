"""``relu(max_pool(x))`` is ``max_pool(relu(x))``: rectified first, what is pooled is never negative.

The largest of several numbers, cut, is the largest of them cut: every activation that cuts, or rounds
and cuts, grows with its argument.
"""

from __future__ import annotations

from dataclasses import replace

from snnc.frontend.archives.exported import Exported, Node, Ref

from .activations import ACTIVATIONS
from .memory import is_in_place

POOLS = frozenset(
    {"max_pool1d", "max_pool2d", "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices"}
)


def with_pooling_last(program: Exported) -> Exported:
    """The program with every max-pooling that only an activation uses behind that activation.

    Args:
        program: any; the tensor between the two is called by the pooled one's name and ``.rectified``.
    """
    for pool in program.nodes:
        if pool.op in POOLS and (activation := _only_user(program, pool)) is not None:
            program = _exchanged(program, pool, activation)
    return program


def _only_user(program: Exported, pool: Node) -> Node | None:
    given, pooled = pool.arguments.get("self"), pool.outputs[:1]
    if not isinstance(given, Ref) or sum(map(program.uses, pool.outputs)) != 1:
        return None
    users = [node for node in program.nodes if node.arguments.get("self") == Ref(*pooled)]
    if len(users) != 1:
        return None
    (user,) = users
    op = user.op[:-1] if is_in_place(user) else user.op
    return user if op in ACTIVATIONS and _cuts_at_zero(op, user) else None


def _cuts_at_zero(op: str, node: Node) -> bool:
    """Whether nothing negative comes out; otherwise the exchange would help nothing."""
    if op in ("relu", "relu6", "threshold"):
        return True
    low = node.arguments.get("min_val", -1.0) if op == "hardtanh" else node.arguments.get("min")
    return isinstance(low, int | float) and low >= 0


def _exchanged(program: Exported, pool: Node, activation: Node) -> Exported:
    given = pool.arguments["self"]
    between = f"{pool.outputs[0]}.rectified"
    target = activation.target.replace(f".{activation.op}.", f".{activation.op.rstrip('_')}.")
    first = replace(
        activation,
        target=target,
        arguments={**activation.arguments, "self": given},
        outputs=(between,),
    )
    second = replace(
        pool,
        arguments={**pool.arguments, "self": Ref(between)},
        outputs=(activation.outputs[0], *pool.outputs[1:]),
    )
    # Both at the pooling's place: what it reads may be written before the activation's.
    nodes: list[Node] = []
    for node in program.nodes:
        if node is not activation:
            nodes += [first, second] if node is pool else [node]
    shapes = {**program.shapes, between: program.shapes.get(given.name)}
    dtypes = {**program.dtypes, between: program.dtypes.get(given.name, 7)}
    return replace(program, nodes=tuple(nodes), shapes=shapes, dtypes=dtypes)
