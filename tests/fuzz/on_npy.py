"""Changes of ``.npy`` files: what the header says, and what the array holds."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

from .plan import Change

SHAPES = (
    *("()", "(0,)", "(1,)", "(-1,)", "(2**40,)", "(1000000000000,)", "(99999999999999999999,)"),
    *("(4611686018427387904, 4)", "(1000000000, 1000000000)", "[1]", "None", "(1.5,)", "('a',)"),
    *("(True,)", "(" + "1," * 100 + ")", "(" * 200 + ")" * 200, "1"),
)
TYPES = (
    *("'|O'", "'O'", "'<f8'", "'<f2'", "'<c16'", "'>i4'", "'|b1'", "'|S0'", "'<U1000000'", "'|V8'"),
    *("'<M8[ns]'", "[('a', '<i4'), ('b', '|O')]", "[('x', '<u2', (1000000,))]", "[]", "None", "'x'"),
    *("('<i4', (3,))", "'<i8,<i8'", "{'names': ['a'], 'formats': ['<i4']}", "'<f16'", "'|i1'", "'|u1'"),
)
TEXTS = ("", "{}", "{'descr': '<i4'}", "[1]", "__import__('os')", "{'a': " * 3000, "\x00", "1e9")


def header(content: bytes, change: Change, _: bytes) -> bytes:
    """The header's text is another; the data stay as they are."""
    if content[:6] != b"\x93NUMPY" or len(content) < 12:
        return content
    (length,) = struct.unpack("<H", content[8:10])
    text, data = content[10 : 10 + length].decode("latin-1"), content[10 + length :]
    kind = change.other % 8
    if kind < 3:
        text = _put(text, "shape", SHAPES[change.where % len(SHAPES)])
    elif kind < 6:
        text = _put(text, "descr", TYPES[change.where % len(TYPES)])
    elif kind == 6:
        text = _put(text, "fortran_order", ("True", "1", "None", "'no'")[change.where % 4])
    else:
        text = TEXTS[change.where % len(TEXTS)]
    version = (1, 1, 1, 1, 1, 2, 3, 9)[change.where // 64 % 8]
    packed = text.encode("latin-1")[:65535]
    size = struct.pack("<H" if version == 1 else "<I", len(packed))
    return content[:6] + bytes([version, 0]) + size + packed + data


def _put(text: str, key: str, value: str) -> str:
    """The header with one entry replaced, as text, since the value may be anything."""
    try:
        entries = eval(text, {"__builtins__": {}})  # what numpy wrote itself
    except Exception:  # an earlier change
        return text
    said = {name: repr(entry) for name, entry in entries.items()} | {key: value}
    return "{" + ", ".join(f"{name!r}: {entry}" for name, entry in said.items()) + ", }\n"


def values(content: bytes, change: Change, _: bytes) -> bytes:
    """An array with one strange value, of another type or another shape."""
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception:  # an earlier change
        return content
    with np.errstate(all="ignore"):
        changed = _changed(array, change)
    stream = io.BytesIO()
    np.save(stream, changed, allow_pickle=False)
    return stream.getvalue()


def _changed(array: Any, change: Change) -> Any:
    kinds = ("i1", "i2", "i4", "i8", "u1", "u8", "f4", "f8", "f2", "?", "c8", ">i4", "S4", "M8[s]")
    how = change.where % 12
    if how < 6:
        return _one_value(array, change)
    if how < 8:
        return array.astype(kinds[change.other // 8 % len(kinds)])
    if how == 8:
        return array.reshape(-1)
    if how == 9:
        return array[None] if change.other // 8 % 2 else array[..., :0]
    if how == 10:
        flat = array.reshape(-1)
        return flat[:-1] if change.other // 8 % 2 else np.concatenate([flat, flat[:1]])
    return np.asfortranarray(array.T if change.other // 8 % 2 else array)


def _one_value(array: Any, change: Change) -> Any:
    if array.size == 0 or array.dtype.kind not in "iufb":
        return array[None]
    flat = array.reshape(-1).copy()
    at = change.much % flat.size
    if array.dtype.kind == "f":
        choices: tuple[Any, ...] = (np.nan, np.inf, -np.inf, 1e30, -1.0, 0.0, 0.5, 2.0**31)
    elif array.dtype.kind == "b":
        choices = (True, False)
    else:
        info = np.iinfo(array.dtype)
        near = (int(flat[at]) + 1, int(flat[at]) - 1, -int(flat[at]))
        choices = (info.max, info.min, 0, -1, *near, 2**15, 2**23, 2**24 - 1, 255, -256)
    value = choices[change.other // 8 % len(choices)]
    if array.dtype.kind in "iu":
        value = min(max(value, np.iinfo(array.dtype).min), np.iinfo(array.dtype).max)
    flat[at] = value
    return flat.reshape(array.shape)
