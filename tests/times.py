"""Which tests take long: ``tests/long.txt``, whose tests ``make test`` leaves to ``make test-long``.

    python -m tests.times REPORT.xml [...]    # of: pytest --junitxml REPORT.xml, on a quiet machine

A test that was not in the reports stays as it was. What takes more than ten seconds is marked
``slow`` where it is written, whatever the machine; this list keeps the many short ones to minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_name("long.txt")
LONG = 0.3
"""Seconds, with what a test prepares, on one of two busy cores."""


def long_tests() -> frozenset[str]:
    """The tests' ids, as pytest prints them."""
    return frozenset(LIST.read_text().splitlines())


def measured(report: Path) -> dict[str, float]:
    """Seconds of each test in a report of pytest, by its id."""
    found: dict[str, float] = {}
    # Written by the pytest that was run here: nobody else's file.
    for case in ElementTree.parse(report).iter("testcase"):
        path, inside = _file(case.attrib["classname"])
        name = "::".join([path, *inside, case.attrib["name"]])
        found[name] = found.get(name, 0.0) + float(case.attrib["time"])
    return found


def _file(dotted: str) -> tuple[str, list[str]]:
    """``tests.ir.test_ops.TestSums`` is a class in ``tests/ir/test_ops.py``."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        path = Path(*parts[:end]).with_suffix(".py")
        if (ROOT / path).is_file():
            return str(path), parts[end:]
    raise ValueError(f"no file of the tests: {dotted}")


def main() -> None:
    """See the module."""
    seconds: dict[str, float] = {}
    for report in sys.argv[1:]:
        seconds |= measured(Path(report))
    kept = {name for name in long_tests() if name not in seconds}
    chosen = sorted(kept | {name for name, taken in seconds.items() if taken > LONG})
    LIST.write_text("".join(f"{name}\n" for name in chosen))
    left = sum(taken for taken in seconds.values() if taken <= LONG)
    sys.stdout.write(f"{len(chosen)} of {len(seconds)} tests; the others take {left:.0f} s of a core\n")


if __name__ == "__main__":
    main()
