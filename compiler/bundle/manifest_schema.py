"""What each key of a manifest may be: its kind, its range, and why."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from snnc.errors import Severity

from .ranges import PROVED

Check = Callable[[Any, str], None]
"""Given a value and its key, raises :class:`Wrong` where the one cannot be the other's."""

SHOWN = 60
"""Letters of a wrong value that a message shows."""

WORD = 2**31 - 1
"""Counts of events, as every engine takes them: 32 bits with sign."""

MOST = 2**53
"""Numbers of elements and operations: floats that are made of them stay exact up to here."""

AXES = 32
"""numpy has no arrays of more."""


class Wrong(Exception):
    """What a manifest says that cannot be, as a text that begins with a verb."""


def _not(value: Any, key: str, wanted: str) -> Wrong:
    if isinstance(value, dict | list):
        shown = "a table" if isinstance(value, dict) else "a list"
    elif value is None or isinstance(value, bool):
        shown = {None: "null", True: "true", False: "false"}[value]
    else:
        shown = f"{value!r:.{SHOWN}}"
    return Wrong(f"says {key} is {shown}, not {wanted}")


def whole(low: int, high: int) -> Check:
    """A whole number: neither ``true`` nor ``1.0``."""

    def check(value: Any, key: str) -> None:
        if type(value) is not int or not low <= value <= high:
            raise _not(value, key, f"a whole number from {low} to {high}")

    return check


def positive(value: Any, key: str) -> None:
    """A finite number above 0, whole or not."""
    if type(value) not in (int, float) or not (math.isfinite(value) and value > 0):
        raise _not(value, key, "a number above 0")


def amount(value: Any, key: str) -> None:
    """A finite number of 0 or more, whole or not."""
    if type(value) not in (int, float) or not (math.isfinite(value) and value >= 0):
        raise _not(value, key, "a number of 0 or more")


def fraction(value: Any, key: str) -> None:
    """A number from 0 to 1."""
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise _not(value, key, "a number from 0 to 1")


def text(value: Any, key: str) -> None:
    """Any text."""
    if not isinstance(value, str):
        raise _not(value, key, "a text")


def truth(value: Any, key: str) -> None:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        raise _not(value, key, "true or false")


def sha256(value: Any, key: str) -> None:
    """A SHA-256 in hexadecimal."""
    if not (isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value)):
        raise _not(value, key, "a SHA-256 of 64 hexadecimal digits")


def one_of(*known: str) -> Check:
    """One of some words."""

    def check(value: Any, key: str) -> None:
        if value not in known:
            raise _not(value, key, f"one of {', '.join(known)}")

    return check


def maybe(inner: Check) -> Check:
    """Something, or ``null``."""

    def check(value: Any, key: str) -> None:
        if value is not None:
            inner(value, key)

    return check


def items(inner: Check, least: int = 0, most: int = MOST) -> Check:
    """A list of ``least`` to ``most`` items, each of one kind."""

    def check(value: Any, key: str) -> None:
        if not isinstance(value, list):
            raise _not(value, key, "a list")
        if not least <= len(value) <= most:
            wanted = f"at least {least}" if len(value) < least else f"at most {most}"
            raise Wrong(f"has {len(value)} in {key}, but there must be {wanted}")
        for number, each in enumerate(value):
            inner(each, f"{key}[{number}]")

    return check


def by_name(inner: Check) -> Check:
    """A table whose keys are names, each with one kind of value."""

    def check(value: Any, key: str) -> None:
        if not isinstance(value, dict):
            raise _not(value, key, "a table")
        for name, each in value.items():
            inner(each, f"{key}.{name:.{SHOWN}}")

    return check


def table(
    needed: dict[str, Check], other: dict[str, Check] | None = None, closed: bool = False
) -> Check:
    """A table with keys that must be there and keys that may.

    ``closed``: it has no others. Elsewhere others are left alone: nobody looks at them.
    """
    known = {**needed, **(other or {})}

    def check(value: Any, key: str) -> None:
        if not isinstance(value, dict):
            raise _not(value, key, "a table")
        inside = f"{key}." if key else ""
        for name in needed:
            if name not in value:
                raise Wrong(f"lacks {inside}{name}")
        for name, each in value.items():
            if name in known:
                known[name](each, inside + name)
            elif closed:
                raise Wrong(f"has {inside}{name:.{SHOWN}}, which this snnc does not know")

    return check


def histogram(value: Any, key: str) -> None:
    """Counts of calibration data, and how often each is there: random input is drawn from them."""
    items(items(whole(-WORD, MOST), 2, 2), 1)(value, key)
    for number, (count, often) in enumerate(value):
        whole(-WORD, WORD)(count, f"{key}[{number}][0]")
        whole(0, MOST)(often, f"{key}[{number}][1]")
    if len({count for count, _ in value}) != len(value):
        raise Wrong(f"names a count twice in {key}")
    whole(1, MOST)(sum(often for _, often in value), f"the sum of {key}")


