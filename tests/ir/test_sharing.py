"""Parts of a product in several threads: each once, the same bits, and nobody is left waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import snnc.ir.convolution as convolution
import snnc.ir.sharing as sharing
from snnc.ir import Conv2d


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads, whatever this machine and the run of the tests allow."""
    monkeypatch.setattr(sharing, "threads", lambda: 2)


@pytest.mark.usefixtures("two")
def test_each_part_is_done_once_by_two_threads() -> None:
    seen: list[tuple[int, int]] = []
    together = threading.Barrier(2, timeout=30)  # broken, unless two are at work at the same time

    def work(parts: Iterator[int]) -> None:
        together.wait()
        for part in parts:
            seen.append((part, threading.get_ident()))

    sharing.share(work, range(1000))
    assert sorted(part for part, _ in seen) == list(range(1000))


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("failing", ["caller", "other"])
def test_what_fails_in_one_thread_ends_all_and_is_raised(failing: str) -> None:
    caller, together, done = threading.get_ident(), threading.Barrier(2, timeout=30), []

    def work(parts: Iterator[int]) -> None:
        together.wait()
        if (threading.get_ident() == caller) == (failing == "caller"):
            raise KeyError(failing)
        for part in parts:
            done.append(part)
            time.sleep(0.01)

    with pytest.raises(KeyError, match=failing):
        sharing.share(work, range(300))
    assert len(done) < 300  # the other one stopped early


@pytest.mark.usefixtures("two")
def test_what_a_part_shares_its_own_thread_does() -> None:
    """Else it would wait for its turn, which its caller has, for ever."""
    inner: dict[int, set[int]] = {}

    def work(parts: Iterator[int]) -> None:
        for part in parts:
            inner[part] = set()
            sharing.share(partial(who, inner[part]), range(8))

    def who(found: set[int], parts: Iterator[int]) -> None:
        found |= {threading.get_ident() for _ in parts}

    sharing.share(work, range(20))
    assert sorted(inner) == list(range(20)) and all(len(threads) == 1 for threads in inner.values())
    outer: list[int] = []
    together = threading.Barrier(2, timeout=30)  # afterwards the caller shares again
    sharing.share(lambda _: outer.append(together.wait()), range(2))
    assert sorted(outer) == [0, 1]


@pytest.mark.usefixtures("two")
def test_numpy_says_of_its_errors_in_each_thread_what_it_says_in_the_caller() -> None:
    together, said = threading.Barrier(2, timeout=30), []

    def work(_: Iterator[int]) -> None:
        together.wait()
        said.append(np.geterr()["over"])

    with np.errstate(over="ignore"):
        sharing.share(work, range(2))
    assert said == ["ignore", "ignore"]
    called: list[str] = []

    def divide(_: Iterator[int]) -> None:
        together.wait()
        assert np.isinf(np.ones(1) / np.zeros(1))

    with np.errstate(divide="call", call=lambda kind, _: called.append(kind)):
        sharing.share(divide, range(2))
    assert called == ["divide by zero"] * 2


@pytest.mark.usefixtures("two")
def test_without_a_thread_to_be_had_the_caller_does_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", none)
    done: list[int] = []
    sharing.share(done.extend, range(5))
    assert done == list(range(5))


def test_blas_with_one_thread_means_one_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    for allowed in (1, 2):
        with threadpool_limits(allowed):
            assert sharing.threads() <= allowed
    with threadpool_limits(2):
        assert sharing.threads() == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {5})
    assert sharing.threads() == 1


@pytest.mark.usefixtures("two")
def test_blas_has_one_thread_meanwhile_and_its_own_afterwards() -> None:
    def allowed() -> set[int]:
        return {
            int(library["num_threads"])
            for library in threadpool_info()
            if library["user_api"] == "blas"
        }

    with threadpool_limits(2):
        during: list[set[int]] = []
        sharing.share(lambda parts: during.extend(allowed() for _ in parts), range(4))
        assert during == [{1}] * 4
        assert allowed() == {2}


def test_several_callers_take_turns_and_leave_blas_as_it_was() -> None:
    """Else the one that began second would save the other's one thread, and leave that behind."""
    at_work: list[int] = []

    def work(parts: Iterator[int]) -> None:
        for part in parts:
            at_work.append(part)
            time.sleep(0.002)

    with threadpool_limits(2):
        callers = [
            threading.Thread(target=sharing.share, args=(work, [caller] * 20)) for caller in range(4)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(60)
        assert {i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"} == {2}
    assert len(at_work) == 80
    assert sum(a != b for a, b in pairwise(at_work)) == 3  # nobody was in between


def test_a_child_that_is_forked_in_the_middle_can_share(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(parts: Iterator[int]) -> None:
        for _ in parts:
            child = os.fork()
            if not child:
                signal.alarm(30)  # which ends a child that waits for a lock of its parent
                done: list[int] = []
                sharing.share(done.extend, range(3))
                os._exit(0 if done == [0, 1, 2] else 1)
            assert os.waitpid(child, 0)[1] == 0

    monkeypatch.setattr(sharing, "threads", lambda: 1)
    sharing.share(work, range(2))


def test_limited_memory_means_one_thread() -> None:
    """A thread whose start finds no memory is waited for without end."""
    text = (
        "import os, resource, numpy; from snnc.ir.sharing import threads\n"
        "os.sched_getaffinity = lambda _: {0, 1}\n"
        "print(threads())\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**36, -1)); print(threads())"
    )
    two = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=two)
    assert done.stdout == "2\n1\n"


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((20, 8, 6, 6), {"padding": (1, 1)}),  # several images a part, and some left over
        ((2, 4, 70, 40), {"padding": (1, 1), "stride": (1, 2)}),  # several parts an image
        ((7, 4, 40, 40), {"groups": 4, "dilation": (2, 1)}),
    ],
)
@pytest.mark.usefixtures("two")
def test_a_convolution_in_two_threads_has_the_same_bits(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], options: Any, kind: Any
) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 9, shape).astype(kind) / (1 if kind is np.int64 else 7)
    weight = rng.integers(-9, 9, (8, shape[1] // options.get("groups", 1), 3, 3)).astype(kind)
    conv = Conv2d(weight, **options)
    monkeypatch.setattr(convolution, "LEAST_SHARED", 0)
    with monkeypatch.context() as alone:
        alone.setattr(sharing, "threads", lambda: 1)
        expected = conv.apply(x.astype(kind))
    shared: list[int] = []
    share = sharing.share

    def watched(work: Any, parts: Any) -> None:
        shared.append(len(parts))
        share(work, parts)

    monkeypatch.setattr(convolution, "share", watched)
    assert conv.apply(x.astype(kind)).tobytes() == expected.tobytes()
    assert shared[0] > 2
