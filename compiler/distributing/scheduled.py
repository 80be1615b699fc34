"""Pieces given to a scheduler of ``dask.distributed``, whose workers may be on any machine.

What all pieces share is sent once and spread to the workers that are there; workers that come later
have it from these. A worker that dies is the scheduler's business: it gives the piece to another one,
as often as its own setting ``allowed-failures`` says. Where the only copy of what all share died with
a worker, it is sent once more.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from snnc.errors import fail
from snnc.files import Kind
from snnc.files.documents import parse_json
from snnc.files.reading import read_bytes
from snnc.optional import missing
from snnc.progress import Report

from .processes import ended
from .work import Heard, Piece, Work

if TYPE_CHECKING:
    from distributed import Client, Future

Shared = TypeVar("Shared")
Value = TypeVar("Value")
Found = TypeVar("Found")

ANSWER_SECONDS = 20
"""How long a scheduler may take to answer."""

POLL_SECONDS = 0.5
FILE = "file:"
SCHEDULER_FILE = Kind(
    "D610", "the scheduler's file cannot be read", "start one with `dask scheduler --scheduler-file F`"
)

_one_at_a_time = threading.Lock()
"""A worker with several threads does one piece after the other: simulators have threads themselves."""


@dataclass(frozen=True)
class Sent:
    """What a worker found: the result, or that it has another snnc."""

    result: Any
    other: str = ""


def do(work: Work[Any, Any, Any], piece: Piece[Any], expected: str) -> Sent:
    """One piece, in a worker; it says where its snnc is another than ``expected``."""
    here = version("snnc")
    if here != expected:
        return Sent(None, here)
    with _one_at_a_time:
        return Sent(work.done(piece))


def by_scheduler(
    work: Work[Shared, Value, Found],
    pieces: Sequence[Piece[Value]],
    address: str,
    report: Report,
    heard: Heard,
) -> tuple[Found, ...]:
    """What comes of each piece, in their order; see :func:`snnc.distributing.carry_out`.

    Raises:
        UserError: what a piece raised; D619, D610, D123.
    """
    client = _client(address)
    try:
        run = Run(client, work, pieces, report, heard)
        with client.as_current():
            if not run.carry_out() and not run.carry_out():
                unfinished = next(n for n in range(len(pieces)) if n not in run.found)
                raise ended(pieces[unfinished].name)
        return tuple(run.found[number] for number in range(len(pieces)))
    finally:
        client.close(timeout=ANSWER_SECONDS)


class Run:
    """Pieces on their way to results.

    As many pieces are out as the workers have threads: so a worker that dies had one of them, which is
    known by name, and no result waits on a worker that may die.
    """

    def __init__(
        self,
        client: Client,
        work: Work[Any, Any, Any],
        pieces: Sequence[Piece[Any]],
        report: Report,
        heard: Heard,
    ) -> None:
        self._client, self._work, self._pieces = client, work, pieces
        self._report, self._heard = report, heard
        self.found: dict[int, Any] = {}

    def carry_out(self) -> bool:
        """Do what is not done yet; False where what all share was lost with a worker.

        Raises:
            UserError: what a piece raised; D619, D610.
        """
        from distributed import as_completed

        _wait_for_workers(self._client, self._report, self._work.phase, len(self._pieces))
        shared = self._client.scatter(self._work, broadcast=True, hash=False)
        waiting = deque(n for n in range(len(self._pieces)) if n not in self.found)
        numbers: dict[Future[Any], int] = {}
        coming = as_completed()

        def send() -> None:
            threads = sum(self._client.nthreads().values())
            while waiting and (len(numbers) < threads or not numbers):
                number = waiting.popleft()
                asked = (do, shared, self._pieces[number], version("snnc"))
                future = self._client.submit(*asked, pure=False)
                numbers[future] = number
                coming.add(future)

        try:
            send()
            for future in coming:
                number = numbers.pop(future)
                name = self._pieces[number].name
                try:
                    self.found[number] = _result(future, name, self._work.phase)
                except CancelledError:
                    return False
                self._heard(number, self.found[number])
                self._report(f"{self._work.phase}: {name}", len(self.found), len(self._pieces))
                send()
            return True
        finally:
            self._client.cancel(list(numbers), force=True)


def _result(future: Future[Any], name: str, phase: str) -> Any:
    """What came of a piece.

    Raises:
        UserError: what it raised; D619 its workers died, D610 the worker has another snnc.
        CancelledError: what all share was lost with a worker.
    """
    from distributed import KilledWorker

    try:
        sent = future.result()
    except KilledWorker as problem:
        raise ended(name) from problem
    if sent.other:
        raise fail(
            "D610",
            f"a worker of the scheduler has snnc {sent.other}, here is {version('snnc')}",
            where="--scheduler",
            why=f"{phase}: results of one run come from one version",
            help="install the same version for all workers",
        )
    return sent.result


def _client(address: str) -> Client:
    """Connected to the scheduler.

    Raises:
        UserError: D123 the package is missing, D610 nothing answers.
    """
    try:
        from distributed import Client
    except ImportError as problem:
        what = "--scheduler needs the package distributed"
        raise missing("distributed", what, problem, where="--scheduler") from problem
    try:
        return Client(_address(address), timeout=ANSWER_SECONDS, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise fail(
            "D610",
            f"no scheduler of Dask answers at {address}",
            where="--scheduler",
            why=str(problem),
            help="start one with `dask scheduler`, which prints its address (tcp://HOST:8786)",
        ) from problem


def _address(given: str) -> str:
    """The address, which may be in the file that a scheduler writes (``--scheduler-file``).

    Raises:
        UserError: D610 there is no such file, or it is none of a scheduler's.
    """
    if not given.startswith(FILE):
        return given
    path = Path(given.removeprefix(FILE))
    found = parse_json(read_bytes(path, SCHEDULER_FILE), str(path), SCHEDULER_FILE)
    if not isinstance(found, dict) or not isinstance(found.get("address"), str):
        raise fail("D610", "it has no address", where=str(path), help=SCHEDULER_FILE.help)
    return str(found["address"])


def _wait_for_workers(client: Client, report: Report, phase: str, total: int) -> None:
    """Until there is a worker: a cluster may start them when it has room."""
    while not client.scheduler_info(n_workers=-1)["workers"]:
        report(f"{phase}: the scheduler has no worker yet", 0, total)
        time.sleep(POLL_SECONDS)
