"""The command line, assembled: one file a command. Commands import what they need when they run.

So ``--help`` is quick. Nothing here or in the commands computes anything: they call ``snnc.api``.
"""

from __future__ import annotations

from typing import Annotated

import typer

from snnc import __version__

from .compile import compile_
from .explain import explain
from .finetune import finetune
from .frames import frames
from .inspect import inspect
from .methods import methods
from .noise import noise
from .options import EXIT_CODES
from .output import console
from .passes import passes
from .report import report
from .run import run
from .talkative import QUIET, VERBOSE, choose, talkative
from .targets import targets_app
from .train import train
from .tune import tune
from .verify import verify
from .warm_up import warm_up

app = typer.Typer(
    name="snnc",
    help="Compile trained networks to neuromorphic chips, microcontrollers and FPGAs, and show that "
    "they arrived intact. First steps: python -m snnc.shipped .",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        console.say(f"snnc {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    quiet: QUIET = False,
    verbose: VERBOSE = False,
) -> None:
    """Options that every command has."""
    choose(quiet=quiet, verbose=verbose)


app.command("compile")(talkative(compile_))
app.command()(talkative(verify))
app.command()(talkative(run))
app.command()(talkative(inspect))
app.command()(talkative(report))
app.command()(talkative(frames))
app.command()(talkative(tune))
app.command()(talkative(noise))
app.command()(talkative(finetune))
app.command()(talkative(train))
app.command()(methods)
app.command()(explain)
app.add_typer(targets_app, name="targets")
app.command()(passes)
app.command()(talkative(warm_up))
