"""``snnc compile``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .counts import counts_of
from .options import (
    AllowOverflow,
    AnswerName,
    AsJson,
    Discretize,
    Factory,
    InputOffset,
    InputScale,
    InputShape,
    MemorySize,
    ModelPath,
    Repeat,
    ResetInterval,
    ResetRule,
    TimeStep,
    reported,
)
from .output import console
from .output.progress import progress

if TYPE_CHECKING:
    from snnc.ir import Graph
    from snnc.passes import Pass


# Long, many arguments: each is an option of the command line; typer reads the signature.
def compile_(
    model: ModelPath,
    target: Annotated[
        str, typer.Option(help="NAME or NAME{option=value,...}; snnc targets lists them")
    ],
    calibration: Annotated[
        Path | None, typer.Option(help=".npz with x; default: the model's own calibration data")
    ] = None,
    steps_per_frame: Annotated[int | None, typer.Option(help="time steps K of a frame")] = None,
    weight_bits: Annotated[
        int | None, typer.Option(help="bits of a weight, 1 to 8 (nir: 1 to 16)")
    ] = None,
    code: Annotated[
        str,
        typer.Option(
            help="auto, rate, frame, graded or delta; the last three are exact (docs/codes.md)"
        ),
    ] = "auto",
    keep: Annotated[
        float, typer.Option(help="fraction of the float network's decisions that auto must keep")
    ] = 0.99,
    input_scale: InputScale = None,
    input_offset: InputOffset = None,
    repeat: Repeat = None,
    allow_overflow: AllowOverflow = False,
    dt: TimeStep = None,
    discretize: Discretize = None,
    reset: ResetRule = None,
    input_shape: InputShape = None,
    module: Factory = None,
    answer: AnswerName = None,
    reset_interval: ResetInterval = None,
    passes: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="name{option=value},... in place of the target's own passes"),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PASS{..}", help="change options of a pass: name{option=value}"),
    ] = None,
    print_after: Annotated[
        list[str] | None, typer.Option(metavar="PASS", help="print the graph after a pass, or 'all'")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="output folder; default: the model's name with .TARGET",
        ),
    ] = None,
    memory: MemorySize = None,
    as_json: AsJson = False,
) -> None:
    """Compile MODEL to a bundle that runs on the target."""
    with reported(memory):
        from snnc import api
        from snnc.files.memory import keep_freed
        from snnc.settings import split

        from .output.compiled import compiled

        folder = output or Path(f"{model.stem}.{split(target)[0]}")
        keep_freed()
        with progress() as report:
            bundle = api.compile(
                model,
                target,
                folder,
                calibration=counts_of(calibration, report),
                steps_per_frame=steps_per_frame,
                weight_bits=weight_bits,
                code=code,
                keep=keep,
                input_scale=input_scale,
                input_offset=input_offset,
                repeat=repeat,
                allow_overflow=allow_overflow,
                dt=dt,
                discretize=discretize,
                reset=reset,
                input_shape=input_shape,
                module=module,
                answer=answer,
                reset_interval=reset_interval,
                passes=passes,
                changes=changes or [],
                after_pass=_printer(print_after) if print_after else None,
                progress=report,
            )
        console.diagnostics(bundle.notes)
        if as_json:
            console.say(bundle.to_json())
        else:
            compiled(bundle)


def _printer(wanted: list[str]) -> Callable[[Pass, Graph], None]:
    from snnc.ir.text import graph_text
    from snnc.passes import no_pass, registered

    unknown = [name for name in wanted if name != "all" and name not in registered()]
    if unknown:
        raise no_pass(unknown[0], "--print-after")

    def after(a_pass: Pass, graph: Graph) -> None:
        if a_pass.name in wanted or "all" in wanted:
            console.say(f"// after {a_pass.name}\n{graph_text(graph)}")

    return after
