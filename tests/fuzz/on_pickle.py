"""Changes of pickles, and pickles that run something: each makes a file whose name the case gave."""

from __future__ import annotations

import io
import pickle
import pickletools
import struct

from .plan import Change

MARKER = "SNNC_FUZZ_MARKER"
"""Environment variable: the file that appears when code of a damaged file was executed."""

SHELL = f'touch "${MARKER}"'
PYTHON = f"import os; open(os.environ[{MARKER!r}], 'w').close()"
EXPRESSION = f"open(__import__('os').environ[{MARKER!r}], 'w')"

CALLS = (
    ("os", "system", SHELL),
    ("posix", "system", SHELL),
    ("subprocess", "getoutput", SHELL),
    ("builtins", "exec", PYTHON),
    ("builtins", "eval", EXPRESSION),
    ("__builtin__", "eval", EXPRESSION),
    ("torch.jit.unsupported_tensor_ops", "execWrapper", PYTHON),
    ("numpy.testing._private.utils", "runstring", PYTHON),
    ("pickle", "loads", "x"),
    ("torch.hub", "load", "/tmp"),
    ("torch.nn.modules.container", "Sequential", "x"),
    ("sympy", "sympify", EXPRESSION),
)

NAMES = (
    *("os system", "builtins getattr", "builtins eval", "torch.storage _load_from_bytes"),
    *("torch._utils _rebuild_tensor_v2", "collections OrderedDict", "collections defaultdict"),
    *("torch FloatStorage", "torch LongStorage", "torch.nn.modules.linear Linear", "torch load"),
    *("torch._utils _rebuild_parameter", "torch.nn.modules.activation ReLU", "numpy dtype", "x y"),
    *("torch.nn.modules.module Module", "torch.nn.modules.container ModuleDict", "builtins bytearray"),
    *("torch Size", "torch.nn.parameter Parameter", "torch._tensor _rebuild_from_type_v2"),
)


def _call(change: Change) -> bytes:
    """Opcodes that call something and drop what it gives."""
    module, name, argument = CALLS[change.where % len(CALLS)]
    text = argument.encode()
    return (
        b"c%s\n%s\n" % (module.encode(), name.encode())
        + b"X"
        + struct.pack("<I", len(text))
        + text
        + b"\x85R0"
    )


def payload(content: bytes, change: Change, _: bytes) -> bytes:
    """A pickle that runs something, alone or within what was there."""
    call = _call(change)
    head = content[:2] if content[:1] == b"\x80" else b"\x80\x02"
    if change.other % 3 == 0 or not content.startswith(b"\x80"):
        return head + call + b"N."
    if change.other % 3 == 1:
        return content[:2] + call + content[2:]
    at = content.rfind(b".")
    return content[:at] + call + content[at:]


def names(content: bytes, change: Change, _: bytes) -> bytes:
    """One name of what a pickle wants is another."""
    found = [
        (at, argument)
        for opcode, argument, at in _opcodes(content)
        if opcode == "GLOBAL" and at is not None
    ]
    if not found:
        return opcodes(content, change, b"")
    at, argument = found[change.where % len(found)]
    old, new = (b"c%s\n" % text.replace(" ", "\n").encode() for text in (argument, _name(change)))
    return content[:at] + new + content[at + len(old) :]


def _name(change: Change) -> str:
    return NAMES[change.other % len(NAMES)]


def opcodes(content: bytes, change: Change, _: bytes) -> bytes:
    """One opcode is missing, comes twice, is another, or has another argument."""
    places = [at for _, _, at in _opcodes(content) if at is not None]
    if len(places) < 3:
        return content
    i = change.where % (len(places) - 1)
    start, end = places[i], places[i + 1]
    piece = content[start:end]
    codes = b"(.012IJKLMNRSTUVX)]a}bcdeghijlopqrstu\x81\x82\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95\x97"
    other = bytes([codes[change.other % len(codes)]])
    deep = b"]" * 20_000 + b"a" * 19_999
    choices: tuple[bytes, ...] = (
        b"",
        piece + piece,
        other + piece[1:],
        piece[:1] + bytes(b ^ 0x80 for b in piece[1:]),
    )
    choices += (other + piece, pickle.dumps(change.value, 2)[2:-1], deep)
    return content[:start] + choices[change.much // 4 % len(choices)] + content[end:]


def _opcodes(content: bytes) -> list[tuple[str, str, int | None]]:
    """Of all pickles that follow one another: torch's old form has four before its tensors."""
    found: list[tuple[str, str, int | None]] = []
    stream = io.BytesIO(content)
    try:
        while stream.tell() < len(content):
            for opcode, argument, at in pickletools.genops(stream):
                found.append((opcode.name, str(argument), at))
    except Exception:  # an earlier change, or tensors
        pass
    return found
