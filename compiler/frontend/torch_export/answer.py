"""The one output of several that is compiled: the others, and what only they need, are left out."""

from __future__ import annotations

from dataclasses import replace

from snnc.errors import fail
from snnc.frontend.archives.exported import Exported, Node
from snnc.frontend.operations.memory import (
    PERHAPS_SAME_MEMORY,
    SAME_MEMORY,
    first_tensor,
    is_in_place,
)
from snnc.frontend.operations.outputs import Output, chosen

SHARING = SAME_MEMORY | PERHAPS_SAME_MEMORY
"""Operations whose result may lie in the memory of what they are given."""

PATHS = 2
"""Ways of pairing states with outputs that are counted: more than one is one too many."""


def with_answer(program: Exported, wanted: str | None, where: str) -> Exported:
    """The program with the wanted output first and behind it the new values of its states, no others.

    A network whose outputs are the answer and one for each state stays as it is where nothing is
    ``wanted``.

    Args:
        program: any.
        wanted: name or position of the answer: a key of a dictionary, the path of the module that
            makes it, or the tensor's name in the program; None where the user gives none.
        where: the file, for messages.

    Raises:
        UserError: D228 no output, or several, are meant; D219 which outputs are states is not clear.
    """
    states = len(program.inputs) - 1
    if wanted is None and len(program.outputs) - 1 <= states:
        return program
    if not program.outputs:
        return program
    first = chosen(outputs_of(program), wanted, where)
    rest = [n for n in range(len(program.outputs)) if n != first]
    if len(rest) > states:
        rest = _of_states(program, rest)
    kept = [first, *rest]
    keys = tuple(program.output_keys[n] for n in kept) if program.output_keys else ()
    return _without_dead_ends(
        replace(program, outputs=tuple(program.outputs[n] for n in kept), output_keys=keys)
    )


def outputs_of(program: Exported) -> list[Output]:
    """All outputs, states too, each with its names."""
    makers = {tensor: node for node in program.nodes for tensor in node.outputs}
    keys = program.output_keys or (None,) * len(program.outputs)
    found: list[Output] = []
    for tensor, key in zip(program.outputs, keys, strict=True):
        if tensor is None:
            found.append(Output(() if key is None else (key,), None, "", is_tensor=False))
            continue
        module = makers[tensor].module.path if tensor in makers else ""
        names = tuple(name for name in (key, module, tensor) if name)
        shape = program.shapes.get(tensor)
        found.append(Output(names, None if shape is None else shape[1:], tensor))
    return found


def _of_states(program: Exported, outputs: list[int]) -> list[int]:
    """Those outputs that are the states' new values: in the states' order, with their shapes and keys.

    Raises:
        UserError: D219 there is no such choice, or more than one.
    """
    wanted = _kinds(program, program.inputs, program.input_keys)[1:]
    all_of_them = _kinds(program, program.outputs, program.output_keys)
    there = [all_of_them[n] for n in outputs]
    # ways[i][j]: in how many ways the states from i on are among the outputs from j on, at most PATHS.
    ways = [[0] * (len(there) + 1) for _ in range(len(wanted) + 1)]
    ways[-1] = [1] * (len(there) + 1)
    for i in reversed(range(len(wanted))):
        for j in reversed(range(len(there))):
            taken = ways[i + 1][j + 1] if wanted[i] == there[j] else 0
            ways[i][j] = min(PATHS, taken + ways[i][j + 1])
    if ways[0][0] != 1:
        what = "none fits" if ways[0][0] == 0 else "more than one choice fits"
        raise fail(
            "D219",
            f"which of {len(outputs)} further outputs are the new values of the states: {what}",
            where=", ".join(program.inputs[1:]),
            why="a state's new value has its shape and its key, and comes in the order of the inputs",
            help="export a forward that returns the answer and then the new states, nothing else",
        )
    kept, i = [], 0
    for j, number in enumerate(outputs):
        if i < len(wanted) and wanted[i] == there[j] and ways[i + 1][j + 1]:
            kept.append(number)
            i += 1
    return kept


def _kinds(
    program: Exported, tensors: tuple[str | None, ...], keys: tuple[str | None, ...]
) -> list[tuple[object, ...]]:
    """What each state and its new value have in common: the shape, and the key of a dictionary."""
    shapes = [("no tensor",) if name is None else program.shapes.get(name) for name in tensors]
    return list(zip(shapes, keys or (None,) * len(tensors), strict=True))


def _without_dead_ends(program: Exported) -> Exported:
    """The program without operations that nothing needs that is kept.

    An operation that changes a tensor in place stays where anything that may share its memory does.
    """
    owner: dict[str, str] = {}
    for node in program.nodes:
        base = first_tensor(node)
        shared = is_in_place(node) or node.op in SHARING
        for output in node.outputs:
            owner[output] = owner.get(base, base) if shared and base is not None else output
    live = {*program.outputs, *program.mutated.values(), *program.inputs}
    memory = {owner.get(tensor, tensor) for tensor in live if tensor is not None}
    buffers = {*program.buffers, *program.parameters, *program.constants}
    memory |= buffers
    kept: set[int] = set()
    while True:
        before = len(kept)
        for number in reversed(range(len(program.nodes))):
            node = program.nodes[number]
            if number not in kept and _is_needed(node, live, memory, owner):
                kept.add(number)
                live |= {*node.taken, *node.outputs}
                memory |= {owner.get(tensor, tensor) for tensor in node.taken}
        if len(kept) == before:
            break
    nodes = tuple(node for number, node in enumerate(program.nodes) if number in kept)
    return replace(program, nodes=nodes)


def _is_needed(node: Node, live: set[str | None], memory: set[str], owner: dict[str, str]) -> bool:
    if not live.isdisjoint(node.outputs):
        return True
    base = first_tensor(node)
    return is_in_place(node) and base is not None and owner.get(base, base) in memory
