"""HDF5 files that reach outside themselves, run code, or take more than they say."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.files import Kind, check_hdf5, hdf5, hdf5_probe, memory, remember_hdf5

h5py: Any = pytest.importorskip("h5py")

KIND = Kind("D117", "no NIR file", "write it again")


def made(build: Callable[[Any], object]) -> bytes:
    """A file with one plain array, and what ``build`` adds."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["node/plain"] = np.zeros(3)
        build(file)
    return buffer.getvalue()


def refused(data: bytes, *parts: str) -> None:
    with pytest.raises(UserError) as caught:
        check_hdf5(data, "net.nir", KIND)
    for part in ("net.nir", *parts):
        assert part in str(caught.value), (part, str(caught.value))


def fits(data: bytes) -> None:
    check_hdf5(data, "net.nir", KIND)


def test_what_nir_writes_passes() -> None:
    def plain(file: Any) -> None:
        file["a/text"] = "text"
        file["a/short"] = np.bytes_("text")
        file["a/whole"] = np.int16(3)
        file["a/true"] = True
        file["a/texts"] = np.array([["a", "b"], ["c", "d"]], dtype=h5py.string_dtype())
        numbers = np.arange(10_000.0).reshape(100, 100)
        for name, how in (("gzip", "gzip"), ("lzf", "lzf"), ("none", None)):
            more = {"shuffle": True, "fletcher32": True} if how else {}
            file.create_dataset(f"b/{name}", data=numbers, compression=how, **more)
        file["again"] = file["b"]
        file.attrs["about"] = "net"

    fits(made(plain))


def test_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither bytes of other files nor a pipe that nobody writes to."""
    monkeypatch.chdir(tmp_path)
    np.array([1234.5], "<f4").tofile("secret.bin")
    os.mkfifo("pipe")
    with h5py.File("other.h5", "w") as other:
        other["w"] = np.zeros((1, 1), "f4")

    def stored(name: str) -> Callable[[Any], object]:
        return lambda f: f.create_dataset("node/w", (1, 1), "<f4", external=[(name, 0, 4)])

    def linked(link: object) -> Callable[[Any], object]:
        return lambda f: f["node"].__setitem__("w", link)

    def virtual(file: Any) -> None:
        layout = h5py.VirtualLayout((1, 1), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "w", (1, 1))
        file.create_virtual_dataset("node/w", layout)

    refused(made(stored("secret.bin")), "D142", "external storage", "net.nir: /node/w", "nir.write")
    refused(made(stored("pipe")), "D142", "external storage")
    refused(made(linked(h5py.ExternalLink("other.h5", "/w"))), "D142", "an external link", "/node/w")
    refused(made(linked(h5py.SoftLink("/node/plain"))), "D142", "a soft link", "/node/w")
    refused(made(virtual), "D142", "virtual data set", "/node/w")


def test_circles(monkeypatch: pytest.MonkeyPatch) -> None:
    def circle(file: Any) -> None:
        file["node/inner/back"] = file["node"]

    refused(made(circle), "D142", "/node/inner/back", "it contains itself")
    refused(made(lambda f: f["node"].__setitem__("top", f["/"])), "D142", "/node/top")
    at = "/".join("d" * hdf5.DEEPEST)
    fits(made(lambda f: f.create_group(at)))
    refused(made(lambda f: f.create_group(at + "/d/d")), "D142", "too deep")


def test_links_multiply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each link to an array counts: it is read as often."""

    def often(number: int) -> bytes:
        def build(file: Any) -> None:
            for n in range(number):
                file[f"node/{n}"] = file["node/plain"]

        return made(build)

    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * 8 * 3 * 10)
    fits(often(9))
    refused(often(10), "D107", "264 bytes", "limit is 240 bytes")
    monkeypatch.setattr(memory, "machine_memory", lambda: 2**34)
    monkeypatch.setattr(hdf5, "MOST_LINKS", 11)
    fits(often(9))
    refused(often(10), "more than 11")


