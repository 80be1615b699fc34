"""From files to frames: labels, cuts, sizes, and what is said of what was left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.errors import UserError
from snnc.recordings import large, making
from snnc.recordings.events import EVENT, Events, as_events
from snnc.recordings.options import FrameOptions, microseconds_of, options_of

from .writers import SIDE, WRITERS, npy, some_events


def folder_of(root: Path, names: dict[str, Events], kind: str = "a.bin") -> Path:
    """A file for each name, in folders of their own."""
    for name, events in names.items():
        path = root / f"{name}{Path(kind).suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(WRITERS[kind](events))
    return root


def made(*rows: tuple[int, int, int, int]) -> Events:
    return as_events(np.array(list(rows), EVENT))


def code(*given: Any, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        snnc.frames(*given, **options)
    (told,) = caught.value.diagnostics
    return f"{told.code} {told.what} | {told.where} | {told.why} | {told.help}"


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Two classes of three; 10 sorts before 2 by letters, and behind it by value."""
    names = {f"set/{c}/{i}": some_events(seed=i) for i, c in enumerate(("2", "10") * 3)}
    return folder_of(tmp_path, names) / "set"


def test_every_event_is_where_it_belongs(tmp_path: Path) -> None:
    """x, y, p, t to an element of the frame, with crop and pool, counted by hand."""
    events = made((0, 0, 1, 0), (9, 4, 0, 999), (10, 5, 1, 1000), (12, 6, 1, 1000), (33, 33, 0, 2999))
    path = folder_of(tmp_path, {"a": events}) / "a.bin"
    found = snnc.frames(path, dt="1ms")
    assert found.x.shape == (1, 3, 2, SIDE, SIDE) and found.x.dtype == np.uint8
    places = {(0, 1, 0, 0), (0, 0, 4, 9), (1, 1, 5, 10), (1, 1, 6, 12), (2, 0, 33, 33)}
    assert {tuple(place) for place in np.argwhere(found.x[0]).tolist()} == places
    assert found.y is None and found.classes == () and found.notes == ()
    cropped = snnc.frames(path, dt="1ms", frames=2, crop="4,9,6,6", pool=3, merge_polarities=True)
    assert cropped.x.shape == (1, 2, 1, 2, 2)
    assert cropped.x[0, :, 0].tolist() == [[[1, 0], [0, 0]], [[1, 1], [0, 0]]]
    assert (cropped.tally.outside_time, cropped.tally.outside_crop) == (1, 1)


def test_cuts(tmp_path: Path) -> None:
    long, short = some_events(300, duration=3001), some_events(100, duration=1000)
    root = folder_of(tmp_path, {"a": long, "b": short})
    by_time = snnc.frames(root, dt="1ms")
    # The last event of the long one is at 3000 us: in a fourth frame.
    assert by_time.x.shape[1] == 4 and by_time.x.sum() == 400
    short_at = [Path(name).stem for name in by_time.files].index("b")
    assert by_time.x[short_at, 0].sum() == 100 and not by_time.x[short_at, 1:].any()
    by_count = snnc.frames(root, events_per_frame=150)
    assert [frame.sum() for frame in by_count.x[1 - short_at]] == [150, 150]
    assert [frame.sum() for frame in by_count.x[short_at]] == [100, 0]
    assert snnc.frames(root, events_per_frame=149).x.shape[1] == 3
    parts = snnc.frames(root, frames=4)
    assert parts.x.sum() == 400 and parts.x[short_at, 3].any()
    assert [note.code for note in parts.notes] == ["N774"]


def test_classes_come_from_folders(digits: Path) -> None:
    found = snnc.frames(digits, dt="50ms")
    assert found.classes == ("2", "10") and found.y is not None
    parents = [Path(name).parent.name for name in found.files]
    assert [found.classes[number] for number in found.y] == parents
    assert sorted(parents) == ["10"] * 3 + ["2"] * 3
    # The first few have all classes, and they are the same every time.
    assert snnc.frames(digits, dt="50ms", first=3).files == found.files[:3]
    assert set(parents[:3]) == {"2", "10"}
    two = snnc.frames([digits / "2", digits / "10"], dt="50ms")
    assert two.classes == ("2", "10") and two.files == found.files


def test_classes_come_from_names(tmp_path: Path) -> None:
    root = folder_of(tmp_path, {f"{c}_jackson_{i}": some_events() for i in (0, 1) for c in "73"})
    found = snnc.frames(root, dt="50ms", label_from="{label}_*")
    assert found.classes == ("3", "7") and found.y is not None
    assert [found.classes[n] for n in found.y] == [Path(name).name[0] for name in found.files]
    assert "D623 the name does not fit" in code(root, dt=0.05, label_from="{label}_theo_*")
    assert "D623 the pattern" in code(root, dt=0.05, label_from="*_7")


