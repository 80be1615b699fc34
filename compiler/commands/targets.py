"""``snnc targets``: what there is, from which package, and how to install engines."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .options import reported
from .output import console

targets_app = typer.Typer(
    help="List the targets, the packages that provide them, and the engines that run their bundles.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@targets_app.callback()
def targets(context: typer.Context) -> None:
    """List the targets, the packages that provide them, and the engines that run their bundles."""
    if context.invoked_subcommand is not None:
        return
    with reported():
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