def finite(value: Any, key: str) -> None:
    """A finite number of either sign, whole or not."""
    if type(value) not in (int, float) or not math.isfinite(value):
        raise _not(value, key, "a number")


def given_input(value: Any, key: str) -> None:
    """The input; scale and offset of its values are one number, or one a channel."""
    numbers = {"scale": items(positive, 1, WORD), "offset": items(finite, 1, WORD)}
    ends = {"counts": items(whole(-WORD, WORD), 2, 2), "rounding": fraction}
    values = maybe(table({**numbers, **ends}, closed=True))
    table(
        {
            "shape": shape,
            "encoding": maybe(text),
            "values": values,
            "repeat": maybe(whole(1, WORD)),
        }
    )(value, key)
    if value["values"] is None:
        return
    low, high = value["values"]["counts"]
    if low > high:
        raise Wrong(f"says {key}.values.counts end at {high}, before they begin at {low}")
    for name in numbers:
        found = len(value["values"][name])
        if found != 1 and value["shape"][:1] != [found]:
            raise Wrong(f"has {found} numbers in {key}.values.{name}, not 1 or one for each channel")


count = whole(0, MOST)
shape = items(whole(1, WORD), 0, AXES)

layer = table(
    {
        "source": text,
        "target": text,
        "work": one_of("convolution", "matrix", "pooling", "scaling", "sum"),
        "last": truth,
        **dict.fromkeys(("inputs", "outputs", "weights", "channels", "taps"), count),
        **dict.fromkeys(("macs", "macs_inside", "additions"), count),
    },
    closed=True,
)
population = table({"name": text, **dict.fromkeys(("neurons", "biases", "levels"), count)}, closed=True)
note = table(
    {
        **dict.fromkeys(("code", "what", "where", "why", "help"), text),
        "severity": one_of(*(severity.value for severity in Severity)),
    }
)
calibration = table(
    {"origin": one_of("file", "array", "archive", "unneeded", "none")},
    {
        "sha256": sha256,
        "samples": whole(1, MOST),
        "used": count,
        "frames": whole(1, WORD),
        "counts": histogram,
        "path": text,
        "thresholds": text,
    },
)

bounded = table(
    {"counts": items(whole(-MOST, MOST), 2, 2), "frames": maybe(whole(0, MOST))},
    {"registers": items(table({}))},
)


def ranges(value: Any, key: str) -> None:
    """What is known of registers: where it is proved, for which counts and frames."""
    said = {"unproved": items(text), "observed": items(table({})), "bounds": bounded}
    table({"status": text}, {**said, "claims": items(bounded)})(value, key)
    if value["status"] == PROVED and not value.get("claims"):
        raise Wrong(f"lacks {key}.claims")


kept = table(
    {
        "samples": whole(1, MOST),
        "aside": truth,
        "decisions": maybe(fraction),
        "accuracy": maybe(table({"float": fraction, "integers": fraction})),
        "answer_error": amount,
        "steps": count,
        "synaptic_operations": amount,
        "populations": items(
            table({"population": text, "error": amount, "by_stage": by_name(amount), "cause": text})
        ),
    }
)
tried = table(
    {
        "options": text,
        "refused": maybe(text),
        "decisions": maybe(fraction),
        "answer_error": maybe(amount),
        "steps": maybe(count),
        "synaptic_operations": maybe(amount),
    },
    {"proved_frames": whole(0, WORD)},
)

check_manifest = table(
    {
        "format": whole(0, WORD),
        "sha256": sha256,
        "target": text,
        "versions": by_name(text),
        "model": table(
            {"name": text, "sha256": sha256, "path": maybe(text)},
            {
                "dt": maybe(positive),
                "reset_interval": maybe(whole(1, WORD)),
                **dict.fromkeys(
                    ("answer", "discretize", "input_shape", "module", "reset"), maybe(text)
                ),
            },
        ),
        "passes": text,
        "code": text,
        "steps_per_frame": whole(1, WORD),
        "payload": by_name(text),
        "input": given_input,
        "readout": table(
            {"name": text, "shape": shape, "accumulate": truth, "potential_of_one": positive}
        ),
        "ann": maybe(table({"macs": count, "layers": items(layer), "populations": items(population)})),
        "notes": items(note),
        "calibration": calibration,
        "ranges": ranges,
        "kept": maybe(kept),
        "tried": items(tried),
        "files": by_name(sha256),
    }
)
"""The whole manifest."""
