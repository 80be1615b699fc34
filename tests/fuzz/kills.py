"""``python -m tests.fuzz.kills``: commands that are ended at random moments, and what they leave.

    python -m tests.fuzz.kills --kills 200 --seed 1

After SIGTERM and SIGINT there is no unfinished file, no process, no temporary file, and the exit code
says so. After SIGKILL no half output has the final name, and the same command again works and gives
the same bytes as one that nobody disturbed.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

from rich.console import Console

from .jobs import JOBS, Job, Place, digest, make_templates, processes_of

CONSOLE = Console(highlight=False, soft_wrap=True)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
PATIENCE = 120.0
"""Seconds after a signal in which a command has to end."""

SLOWEST = {"install": 4.0}
"""Seconds that a job takes at the most while it is being killed; its own time otherwise."""

OURS = ("/compiler/", "/passes/", "/backends/")


@dataclass(frozen=True)
class Known:
    """What a job does when nobody disturbs it: seconds, digests of its outputs."""

    seconds: float
    outputs: dict[str, str]


@dataclass(frozen=True)
class Kill:
    """One command that was ended.

    Attributes:
        after: seconds, or after a file under an unfinished name was seen and that many seconds more.
        code: exit code as a shell says it.
        ended: whether it was over before the signal.
        faults: what is wrong with what it left.
    """

    job: str
    signal: str
    after: float
    at_a_file: bool
    code: int
    ended: bool
    faults: tuple[str, ...]
    said: str


def undisturbed(job: Job, place: Place) -> Known:
    """Run a job to its end.

    Raises:
        RuntimeError: it fails.
    """
    place.make(job)
    begun = time.monotonic()
    process = place.start(job)
    out, err = process.communicate(timeout=10 * PATIENCE)
    if process.returncode:
        raise RuntimeError(f"{job.name} fails by itself: {out}{err}")
    return Known(time.monotonic() - begun, place.contents(job))


def kill(job: Job, known: Known, which: signal.Signals, dice: Random, place: Place) -> Kill:
    """Start a job, end it at some moment, look at what is there, and run it again."""
    place.make(job)
    before = place.contents(job)
    at_a_file = dice.random() < 0.4 and bool(job.outputs or job.name == "install")
    after = dice.uniform(0, 0.02) if at_a_file else dice.uniform(0, 1.05) * known.seconds
    process = place.start(job)
    if at_a_file:
        _wait_for_file(process, place, known.seconds * 2)
    ended = _ended(process, after)
    if not ended:
        _send(process, which)
    try:
        out, err = process.communicate(timeout=PATIENCE)
        faults = []
    except subprocess.TimeoutExpired:
        _send(process, signal.SIGKILL)
        out, err = process.communicate()
        faults = [f"did not end within {PATIENCE:.0f} s"]
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    faults += _faults(job, known, which, before, code, err, ended, place)
    faults += _others(process.pid, which)
    if which == signal.SIGKILL or dice.random() < 0.2:
        faults += again(job, known, place)
    return Kill(
        job.name,
        which.name,
        round(after, 3),
        at_a_file,
        code,
        ended,
        tuple(faults),
        (out + err)[-2000:],
    )


def _send(process: subprocess.Popen[str], which: signal.Signals) -> None:
    """To the process alone, as ``kill`` and a job's manager do; to its group, as ctrl-C does."""
    try:
        if which == signal.SIGINT:
            os.killpg(process.pid, which)
        else:
            process.send_signal(which)
    except ProcessLookupError:
        pass


def _ended(process: subprocess.Popen[str], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while process.poll() is None and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.002))
    return process.poll() is not None


def _wait_for_file(process: subprocess.Popen[str], place: Place, seconds: float) -> None:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        with os.scandir(place.work) as entries:
            if any(e.name.endswith((".partial", ".part")) for e in entries):
                return
        if place.engines.is_dir() and any(place.engines.iterdir()):
            return
        time.sleep(0.0005)


