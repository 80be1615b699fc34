"""The page of all commands with their options, from the help that ``snnc COMMAND --help`` prints."""

from __future__ import annotations

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from snnc.commands.app import app

HEAD = """# Commands and options

Written from the help of the commands when the site is built. What data files and bundles are, and
examples: [commands](../commands.md). Exit codes: [exit codes](../exit-codes.md).
"""


def page() -> str:
    """The page in Markdown."""
    top = typer.main.get_command(app)
    return "\n".join([HEAD, *sections(top, "snnc")])


def sections(command: object, name: str) -> list[str]:
    """A section for a command, and for each command of a group."""
    if not isinstance(command, TyperGroup | TyperCommand):
        raise TypeError(f"{name} is not a command of typer")
    lines = [f"## {name}", "", text(command.help or ""), ""]
    shown = [p for p in command.params if not getattr(p, "hidden", False)]
    arguments = [p for p in shown if isinstance(p, TyperArgument)]
    options = [p for p in shown if isinstance(p, TyperOption)]
    if arguments or options:
        lines += ["| argument or option | meaning | default |", "|---|---|---|"]
        lines += [row(f"`{(p.name or '').upper()}`", p) for p in arguments]
        lines += [
            row(", ".join(f"`{form}`" for form in [*p.opts, *p.secondary_opts]), p) for p in options
        ]
        lines.append("")
    if isinstance(command, TyperGroup):
        for inner in command.commands.values():
            lines += sections(inner, f"{name} {inner.name}")
    return lines


def row(name: str, parameter: TyperArgument | TyperOption) -> str:
    """The line of the table for an argument or an option."""
    return f"| {name} | {text(parameter.help or '')} | {default(parameter)} |"


def default(parameter: TyperArgument | TyperOption) -> str:
    """What is taken where the parameter is left out; nothing for a flag that is off."""
    if parameter.required:
        return "needed"
    value = parameter.default
    return "" if value is None or value is False or callable(value) else f"`{value}`"


def text(said: str) -> str:
    """Help as one line of Markdown that shows what a terminal shows."""
    line = " ".join(said.split())
    for sign in ("\\", "*", "_", "<", "|", "[", "]"):
        line = line.replace(sign, f"\\{sign}")
    return line
