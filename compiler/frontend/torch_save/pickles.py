"""Pickles are programs: read here as a list of what they would call, and never run.

A tensor in a pickle calls a handful of known functions. Whatever calls anything else would run the
code of whoever made the file as soon as somebody loads it, so the file is refused as a whole, even
though snnc itself loads no pickle.
"""

from __future__ import annotations

import io
import pickletools
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from snnc.errors import fail
from snnc.files import Kind, reason
from snnc.frontend.archives.archive import MODEL, Archive

HARMLESS = frozenset(
    {
        "collections.Counter",
        "collections.OrderedDict",
        "torch.Size",
        "torch.Tensor",
        "torch.device",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
        "torch.storage.TypedStorage",
        "torch.storage.UntypedStorage",
        *(f"builtins.{name}" for name in ("complex", "dict", "frozenset", "set")),
        *(f"__builtin__.{name}" for name in ("complex", "dict", "frozenset", "set")),
    }
)
"""What a pickle of plain tensors calls. Source: torch/_weights_only_unpickler.py (torch 2.13), without
bytearray: of a number it makes so many zeros."""

STORAGE = re.compile(
    r"torch\.(cuda\.)?(Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool|Complex\w+)Storage"
)
DTYPE = re.compile(r"torch\.(bfloat16|bool|complex\d+|float\w+|u?int\d+)")

SCRIPT_TYPE = re.compile(r"__torch__\.[\w.]+|torch\.jit\._pickle\.\w+")
"""What pickles of TorchScript name: types of the program beside them (torch/jit/_pickle.py)."""

PICKLE_SUFFIXES = (".pkl", ".pickle", ".pt", ".pth", "_pkl")
PICKLE_FOLDERS = ("data/sample_inputs/",)
OBJECT_MEMBER = re.compile(r"data/constants/(custom_obj|opaque_obj)_")
BINARY_PICKLE = re.compile(rb"\x80[\x00-\x05]")

PICKLES_A_FILE = 5
"""torch.save before torch 1.6 wrote this many pickles, then raw numbers (torch/serialization.py)."""

NESTED_ARCHIVES = 3

MOST_PARTS = 2**16
"""Of a tuple, with the tuples in it. One that holds itself twice, thirty times over, is short in the
file; whoever looks at its parts never ends, and a dictionary looks at them."""

COMPUTED = "a name that it computes"

_MARK = object()
_TUPLES = frozenset({"EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"})
_TEXT = frozenset(
    {
        "BINSTRING",
        "BINUNICODE",
        "BINUNICODE8",
        "SHORT_BINSTRING",
        "SHORT_BINUNICODE",
        "STRING",
        "UNICODE",
    }
)


class TooIntricateError(Exception):
    """A pickle with a tuple that has more parts than anybody can look at."""


@dataclass(frozen=True)
class _Parts:
    """A tuple on the stack, as the number of its parts."""

    number: int


def is_harmless(name: str) -> bool:
    """Whether a global is one that plain tensors need."""
    return name in HARMLESS or bool(STORAGE.fullmatch(name) or DTYPE.fullmatch(name))


def calls(data: bytes) -> tuple[str, ...]:
    """Every global that a pickle names, ``module.name``, in its order and once each.

    Raises:
        ValueError: the bytes are no pickle.
    """
    stream, found = io.BytesIO(data), dict[str, None]()
    for number in range(PICKLES_A_FILE):
        try:
            found |= dict.fromkeys(_calls_of_one(stream))
        except TooIntricateError as problem:
            raise ValueError(str(problem)) from None
        except Exception as problem:  # pickletools raises what it likes about what is no pickle
            # Behind the first pickle, what is none is the raw numbers of an old torch.save.
            if number == 0:
                raise ValueError(reason(problem)) from None
            break
    return tuple(found)


