"""``snnc report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .counts import counts_of
from .options import DIFFERENT, AllowAltered, AsJson, BundlePath, Factory, reported
from .output import console
from .output.progress import progress


# Many arguments: each is an option of the command line; typer reads the signature.
def report(
    bundle: BundlePath,
    other: Annotated[
        Path | None, typer.Argument(metavar="OTHER", help="another bundle, shown next to it")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help=".npz with x and y; default: what the manifest says alone")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.html", help="the page")
    ] = Path("report.html"),
    samples: Annotated[int, typer.Option(help="first N samples that every stage is run on")] = 50,
    engine: Annotated[
        str | None, typer.Option(help="engine of the target; default: the first that is installed")
    ] = None,
    engine_samples: Annotated[int, typer.Option(help="first N samples that it runs; 0 for none")] = 1,
    time_limit: Annotated[float, typer.Option(help="seconds that the engine may take")] = 900.0,
    model: Annotated[Path | None, typer.Option(help="the model, if it was moved")] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="the calibration data, if they were moved")
    ] = None,
    module: Factory = None,
    allow_altered: AllowAltered = False,
    as_json: AsJson = False,
) -> None:
    """Write one HTML file about BUNDLE: network, accuracy, errors, spikes, cost (docs/report.md).

    With --data, BUNDLE is run, compared with its engine, and with the model stage by stage.

    Exit code 0: written, and nothing differs that must be equal. 1: written, and something does. 2:
    refused.
    """
    with reported():
        from snnc.api import Bundle
        from snnc.report.make import summary

        with progress() as said:
            found = Bundle(bundle, allow_altered).report(
                counts_of(data, said),
                output,
                other=None if other is None else Bundle(other, allow_altered),
                samples=samples,
                engine=engine,
                engine_samples=engine_samples,
                time_limit=time_limit,
                model=model,
                calibration=counts_of(calibration, said),
                module=module,
                progress=said,
            )
        if as_json:
            console.say(found.to_json())
        else:
            for line in summary(found):
                console.say(line)
        if found.different:
            raise typer.Exit(DIFFERENT)
