"""``snnc targets``: what there is, from which package, and how to install engines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .counts import counts_of
from .options import (
    AnswerName,
    AsJson,
    Discretize,
    Factory,
    InputShape,
    Repeat,
    ResetRule,
    TimeStep,
    reported,
)
from .output import console
from .output.progress import progress

targets_app = typer.Typer(
    help="List the targets, the packages that provide them, and the engines that run their bundles.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# Many arguments: each is an option of the command line; typer reads the signature.
@targets_app.callback()
def targets(
    context: typer.Context,
    model: Annotated[
        Path | None,
        typer.Option(
            "--for", metavar="MODEL", help="what each target makes of this model, side by side"
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="with --for: .npz with x (samples, frames, ...) and perhaps y"),
    ] = None,
    chosen: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="with --for: only these; NAME{option=value}"),
    ] = None,
    samples: Annotated[int, typer.Option(help="with --for: samples on each engine; 0: none")] = 2,
    repeat: Repeat = None,
    dt: TimeStep = None,
    discretize: Discretize = None,
    reset: ResetRule = None,
    input_shape: InputShape = None,
    module: Factory = None,
    answer: AnswerName = None,
    as_json: AsJson = False,
) -> None:
    """List the targets, the packages that provide them, and the engines that run their bundles.

    With --for MODEL: whether it fits each, what is kept of it, time and energy, what to buy.
    """
    if context.invoked_subcommand is not None:
        return
    with reported():
        if model is not None:
            from snnc import api

            from .output.offered import offered

            with progress() as report:
                found = api.targets_for(
                    model,
                    counts_of(data, report),
                    targets=chosen or (),
                    samples=samples,
                    repeat=repeat,
                    dt=dt,
                    discretize=discretize,
                    reset=reset,
                    input_shape=input_shape,
                    module=module,
                    answer=answer,
                    progress=report,
                )
            if as_json:
                console.say(found.to_json())
            else:
                offered(found)
            return
        from snnc.backends import registered_backends

        from .output.listings import targets as print_targets

        print_targets(registered_backends())


@targets_app.command("install")
def install(
    name: Annotated[str, typer.Argument(metavar="TARGET", help="a target that snnc targets lists")],
    accept: Annotated[
        bool,
        typer.Option(
            "--accept-licence", help="for scripts: the licence of what is not free is accepted"
        ),
    ] = False,
) -> None:
    """Make or repair the environments of a target's engines. Nothing else is changed.

    Of a package that is not free its licence is named, and asked for.
    """
    with reported():
        from snnc.backends.environments import Licence
        from snnc.backends.installing import install_engines

        def accepted(licence: Licence) -> bool:
            console.say(f"{licence.name}: {licence.about}; to be read at: {licence.where}")
            if accept or not sys.stdin.isatty():
                return accept
            return typer.confirm("Do you accept it?", err=True)

        if not install_engines(name, console.say, accepted):
            what = "its engines run in the same Python environment as snnc; snnc targets says what is "
            what += "there, or how to install it"
            console.say(f"{name}: {what}")
