"""Every kind of file gives the events that were written, and a damaged one a message."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.files.arrays import NPY_MAGIC
from snnc.recordings.events import EVENT, Events
from snnc.recordings.libraries import child
from snnc.recordings.library_child import gathered
from snnc.recordings.readers import read_recording
from snnc.recordings.recording import Reading, Recording, recording_of

from .writers import NEEDED, SIDE, WRITERS, aedat_2, aedat_3, aedat_4, raw_2, raw_3, some_events, txt

EVENTS = some_events()


def written(folder: Path, name: str, events: Events = EVENTS) -> Path:
    path = folder / name
    if package := NEEDED.get(path.suffix):
        pytest.importorskip(package)
    path.write_bytes(WRITERS[name](events) if name in WRITERS else aedat_4(events, folder))
    return path


def read(path: Path, content: bytes | None = None, **more: object) -> Recording:
    if content is not None:
        path.write_bytes(content)
    return read_recording(path, Reading(**more))  # type: ignore[arg-type]


def same(found: Events, events: Events = EVENTS) -> bool:
    """Events of one time may come in any order."""
    order = ["t", "x", "y", "p"]
    return bool(np.array_equal(np.sort(found, order=order), np.sort(events, order=order)))


@pytest.mark.parametrize("name", [*WRITERS, "a.aedat4"])
def test_what_was_written_is_read(name: str, tmp_path: Path) -> None:
    found = read(written(tmp_path, name))
    assert found.events.dtype == EVENT and same(found.events)
    # A size is stated or None; never made up.
    sides = {".bin": SIDE, ".dat": SIDE, ".raw": SIDE, ".aedat4": SIDE, ".aedat": 128}
    side = sides.get(Path(name).suffix)
    assert found.size == (None if side is None else (side, side))


@pytest.mark.parametrize("name", [*WRITERS, "a.aedat4"])
def test_a_file_that_was_cut_off_or_overwritten(name: str, tmp_path: Path) -> None:
    """One message of D620, or the events of what is whole; never another exception."""
    path = written(tmp_path, name)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    changed: list[bytes] = [
        content[: len(content) - 1],
        content[:3],
        content[: len(content) // 2 + 1],
        b"",
    ]
    for _ in range(8 if path.suffix == ".h5" else 20):
        damaged = bytearray(content)
        for place in rng.integers(0, len(damaged), 4):
            damaged[place] = rng.integers(256)
        changed.append(bytes(damaged))
    refused = 0
    for left in changed:
        try:
            read(path, left)
        except UserError as problem:
            (told,) = problem.diagnostics
            assert told.code in ("D620", "D107", "D142", "D143") and told.where.startswith(str(path))
            refused += told.code == "D620"
    # A table may end anywhere, and a file of N-MNIST is empty without an event.
    assert refused >= (1 if path.suffix in (".csv", ".txt", ".bin") else 3)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    buffer = io.BytesIO()
    np.save(buffer, np.array([Evil()], object), allow_pickle=True)
    bare = pickle.dumps(Evil())
    for content in (buffer.getvalue(), bare, NPY_MAGIC + bare):
        with pytest.raises(UserError, match="D620"):
            read(tmp_path / "a.npy", content)
    nested = np.zeros(3, [("x", "u2"), ("y", "u2"), ("t", "i8"), ("p", object)])
    buffer = io.BytesIO()
    np.save(buffer, nested, allow_pickle=True)
    with pytest.raises(UserError, match="not numbers"):
        read(tmp_path / "a.npy", buffer.getvalue())
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "columns", "events"),
    [
        # Both orders without names, told apart by their times and signs.
        ("10 3 5 1\n20 4 6 0\n", None, [(3, 5, 1, 10), (4, 6, 0, 20)]),
        ("3,5,-1,10\n4,6,1,20\n", None, [(3, 5, 0, 10), (4, 6, 1, 20)]),
        # Every column could be any.
        ("0,0,1,0\n1,1,1,1\n", ("p", "t", "y", "x"), [(0, 1, 0, 0), (1, 1, 1, 1)]),
        ("# made by hand\nts;Row;col;On\n9;5;3;1\n", None, [(3, 5, 1, 9)]),
        ("t,x@640,y@480,on\r\n9,3,5,1\r\n", None, [(3, 5, 1, 9)]),
        ("x,y,t,p\n", None, []),
    ],
)
def test_tables(text: str, columns: tuple[str, ...] | None, events: object, tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", text.encode(), columns=columns)
    assert found.events.tolist() == events
    assert found.size == ((480, 640) if "@" in text else None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0,0,1,0\n1,1,1,1\n", "both of t,x,y,p and x,y,p,t"),
        ("10,3,5,1\n9,4,6,0\n", "neither of"),
        ("x,y,t\n1,2,3\n", "no p among x, y, t"),
        ("x,y,t,p,ts\n1,2,3,1,5\n", "two names mean t"),
        ("x,y,t,p\n1,2,3\n", "4 names in the first line, 3 columns"),
        ("x,y,t,p\n1,2,nan,1\n", "not finite"),
        ("x,y,t,p\n1.5,2,3,1\n", "x holds fractions, such as 1.5"),
        ("x,y,t,p\n-1,2,3,1\n", "x must be in 0..65535"),
        ("x,y,t,p\n65536,2,3,1\n", "x must be in 0..65535"),
        ("x,y,t,p\n1,2,1e16,1\n", "beyond 2^53"),
        ("# nothing\n", "no line but comments"),
        ("1,2,3,1\n1,2,b,1\n", "could not convert"),
    ],
)
def test_tables_that_cannot_be_read(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path / "a.csv", text.encode())
    (told,) = caught.value.diagnostics
    assert told.code == "D620" and why in told.why


@pytest.mark.parametrize(("unit", "factor"), [("s", 10**6), ("ms", 1000), ("us", 1), ("ns", 0.001)])
def test_units_of_time(unit: str, factor: float, tmp_path: Path) -> None:
    text = b"x,y,t,p\n0,0,1000,1\n0,0,5000,1\n"
    found = read(tmp_path / "a.csv", text, time_unit=unit).events["t"]
    assert found.tolist() == [1000 * factor, 5000 * factor]


def test_jaer_has_signals_that_are_no_events(tmp_path: Path) -> None:
    content = aedat_2(EVENTS)
    signal = (1 << 15).to_bytes(4, "big") + bytes(4)
    assert same(read(tmp_path / "a.aedat", content + signal).events)


def test_jaer_davis(tmp_path: Path) -> None:
    """Bits after iniVation's page: y 22 to 30, x 12 to 21, polarity 11; 31 is a sample of a frame."""
    head = b"#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.DAVIS240C\r\n"
    word = (179 - 7) << 22 | (239 - 9) << 12 | 1 << 11
    pairs = np.array([[word, 5], [1 << 31 | word, 6], [1 << 10 | word, 7]], ">u4")
    found = read(tmp_path / "a.aedat", head + pairs.tobytes())
    assert found.events.tolist() == [(9, 7, 1, 5)] and found.size == (180, 240)
    outside = np.array([[180 << 22, 5]], ">u4")
    with pytest.raises(UserError, match="outside the camera's 180 x 240"):
        read(tmp_path / "a.aedat", head + outside.tobytes())
    with pytest.raises(UserError, match="names no camera that is known"):
        read(tmp_path / "a.aedat", b"#!AER-DAT2.0\r\n" + pairs.tobytes())


