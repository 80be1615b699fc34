"""``snnc noise``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .counts import counts_of
from .options import (
    AnswerName,
    AsJson,
    DataPath,
    Discretize,
    Factory,
    InputShape,
    ModelPath,
    TimeStep,
    reported,
)
from .output import console
from .output.progress import progress


# Long, many arguments: each is an option of the command line; typer reads the signature.
def noise(
    model: ModelPath,
    data: DataPath,
    steps: Annotated[
        str | None, typer.Option(metavar="N,N,..", help="time steps T to try; default: 1 to 32")
    ] = None,
    thresholds: Annotated[
        str | None,
        typer.Option(
            metavar="X,X,..",
            help="numbers (times the 99.9 percentile of activations), p99 (a "
            "percentile), max, own (as trained)",
        ),
    ] = None,
    start: Annotated[
        float | None,
        typer.Option(help="start of potentials, in thresholds; default: 0.5 or as trained"),
    ] = None,
    samples: Annotated[int, typer.Option(help="use only the first N samples")] = 64,
    ideal: Annotated[
        bool,
        typer.Option(
            "--ideal", help="measure only the ideal quantizer, without running neurons (quick)"
        ),
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="write every point")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="draw: .png, .svg or .pdf")] = None,
    dt: TimeStep = None,
    discretize: Discretize = None,
    input_shape: InputShape = None,
    module: Factory = None,
    answer: AnswerName = None,
    as_json: AsJson = False,
) -> None:
    """Measure the quantization noise of MODEL's layers by time steps and threshold (docs/noise.md)."""
    with reported():
        from snnc import api

        from .output.noise import noise as printed

        with progress() as report:
            found = api.measure_noise(
                model,
                counts_of(data, report),
                steps=steps,
                thresholds=thresholds,
                start=start,
                samples=samples,
                spiking=not ideal,
                csv=csv,
                plot=plot,
                dt=dt,
                discretize=discretize,
                input_shape=input_shape,
                module=module,
                answer=answer,
                progress=report,
            )
        console.diagnostics(found.notes)
        if as_json:
            console.say(found.to_json())
        else:
            printed(found)