def test_arrays_that_are_large_only_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * 8 * 10_003)

    def one(*shape: int, **more: Any) -> bytes:
        more = {"dtype": "f4", "chunks": (10, 10), "compression": "gzip", **more}
        return made(lambda f: f.create_dataset("w", shape, **more))

    fits(one(100, 100))
    refused(one(100, 101), "D107", "net.nir: /w", "quarter")
    fits(one(100, 100, dtype="i1"))
    refused(one(100, 101, dtype="i1"), "D107")
    # A piece may be larger than the array.
    fits(one(1, 1, chunks=(100, 200), maxshape=(None, None)))
    refused(one(1, 1, chunks=(100, 201), maxshape=(None, None)), "D107")
    monkeypatch.setattr(hdf5, "MOST_CHUNKS", 100)
    fits(one(100, 100))
    refused(one(100, 91, chunks=(10, 9)), "too many pieces")


def test_a_piece_that_unpacks_to_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 bytes are meant, 400 million are packed: the library would unpack all of them."""

    def build(size: int) -> bytes:
        def write(file: Any) -> None:
            array = file.create_dataset("w", (10, 10), "f4", chunks=(10, 10), compression="gzip")
            packer = zlib.compressobj(9)
            packed = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(size // 1_000_000))
            packed += packer.compress(b"\0" * (size % 1_000_000)) + packer.flush()
            array.id.write_direct_chunk((0, 0), packed)

        return made(write)

    bomb, plain = build(400_000_000), build(400)
    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * 100_000)
    tracemalloc.start()
    try:
        refused(bomb, "/w", "unpacks to more than its 400 bytes")
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
    monkeypatch.setattr(hdf5, "LARGEST_RATIO", {hdf5.DEFLATE: 10**6})
    fits(plain)
    refused(build(401), "unpacks to more than its 400 bytes")


def test_texts_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """All elements refer to one long text."""

    def build(file: Any) -> None:
        texts = np.array(["x" * 1000] + [""] * 9, dtype=object)
        file.create_dataset("t", data=texts, dtype=h5py.string_dtype())

    data = made(build)
    with h5py.File(io.BytesIO(data)) as file:
        start = file["t"].id.get_offset()
    element = data[start : start + 16]
    empty = start + 16
    many = data[:empty] + element * 9 + data[empty + 9 * 16 :]
    with h5py.File(io.BytesIO(many)) as file:
        assert sum(map(len, file["t"][()])) == 10_000
    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * (24 + 640 + 10_000))
    fits(many)
    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * (24 + 640 + 9_999))
    refused(many, "D107", "/t")
    monkeypatch.setattr(hdf5, "MOST_TEXTS", 9)
    refused(many, "10 texts, too many")


def test_filters_that_are_not_built_in() -> None:
    """A filter's number names a shared object on disk, which the library would load and run."""

    def foreign(file: Any) -> None:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((1,))
        plist.set_deflate(5)
        space = h5py.h5s.create_simple((1,))
        h5py.h5d.create(file.id, b"w", h5py.h5t.NATIVE_FLOAT, space, plist)

    data = made(foreign)
    # The message that lists filters: one of them, number 1, named "deflate".
    message = data.index(b"deflate") - 8
    assert struct.unpack_from("<H", data, message)[0] == hdf5.DEFLATE
    wrong = data[:message] + struct.pack("<H", 32_001) + data[message + 2 :]
    refused(wrong, "D143", "filter 32001", "shared object", "/w")

    def szip(file: Any) -> None:
        file.create_dataset("w", (100,), "i4", chunks=(100,), scaleoffset=3)

    refused(made(szip), "D143", "filter 6")