def test_caer_times_that_overflow(tmp_path: Path) -> None:
    content = bytearray(aedat_3(some_events(2)))
    begin = content.index(b"#!END-HEADER\r\n") + 14
    content[begin + 12 : begin + 16] = (2).to_bytes(4, "little")
    found = read(tmp_path / "a.aedat", bytes(content)).events
    assert found["t"][0] == some_events(2)["t"][0] + 2 * 2**31


def test_caer_events_that_are_not_valid(tmp_path: Path) -> None:
    content = bytearray(aedat_3(EVENTS))
    content[content.index(b"#!END-HEADER\r\n") + 14 + 28] &= 0xFE
    assert len(read(tmp_path / "a.aedat", bytes(content)).events) == len(EVENTS) - 1


@pytest.mark.parametrize(("write", "word"), [(raw_2, 4), (raw_3, 2)])
def test_words_that_are_not_whole(write: Callable[[Events], bytes], word: int, tmp_path: Path) -> None:
    """faery reads as many as are whole, without a word."""
    pytest.importorskip("faery")
    for more in range(1, word):
        with pytest.raises(UserError, match=f"ends within a word: {more} of {word} bytes"):
            read(tmp_path / "a.raw", write(EVENTS) + bytes(more))
    head = write(EVENTS).index(b"% end")
    with pytest.raises(UserError, match="no header that names EVT2"):
        read(tmp_path / "a.raw", b"% camera\n" + write(EVENTS)[head:])


