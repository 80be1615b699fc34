"""Requests to stop: heard once, put off where things belong together, made again where swallowed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BEGIN = """
import os, signal, sys, time
from snnc import stopping
from snnc.files.writing import FolderBeside, PrivateFolder
from pathlib import Path
me, place = os.getpid(), Path(sys.argv[1])
stopping.listen()
"""


def ended(code: str, place: Path, status: int = 7) -> str:
    """Run it; it must end with this status, and nothing be left in the folder. What it printed."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code, str(place)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == status, done.stderr
    assert list(place.iterdir()) == []
    return done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_says_by_which_signal_it_came(tmp_path: Path, number: signal.Signals) -> None:
    code = f"""
try:
    with FolderBeside(place / "b"):
        os.kill(me, {int(number)})
        time.sleep(30)
except stopping.Stopped as stopped:
    sys.exit(stopped.code)
"""
    ended(code, tmp_path, 128 + number)


def test_cleaning_up_is_not_disturbed_by_a_second_request(tmp_path: Path) -> None:
    code = """
import shutil
remove = shutil.rmtree
def slow(*a, **k):
    os.kill(me, signal.SIGINT); time.sleep(0.1); os.kill(me, signal.SIGTERM)
    return remove(*a, **k)
try:
    with FolderBeside(place / "b") as name:
        (Path(name) / "x").write_text("")
        try:
            os.kill(me, signal.SIGINT)
            time.sleep(30)
        finally:
            os.kill(me, signal.SIGINT)
            slow(Path(name) / "x", ignore_errors=True)
            print("went on")
except stopping.Stopped as stopped:
    sys.exit(7 if stopped.number == signal.SIGINT else 8)
"""
    assert ended(code, tmp_path) == "went on\n"


def test_a_request_is_heard_behind_what_belongs_together(tmp_path: Path) -> None:
    code = """
try:
    with stopping.undivided():
        with stopping.undivided():
            os.kill(me, signal.SIGTERM)
        time.sleep(0.1)
        print("both done")
    print("not reached")
except stopping.Stopped:
    sys.exit(7)
"""
    assert ended(code, tmp_path) == "both done\n"


def test_a_request_that_a_library_swallows_is_made_again(tmp_path: Path) -> None:
    code = """
class Swallows:
    def __del__(self):
        os.kill(me, signal.SIGINT)
        time.sleep(0.1)
try:
    Swallows()
    try:
        os.kill(me, signal.SIGINT)
        time.sleep(0.1)
    except BaseException:
        pass
    print("went on")
    for _ in range(300):
        time.sleep(0.1)
except stopping.Stopped:
    sys.exit(7)
"""
    assert ended(code, tmp_path) == "went on\n"


def test_what_is_ignored_from_the_start_stays_ignored(tmp_path: Path) -> None:
    """As nohup and jobs in the background of a script want it."""
    code = "signal.signal(signal.SIGHUP, signal.SIG_IGN); stopping.listen(); os.kill(me, signal.SIGHUP)"
    ended(code, tmp_path, 0)


def test_a_request_at_the_very_end_waits_for_it(tmp_path: Path) -> None:
    code = """
import atexit
@atexit.register
def last():
    os.kill(me, signal.SIGINT)
    time.sleep(1.5)
    print("tidied")
stopping.leave()
sys.exit(7)
"""
    assert ended(code, tmp_path) == "tidied\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_is_ended_at_once(tmp_path: Path, number: signal.Signals) -> None:
    """A module that swallows whatever is raised while it is imported."""
    code = f"""
stopping.at_once("stopped")
try:
    os.kill(me, {int(number)})
    time.sleep(30)
except BaseException:
    time.sleep(30)
"""
    began = time.monotonic()
    ended(code, tmp_path, 128 + number)
    assert time.monotonic() - began < 20