def test_one_filter_twice() -> None:
    def twice(file: Any) -> None:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((1,))
        plist.set_deflate(5)
        plist.set_deflate(5)
        space = h5py.h5s.create_simple((1,))
        h5py.h5d.create(file.id, b"w", h5py.h5t.NATIVE_FLOAT, space, plist)

    refused(made(twice), "D143", "one filter twice")


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (lambda f: f.create_dataset("w", data=1 + 2j), "compound"),
        (lambda f: f.create_dataset("w", (1,), h5py.ref_dtype), "reference"),
        (lambda f: f.create_dataset("w", (1,), h5py.vlen_dtype(np.int32)), "vlen"),
        (lambda f: f.create_dataset("w", (1,), h5py.enum_dtype({"A": 1}, "i4")), "enum"),
        (lambda f: f.create_dataset("w", (1,), np.dtype("V4")), "opaque"),
        (lambda f: f.create_dataset("w", (1,), np.dtype(("f4", (2,)))), "array"),
        (lambda f: f.create_dataset("w", data=np.longdouble(2) ** 16000), "wider than a double"),
        (lambda f: f.create_dataset("w", data=h5py.Empty("f4")), "no value"),
        (lambda f: f.__setitem__("w", np.dtype("f8")), "neither a group nor an array"),
    ],
)
def test_types(value: Callable[[Any], object], part: str) -> None:
    refused(made(value), "/w", part)


def test_a_type_that_is_an_object_of_its_own() -> None:
    def named(file: Any) -> None:
        file["node/t"] = np.dtype("f8")
        file.create_dataset("a", (1,), file["node/t"])
        del file["node/t"]

    refused(made(named), "/a", "named")


def test_attributes() -> None:
    def build(number: int) -> bytes:
        def write(file: Any) -> None:
            for n in range(number):
                file["node/plain"].attrs[f"a{n}"] = n

        return made(write)

    fits(build(hdf5.MOST_ATTRIBUTES))
    refused(build(hdf5.MOST_ATTRIBUTES + 1), "more than 64 attributes")


def test_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(lambda f: None)
    refused(data[:100], "D117")
    refused(data[:8], "D117")


def test_a_file_that_keeps_the_library_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text whose place in the heap is damaged: the library looks for it without end."""
    data = bytearray(made(lambda f: f.create_dataset("t", data="text", dtype=h5py.string_dtype())))
    heap = data.index(b"GCOL")
    # The first object of the heap: index 0 says free space, of size 0; behind it comes itself.
    data[heap + 16 : heap + 18] = struct.pack("<H", 0)
    data[heap + 24 : heap + 32] = struct.pack("<Q", 0)
    monkeypatch.setattr(hdf5_probe, "SECONDS", 1)
    with pytest.raises(UserError, match=r"(?s)D117.*net.nir.*busy after [16] s"):
        hdf5_probe.probe_hdf5(bytes(data), "net.nir", KIND)


def test_a_library_that_crashes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crash = tmp_path / "python"
    crash.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crash.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(crash))
    with pytest.raises(UserError, match=r"(?s)D117.*net.nir.*SIGSEGV"):
        hdf5_probe.probe_hdf5(b"", "net.nir", KIND)


def test_a_file_is_looked_through_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those that this process made are not at all; the next byte is another file."""
    data, ours = made(lambda f: None), made(lambda f: f.create_group("ours"))
    hdf5_probe.probe_hdf5(data, "net.nir", KIND)
    remember_hdf5(ours)
    crash = tmp_path / "python"
    crash.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crash.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(crash))
    hdf5_probe.probe_hdf5(data, "net.nir", KIND)
    hdf5_probe.probe_hdf5(ours, "net.nir", KIND)
    with pytest.raises(UserError, match="SIGSEGV"):
        hdf5_probe.probe_hdf5(data + b"\0", "net.nir", KIND)


def test_messages_of_the_other_process() -> None:
    plain = made(lambda f: f.create_dataset("t", data="text", dtype=h5py.string_dtype()))
    hdf5_probe.probe_hdf5(plain, "net.nir", KIND)
    linked = made(lambda f: f["node"].__setitem__("w", h5py.SoftLink("/node/plain")))
    with pytest.raises(UserError, match=r"(?s)D142.*soft link.*n\\udce9t.nir: /node/w"):
        hdf5_probe.probe_hdf5(linked, "n\udce9t.nir", KIND)
