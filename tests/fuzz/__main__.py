"""``python -m tests.fuzz``: damaged files by the thousand, and what became of them.

python -m tests.fuzz --cases 20000            # a new seed, printed
python -m tests.fuzz --seed 7 --case 1234     # one case again, with what it printed
python -m tests.fuzz --replay build/fuzz/...  # the same from a plan that was kept
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.progress import track

from .judge import Verdict, judge
from .kinds import BY_NAME, KINDS, ORDER, REFUSED
from .plan import BLOCK, Plan, draw, read_plan
from .report import Report
from .server import Limits, Ran, Server

CONSOLE = Console(highlight=False, soft_wrap=True)
CASES = 2000
FEW = 5
"""One of so many."""
WRITTEN_EVERY = 100
"""Cases: an interrupted run leaves its report up to there."""


@cache
def _block(kind: str, seed: int, block: int) -> list[Plan]:
    return draw(kind, BY_NAME[kind].changes, seed, block)


def plan_of(seed: int, number: int, kinds: tuple[str, ...] = ORDER) -> Plan:
    """The plan of one case of a run: of a kind that its number says, drawn by its seed."""
    kind = kinds[number % len(kinds)]
    among = kinds.count(kind)
    index = number // len(kinds) * among + kinds[: number % len(kinds)].count(kind)
    plans = _block(kind, seed, index // BLOCK)
    return plans[index % BLOCK % len(plans)]


def whole_plans() -> list[Plan]:
    """Every command of every kind on each of its templates, with nothing changed."""
    found = []
    for kind in KINDS:
        commands = {command: i for i, command in reversed(list(enumerate(kind.commands)))}
        found += [
            Plan(kind.name, template, i, ())
            for template, name in enumerate(kind.templates)
            for i in sorted(commands.values())
            if not kind.lies and name not in REFUSED  # lies: the same commands on the same bundles
        ]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: nothing was found. 1: something was."""
    options = _options().parse_args(arguments)
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    limits = Limits(options.seconds, options.patience, options.room)
    # No TemporaryDirectory: its end would come with the end of the first case, a fork of this process.
    folder = Path(tempfile.mkdtemp(prefix="snnc-fuzz-templates-"))
    try:
        begun = time.monotonic()
        server = Server(options.templates or folder / "templates", limits)
        CONSOLE.print(f"seed {seed}; ready after {time.monotonic() - begun:.1f} s")
        plans = [read_plan(path.read_text()) for path in options.replay]
        if options.case is not None:
            plans.append(plan_of(seed, options.case))
        codes = [_shown(server, plan, limits, options.keep) for plan in plans]
        if options.whole:
            CONSOLE.print("files as they are")
            step = FEW if options.whole == "few" else 1
            codes += [_unharmed(server, plan, limits) for plan in whole_plans()[::step]]
        if options.cases or not codes:
            codes.append(_many(server, seed, limits, options))
        return max(codes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, help="2000 where nothing else is asked for")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--case", type=int, help="this one alone")
    parser.add_argument("--replay", type=Path, nargs="*", default=[], help="plans that were kept")
    parser.add_argument("--whole", choices=("few", "all"), help="commands on files as they are")
    parser.add_argument("--kinds", help="only these, e.g. nir,data")
    parser.add_argument("--keep", type=Path, help="where --case puts the damaged files")
    parser.add_argument("--output", type=Path, default=Path("build/fuzz.json"))
    parser.add_argument("--templates", type=Path, help="valid files that were made before")
    parser.add_argument("--seconds", type=float, default=Limits.seconds, help="limit of a case")
    parser.add_argument(
        "--patience", type=float, default=Limits.patience, help="times that, once again"
    )
    parser.add_argument("--room", type=int, default=Limits.room, help="megabytes of a case")
    return parser


def _many(server: Server, seed: int, limits: Limits, options: argparse.Namespace) -> int:
    kinds = tuple(options.kinds.split(",")) if options.kinds else ORDER
    report = Report(options.output, seed)
    numbers = range(options.cases or CASES)
    shown = track(numbers, "cases", console=CONSOLE) if sys.stdout.isatty() else numbers
    for number in shown:
        plan = plan_of(seed, number, kinds)
        ran = server.run(plan)
        verdict = judge(plan, ran, limits)
        if report.add(number, plan, ran, verdict):
            kept = report.folder_of(verdict)
            server.run(plan, kept)
            (kept / "plan.json").write_text(plan.as_json())
            CONSOLE.print(f"case {number} ({plan.kind}): {verdict.key}", markup=False)
        if number % WRITTEN_EVERY == 0:
            report.write()
    report.write()
    CONSOLE.print(report.table())
    return 1 if report.faults() else 0


def _shown(server: Server, plan: Plan, limits: Limits, keep: Path | None) -> int:
    """One case, with everything that it says."""
    ran = server.run(plan, keep)
    verdict = judge(plan, ran, limits)
    _print(plan, ran, verdict)
    return 1 if verdict.faults else 0


def _unharmed(server: Server, plan: Plan, limits: Limits) -> int:
    """A whole file has to be taken, but for engines that are not installed."""
    ran = server.run(plan)
    verdict = judge(plan, ran, limits)
    if verdict.ending == "accepted" or "is not installed" in ran.err:
        return 0
    CONSOLE.print(plan.as_json(), markup=False)
    _print(plan, ran, verdict)
    return 1


def _print(plan: Plan, ran: Ran, verdict: Verdict) -> None:
    for change in plan.changes:
        CONSOLE.print(str(change)[:300], markup=False)
    CONSOLE.print("snnc", *ran.about.get("command", []), markup=False)
    CONSOLE.print(ran.out + ran.err, markup=False)
    CONSOLE.print(
        f"exit {ran.code}, {ran.seconds:.2f} s, {ran.memory} MB more, left {ran.left}", markup=False
    )
    CONSOLE.print(f"{verdict.ending}: {verdict.key}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
