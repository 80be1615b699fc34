"""``snnc noise``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .options import DataPath, Discretize, Factory, InputShape, ModelPath, TimeStep, reported
from .output import console


def noise(
    model: ModelPath,
    data: DataPath,
    steps: Annotated[
        str | None, typer.Option(metavar="N,N,..", help="time steps T to try; default 1 to 32")
    ] = None,
    thresholds: Annotated[
        str | None,
        typer.Option(
            metavar="X,X,..",
            help="factors of the 99.9 percentile of activations, p99 a percentile, max, own (trained)",
        ),
    ] = None,
    start: Annotated[
        float | None, typer.Option(help="start of potentials, in thresholds; default 0.5 or as trained")
    ] = None,
    samples: Annotated[int, typer.Option(help="the first so many samples")] = 64,
    ideal: Annotated[
        bool, typer.Option("--ideal", help="the ideal quantizer alone: no real neurons, quick")
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="write every point")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="draw: .png, .svg or .pdf")] = None,
    dt: TimeStep = None,
    discretize: Discretize = None,
    input_shape: InputShape = None,
    module: Factory = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Quantization noise of MODEL's layers against time steps and thresholds (docs/noise.md)."""
    with reported():
        from snnc.noise.of_model import noise_of_model

        from .output.noise import noise as print_noise

        with console.progress() as report:
            found = noise_of_model(
                model,
                data,
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
                report=report,
            )
        if as_json:
            console.diagnostics(found.notes)
            console.say(json.dumps(found.as_json(), indent=1))
        else:
            print_noise(found)
