"""What frames are made of recordings, as the user says it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from snnc.bounds import Bounds
from snnc.choices import not_together, refuse_other
from snnc.errors import fail

from .events import LARGEST_COUNT
from .fields import FIELDS, field_of
from .recording import LARGEST_SIDE, UNITS

TIME = re.compile(r"(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(s|ms|us|ns)?")

FORMS = ("bands", "crossings")
FRAMES = Bounds(1, 2**16)
BOUNDS = {
    "dt": Bounds(1, 2**40),
    "frames": FRAMES,
    "events_per_frame": Bounds(1, 2**40),
    "pool": Bounds(1, LARGEST_SIDE),
    "largest": Bounds(1, LARGEST_COUNT),
    "first": Bounds(1, 2**40),
    "bands": Bounds(1, 512),
    "range_db": Bounds(1.0, 200.0),
}
"""By field; ``dt`` in microseconds, about 13 days at most."""


@dataclass(frozen=True)
class FrameOptions:
    """How recordings become frames.

    Attributes:
        dt: microseconds of a frame.
        frames: of a recording; with ``dt`` or ``events_per_frame`` what is beyond is left out, alone
            each recording is cut into this number of equal parts. None: as many as the longest needs.
        events_per_frame: cut by count instead of time.
        size: height and width of the sensor; None: what the files say, or their largest coordinates.
        crop: top, left, height, width; pool, merge_polarities, largest: as :class:`View`.
        columns: of tables without names.
        time_unit: of times.
        only, label_from: as :func:`find_recordings`.
        first: use only this number of recordings.
        sound: bands or crossings, for sounds.
        bands: how many bands of frequencies.
        range_db: decibels below a recording's loudest band that still count.
        classes: names in the order of their numbers; None: those found.
    """

    dt: int | None = None
    frames: int | None = None
    events_per_frame: int | None = None
    size: tuple[int, int] | None = None
    crop: tuple[int, int, int, int] | None = None
    pool: int = 1
    merge_polarities: bool = False
    largest: int | None = None
    columns: tuple[str, ...] | None = None
    time_unit: str | None = None
    only: str | None = None
    label_from: str | None = None
    first: int | None = None
    sound: str = "bands"
    bands: int = 32
    range_db: float = 50.0
    classes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for field, bound in BOUNDS.items():
            value = getattr(self, field)
            if value is not None:
                bound.check(value, f"--{field.replace('_', '-')}")
        refuse_other(self.sound, "form of sounds", FORMS, "--sound")
        if self.time_unit is not None:
            refuse_other(self.time_unit, "unit of time", UNITS, "--time-unit")
        if self.dt is not None and self.events_per_frame is not None:
            raise not_together(
                "--dt cuts by time, --events-per-frame by count", where="--dt", help="give one of them"
            )
        for name, numbers in (("size", self.size), ("crop", self.crop)):
            least = 1 if name == "size" else 0
            if numbers is not None and not all(least <= n <= LARGEST_SIDE for n in numbers):
                what = f"{name} {','.join(map(str, numbers))} is outside {least}..{LARGEST_SIDE}"
                raise fail("D624", what, where=f"--{name}")
        columns = self.columns
        if columns is not None and {field_of(name) for name in columns} < {*FIELDS}:
            what = f"the columns {','.join(columns)} lack one of {', '.join(FIELDS)}"
            raise fail("D624", what, where="--columns", help="name all columns of the file, as t,x,y,p")

    def as_text(self) -> str:
        """For the file, so that another can be made like it."""
        return json.dumps(asdict(self), sort_keys=True)


def options_of(content: Any) -> FrameOptions:
    """The options that a file holds.

    Args:
        content: what :meth:`FrameOptions.as_text` gave, read as JSON.

    Raises:
        ValueError: something else.
        UserError: D305 and others, of values that no option may have.
    """
    hints = get_type_hints(FrameOptions)
    if not isinstance(content, dict) or set(content) != set(hints):
        raise ValueError("settings of another version")
    return FrameOptions(**{name: _typed(name, content[name], hint) for name, hint in hints.items()})


def _typed(name: str, value: Any, hint: Any) -> Any:
    """A value of JSON as its option has it."""
    for kind in get_args(hint) or (hint,):
        inner = get_args(kind)
        if inner and isinstance(value, list):
            fits = inner[-1] is ... or len(inner) == len(value)
            if fits and all(type(each) is inner[0] for each in value):
                return tuple(value)
        elif type(value) is kind:
            return value
    raise ValueError(f"{name} is {value!r}")


def merged(options: FrameOptions, like: FrameOptions, like_path: Path) -> FrameOptions:
    """The options of another file, with the files and the number of recordings of this one.

    Raises:
        UserError: D327 an option is given that the other file settles.
    """
    default = FrameOptions()
    own = ("only", "label_from", "first", "columns", "time_unit")
    changed = [
        field.name
        for field in fields(FrameOptions)
        if field.name not in own and getattr(options, field.name) != getattr(default, field.name)
    ]
    if changed:
        what = f"--like takes --{changed[0].replace('_', '-')} from {like_path}"
        raise not_together(what, where="--like", help="give one of them")
    given: dict[str, Any] = {name: getattr(options, name) or getattr(like, name) for name in own}
    return replace(like, **{**given, "first": options.first, "only": options.only})


def microseconds_of(text: str | float | None, where: str = "--dt") -> int | None:
    """A time as a user writes it: ``30ms``, ``500us``, ``0.03`` (seconds).

    Raises:
        UserError: D624 it is not a time, or below a microsecond.
    """
    if text is None:
        return None
    found = TIME.fullmatch(str(text).strip())
    value = None if found is None else float(found[1]) * UNITS[found[2] or "s"]
    if value is None or not 0.5 <= value < 2**63:
        raise fail(
            "D624",
            f"no time {text!r}",
            where=where,
            why="frames last whole microseconds, at least one",
            help="write a number with s, ms or us: 30ms; alone it means seconds",
        )
    return round(value)


def whole_numbers(
    text: str | Iterable[int] | None, count: int, option: str, words: str
) -> tuple[int, ...] | None:
    """A list such as ``34,34`` or ``34x34``.

    Raises:
        UserError: D624 another number of them, or none.
    """
    if text is None:
        return None
    parts = re.split(r"[,x]", text) if isinstance(text, str) else [str(number) for number in text]
    if len(parts) != count or not all(re.fullmatch(r"\s*\d{1,9}\s*", part) for part in parts):
        raise fail("D624", f"no {words}: {text!r}", where=option, help=f"give {words}")
    return tuple(int(part) for part in parts)
