"""A bundle's folder has the old content or the whole new one, whatever ends the process at any line.

Each run looks at every seventh line, another time at others; SNNC_EVERY_LINE=1 at all of them.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import sys
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from snnc import stopping
from snnc.bundle import output as bundle_output
from snnc.bundle.manifest_file import manifest_text
from snnc.bundle.output import staged
from snnc.errors import UserError
from snnc.files import exchanging

FILES = 3
STEP = 1 if os.environ.get("SNNC_EVERY_LINE") else 7
TRACED = tuple(
    sys.modules[module].__file__
    for module in (
        "snnc.bundle.output",
        "snnc.files.writing",
        "snnc.stopping",
        "tempfile",
        "contextlib",
    )
)
"""Where every line is a moment."""


def write(folder: Path, content: str) -> None:
    """Something like a bundle, whose files belong together."""
    for number in range(FILES):
        (folder / f"{number}").write_text(content)
    files = {f"{number}": "0" * 64 for number in range(FILES)}
    (folder / "manifest.json").write_bytes(manifest_text({"format": 4, "files": files}))


def compiled(place: Path, content: str) -> None:
    with staged(place) as folder:
        write(folder, content)


def found(place: Path) -> str:
    """The content of a folder that is whole, empty where there is none."""
    if not place.exists():
        return ""
    (content,) = {(place / f"{number}").read_text() for number in range(FILES)}
    assert json.loads((place / "manifest.json").read_text())["format"] == 4
    return content


def at_moment(number: int, signals: tuple[int, ...], work: Callable[[], None]) -> tuple[int, bool]:
    """Do it in another process that is sent signals at a line, and two lines later.

    Returns:
        How it ended, and whether it came to that line.
    """
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        code = os.waitstatus_to_exitcode(status)
        return code & ~64 if code > 0 else code, not (code > 0 and code & 64)
    code, passed = 9, 0
    pending = list(signals)
    try:
        stopping.listen()

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal passed
            if frame.f_code.co_filename not in TRACED:
                return None
            if event == "line":
                passed += 1
                if pending and passed >= number and (passed - number) % 2 == 0:
                    os.kill(os.getpid(), pending.pop(0))
            return trace

        sys.settrace(trace)
        try:
            work()
            code = 0
        finally:
            sys.settrace(None)
    except stopping.Stopped:
        code = 2
    except BaseException:
        traceback.print_exc()
    finally:
        weakref.finalize._exitfunc()  # type: ignore[attr-defined]
        os._exit(code | (64 if len(pending) == len(signals) else 0))
    raise AssertionError


def moments() -> range:
    """Numbers of lines, until there are no more."""
    begin = 1 + random.SystemRandom().randrange(STEP)
    print(f"from line {begin} on, every {STEP}")  # noqa: T201
    return range(begin, 10_000, STEP)


@pytest.fixture(params=["exchange", "two renames"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a folder takes another's place: as the system can, or as it must where it cannot."""
    if request.param == "two renames":
        monkeypatch.setattr(bundle_output, "exchange", lambda one, other: False)
    return str(request.param)


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(
    "signals", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGINT)], ids=["one", "two"]
)
def test_stopped_at_any_line(tmp_path: Path, way: str, there: bool, signals: tuple[int, ...]) -> None:
    place = tmp_path / "b"
    stops = 0
    for number in moments():
        if there:
            compiled(place, "old")
        code, reached = at_moment(number, signals, lambda: compiled(place, "new"))
        assert code in (0, 2), number
        stops += code == 2
        assert found(place) in ("old" if there else "", "new"), number
        assert [p.name for p in tmp_path.iterdir()] in ([], ["b"]), number
        if not there and place.exists():
            shutil.rmtree(place)
        if not reached:
            break
    assert not reached and stops > 100 // STEP


def test_killed_at_any_line_the_next_one_tidies(tmp_path: Path, way: str) -> None:
    place = tmp_path / "b"
    for number in moments():
        compiled(place, "old")
        code, reached = at_moment(number, (signal.SIGKILL,), lambda: compiled(place, "new"))
        if not reached:
            break
        assert code == -signal.SIGKILL, number
        if way == "exchange":
            assert found(place) in ("old", "new"), number
        with pytest.raises(ZeroDivisionError), staged(place):
            assert found(place) in ("old", "new"), number
            raise ZeroDivisionError
        assert [p.name for p in tmp_path.iterdir()] == ["b"], number
    assert number > 100


def test_many_at_once_and_one_wins_whole(tmp_path: Path, way: str) -> None:
    place, children = tmp_path / "b", []
    for number in range(8):
        child = os.fork()
        if not child:
            code = 1
            try:
                for turn in range(20):
                    try:
                        compiled(place, f"{number} {turn}")
                    except UserError as refused:
                        assert {d.code for d in refused.diagnostics} <= {"D110", "D112"}
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)
    assert {os.waitpid(child, 0)[1] for child in children} == {0}
    assert found(place) and [p.name for p in tmp_path.iterdir()] == ["b"]


def test_what_comes_into_the_folder_meanwhile_is_kept(tmp_path: Path) -> None:
    place = tmp_path / "b"
    compiled(place, "old")
    with pytest.raises(UserError, match=r"D110.*mine"), staged(place) as folder:
        write(folder, "new")
        (place / "mine").write_text("")
    assert found(place) == "old" and (place / "mine").exists()
    (place / "mine").unlink()
    for name in ("__pycache__", "hidden"):
        (place / name).mkdir()
        (place / name / "x.pyc").write_text("")
    with pytest.raises(UserError, match=r"D110.*: hidden"):
        compiled(place, "new")
    shutil.rmtree(place / "hidden")
    compiled(place, "new")  # Python's byte code is no loss
    assert found(place) == "new" and not (place / "__pycache__").exists()


def test_an_exchange_that_the_system_cannot_do_says_so(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert exchanging.exchange(tmp_path / "a", tmp_path / "b")
    with pytest.raises(FileNotFoundError):
        exchanging.exchange(tmp_path / "a", tmp_path / "no")
    assert not exchanging.exchange(tmp_path, tmp_path / "a")  # into itself: EINVAL


def test_a_full_disk_and_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "b"
    compiled(place, "old")
    with pytest.raises(UserError, match=r"D112.*No space"), staged(place) as folder:
        write(folder, "new")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert found(place) == "old" and [p.name for p in tmp_path.iterdir()] == ["b"]

    def never(*_: object) -> bool:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(bundle_output, "exchange", never)
    with pytest.raises(UserError, match="D112"):
        compiled(place, "new")
    assert found(place) == "old" and [p.name for p in tmp_path.iterdir()] == ["b"]
