"""A real scheduler of Dask and two worker processes: the same table, also where one is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.distributing import Piece, Place, Work, carry_out, scheduled
from snnc.errors import UserError
from snnc.progress import Report, quiet

from . import jobs

pytest.importorskip("distributed", reason="make setup installs it")

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "samples" / "moving_digits" / "model.pt"
PIECES = [Piece(f"piece {value}", value) for value in range(6)]


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.folder, self.processes = folder, list[subprocess.Popen[bytes]]()
        self._start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file))
        for _ in range(600):
            if self.file.exists() and self.file.read_text().endswith("}"):
                break
            time.sleep(0.1)
        self.address = json.loads(self.file.read_text())["address"]
        self.workers = [self.worker(), self.worker()]

    def worker(self) -> subprocess.Popen[bytes]:
        """One more; nobody starts it again."""
        return self._start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        # A worker may die once over a piece; four times by default.
        environment = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        started = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / f"{kind}_{len(self.processes)}.txt").open("wb"),
        )
        self.processes.append(started)
        return started

    def close(self) -> None:
        """Kill all; each is a child of this test."""
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers."""
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    yield found
    found.close()


def tuned(report: Report = quiet, **place: Any) -> str:
    """The whole table of a small tune, as bytes would be written."""
    counts = np.random.default_rng(0).poisson(0.3, (4, 4, 2, 16, 16))
    options: dict[str, Any] = {"code": "graded", "steps_per_frame": 1, "weight_bits": [8, 4]}
    return snnc.tune(MODEL, "reference", counts, **options, **place, progress=report).to_json()


def test_one_worker_is_killed_in_the_middle_and_the_table_is_the_same(cluster: Cluster) -> None:
    killed: list[int] = []

    def kill_one(_what: str, done: int, total: int) -> None:
        if not killed and 0 < done < total:
            victim = cluster.workers[0]
            killed.append(victim.pid)
            victim.kill()
            victim.wait()

    assert tuned(kill_one, scheduler=cluster.address) == tuned(workers=1)
    assert killed and cluster.workers[1].poll() is None


def test_a_killed_piece_is_done_again_and_a_deadly_one_is_named(
    cluster: Cluster, tmp_path: Path
) -> None:
    place = Place(scheduler=f"file:{cluster.file}")
    work = Work(jobs.dies_once, str(tmp_path), "work")
    assert carry_out(work, PIECES, place, quiet) == tuple(range(10, 16))
    assert len((tmp_path / "tried 1").read_text().split()) == 2
    cluster.worker(), cluster.worker()
    (tmp_path / "deadly").mkdir()
    deadly = Work(jobs.dies_always, str(tmp_path / "deadly"), "work")
    with pytest.raises(UserError, match="D619") as raised:
        carry_out(deadly, PIECES, place, quiet)
    assert raised.value.diagnostics[0].where == "piece 1"


def test_a_refusal_and_what_all_share_through_the_scheduler(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(scheduler=cluster.address)
    with pytest.raises(UserError, match="D101") as raised:
        carry_out(Work(jobs.refused, 0, "work"), PIECES, place, quiet)
    assert raised.value.diagnostics[0].where == "there, of piece 2"
    assert carry_out(Work(jobs.square, 7, "work"), PIECES, place, quiet)[3] == 16
    monkeypatch.setattr(scheduled, "version", lambda name: "9.9")
    with pytest.raises(UserError, match="D610") as raised:
        carry_out(Work(jobs.square, 7, "work"), PIECES, place, quiet)
    assert "here is 9.9" in str(raised.value)


def test_no_scheduler_is_a_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scheduled, "ANSWER_SECONDS", 1)
    work = Work(jobs.square, 7, "work")
    for address in ("tcp://127.0.0.1:9", "nonsense", f"file:{tmp_path / 'none.json'}"):
        with pytest.raises(UserError, match="D610") as raised:
            carry_out(work, PIECES, Place(scheduler=address), quiet)
        assert address.removeprefix("file:") in str(raised.value)


def test_without_the_package_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match="D123") as raised:
        carry_out(Work(jobs.square, 7, "work"), PIECES, Place(scheduler="tcp://x:1"), quiet)
    assert "pip install 'distributed" in str(raised.value)


def test_a_request_to_stop_leaves_the_scheduler_nothing_to_do(cluster: Cluster) -> None:
    def stop(_what: str, done: int, _total: int) -> None:
        if done == 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        carry_out(Work(jobs.square, 1, "work"), PIECES, Place(scheduler=cluster.address), stop)
    assert carry_out(Work(jobs.square, 1, "work"), PIECES, Place(scheduler=cluster.address), quiet)
