"""How much a file of protobuf becomes before it is unpacked: messages and fields, counted on the bytes.

Source: protobuf.dev/programming-guides/encoding; onnx/onnx.proto (onnx 1.23.2) for the numbers of
fields that hold messages. Two bytes of a file can become an object of a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping

MOST_FIELDS = 2**21
"""Of a model, at all levels: ten times those of the largest networks that fit a chip."""

DEEPEST = 24
"""Levels of messages in each other. Graphs within graphs are the bodies of loops and conditions."""

MODEL: Mapping[int, str] = {7: "graph", 8: "leaf", 14: "leaf", 20: "training", 25: "function"}
MESSAGES: Mapping[str, Mapping[int, str]] = {
    "model": MODEL,
    "graph": {
        **dict.fromkeys((5,), "tensor"),
        **dict.fromkeys((11, 12, 13), "value"),
        1: "node",
        14: "annotation",
        15: "sparse",
        16: "leaf",
    },
    "node": {5: "attribute", 9: "leaf"},
    "attribute": {
        **dict.fromkeys((5, 10), "tensor"),
        **dict.fromkeys((6, 11), "graph"),
        **dict.fromkeys((14, 15), "type"),
        **dict.fromkeys((22, 23), "sparse"),
    },
    "tensor": {3: "leaf", 13: "leaf", 16: "leaf"},
    "sparse": {1: "tensor", 2: "tensor"},
    "value": {2: "type", 4: "leaf"},
    "type": {1: "tensor-type", 4: "element", 5: "map", 8: "tensor-type", 9: "element"},
    "tensor-type": {2: "shape"},
    "shape": {1: "leaf"},
    "element": {1: "type"},
    "map": {2: "type"},
    "annotation": {2: "leaf"},
    "training": {1: "graph", 2: "graph", 3: "leaf", 4: "leaf"},
    "function": {7: "node", 9: "leaf", 11: "attribute", 12: "value", 14: "leaf"},
    "leaf": {},
}
"""By message, the fields that hold messages, and of which kind."""


def refuse_bombs(data: bytes) -> None:
    """Make sure that a model has a bounded number of fields and levels.

    Args:
        data: a serialized ModelProto.

    Raises:
        ValueError: it has more, or is no protobuf.
    """
    left = MOST_FIELDS
    waiting = [(0, len(data), "model", 0)]
    while waiting:
        at, end, kind, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"messages are nested more than {DEEPEST} deep")
        inner = MESSAGES[kind]
        while at < end:
            left -= 1
            if left < 0:
                raise ValueError(f"it has more than {MOST_FIELDS} fields")
            tag, at = _varint(data, at, end)
            wire = tag & 7
            if wire == 2:
                length, at = _varint(data, at, end)
                if length > end - at:
                    raise ValueError("a field is longer than the file")
                if (name := inner.get(tag >> 3)) is not None:
                    waiting.append((at, at + length, name, depth + 1))
                at += length
            elif wire == 0:
                _, at = _varint(data, at, end)
            elif wire in (1, 5):
                at += 8 if wire == 1 else 4
            else:
                raise ValueError(f"there is no wire type {wire}")
        if at != end:
            raise ValueError("a field is longer than the file")


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value, shift = 0, 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("a number does not end")
