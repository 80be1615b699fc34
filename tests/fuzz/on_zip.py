"""Changes of a zip archive's structure and of what its members hold."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

from . import on_bytes, on_json, on_npy, on_pickle
from .archives import Member, bomb, content_of, deflated, read_members, stored, write_members
from .plan import Change
from .values import TEXTS

BOMBS = (450, 600, 2500, 9000)
"""Megabytes that members of a few MB decompress to; a file may take 512 (``case.py``)."""


def _rename(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    name = members[i].name.decode("utf-8", "replace")
    names = (
        f"/{name}",
        f"../{name}",
        f"x/../{name}",
        name.upper(),
        f"{name}\0.txt",
        f"./{name}",
        *TEXTS,
    )
    chosen = names[change.other % len(names)].encode("utf-8", "surrogatepass")[:60_000]
    if change.much % 4 == 0:
        members[i] = replace(members[i], local_name=chosen)
    else:
        members[i] = replace(members[i], name=chosen)


def _drop(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    del members[i]


def _twice(members: list[Member], i: int, change: Change, strangers: list[Member]) -> None:
    if strangers and change.other % 2:
        other = strangers[change.other % len(strangers)]
        members.append(replace(other, name=members[i].name))
    else:
        members.insert(change.other % len(members), members[i])


def _exchange(members: list[Member], i: int, change: Change, strangers: list[Member]) -> None:
    """A member's content is another's, of this or another archive."""
    source = strangers if strangers and change.other % 2 else members
    members[i] = replace(source[change.other % len(source)], name=members[i].name)


def _size(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    sizes = (0, 1, members[i].size - 1, members[i].size + 1, 2**31, 2**32 - 2, 2**20)
    size = max(0, sizes[change.other % len(sizes)])
    local = change.much % 2
    members[i] = replace(members[i], local_size=size) if local else replace(members[i], size=size)


def _method(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    methods = (1, 6, 8, 9, 12, 14, 93, 95, 98, 99, 65535, 0)
    members[i] = replace(members[i], method=methods[change.other % len(methods)])


def _flags(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    flags = (1, 8, 0x20, 0x40, 0x2000, 9)
    members[i] = replace(members[i], flags=flags[change.other % len(flags)])


def _checksum(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    members[i] = replace(members[i], crc=change.other)


def _bomb(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    """Zeros without end; claimed as they are, or as few."""
    megabytes = BOMBS[change.other % len(BOMBS)]
    packed, crc = bomb(megabytes)
    size = megabytes * 2**20 if change.much % 3 else members[i].size
    kept = content_of(members[i])[:128] if change.much % 2 else b""
    if kept:  # as an array's header that is followed by zeros
        head = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = head.compress(kept) + head.flush(zlib.Z_FULL_FLUSH) + packed
        size += len(kept)
    members[i] = Member(members[i].name, packed, size, crc, method=8)


def _packed(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    """A flipped bit in compressed data."""
    member = deflated(members[i].name, content_of(members[i]))
    members[i] = replace(member, packed=on_bytes.flip(member.packed, change, b""))


def _many(members: list[Member], i: int, change: Change, _: list[Member]) -> None:
    """Thousands of members that share one content."""
    name = members[i].name
    members += [replace(members[i], name=name + b".%d" % n) for n in range(200 + change.other % 3000)]


EDITS: tuple[Callable[[list[Member], int, Change, list[Member]], None], ...] = (
    *(_rename, _drop, _twice, _exchange, _size, _method, _flags, _checksum, _packed, _packed, _many),
)


MOST = 2**26
"""Bytes that are unpacked to be changed: an earlier change may have been a bomb."""


def _members(content: bytes) -> list[Member]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST or len(content) > MOST:
                return []
        return read_members(content)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        EOFError,
    ):
        return []


def structure(content: bytes, change: Change, stranger: bytes) -> bytes:
    """Members and headers are others."""
    members = _members(content)
    if not members:
        return content
    dice = change.much % 31
    if dice == 0:
        return write_members(members, comment=b"x" * (change.other % 65536))
    if dice == 1:
        return write_members(members, before=b"#!" + bytes(change.other % 5000))
    if dice == 2:
        return write_members(members, count=change.other)
    if dice == 3:
        return write_members(members[::-1])
    EDITS[change.much % len(EDITS)](members, change.where % len(members), change, _members(stranger))
    return write_members(members)


def bombs(content: bytes, change: Change, _: bytes) -> bytes:
    """A member decompresses to hundreds or thousands of times the archive's size."""
    members = _members(content)
    if not members:
        return content
    _bomb(members, change.where % len(members), change, [])
    return write_members(members)


def _inside(
    content: bytes, change: Change, wanted: Callable[[Member], bool], edit: Callable[..., bytes]
) -> bytes:
    members = _members(content)
    chosen = [i for i, member in enumerate(members) if wanted(member)]
    if not chosen:
        return content
    i = chosen[change.other % len(chosen)]
    pack = stored if members[i].method == 0 else deflated
    members[i] = pack(members[i].name, edit(content_of(members[i]), change, b""))
    return write_members(members)


def json_inside(content: bytes, change: Change, _: bytes) -> bytes:
    """A JSON member says something else; the archive is whole."""
    edit = on_json.raw if change.much % 16 == 0 else on_json.structure
    return _inside(content, change, lambda member: member.name.endswith(b".json"), edit)


def deployment(content: bytes, change: Change, _: bytes) -> bytes:
    """What training settled says something else."""
    edit = on_json.raw if change.much % 16 == 0 else on_json.structure
    return _inside(content, change, lambda member: b"snnc/" in member.name, edit)


def bytes_inside(content: bytes, change: Change, _: bytes) -> bytes:
    """A member's bytes are others, and its checksum is right."""
    edits = (on_bytes.flip, on_bytes.mark, on_bytes.cut, on_bytes.zero, on_bytes.double, on_bytes.whole)
    return _inside(content, change, lambda member: True, edits[change.much % len(edits)])


def pickle_inside(content: bytes, change: Change, _: bytes) -> bytes:
    """A pickle does something else, or runs something; in archives within archives, too."""
    edits = (on_pickle.opcodes, on_pickle.opcodes, on_pickle.names, on_pickle.payload)
    edit = edits[change.much % len(edits)]

    if not content.startswith(b"PK"):  # torch before 1.6 wrote no archives
        return edit(content, change, b"")

    def deeper(inside: bytes, change: Change, stranger: bytes) -> bytes:
        within = pickle_inside if inside.startswith(b"PK") else edit
        return within(inside, change, stranger)

    return _inside(content, change, lambda member: member.name.endswith((b".pkl", b".pt")), deeper)


def array_inside(content: bytes, change: Change, _: bytes) -> bytes:
    """An array of an ``.npz`` is another, or its header says so."""
    edit = on_npy.header if change.much % 2 else on_npy.values
    return _inside(content, change, lambda member: member.name.endswith(b".npy"), edit)


def values_inside(content: bytes, change: Change, _: bytes) -> bytes:
    """An array of an ``.npz`` has other values, another type or shape; the archive is whole."""
    return _inside(content, change, lambda member: member.name.endswith(b".npy"), on_npy.values)
