"""``snnc frames``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import AsJson, reported
from .output import console
from .output.progress import progress


# Long, many arguments: each is an option of the command line; typer reads the signature.
def frames(
    recordings: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER_OR_FILES", help="of events or sounds (docs/recordings.md)"),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT.npz", help="x, y and how they were made")
    ],
    dt: Annotated[
        str | None, typer.Option(metavar="TIME", help="of a frame: 30ms, 500us, or seconds")
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(help="of a recording; alone: cuts each into this number of equal parts"),
    ] = None,
    events_per_frame: Annotated[int | None, typer.Option(help="cut by count, not by time")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="HEIGHT,WIDTH", help="of the sensor, where files lack it")
    ] = None,
    crop: Annotated[
        str | None, typer.Option(metavar="TOP,LEFT,HEIGHT,WIDTH", help="what is kept, in pixels")
    ] = None,
    pool: Annotated[int, typer.Option(help="sum squares of this number of pixels a side")] = 1,
    merge_polarities: Annotated[
        bool, typer.Option("--merge-polarities", help="one channel, not darker and brighter apart")
    ] = False,
    largest: Annotated[
        int | None, typer.Option(help="counts above it become it; of sounds, the loudest band's")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="t,x,y,p", help="of tables whose columns have no names")
    ] = None,
    time_unit: Annotated[
        str | None, typer.Option(help="s, ms, us, ns; default us, of times with fractions s")
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="'*.bin'", help="which files of folders are recordings")
    ] = None,
    label_from: Annotated[
        str | None, typer.Option(metavar="'{label}_*'", help="classes from file names, not folders")
    ] = None,
    like: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="the options and classes of other frames")
    ] = None,
    first: Annotated[int | None, typer.Option(help="use only N recordings, of all classes")] = None,
    sound: Annotated[
        str, typer.Option(help="of wav files: bands (energies), or crossings (events of levels)")
    ] = "bands",
    bands: Annotated[int, typer.Option(help="of frequencies, equally wide to the ear")] = 32,
    range_db: Annotated[
        float, typer.Option(help="decibels below the loudest band that still count")
    ] = 50.0,
    as_json: AsJson = False,
) -> None:
    """Turn recordings into event counts for --data and --calibration of the other commands."""
    with reported():
        from snnc import api

        from .output.framed import framed

        with progress() as report:
            found = api.frames(
                recordings,
                output,
                dt=dt,
                frames=frames,
                events_per_frame=events_per_frame,
                size=size,
                crop=crop,
                pool=pool,
                merge_polarities=merge_polarities,
                largest=largest,
                columns=columns,
                time_unit=time_unit,
                only=only,
                label_from=label_from,
                like=like,
                first=first,
                sound=sound,
                bands=bands,
                range_db=range_db,
                progress=report,
            )
        console.diagnostics(found.notes)
        if as_json:
            console.say(found.to_json())
        else:
            framed(found, output)
