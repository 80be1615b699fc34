"""From recordings of event cameras and microphones to event counts: ``snnc.frames``."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias, Union, cast

from snnc.errors import fail, nearest
from snnc.progress import Report, quiet
from snnc.recordings.result import Frames

from .arguments import checked
from .inputs import path_of

RecordingsLike: TypeAlias = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]]]
"""A file or a folder of recordings, or several."""

Sides: TypeAlias = str | Iterable[int] | None


# Many arguments: each is an option by keyword, as on the command line.
@checked
def frames(
    recordings: RecordingsLike,
    output: str | os.PathLike[str] | None = None,
    *,
    dt: str | float | None = None,
    frames: int | None = None,
    events_per_frame: int | None = None,
    size: Sides = None,
    crop: Sides = None,
    pool: int = 1,
    merge_polarities: bool = False,
    largest: int | None = None,
    columns: str | Iterable[str] | None = None,
    time_unit: str | None = None,
    only: str | None = None,
    label_from: str | None = None,
    like: str | os.PathLike[str] | None = None,
    first: int | None = None,
    sound: str = "bands",
    bands: int = 32,
    range_db: float = 50.0,
    progress: Report = quiet,
) -> Frames:
    """Turn recordings into frames of event counts, for ``compile``, ``run`` and the others.

    Args:
        recordings: files, or folders at any depth; where folders tell files apart, their names are the
            classes. Endings: ``docs/recordings.md``.
        output: ``.npz`` to write, with x, y, and the texts classes, files and settings.
        dt: how long a frame lasts: ``"30ms"``, ``"500us"``, or seconds.
        frames: of a recording; alone it cuts each one into this number of equal parts.
        events_per_frame: cut by count, in place of ``dt``.
        size: height and width of the sensor; None for what the files say.
        crop: top, left, height, width of what is kept.
        pool: squares of this number of pixels a side are summed to one.
        merge_polarities: one channel in place of two.
        largest: counts above it become it. Of sounds, the loudest band's count, 15 if None.
        columns: names of a table's columns, where it has none: ``"t,x,y,p"``.
        time_unit: s, ms, us or ns; None: times with fractions are seconds, whole ones microseconds.
        only: which names of files in folders are recordings: ``"*.bin"``.
        label_from: pattern of file names with ``{label}``: ``"{label}_*.wav"``.
        like: an earlier output; the same options and classes are used.
        first: use only this number of recordings, in an order drawn once.
        sound: of wav files, energies of ``bands`` or events where these cross levels: ``crossings``.
        bands: how many bands of frequencies.
        range_db: decibels below the loudest band that still count.
        progress: called with what is done, how much of it, out of how much.

    Returns:
        Frames: x, uint8 or uint16 (samples, frames, channels, height, width), of sounds (samples,
        frames, bands); y, int64 (samples,), or None.

    Raises:
        UserError: D305, D326, D327, D624 an option; D620 to D623 the files; D625 ``like``; D626 they do
            not fit each other; D627 too much for the memory; D119, D111 the output. Nothing was
            written.
    """
    from snnc.recordings.making import make_frames
    from snnc.recordings.options import FrameOptions, merged, microseconds_of, whole_numbers
    from snnc.recordings.result import read_settings, refuse_output, write_frames

    names = columns.split(",") if isinstance(columns, str) else columns
    options = FrameOptions(
        microseconds_of(dt),
        frames,
        events_per_frame,
        cast(tuple[int, int] | None, whole_numbers(size, 2, "--size", "HEIGHT,WIDTH")),
        cast(
            tuple[int, int, int, int] | None,
            whole_numbers(crop, 4, "--crop", "TOP,LEFT,HEIGHT,WIDTH"),
        ),
        pool,
        merge_polarities,
        largest,
        None if names is None else tuple(name.strip() for name in names),
        time_unit,
        only,
        label_from,
        first,
        sound,
        bands,
        range_db,
    )
    if like is not None:
        options = merged(options, read_settings(Path(like)), Path(like))
    place = path_of(output)
    if place is not None:
        refuse_output(place)
    given = [recordings] if isinstance(recordings, str | os.PathLike) else list(recordings)
    found = make_frames([Path(each) for each in given], options, progress, leave_out=place)
    if place is not None:
        write_frames(found, place)
    return found


DIRECT = re.compile(r"(.+?)\{([^{}]*)\}", re.S)
NUMBERS = {"frames", "events_per_frame", "pool", "largest", "first", "bands"}
NOT_DIRECT = {"recordings", "output", "progress"}


def frames_of(text: str, progress: Report = quiet) -> Frames | None:
    """Frames as the command line names them in place of a file: ``nmnist/Test{dt=40ms,frames=12}``.

    Args:
        text: a file or folder, and in braces the options of :func:`frames` with dashes; lists of
            numbers are written ``0x0x16x16``.
        progress: as for :func:`frames`.

    Returns:
        None where there are no braces, or a file has them in its name: then it is a data file.

    Raises:
        UserError: D624 an option that is none, or has no such value; as :func:`frames`.
    """
    found = DIRECT.fullmatch(text)
    if found is None or os.path.lexists(text):
        return None
    known = set(inspect.signature(frames).parameters) - NOT_DIRECT
    options: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in found[2].split(","))):
        option, given, value = (piece.strip() for piece in part.partition("="))
        name = option.replace("-", "_")
        if name not in known or name in options:
            what = f"{option} is given twice" if name in known else f"no option {option!r} of frames"
            help = nearest(option, [each.replace("_", "-") for each in known])
            raise fail("D624", what, where=text, help=help or "snnc frames --help lists them")
        options[name] = _value(name, value if given else "true", text)
    return frames(found[1], progress=progress, **options)


def _value(name: str, value: str, text: str) -> Any:
    """An option's text as :func:`frames` takes it."""
    try:
        if name in NUMBERS:
            return int(value)
        if name == "range_db":
            return float(value)
        return {"true": True, "false": False}[value] if name == "merge_polarities" else value
    except (ValueError, KeyError):
        what = f"{name.replace('_', '-')} cannot be {value!r}"
        raise fail("D624", what, where=text, help="snnc frames --help says what it takes") from None
