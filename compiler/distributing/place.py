"""Where pieces are worked on: options ``--workers`` and ``--scheduler``."""

from __future__ import annotations

import os
from dataclasses import dataclass

from snnc.bounds import WORKERS
from snnc.choices import not_together


@dataclass(frozen=True)
class Place:
    """Where pieces are worked on.

    Attributes:
        workers: processes on this machine; with 1, this process does the work. None where the user
            has not said.
        scheduler: address of a scheduler of Dask, such as ``tcp://10.0.0.1:8786``, or ``file:`` and a
            file that the scheduler wrote (``--scheduler-file``).
    """

    workers: int | None = None
    scheduler: str | None = None

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: D305 a number of workers, D327 both options at once.
        """
        WORKERS.check(self.workers, "--workers")
        if self.workers is not None and self.scheduler is not None:
            raise not_together(
                "--workers is for processes of this machine, --scheduler for those of a cluster",
                where="--workers",
                help="leave one of them out: the cluster says how many workers it has",
            )

    @property
    def named(self) -> bool:
        """Whether the user named a place."""
        return self.workers is not None or self.scheduler is not None

    def processes(self, pieces: int, usual: int = 1) -> int:
        """How many processes of this machine work on ``pieces``; ``usual`` where nothing was said."""
        return max(1, min(self.workers or usual, pieces))


HERE = Place(1)
"""This process."""


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))