def test_classes_that_cannot_be_told(digits: Path) -> None:
    folder_of(digits, {"loose": some_events()})
    assert "D623 1 file in no folder of a class, such as loose.bin" in code(digits, dt=0.05)
    assert snnc.frames(digits, dt=0.05, only="[0-9].bin").classes == ("2", "10")


def test_parts_of_a_set_stay_apart(tmp_path: Path) -> None:
    root = folder_of(tmp_path, {"set/Train/1/a": some_events(), "set/Test/1/a": some_events()}) / "set"
    assert "D623 this folder holds parts of a set: Test, Train" in code(root, dt=0.05)
    assert snnc.frames(root / "Test", dt=0.05).classes == ("1",)


def test_like_keeps_options_and_classes(digits: Path, tmp_path: Path) -> None:
    train = tmp_path / "train.npz"
    first = snnc.frames(digits, train, dt="10ms", pool=2, largest=1)
    assert first.x.shape[1] == 10
    # Of the test part a class is missing, and its recordings are shorter.
    test = folder_of(tmp_path, {"test/10/a": some_events(duration=2000)}) / "test"
    found = snnc.frames(test, like=train)
    assert found.x.shape[1:] == first.x.shape[1:] and found.classes == ("2", "10")
    assert found.y is not None and found.y.tolist() == [1] and found.x.max() == 1
    assert "D327 --like takes --pool" in code(test, like=train, pool=2)
    unknown = folder_of(tmp_path, {"other/5/a": some_events()}) / "other"
    assert "D623 classes that the other file has not: 5" in code(unknown, like=train)
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    assert "D625" in code(test, like=tmp_path / "x.npz")
    for text in ("[]", "{}", "no", '{"dt": 3}', "[" * 10**5):
        np.savez(tmp_path / "x.npz", settings=text)
        assert "D625" in code(test, like=tmp_path / "x.npz")


def test_settings_survive_the_file() -> None:
    options = FrameOptions(
        dt=10, size=(3, 4), crop=(0, 0, 1, 2), classes=("a", "b"), columns=("t", "x", "y", "p")
    )
    content = json.loads(options.as_text())
    assert options_of(content) == options
    with pytest.raises(UserError, match="D305"):
        options_of({**content, "dt": -1})
    for name, value in (
        *(("pool", "1"), ("pool", None), ("dt", 1.0), ("size", [1, 2, 3]), ("size", "12")),
        *(("classes", [1]), ("merge_polarities", 1), ("range_db", "50"), ("columns", [["t"]])),
    ):
        with pytest.raises(ValueError, match=name):
            options_of({**content, name: value})


def test_the_file_is_what_compile_takes(digits: Path, tmp_path: Path) -> None:
    output = digits / "x.npz"  # in the folder itself, where it must not become a recording
    found = snnc.frames(digits, output, dt="10ms")
    from snnc.bundle.data import read_data

    data = read_data(output)
    assert np.array_equal(data.x, found.x) and data.y is not None
    assert np.array_equal(data.y, found.y if found.y is not None else [])
    content = output.read_bytes()
    snnc.frames(digits, output, dt="10ms")
    assert output.read_bytes() == content
    with np.load(output) as file:
        assert file["classes"].tolist() == ["2", "10"] and len(file["files"]) == 6


def test_outputs_that_are_refused(digits: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, x=np.zeros(3))
    before = other.read_bytes()
    assert "D119" in code(digits, other, dt=0.05) and other.read_bytes() == before
    assert "D111" in code(digits, tmp_path / "no" / "x.npz", dt=0.05)


def test_nothing_is_written_when_one_file_is_damaged(digits: Path, tmp_path: Path) -> None:
    damaged = sorted(digits.rglob("*.bin"))[-1]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    told = code(digits, tmp_path / "x.npz", dt=0.05)
    assert told.startswith("D620") and str(damaged) in told
    assert not (tmp_path / "x.npz").exists()


def test_sizes(tmp_path: Path) -> None:
    table = folder_of(tmp_path, {"a": made((3, 5, 0, 0), (4, 2, 1, 9))}, "a.txt") / "a.txt"
    found = snnc.frames(table, dt=0.1)
    assert found.x.shape == (1, 1, 2, 6, 5)
    assert [note.code for note in found.notes] == ["N773"]
    given = snnc.frames(table, dt=0.1, size="8x9")
    assert given.x.shape == (1, 1, 2, 8, 9) and given.notes == ()
    assert "D626 its events make no frames" in code(table, dt=0.1, size=(5, 5))
    assert "D624" in code(table, dt=0.1, size=(8, 9), crop=(0, 0, 9, 9))
    assert snnc.frames(table, dt=0.1, crop=(4, 0, 4, 4)).x.shape == (1, 1, 2, 4, 4)