def refuse_code(
    archive: Archive, raw: Collection[str], depth: int = NESTED_ARCHIVES, *, script: bool = False
) -> None:
    """Look through every pickle of an archive, also in archives within it.

    Args:
        archive: the archive.
        raw: members that are known to be plain numbers, whatever they look like.
        depth: how deep archives may be nested.
        script: whether it is a TorchScript archive, whose pickles name types of its own program.

    Raises:
        UserError: D103 when a pickle would call something, D106 when one is no pickle.
    """
    for member in archive.names:
        if member in raw:
            continue
        data = archive.read(member)
        if Archive.is_archive(data):
            if depth == 0:
                why = "archives within archives within archives"
                raise archive.zip.kind.wrong(archive.place(member), why)
            refuse_code(archive.within(member, data), (), depth - 1)
        elif _looks_like_pickle(member, data):
            refuse_calls(archive.place(member), data, archive.zip.kind, script=script)


def refuse_calls(where: str, data: bytes, kind: Kind = MODEL, *, script: bool = False) -> None:
    """The same for one pickle.

    Args:
        where: for messages.
        data: the pickle.
        kind: of the file that it is in.
        script: as for :func:`refuse_code`.

    Raises:
        UserError: D103 or D106, see :func:`refuse_code`.
    """
    try:
        wild = [name for name in calls(data) if not is_harmless(name)]
        wild = [name for name in wild if not (script and SCRIPT_TYPE.fullmatch(name))]
    except ValueError as error:
        raise kind.wrong(where, f"not a pickle: {error}") from None
    if wild:
        raise fail(
            "D103",
            f"a pickle in the file would run code: it calls {', '.join(wild)}",
            where=where,
            why="reading a pickle calls whatever it names; snnc inspected this one and did not run it",
            help="do not load this file with torch or pickle either, unless you made it; "
            "if you did, export the network again with plain tensors as example inputs",
        )


def _looks_like_pickle(member: str, data: bytes) -> bool:
    return (
        member.endswith(PICKLE_SUFFIXES)
        or member.startswith(PICKLE_FOLDERS)
        or OBJECT_MEMBER.match(member) is not None
        or BINARY_PICKLE.match(data) is not None
    )


def _calls_of_one(stream: io.BytesIO) -> list[str]:
    """The globals of the pickle at the stream's position, which moves behind it.

    Follows the pickle's own stack as far as names can be on it, the way ``pickletools.dis`` does,
    because newer protocols push the module and the name as strings before they use them.
    """
    found: list[str] = []
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for op, argument, _ in pickletools.genops(stream):
        top = stack[-1] if stack else None
        if op.name in ("GLOBAL", "INST"):
            found.append(str(argument).replace(" ", "."))
        elif op.name == "STACK_GLOBAL":
            parts = stack[-2:]
            known = len(parts) == 2 and all(isinstance(part, str) for part in parts)
            found.append(".".join(parts) if known else COMPUTED)
        elif op.name.startswith("EXT"):
            found.append(f"number {argument} of the copyreg registry")
        elif op.name == "MEMOIZE":
            memo[len(memo)] = top
            continue
        elif op.name.endswith("PUT"):
            memo[int(str(argument))] = top
        taken = _pop(op, stack)
        if op.name.endswith("GET"):
            stack.append(memo.get(int(str(argument))))
        elif op.name in _TEXT:
            stack.append(argument)
        elif op.name in _TUPLES:
            stack.append(_tuple_of(taken))
        else:
            stack.extend(_MARK if x is pickletools.markobject else None for x in op.stack_after)
    return found


def _tuple_of(parts: list[Any]) -> _Parts:
    number = 1 + sum(part.number if isinstance(part, _Parts) else 1 for part in parts)
    if number > MOST_PARTS:
        raise TooIntricateError(f"a tuple in it has more than {MOST_PARTS} parts")
    return _Parts(number)


def _pop(op: pickletools.OpcodeInfo, stack: list[Any]) -> list[Any]:
    """Take off the stack what an opcode takes, and return it; the memo opcodes take nothing."""
    wanted = list(op.stack_before)
    taken: list[Any] = []
    if pickletools.markobject in wanted or (op.name == "POP" and stack and stack[-1] is _MARK):
        while stack and (last := stack.pop()) is not _MARK:
            taken.append(last)
        wanted = wanted[: wanted.index(pickletools.markobject)] if op.name != "POP" else []
    if wanted:
        taken += stack[-len(wanted) :]
        del stack[-len(wanted) :]
    return taken
