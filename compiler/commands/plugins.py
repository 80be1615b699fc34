"""The commands about targets and passes: what is there, from whom, and how to install engines."""

from __future__ import annotations

from typing import Annotated

import typer

from . import console
from .options import reported

targets_app = typer.Typer(
    help="List the targets, where they come from, and the engines that run their bundles.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@targets_app.callback()
def targets(context: typer.Context) -> None:
    """List the targets, where they come from, and the engines that run their bundles."""
    if context.invoked_subcommand is not None:
        return
    with reported():
        from snnc.backends import registered_backends

        console.targets(registered_backends())


@targets_app.command("install")
def install(
    name: Annotated[str, typer.Argument(metavar="TARGET", help="as snnc targets lists it")],
) -> None:
    """Make the environments of a target's engines, or repair them; nothing else is touched."""
    with reported():
        from snnc.backends.installing import install_engines

        if not install_engines(name, console.say):
            what = "its engines run beside snnc; snnc targets says what is there, or how to install it"
            console.say(f"{name}: {what}")


def passes_() -> None:
    """List the passes, their options and their order's rules."""
    with reported():
        from snnc.passes import registered_passes

        console.passes(registered_passes())