def test_two_cameras(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_bytes(WRITERS["a.dat"](some_events()))
    (tmp_path / "b.dat").write_bytes(WRITERS["a.dat"](some_events()).replace(b"Width 34", b"Width 40"))
    assert "D626 recordings of sensors of" in code(tmp_path, dt=0.1)
    assert snnc.frames(tmp_path, dt=0.1, size=(34, 40)).x.shape == (2, 1, 2, 34, 40)


def test_counts_at_the_edges_of_their_types(tmp_path: Path) -> None:
    for count, dtype in ((255, np.uint8), (256, np.uint16), (65535, np.uint16)):
        path = tmp_path / f"{count}.npy"
        path.write_bytes(npy(made(*[(0, 0, 1, 0)] * count)))
        found = snnc.frames(path, dt=1)
        assert found.x.dtype == dtype and found.x.max() == count
    over = tmp_path / "over.npy"
    over.write_bytes(npy(made(*[(0, 0, 1, 0)] * 65536)))
    assert "D626" in code(over, dt=1)
    cut = snnc.frames(over, dt=1, largest=7)
    assert cut.x.max() == 7 and cut.tally.above_largest == 65529
    # The second recording makes the first one wider.
    both = snnc.frames([tmp_path / "255.npy", tmp_path / "256.npy"], dt=1, label_from="{label}.npy")
    assert both.x.dtype == np.uint16 and sorted(both.x.max((1, 2, 3, 4)).tolist()) == [255, 256]


def test_empty_recordings_are_named(tmp_path: Path) -> None:
    root = folder_of(tmp_path, {"a": some_events(), "b": some_events()[:0]})
    found = snnc.frames(root, dt=0.1)
    assert [note.code for note in found.notes] == ["N772"] and found.tally.empty == 1


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    path = folder_of(tmp_path, {"a": some_events(300, duration=4000)}) / "a.bin"
    found = snnc.frames(path, dt="1ms", frames=2)
    (note,) = found.notes
    kept = int(found.x.sum())
    assert note.code == "N771" and f"{300 - kept} after the last frame" in note.what
    assert found.tally.outside_time == 300 - kept > 0


def test_frames_that_memory_does_not_hold(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = 10 * 2 * SIDE * SIDE
    needed = max(6 * one, one * large.COUNT_BYTES)
    monkeypatch.setattr(large, "share_of_memory", lambda: needed)
    assert snnc.frames(digits, dt="10ms").x.shape[:2] == (6, 10)
    monkeypatch.setattr(large, "share_of_memory", lambda: needed - 1)
    assert f"D627 the frames would take {needed} bytes" in code(digits, dt="10ms")


def test_recordings_that_memory_does_not_keep_are_read_twice(
    digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = snnc.frames(digits, dt="10ms")
    monkeypatch.setattr(making, "share_of_memory", lambda: 0)
    assert np.array_equal(snnc.frames(digits, dt="10ms").x, kept.x)


def test_too_many_frames(tmp_path: Path) -> None:
    for last, fits in ((65535, True), (65536, False)):
        path = tmp_path / f"{last}.npy"
        path.write_bytes(npy(made((0, 0, 0, 0), (0, 0, 1, last))))
        if fits:
            assert snnc.frames(path, dt="1us").x.shape[1] == 65536
        else:
            assert "D624 the longest recording needs 65537 frames" in code(path, dt="1us")
    path = tmp_path / "years.csv"
    path.write_text(f"t,x,y,p\n0,0,0,1\n{2**46},0,0,1\n")
    assert "D620" in code(path, frames=2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("30ms", 30_000),
        ("0.5 us", None),
        (0.03, 30_000),
        ("500us", 500),
        ("1e-6", 1),
        ("2s", 2 * 10**6),
    ],
)
def test_times(text: Any, found: int | None) -> None:
    if found is None:
        assert microseconds_of(text) == 0 or microseconds_of(text) == 1
    else:
        assert microseconds_of(text) == found


@pytest.mark.parametrize("text", ["", "ms", "-1ms", "30 minutes", "nan", "inf", "1e30s", 0, "0.1us"])
def test_no_times(text: Any) -> None:
    with pytest.raises(UserError, match="D624"):
        microseconds_of(text)


def test_folders_without_recordings(tmp_path: Path, digits: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "D621 no recordings in this folder" in code(tmp_path / "empty", dt=0.1)
    (digits / "README.txt").write_text("a set of digits")
    assert "D621 files of several kinds: 6 files .bin, 1 file .txt" in code(digits, dt=0.1)
    assert snnc.frames(digits, dt=0.1, only="*.bin").x.shape[0] == 6
    assert "D621" in code(digits, dt=0.1, only="*.raw")
    assert "D620" in code(tmp_path / "gone.bin", dt=0.1)


def test_a_repr_is_short(digits: Path) -> None:
    found = snnc.frames(digits, dt=0.1)
    assert repr(found).startswith("Frames(6 samples, 2 classes, x (6, 1, 2, 34, 34)")
    assert found.to_pandas().shape == (2, 3) and found.as_json()["samples"] == 6
