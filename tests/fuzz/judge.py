"""What a case's end means: refused, accepted, or one of the ways in which it may not end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .case import CRASHED_AFTER, DISAGREE, UNMADE
from .plan import Plan
from .server import Limits, Ran

FAULTS = (*("tracebacks", "hangs", "over_memory", "executed", "left_behind", "disagree", "unnoticed"),)
"""How a case may not end; in the report each has its number."""

MAY_STAY = {"checkpoint": ("work/run.ckpt",), "config": ("work/curve", "work/run"), "events": ()}
"""What a training keeps when it is refused later than its first epoch: by documentation."""

TORCHS = "temp/torchinductor_"
"""An empty folder that torch makes where a module is exported, for all processes of a user."""

LAST_FRAMES = 3


@dataclass(frozen=True)
class Verdict:
    """How a case ended.

    Attributes:
        ending: ``refused``, ``accepted``, ``unmade`` or ``faulty``.
        faults: of :data:`FAULTS`.
        key: the same for the same fault, however it came about.
    """

    ending: str
    faults: tuple[str, ...] = ()
    key: str = ""


def judge(plan: Plan, ran: Ran, limits: Limits) -> Verdict:
    """Say how a case ended."""
    if ran.code == UNMADE or not ran.about:
        return Verdict("unmade", key=_last_line(ran.err))
    if ran.hang and ran.about.get("without_end"):
        return Verdict("accepted")
    faults = tuple(name for name in FAULTS if _is(name, plan, ran, limits))
    if faults:
        return Verdict("faulty", faults, f"{'+'.join(faults)} {_key(ran, faults)}")
    return Verdict("refused" if ran.code == 2 else "accepted")


def _is(fault: str, plan: Plan, ran: Ran, limits: Limits) -> bool:
    if fault == "hangs":
        return ran.hang
    if fault == "over_memory":
        # Memory that the limit refused would have been taken without it.
        return ran.memory > limits.memory or "not enough memory" in ran.err
    if fault == "executed":
        return ran.executed
    if fault == "left_behind":
        return bool(_left(plan, ran)) or ran.processes > 0
    if fault == "disagree":
        return ran.code == DISAGREE or _verify_differs(plan, ran)
    if fault == "unnoticed":
        return ran.code in (0, 1) and bool(ran.about.get("must_refuse"))
    return not ran.hang and _badly_ended(ran)


def _command(ran: Ran) -> list[str]:
    return list(ran.about.get("command", []))


def _verify_differs(plan: Plan, ran: Ran) -> bool:
    """Our own two simulators, of one program."""
    ours = plan.kind.endswith("-reference") and _command(ran)[:1] == ["verify"]
    return ours and ran.code == 1 and "Aborted" not in ran.err


def _badly_ended(ran: Ran) -> bool:
    """A traceback, or an exit code or an end without a message that no command may have."""
    if "Traceback" in ran.err or "Traceback" in ran.out:
        return True
    if ran.code == DISAGREE or ran.code == 0:
        return False
    if ran.code == 1:
        return _command(ran)[:1] != ["verify"] or "Aborted" in ran.err + ran.out
    return ran.code != 2 or "error[" not in ran.err


def _left(plan: Plan, ran: Ran) -> list[str]:
    """What is there after a refusal; after a success, what is there beside the outputs."""
    names = [name for name in ran.left if not name.startswith(TORCHS)]
    if ran.code == 0 or (ran.code == 1 and not _badly_ended(ran)) or ran.code == DISAGREE:
        return [name for name in names if not name.startswith("work/")]
    kept = MAY_STAY.get(plan.kind, ())
    return [name for name in names if not name.startswith(kept or ("\0",))]


def _key(ran: Ran, faults: tuple[str, ...]) -> str:
    if "tracebacks" in faults:
        return _traceback_key(ran)
    command = " ".join(_command(ran)[:1])
    if "left_behind" in faults:
        left = sorted({re.sub(r"[0-9a-z_]{8}|\d+", "N", name)[:80] for name in ran.left})
        return f"{command} exit {ran.code} {' '.join(left[:4])} {ran.processes or ''}"
    if "disagree" in faults:
        return "in " + command
    message = re.search(r"error\[\w+\]: .*", ran.err)
    text = _plain(message.group(0)) if message else f"exit {ran.code}"
    return f"{command} {text}"


def _traceback_key(ran: Ran) -> str:
    text = ran.err if "Traceback" in ran.err else ran.out
    frames = re.findall(r'File "([^"]+)", line (\d+), in (\S+)', text)
    ours = [(f, n) for f, n, _ in frames if "/site-packages/" not in f and "/lib/python" not in f]
    ours = [
        (f, n)
        for f, n in ours
        if not f.endswith("tests/fuzz/case.py") and "compiler/commands/" not in f
    ]
    places = " < ".join(f"{_short(f)}:{n}" for f, n in reversed(ours[-LAST_FRAMES:]))
    end = f"exit {ran.code}" if ran.code not in (70, CRASHED_AFTER) else ""
    return f"{_exception(text)} {places} {end}".strip()


def _exception(text: str) -> str:
    """The type of the last exception."""
    found = re.findall(
        r"^([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Overflow|Bug|error|Warning))\b", text, re.M
    )
    if found:
        return str(found[-1])
    return _plain(_last_line(text))


def _short(file: str) -> str:
    for folder in ("compiler/", "passes/", "backends/", "tests/"):
        if f"/{folder}" in file:
            return folder + file.rpartition(f"/{folder}")[2]
    return file


def _plain(text: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"|-?\d[\d.e+]*|/\S+", "N", text)[:120]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""
