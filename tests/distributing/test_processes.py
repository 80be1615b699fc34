"""Pieces in worker processes: order, failures by name, a second try, nothing left behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest

from snnc.distributing import Piece, Place, Work, carry_out
from snnc.errors import CompilerBug, UserError
from snnc.progress import quiet

from . import jobs

PIECES = [Piece(f"piece {value}", value) for value in range(6)]


def carried(job: Callable[[Any, int], Any], shared: Any, workers: int) -> tuple[Any, ...]:
    """What comes of the pieces; no process of ours is left whatever happens."""
    try:
        return carry_out(Work(job, shared, "work"), PIECES, Place(workers), quiet)
    finally:
        assert not active_children()


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_results_come_in_the_order_of_the_pieces(workers: int) -> None:
    said: list[tuple[str, int, int]] = []
    work = Work(jobs.square, 100, "squares")
    found = carry_out(work, PIECES, Place(workers), lambda *what: said.append(what))
    assert found == tuple(100 + n * n for n in range(6))
    assert sorted(name for name, _, _ in said) == [f"squares: piece {n}" for n in range(6)]
    assert [total for _, _, total in said] == [6] * 6
    assert [done for _, done, _ in said] == list(range(workers > 1, 6 + (workers > 1)))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_refusal_says_of_which_piece(workers: int) -> None:
    with pytest.raises(UserError) as raised:
        carried(jobs.refused, 0, workers)
    (found,) = raised.value.diagnostics
    assert (found.code, found.where) == ("D101", "there, of piece 2")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bug_stays_a_bug(workers: int) -> None:
    with pytest.raises(CompilerBug, match="pass p broke the network: one thing"):
        carried(jobs.broken, 0, workers)


def test_an_exception_that_cannot_travel_is_told() -> None:
    with pytest.raises(RuntimeError, match="Stubborn: at "):
        carried(jobs.stubborn, 0, 2)


def test_a_piece_is_tried_again_where_its_worker_died(tmp_path: Path) -> None:
    assert carried(jobs.dies_once, str(tmp_path), 2) == tuple(range(10, 16))
    tries = {n: (tmp_path / f"tried {n}").read_text().split() for n in range(6)}
    assert [len(tries[n]) for n in range(6)] == [1, 2, 1, 1, 1, 1]
    assert tries[1][0] != tries[1][1]


def test_a_piece_over_which_two_workers_died_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="D619") as raised:
        carried(jobs.dies_always, str(tmp_path), 2)
    assert raised.value.diagnostics[0].where == "piece 1"
    assert (tmp_path / "tried 1").read_text() == "xx"


def test_work_that_cannot_reach_a_worker_is_no_endless_loop() -> None:
    class Local:
        """Workers cannot import it."""

        def __reduce__(self) -> Any:
            return _fails, ()

    with pytest.raises(UserError, match="D619"):
        carried(jobs.square, Local(), 2)


def _fails() -> None:
    os._exit(3)


def test_a_request_to_stop_ends_all_workers(tmp_path: Path) -> None:
    def ask() -> None:
        while len(list(tmp_path.glob("begun *"))) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=ask, daemon=True).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        carried(jobs.slow, str(tmp_path), 2)
    assert time.monotonic() - started < 50
    begun = [int(path.read_text()) for path in tmp_path.glob("begun *")]
    assert not [pid for pid in begun if Path(f"/proc/{pid}").exists()]


def test_both_places_at_once_are_refused() -> None:
    with pytest.raises(UserError, match="D327"):
        Place(2, "tcp://localhost:1").check()
    with pytest.raises(UserError, match="D305"):
        Place(0).check()