def test_several_groups_of_events(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for side in ("left", "right"):
            for field in "xytp":
                file[f"{side}/{field}"] = np.arange(3)
    with pytest.raises(UserError, match="several groups of events"):
        read(tmp_path / "a.h5")


def test_mvsec_has_one_table(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    table = np.array([[3, 5, 0.25, -1], [4, 6, 0.5, 1]])
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["davis/left/events"] = table
    found = read(tmp_path / "a.hdf5", columns=("x", "y", "t", "p")).events
    assert found.tolist() == [(3, 5, 0, 250_000), (4, 6, 1, 500_000)]


def test_a_library_that_crashes(tmp_path: Path) -> None:
    """The child is killed while it is asked: one message, and the next file is read by a new one."""
    pytest.importorskip("faery")
    path = written(tmp_path, "evt3.raw")
    assert same(read(path).events)
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    assert same(read(path).events)


def test_more_events_than_the_memory_has_room_for() -> None:
    """A file packs events as it likes: they are counted while they come."""
    pieces = iter([EVENTS[:100], EVENTS[100:200]])
    with pytest.raises(ValueError, match="more than 199 events"):
        gathered(pieces, 199)
    assert len(gathered(iter([EVENTS[:100], EVENTS[100:200]]), 200)) == 200 * EVENT.itemsize


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv", "a.h5", "evt2.raw"])
def test_events_are_counted_before_memory_is_taken(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, name)
    # What is set up after the child has started is not the child's.
    child.stop()
    for module in ("recording", "libraries"):
        monkeypatch.setattr(f"snnc.recordings.{module}.most_events", lambda: len(EVENTS))
    assert same(read(path).events)
    child.stop()
    for module in ("recording", "libraries"):
        monkeypatch.setattr(f"snnc.recordings.{module}.most_events", lambda: len(EVENTS) - 1)
    with pytest.raises(UserError, match="memory has room for"):
        read(path)
    child.stop()


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name, package in (("a.raw", "faery"), ("a.aedat4", "aedat")):
        with pytest.raises(UserError, match=f"D123.*needs the package {package}"):
            read(tmp_path / name, raw_3(EVENTS))


def test_no_reader(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"D621.*files that end in \.es"):
        read(tmp_path / "a.es", txt(EVENTS))
    with pytest.raises(UserError, match=r"D620[\s\S]*no such file"):
        read(tmp_path / "gone.bin")
    (tmp_path / "b.bin").mkdir()
    with pytest.raises(UserError, match="D140"):
        read(tmp_path / "b.bin")


@pytest.mark.parametrize(
    ("polarities", "found"),
    [
        ([1, 0, 1], [1, 0, 1]),
        ([1, -1, 1], [1, 0, 1]),
        ([1, 1, 1], [1, 1, 1]),
        ([-1.0, 1.0, -1.0], [0, 1, 0]),
        ([True, False, True], [1, 0, 1]),
        ([1, 2, 1], None),  # all would be brighter
        ([1, 0, -1], None),
        ([0, 255, 0], None),
        ([0.5, 1, 0], None),
    ],
)
def test_polarities_of_two_values(polarities: list[float], found: list[int] | None) -> None:
    fields = {"x": np.arange(3), "y": np.arange(3), "t": np.arange(3), "p": np.asarray(polarities)}
    if found is None:
        with pytest.raises(ValueError, match=r"polarities of .*0 and 1, or -1 and 1"):
            recording_of(fields, Reading())
    else:
        assert recording_of(fields, Reading()).events["p"].tolist() == found
