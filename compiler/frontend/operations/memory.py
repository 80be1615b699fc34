"""Tensors that are written while the program runs: which names mean the same memory.

torch programs change tensors in place: a state buffer is read, then ``copy_`` gives it its new
content, and whoever reads it after that in the same frame reads the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from snnc.frontend.archives.exported import Exported, Node, Ref

from .call import UnsupportedError
from .expression import Tensor

SAME_MEMORY = frozenset(
    {"alias", "alpha_dropout", "detach", "dropout", "feature_alpha_dropout", "feature_dropout"}
)
"""Operations whose result is the very tensor that they are given (dropout: in evaluation)."""

PERHAPS_SAME_MEMORY = frozenset(
    {
        "_unsafe_view",
        "chunk",
        "contiguous",
        "expand",
        "flatten",
        "mT",
        "movedim",
        "narrow",
        "permute",
        "reshape",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "squeeze",
        "t",
        "to",
        "transpose",
        "unbind",
        "unflatten",
        "unsqueeze",
        "view",
    }
)
"""Operations whose result looks at the same memory in another way, or not, as torch finds fit."""


def is_in_place(node: Node) -> bool:
    """Whether a node writes its first argument (ATen's convention: one underscore at the end)."""
    return node.op.endswith("_") and not node.op.endswith("__")


def first_tensor(node: Node) -> str | None:
    """The name of the tensor that a node changes or looks at."""
    given = node.arguments.get("self", node.arguments.get("input"))
    return given.name if isinstance(given, Ref) else None


@dataclass
class Cell:
    """A piece of memory.

    Attributes:
        value: what is in it now.
        relatives: cells that may be the same memory seen in another way, itself included.
        apart: those among them that are other parts of it: pieces of one tensor.
        stale: a relative was written, so that the value is perhaps no longer right.
        written: whether it was ever changed.
    """

    value: Tensor
    relatives: list[Cell] = field(default_factory=list)
    apart: list[Cell] = field(default_factory=list)
    stale: bool = False
    written: bool = False

    def __post_init__(self) -> None:
        self.relatives.append(self)

    def read(self) -> Tensor:
        """The value.

        Raises:
            UnsupportedError: the memory was written through another view.
        """
        if self.stale:
            raise UnsupportedError(
                "a tensor that was changed in place through a view of it",
                "give the whole tensor its new content: buffer.copy_(value)",
            )
        return self.value

    def write(self, value: Tensor) -> None:
        """Give it a new value; what else looks at this memory is not followed."""
        self.value, self.written, self.stale = value, True, False
        for other in self.relatives:
            if other is not self and not any(other is piece for piece in self.apart):
                other.stale = True


def written_buffers(program: Exported) -> frozenset[str]:
    """The user's names of the buffers that keep something from frame to frame.

    A buffer that is only written through a view is not found; its cell becomes stale instead.
    """
    meant = dict(program.buffers)
    written = set(program.mutated)
    for node in program.nodes:
        first = first_tensor(node)
        if first not in meant:
            continue
        if is_in_place(node):
            written.add(meant[first])
        if is_in_place(node) or node.op in SAME_MEMORY:
            meant.update(dict.fromkeys(node.outputs, meant[first]))
    return frozenset(written)
