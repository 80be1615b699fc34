"""``docs/conformance.md``: what each of our targets cannot do, and why."""

from __future__ import annotations

from fnmatch import fnmatchcase

from snnc.backends import find_backend

from .cases import BY_NAME
from .judge import reason_for, with_lacking
from .suite import Conformance
from .suites import suites

OURS = "snnc"

HEAD = """# Conformance

Written by `python -m snnc.conformance --table docs/conformance.md`; a test compares.

A back end is correct when each of the {cases} cases of the conformance suite (`compiler/conformance/`)
either runs on every one of its engines with the same spikes and potentials as the reference simulator,
bit for bit, or is on the list below and refused with a message that says where, what and how to go on.
A case on the list that works fails the suite too. Reasons that begin with the code of a note
(`N714: ...`) are of cases that are accepted and differ, under that name. `make conformance` runs all
cases on all installed targets and writes `build/conformance.json`.

| target | cases that must be exact | cannot |
|---|---|---|
"""


def table() -> str:
    """The page's text, of the targets that snnc itself brings."""
    ours = [s for s in suites() if s.kind is not None and s.distribution.split(" ")[0] == OURS]
    lines = []
    for suite in ours:
        assert suite.kind is not None
        impossible = [name for name in BY_NAME if reason_for(_cannot(suite.kind), name) is not None]
        exact = len(BY_NAME) - len(impossible)
        lines.append(f"| [`{suite.kind.target}`](#{suite.name}) | {exact} | {len(impossible)} |\n")
    text = HEAD.format(cases=len(BY_NAME)) + "".join(lines)
    for suite in ours:
        assert suite.kind is not None
        text += f"\n## {suite.name}\n\n" + _of_one(suite.kind)
    return text + "\n## The cases\n\n" + _cases()


def _cannot(kind: type[Conformance]) -> dict[str, str]:
    return with_lacking(kind.cannot, find_backend(kind.target).target)


def _of_one(kind: type[Conformance]) -> str:
    cannot = _cannot(kind)
    if not cannot:
        return "Every case.\n"
    rows = ["| cannot | cases | because |\n|---|---|---|\n"]
    taken: set[str] = set()
    for pattern, reason in cannot.items():
        names = [n for n in BY_NAME if fnmatchcase(n, pattern) and n not in taken]
        taken.update(names)
        rows.append(f"| `{pattern}` | {len(names)} | {reason.replace('|', chr(92) + '|')} |\n")
    return "".join(rows)


def _cases() -> str:
    rows = ["| case | what is tried |\n|---|---|\n"]
    rows += [f"| `{case.name}` | {case.title} |\n" for case in BY_NAME.values()]
    return "".join(rows)