def _faults(
    job: Job,
    known: Known,
    which: signal.Signals,
    before: dict[str, str],
    code: int,
    err: str,
    ended: bool,
    place: Place,
) -> list[str]:
    found = []
    for name, is_now in place.contents(job).items():
        if is_now not in (before.get(name), known.outputs.get(name)):
            found.append(f"half output: {name}")
    if which != signal.SIGKILL:
        missing = [name for name in before if name not in place.contents(job)]
        found += [f"what was there is gone: {name}" for name in missing]
        found += [f"left: {name}" for name in place.unfinished()]
    early = before_snnc(err)
    if "Traceback" in err and not early:
        found.append("traceback")
    allowed = {0} if ended else {0, CODES.get(which, 137)}
    if code not in allowed and not early:
        found.append(f"exit code {code} after {which.name}")
    return found


def before_snnc(err: str) -> bool:
    """Whether Python had not begun with snnc yet, and ended in its own way (docs/exit-codes.md)."""
    places = [line for line in err.splitlines() if line.strip().startswith("File ")]
    # The last frame of its own start may be the script's line that imports snnc.
    return "KeyboardInterrupt" in err and not any(part in line for part in OURS for line in places)


def _others(session: int, which: signal.Signals) -> list[str]:
    """Processes that are still there; after SIGKILL they get a moment to see that nobody is there."""
    end = time.monotonic() + 10
    while (found := processes_of(session)) and time.monotonic() < end:
        time.sleep(0.05)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    # Nobody can tidy up after SIGKILL; pip and venv end by themselves.
    return [f"{len(found)} processes left"] if found and which != signal.SIGKILL else []


def again(job: Job, known: Known, place: Place) -> list[str]:
    """The same command, in what the killed one left."""
    process = place.start(job)
    out, err = process.communicate(timeout=10 * PATIENCE)
    if process.returncode:
        return [f"again: exit code {process.returncode}: {(out + err)[-500:]}"]
    if place.contents(job) != known.outputs:
        return ["again: other bytes than undisturbed"]
    return []


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: nothing was found. 1: something was."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--jobs", help="only these: " + ", ".join(job.name for job in JOBS))
    parser.add_argument("--output", type=Path, default=Path("build/kills.json"))
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    names = options.jobs.split(",") if options.jobs else [job.name for job in JOBS]
    jobs = [job for job in JOBS if job.name in names]
    CONSOLE.print(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="snnc-kills-") as folder:
        place = Place(Path(folder) / "place", Path(folder) / "templates")
        make_templates(place.templates)
        done = many(jobs, options.kills, seed, place)
    write(options.output, seed, done)
    return 1 if any(one.faults for one in done) else 0


def many(jobs: list[Job], kills: int, seed: int, place: Place) -> list[Kill]:
    """Kill jobs in turn, by each signal in turn, at moments that the seed says."""
    known = {job.name: undisturbed(job, place) for job in jobs}
    for job in jobs:  # the first run of each filled caches
        measured = undisturbed(job, place)
        seconds = min(measured.seconds, SLOWEST.get(job.name, measured.seconds))
        if measured.outputs != known[job.name].outputs:
            raise RuntimeError(f"{job.name} gives other bytes the second time")
        known[job.name] = replace(measured, seconds=seconds)
    done = []
    for i in range(kills):
        job, which = jobs[i % len(jobs)], SIGNALS[i // len(jobs) % len(SIGNALS)]
        one = kill(job, known[job.name], which, Random(f"{seed}/{i}"), place)
        done.append(one)
        if one.faults:
            CONSOLE.print(f"{i}: {one.job}, {one.signal} after {one.after}: {one.faults}", markup=False)
    return done


def write(path: Path, seed: int, done: list[Kill]) -> None:
    """Write all kills, and how many were what."""
    counts = Counter((one.job, one.signal, "faulty" if one.faults else "well") for one in done)
    content = {
        "seed": seed,
        "kills": len(done),
        "ended before": sum(one.ended for one in done),
        "heard": sum(one.code in (130, 137, 143) for one in done),
        "before snnc": sum(before_snnc(one.said) for one in done),
        "faulty": sum(bool(one.faults) for one in done),
        "counts": {" ".join(key): number for key, number in sorted(counts.items())},
        "each": [asdict(one) for one in done],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
    CONSOLE.print({key: value for key, value in content.items() if key != "each"})


__all__ = ["Kill", "Known", "again", "digest", "kill", "many", "undisturbed"]

if __name__ == "__main__":
    sys.exit(main())
