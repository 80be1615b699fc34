"""``snnc targets``: what there is, from which package, and how to install engines."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .counts import counts_of
from .options import (
    AnswerName,
    AsJson,
    Discretize,
    Factory,
    InputShape,
    Repeat,
    ResetInterval,
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
    samples: Annotated[
        int | None, typer.Option(help="with --for: samples on each engine; 0: none; default 2")
    ] = None,
    repeat: Repeat = None,
    dt: TimeStep = None,
    discretize: Discretize = None,
    reset: ResetRule = None,
    input_shape: InputShape = None,
    module: Factory = None,
    answer: AnswerName = None,
    reset_interval: ResetInterval = None,
    as_json: AsJson = False,
) -> None:
    """List the targets, the packages that provide them, and the engines that run their bundles.

    With --for MODEL: whether it fits each, what is kept of it, time and energy, what to buy.
    """
    with reported():
        left_out: tuple[object, ...] = (None, [], ())
        given = {k: v for k, v in context.params.items() if v is not False and v not in left_out}
        _refuse_strange(given, context.invoked_subcommand)
        if context.invoked_subcommand is not None:
            return
        if model is not None:
            how = {name: given.get(name) for name in SAME if name in given}
            _compare(model, data, tuple(chosen or ()), as_json, how)
            return
        from snnc.backends import registered_backends

        from .output.listings import targets as print_targets

        print_targets(registered_backends())


SAME = (
    "samples",
    "repeat",
    "dt",
    "discretize",
    "reset",
    "input_shape",
    "module",
    "answer",
    "reset_interval",
)
"""Options that :func:`snnc.targets_for` has under the same names."""


def _compare(
    model: Path, data: Path | None, chosen: tuple[str, ...], as_json: bool, how: dict[str, Any]
) -> None:
    """Print the table of a model."""
    from snnc import api

    from .output.offered import offered

    with progress() as report:
        found = api.targets_for(model, counts_of(data, report), targets=chosen, progress=report, **how)
    if as_json:
        console.say(found.to_json())
    else:
        offered(found)


NAMES = {"model": "for", "chosen": "target", "as_json": "json"}
"""Of arguments that are called otherwise on the command line."""


def _refuse_strange(given: Mapping[str, object], command: str | None) -> None:
    """Make sure that no option is given that the command would not look at.

    Raises:
        UserError: D327 options of ``--for`` without it, or with another command.
    """
    from snnc.choices import not_together

    options = [f"--{NAMES.get(name, name).replace('_', '-')}" for name in given]
    if options and command is not None:
        what = f"{options[0]} is of the list of targets, not of snnc targets {command}"
        raise not_together(what, where=options[0], help="leave it out")
    if options and "model" not in given:
        what = f"{options[0]} asks what targets make of a model, and there is no model"
        raise not_together(what, where=options[0], help="add --for MODEL")


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
            try:
                return typer.confirm("Do you accept it?", err=True)
            except typer.Abort:  # the end of the input is no answer, so it is not accepted
                return False

        if not install_engines(name, console.say, accepted):
            from snnc.backends import find_backend
            from snnc.backends.engine_messages import not_installed

            engines = find_backend(name).engines()
            missing = {e.how_to_install for e in engines if not e.installed and e.how_to_install}
            if missing:
                what = f"snnc makes no environment for the engines of {name}: install them yourself"
                raise not_installed(what, "; ".join(sorted(missing)), name)
            what = "its engines are there" if engines else "it has no engine"
            console.say(f"{name}: {what}, nothing to install")
