"""Zip archives and numpy's files: their size is known before they are unpacked."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.files import Budget, Kind, memory, open_zip, parse_npy, parse_npz, zips

KIND = Kind("D501", "not a readable .npz file", "save it again")


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def with_header(text: str, body: bytes = b"") -> bytes:
    header = text.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def refused(data: bytes, *parts: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_npz(data, "file.npz", KIND)
    for part in ("file.npz", *parts):
        assert part in str(caught.value), (part, str(caught.value))


def test_arrays_come_back() -> None:
    arrays: dict[str, Any] = {
        "x": np.arange(12, dtype=np.uint8).reshape(3, 4),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "one": np.float32(3),
        "text": np.array(["a", "bc"]),
        "none": np.zeros((0, 3)),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    found = parse_npz(buffer.getvalue(), "file.npz", KIND)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert np.array_equal(found[name], array) and found[name].dtype == np.asarray(array).dtype
        assert found[name].flags.writeable
    assert found["fortran"].flags.f_contiguous


@pytest.mark.parametrize(
    ("member", "part"),
    [
        (npy(np.zeros(3))[:-1], "23 bytes for float64 (3,)"),
        (npy(np.zeros(3)) + b"x", "25 bytes for float64 (3,)"),
        (
            with_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"\0" * 8),
            "not numbers",
        ),
        (
            with_header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", b"1234"),
            "not num",
        ),
        (
            with_header("{'descr': '<M8[s]', 'fortran_order': False, 'shape': ()}", b"12345678"),
            "not num",
        ),
        (with_header("{'descr': '<U0', 'fortran_order': False, 'shape': (999,)}"), "not numbers"),
        (with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}", b"8" * 8), "shape"),
        (with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}", b"8" * 8), "shape"),
        (
            with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1099511627777)}"),
            "elements",
        ),
        (
            with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)" + "(" * 5000),
            "TokenError",
        ),
        (with_header("[" * 9000), ""),
        (npy(np.ones(2, np.longdouble)), "wider than a double"),
        (npy(np.longdouble(2) ** 16000), "wider than a double"),
        (npy(np.ones(2, np.clongdouble)), "wider than a double"),
        (b"\x93NUMPY\x03\x00\x00\x00\x00\x00", "version 3"),
        (b"", "EOF"),
    ],
)
def test_members_that_are_no_arrays(member: bytes, part: str) -> None:
    refused(zipped(("x.npy", member)), "x.npy", part)


def test_a_shape_at_the_limit() -> None:
    wide = with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1099511627776)}")
    assert parse_npy(wide, "a", KIND).shape == (0, 2**40)


def test_archives_that_lie() -> None:
    good = zipped(("x.npy", npy(np.zeros(1000))))
    refused(good[:-30], "not a zip file")
    refused(b"", "not a zip file")
    twice = zipped(("x.npy", b"1"), ("y.npy", b"2")).replace(b"y.npy", b"x.npy")
    refused(twice, "twice")
    refused(zipped(("x.npy", npy(1)), method=zipfile.ZIP_LZMA), "method 14")
    refused(zipped(("x.npy", npy(1)), method=zipfile.ZIP_BZIP2), "method 12")
    refused(zipped(("x.txt", b"1")), "x.txt is not an array")
    locked = bytearray(good)
    locked[good.index(zips.DIRECTORY_ENTRY) + 8] |= 1
    refused(bytes(locked), "encrypted")
    packed = bytearray(good)
    packed[40] ^= 4
    refused(bytes(packed), "x.npy")


def test_members_that_overlap() -> None:
    """Two entries of the directory for the same bytes."""
    data = zipped(("x.npy", npy(np.zeros(100))), ("y.npy", npy(np.zeros(100))))
    start = data.index(zips.DIRECTORY_ENTRY)
    second = data.index(zips.DIRECTORY_ENTRY, start + 4)
    offset = second + 42
    wrong = data[:offset] + struct.pack("<I", 0) + data[offset + 4 :]
    refused(wrong, "overlaps")


def test_more_is_packed_than_is_said() -> None:
    """The directory says 100 bytes, the packed bytes unpack to 200 million: nothing near is taken."""
    real = b"\0" * 200_000_000
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = stream.compress(real) + stream.flush()
    data = bytearray(zipped(("x.npy", packed), method=zipfile.ZIP_STORED))
    for begin, method, size in ((0, 8, 22), (data.index(zips.DIRECTORY_ENTRY), 10, 24)):
        data[begin + method : begin + method + 2] = struct.pack("<H", 8)
        data[begin + size : begin + size + 4] = struct.pack("<I", 100)
    del real
    tracemalloc.start()
    try:
        refused(bytes(data), "CRC")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_the_sum_is_known_first(monkeypatch: pytest.MonkeyPatch) -> None:
    members = [(f"{n}.npy", npy(np.zeros(1000))) for n in range(3)]
    total, data = sum(len(data) for _, data in members), zipped(*members)
    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * total)
    assert len(parse_npz(data, "file.npz", KIND)) == 3
    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * total - 4)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    refused(data, "D107", f"{total} bytes", f"the limit is {total - 1} bytes", "quarter")


def test_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped(*((f"{n}", b"") for n in range(5)))
    monkeypatch.setattr(zips, "MOST_MEMBERS", 5)
    assert len(open_zip(data, "file", KIND, Budget("file")).names) == 5
    monkeypatch.setattr(zips, "MOST_MEMBERS", 4)
    refused(data, "5 members, the limit is 4")
