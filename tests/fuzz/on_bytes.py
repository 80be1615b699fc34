"""Changes that know nothing of a file's format."""

from __future__ import annotations

from .plan import Change

LONG = 4096
"""Bytes of the longest piece that is moved, mostly."""

MARKS = (b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff" * 8, b"PK\x03\x04")


def _piece(content: bytes, change: Change) -> tuple[int, int]:
    start = change.where % max(1, len(content))
    return start, min(len(content), start + 1 + change.much % LONG)


def flip(content: bytes, change: Change, _: bytes) -> bytes:
    """One bit is another."""
    if not content:
        return content
    at = change.where % len(content)
    return content[:at] + bytes([content[at] ^ 1 << change.much % 8]) + content[at + 1 :]


def flips(content: bytes, change: Change, _: bytes) -> bytes:
    """Several bits are others."""
    for i in range(2 + change.other % 15):
        where, much = change.where * (i + 1) * 2654435761 % 2**32, change.much + i
        content = flip(content, Change("flip", where, much), b"")
    return content


def put(content: bytes, change: Change, _: bytes) -> bytes:
    """One byte is another."""
    at = change.where % max(1, len(content))
    return content[:at] + bytes([change.much % 256]) + content[at + 1 :]


def mark(content: bytes, change: Change, _: bytes) -> bytes:
    """Some bytes are an extreme number, or begin a part of an archive."""
    at, text = change.where % max(1, len(content)), MARKS[change.much % len(MARKS)]
    return content[:at] + text + content[at + len(text) :]


def cut(content: bytes, change: Change, _: bytes) -> bytes:
    """The end, the beginning or a piece is missing."""
    at = change.where % (len(content) + 1)
    start, end = _piece(content, change)
    return (content[:at], content[at:], content[:start] + content[end:])[change.other % 3]


def zero(content: bytes, change: Change, _: bytes) -> bytes:
    """A piece is zeros, as after a power failure."""
    start, end = _piece(content, change)
    return content[:start] + bytes(end - start) + content[end:]


def double(content: bytes, change: Change, _: bytes) -> bytes:
    """A piece comes twice, at its place or elsewhere."""
    start, end = _piece(content, change)
    at = end if change.other % 2 else change.other % (len(content) + 1)
    return content[:at] + content[start:end] + content[at:]


def swap(content: bytes, change: Change, _: bytes) -> bytes:
    """Two pieces of one length have changed places."""
    length = 1 + change.other % 64
    first, second = sorted(n % max(1, len(content)) for n in (change.where, change.much))
    length = min(length, second - first)
    a, b = content[first : first + length], content[second : second + length]
    return content[:first] + b + content[first + length : second] + a + content[second + length :]


def splice(content: bytes, change: Change, stranger: bytes) -> bytes:
    """The beginning of this file, and the end of another of its kind."""
    a, b = change.where % (len(content) + 1), change.much % (len(stranger) + 1)
    if change.other % 3 == 0:
        return content[:a] + stranger[b:]
    return content[:a] + stranger[b : b + LONG] + content[a + (LONG if change.other % 3 == 1 else 0) :]


def whole(content: bytes, change: Change, stranger: bytes) -> bytes:
    """Something else altogether."""
    others = (
        *(
            b"",
            b"\0",
            b"\n",
            b"hello",
            b"{}",
            b"[]",
            b"null",
            b"PK",
            b"\x80\x02.",
            b"\x89HDF\r\n\x1a\n",
        ),
        *(b"PK\x05\x06" + bytes(18), content + content, stranger, content + stranger, bytes(100_000)),
        *(b"\x93NUMPY", b"\x93NUMPY\x01\x00", b"\xef\xbb\xbf" + content, content[::-1]),
    )
    return others[change.where % len(others)]
