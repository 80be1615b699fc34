"""Requests to stop: Ctrl-C, and the signals that schedulers and terminals send.

:func:`listen` makes each of them raise :class:`Stopped` in the main thread, once: whatever is on the
way up then cleans up behind it, and a second request does not disturb that. :func:`undivided` puts a
request off while two things are done that belong together. Imports nothing but the standard library,
so that the command can listen before it imports what takes long.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 10.0
"""Seconds that cleaning up may take; a request after them ends the process as it is."""

AGAIN = 1.0
"""Seconds after which a request is made again where somebody swallowed it."""


class Stopped(KeyboardInterrupt):
    """A request to stop. A :class:`KeyboardInterrupt`, so that no ``except Exception`` takes it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def code(self) -> int:
        """The exit code: 128 and the signal's number, as shells say it."""
        return 128 + self.number


class _State:
    """What is known of requests in this process."""

    def __init__(self) -> None:
        self.number = 0
        self.first = 0.0
        self.undivided = 0
        self.leaving = False


_state = _State()


def requested() -> int:
    """The signal that asked this process to stop, 0 where none did."""
    return _state.number


def at_once(say: str) -> None:
    """End with ``say`` and the right exit code at a request: for imports, which leave nothing behind.

    A library that is being imported may swallow any exception, or turn it into another one.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(OSError):
            os.write(2, f"{say}\n".encode())
        os._exit(128 + number)

    _install(end)


def listen() -> None:
    """From now on a request raises :class:`Stopped` in the main thread."""
    _install(_asked)
    usual = sys.unraisablehook

    def drop(about: sys.UnraisableHookArgs) -> None:
        if not isinstance(about.exc_value, Stopped):
            usual(about)

    # A destructor cannot raise; Python would print what it could not raise, and the request is made
    # again anyway.
    sys.unraisablehook = drop


def leave() -> None:
    """The command is over, but for what Python itself tidies: requests wait for that."""
    _state.leaving = True
    signal.setitimer(signal.ITIMER_REAL, 0)


def _install(handler: object) -> None:
    for number in SIGNALS:
        # What is ignored from the start stays so: nohup, and jobs in the background of a script.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]


def _asked(number: int, _frame: FrameType | None) -> None:
    if _state.number and time.monotonic() - _state.first > PATIENCE:
        os._exit(128 + _state.number)
    if not _state.number:
        _state.number, _state.first = number, time.monotonic()
        if not _state.leaving:
            # Callbacks and destructors cannot raise, and libraries swallow: so it is asked again.
            signal.signal(signal.SIGALRM, _asked_again)
            signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)
    _raise()


def _asked_again(_number: int, _frame: FrameType | None) -> None:
    _raise()


def _raise() -> None:
    if _state.undivided or _state.leaving or _on_the_way_up():
        return
    raise Stopped(_state.number)


def _on_the_way_up() -> bool:
    """Whether what was interrupted is itself the clean-up behind a request."""
    seen: set[int] = set()
    problem = sys.exception()
    while problem is not None and id(problem) not in seen:
        if isinstance(problem, Stopped):
            return True
        seen.add(id(problem))
        problem = problem.__context__
    return False


class undivided:  # noqa: N801  (used like a function)
    """``with undivided():`` what is inside is done to its end; a request is heard behind it."""

    def __enter__(self) -> None:
        _state.undivided += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _state.undivided -= 1
        heard = threading.get_ident() == threading.main_thread().ident
        if _state.number and kind is None and heard:
            _raise()
