"""Runs one case on one target: bit for bit, or refused with a message that helps, or failed."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path

from snnc.backends import Backend
from snnc.errors import Diagnostic, UserError
from snnc.files.writing import PrivateFolder
from snnc.ir import Code, Target

from .bench import Bench, NotInstalled, Wrong
from .case import Case
from .kit import Kit


class Result(Enum):
    """What became of a case.

    PASSED: bit for bit. REFUSED: listed, and refused with a message. NAMED: listed with the code of a
    note, and the note was given. FAILED: anything else. NOT_RUN: no engine is installed.
    """

    PASSED = "passed"
    REFUSED = "refused"
    NAMED = "named"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Row:
    """A row of ``build/conformance.json``."""

    target: str
    case: str
    result: str
    reason: str

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return asdict(self)


def reason_for(cannot: Mapping[str, str], case: str) -> str | None:
    """Why a target cannot do a case: the reason of the first pattern that fits, None without one."""
    return next((reason for pattern, reason in cannot.items() if fnmatchcase(case, pattern)), None)


def with_lacking(cannot: Mapping[str, str], target: Target) -> dict[str, str]:
    """Reasons by pattern, with those that a target gives by what it states of itself."""
    if Code.DELTA in target.codes:
        return dict(cannot)
    return {**cannot, "changes/*": "its neurons have no code delta (Target.codes)"}


def judge(
    backend: Backend,
    case: Case,
    kit: Kit,
    cannot: Mapping[str, str],
    engines: tuple[str, ...] = (),
) -> Row:
    """Run a case; see :class:`Result`.

    Args:
        backend: of the target.
        case: one of ``CASES``.
        kit: what the target's networks are made of.
        cannot: reasons by case name or pattern.
        engines: only these; every installed one where empty.
    """
    reason = reason_for(with_lacking(cannot, backend.target), case.name)

    def row(result: Result, why: str = "") -> Row:
        return Row(backend.name, case.name, result.value, why)

    with PrivateFolder("snnc-conformance-") as name:
        bench = Bench(backend, kit, engines, Path(name))
        try:
            case.run(bench)
        except NotInstalled as missing:
            return row(Result.NOT_RUN, f"no engine is installed: {missing}")
        except UserError as refused:
            poor = [line for d in refused.diagnostics for line in _poor(d)]
            if reason is None:
                return row(Result.FAILED, f"refused, and not listed: {refused}")
            if poor:
                return row(Result.FAILED, f"refused with a poor message: {'; '.join(poor)}: {refused}")
            return row(Result.REFUSED, reason)
        except Wrong as wrong:
            # A reason that begins with the code of a note: accepted, and the effect has a name.
            if reason is not None and reason.split(":")[0] in bench.named:
                return row(Result.NAMED, reason)
            return row(Result.FAILED, str(wrong))
        except Exception as problem:
            last = traceback.extract_tb(problem.__traceback__)[-1]
            where = f"{Path(last.filename).name}, line {last.lineno}, in {last.name}"
            return row(Result.FAILED, f"{type(problem).__name__}: {problem} ({where})")
    if reason is not None:
        what = f"listed as impossible ({reason}), and it works: take it off the list"
        return row(Result.FAILED, what)
    return row(Result.PASSED)


def _poor(found: Diagnostic) -> list[str]:
    """What a message to the user lacks."""
    parts = {"code": found.code, "where": found.where, "what": found.what, "help": found.help}
    return [f"no {name}" for name, text in parts.items() if not text]
