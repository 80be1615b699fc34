"""Expressions as a whole: in order, with parts replaced, and as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .expressions import Node, rebuilt


def substituted(root: Node, numbers: Mapping[int, Node]) -> Node:
    """An expression with others in the place of some of its parts, by their numbers."""
    made: dict[int, Node] = {}
    for node in in_order([root]):
        args = tuple(made[a.number] if isinstance(a, Node) else a for a in node.args)
        made[node.number] = numbers.get(node.number) or rebuilt(node, args)
    return made[root.number]


def in_order(roots: Iterable[Node]) -> list[Node]:
    """Everything that expressions are made of, parts first."""
    seen: dict[int, Node] = {}
    stack = [(r, False) for r in roots]
    while stack:
        node, ready = stack.pop()
        if ready:
            seen[node.number] = node
        elif node.number not in seen:
            stack.append((node, True))
            stack += [(p, False) for p in node.parts if p.number not in seen]
    return list(seen.values())


Assignment = Mapping[str, int]
"""A number for each unknown."""


def evaluate(node: Node, given: Assignment, known: dict[int, int]) -> int:
    """The number (truth: 0 or 1) that an expression is; ``known`` remembers what was found."""
    if node.number in known:
        return known[node.number]
    if node.op == "const":
        result: int = node.args[0]
    elif node.op == "var":
        result = given[node.args[0]]
    elif node.op == "ite":
        chosen = node.args[1 if evaluate(node.args[0], given, known) else 2]
        result = evaluate(chosen, given, known)
    else:
        values = [evaluate(a, given, known) if isinstance(a, Node) else a for a in node.args]
        result = _computed(node.op, values)
    known[node.number] = result
    return result


def _computed(op: str, v: list[int]) -> int:
    if op == "wrap":
        half = 1 << (v[1] - 1)
        return ((v[0] + half) & (2 * half - 1)) - half
    if op in ("neg", "abs", "not"):
        return {"neg": -v[0], "abs": abs(v[0]), "not": 1 - v[0]}[op]
    if op == "bounded":
        return v[0]
    a, b = v
    if op in ("div", "mod"):  # of an unknown that the path excludes
        return (a // b if op == "div" else a % b) if b > 0 else 0
    if op in ("shl", "shr"):
        return a << b if op == "shl" else a >> b
    return int(
        {
            "add": a + b,
            "sub": a - b,
            "mul": a * b,
            "product": a * b,
            "low": a & ((1 << b) - 1) if op == "low" else 0,
            "less": a < b,
            "equal": a == b,
            "and": a & b,
            "xor": a != b,
        }[op]
    )
