"""A zip writer that can lie: ``zipfile`` writes only archives that are whole."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
MEGABYTE = 2**20


@dataclass(frozen=True)
class Member:
    """One member, and whatever its headers say of it.

    Attributes:
        name: as bytes, so that it can be anything.
        packed: the bytes in the archive.
        size: that the headers claim for the content.
        crc: likewise.
        method: 0 stored, 8 deflated.
        flags: bit 0 encrypted, bit 11 name in UTF-8.
        local_name: in the local header, where it is another.
        local_size: likewise.
    """

    name: bytes
    packed: bytes
    size: int
    crc: int
    method: int = 0
    flags: int = 0
    local_name: bytes | None = None
    local_size: int | None = None


def stored(name: bytes, content: bytes) -> Member:
    """A member without compression."""
    return Member(name, content, len(content), zlib.crc32(content))


def deflated(name: bytes, content: bytes) -> Member:
    """A compressed member."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    return Member(name, packed, len(content), zlib.crc32(content), method=8)


@cache
def bomb(megabytes: int) -> tuple[bytes, int]:
    """Zeros, deflated, and their checksum: a thousandth of their size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(megabytes):
        crc = zlib.crc32(bytes(MEGABYTE), crc)
    return piece * megabytes + b"\x03\x00", crc


def read_members(content: bytes) -> list[Member]:
    """The members of a whole archive.

    Raises:
        zipfile.BadZipFile, and whatever else zipfile raises at damaged ones.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [
            (stored if info.compress_type == zipfile.ZIP_STORED else deflated)(
                info.filename.encode("utf-8", "surrogateescape"), archive.read(info)
            )
            for info in archive.infolist()
        ]


def content_of(member: Member) -> bytes:
    """What a member holds."""
    return member.packed if member.method == 0 else zlib.decompress(member.packed, -15)


def write_members(
    members: list[Member], *, comment: bytes = b"", before: bytes = b"", count: int | None = None
) -> bytes:
    """An archive whose headers say what the members say, true or not."""
    body, central = bytearray(before), bytearray()
    for member in members:
        at = len(body)
        flags = member.flags | 0x800
        name = member.name if member.local_name is None else member.local_name
        size = member.size if member.local_size is None else member.local_size
        sizes = (member.crc, len(member.packed), size % 2**32)
        method = (20, flags, member.method % 2**16, 0, 0x21)
        body += LOCAL + struct.pack("<5H3I2H", *method, *sizes, len(name), 0) + name + member.packed
        sizes = (member.crc, len(member.packed), member.size % 2**32)
        head = struct.pack("<6H3I", 20, *method, *sizes)
        rest = struct.pack("<5H2I", len(member.name), 0, 0, 0, 0, 0, at)
        central += CENTRAL + head + rest + member.name
    number = (len(members) if count is None else count) % 2**16
    end = struct.pack("<4H2IH", 0, 0, number, number, len(central), len(body), len(comment))
    return bytes(body) + bytes(central) + END + end + comment
