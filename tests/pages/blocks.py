"""The fenced blocks of a page, run and compared as a reader would: commands, their output, Python.

A block ``sh`` has commands, a block ``text`` after it what they print, where a line ``...`` stands for
lines that are left out. In a block ``python`` a comment behind or below ``print(...)`` is its output.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PRINTS = re.compile(r"^print\(.*\)(?:  |\n)# (.*)$", re.M)
LEFT_OUT = "..."
PROGRESS = re.compile(r"\(since the start \d+:\d+\)|^\S+: \d+ of \d+, ")
PERCENT = re.compile(r"\d+\.\d%")


@dataclass(frozen=True)
class Block:
    """What stands between two fences.

    Attributes:
        kind: the word behind the first.
        text: all lines, each with its end.
    """

    kind: str
    text: str

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for line in self.text.splitlines() if line.strip())

    @property
    def commands(self) -> tuple[str, ...]:
        """Without the comments behind them."""
        return tuple(re.sub(r"\s+# .*", "", line) for line in self.lines)

    @property
    def printed(self) -> tuple[str, ...]:
        """What each ``print`` is said to print, by the comment behind or below it."""
        return tuple(PRINTS.findall(self.text))


def blocks(page: str) -> list[Block]:
    """Every fenced block, in order."""
    return [Block(kind, text) for kind, text in FENCE.findall(page)]


def run(command: str, folder: Path) -> list[str]:
    """What a command prints, both streams, in a folder; this process's Python is the first on PATH.

    Empty lines and reports of progress are left out.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}"
    return seen(done.stdout)


def seen(printed: str) -> list[str]:
    """Its lines without empty ones, spaces at the end, and progress."""
    lines = (line.rstrip() for line in printed.splitlines())
    return [line for line in lines if line and not PROGRESS.search(line)]


def missing(shown: Sequence[str], printed: Sequence[str]) -> list[str]:
    """The first part of what a page shows that was not printed; empty where all was.

    Args:
        shown: lines of the page; what stands between two ``...`` was printed without a break.
        printed: all lines, in order.
    """
    part: list[str] = []
    begin = 0
    for line in [*(line.rstrip() for line in shown), LEFT_OUT]:
        if line != LEFT_OUT:
            part.append(line)
            continue
        places = range(begin, len(printed) - len(part) + 1)
        found = [i for i in places if list(printed[i : i + len(part)]) == part]
        if not found:
            return part
        begin, part = found[0] + len(part), []
    return []


def alike(shown: str, printed: str, points: float) -> bool:
    """Equal, but that percentages may differ by some points (of networks that are trained here)."""
    numbers = [[float(n[:-1]) for n in PERCENT.findall(text)] for text in (shown, printed)]
    return PERCENT.sub("%", shown) == PERCENT.sub("%", printed) and all(
        abs(a - b) <= points for a, b in zip(*numbers, strict=True)
    )
