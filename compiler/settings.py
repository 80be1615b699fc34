"""Dataclasses whose fields are options on the command line: ``name{option=value,option=value}``.

Passes and targets are such dataclasses. An option's name is its field's with dashes; every option has a
default and is text, a number or true/false.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from .bounds import Bounds, refuse_outside, shown_number
from .choices import refuse_other
from .errors import fail

WIDEST: dict[type, Bounds] = {int: Bounds(-(2**63), 2**63 - 1), float: Bounds(-1e30, 1e30)}
"""For options that have no bounds of their own: what arrays hold, with room to compute."""

KINDS: dict[type, str] = {bool: "", int: "whole number", float: "number", str: "text"}


def refuse_wrong(options: Any, name: str) -> None:
    """Make sure that every field has a value that it can have, by ``bounds`` and ``choices``.

    Args:
        options: an instance of a dataclass with one or both of them; what is None is unset.
        name: of what has the options, as the user writes it.

    Raises:
        UserError: D305 numbers outside their bounds, with both numbers; D326 not one of the words.
    """
    refuse_outside(options, getattr(options, "bounds", {}), f"{name}{{}}")
    for field, words in getattr(options, "choices", {}).items():
        value, option = getattr(options, field), field.replace("_", "-")
        if value is not None:
            text = value if isinstance(value, str) else shown_number(value)
            refuse_other(text, option, words, f"{name}{{{option}}}")


def split(text: str) -> tuple[str, dict[str, str]]:
    """``name{option=value,...}`` as the name and its options' texts.

    Raises:
        UserError: D308 the text has another form, D320 it gives an option twice.
    """
    match = re.fullmatch(r"([\w-]+)(?:\{(.*)\})?", text.strip(), re.ASCII)
    if match is None:
        raise fail("D308", f"cannot read {text!r}", help="write name{option=value,...}")
    parts = [part for part in (match.group(2) or "").split(",") if part]
    found: dict[str, str] = {}
    for part in parts:
        option, _, value = (piece.strip() for piece in part.partition("="))
        if option in found:
            what = f"{option} is given twice: {found[option]} and {value}"
            raise fail("D320", what, where=text.strip(), help="give each option once")
        found[option] = value
    return match.group(1), found


def options(kind: type) -> dict[str, type]:
    """The options of a dataclass by their command-line name, with the type that their text becomes.

    Fields by keyword only are options that several dataclasses share: they come last.
    """
    if not is_dataclass(kind):
        return {}
    hints = typing.get_type_hints(kind)
    found = {}
    for field in sorted(fields(kind), key=lambda field: field.kw_only is True):
        hint = hints[field.name]
        if isinstance(hint, types.UnionType):
            hint = next(t for t in hint.__args__ if t is not types.NoneType)
        found[field.name.replace("_", "-")] = hint
    return found


def values(kind: type, texts: dict[str, str], called: str) -> dict[str, Any]:
    """The fields' values from the options' texts.

    Args:
        kind: the dataclass.
        texts: as :func:`split` gives them.
        called: what messages call it, e.g. ``pass match-delays``.

    Raises:
        UserError: D329 no such option, D308 a value of another type, D305 a number that no array holds
            where the option has no bounds.
    """
    known = options(kind)
    bounds: Mapping[str, Bounds] = getattr(kind, "bounds", {})
    found = {}
    for option, text in texts.items():
        if option not in known:
            raise fail(
                "D329",
                f"{called} has no option {option!r}",
                help=f"it has {', '.join(known)}" if known else "it has none",
            )
        where = f"{called.split()[-1]}{{{option}}}"
        field, value = option.replace("-", "_"), _value(text, known[option], where)
        if known[option] in WIDEST and field not in bounds:
            WIDEST[known[option]].check(value, option, where)
        found[field] = value
    return found


def _value(text: str, kind: type, where: str) -> Any:
    if kind is bool and text in ("true", "false"):
        return text == "true"
    try:
        if kind is not bool:
            return kind(text)
    except ValueError:
        pass
    raise fail("D308", f"{text!r} is not a {kind.__name__}", where=where)


def shown_option(value: object) -> str:
    """An option's value as its text form has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def text_of(name: str, instance: object) -> str:
    """The text form with every option that is set, defaults included."""
    parts = []
    for option in options(type(instance)):
        value = getattr(instance, option.replace("-", "_"))
        if value is not None:
            text = shown_option(value)
            parts.append(f"{option}={text}")
    return f"{name}{{{','.join(parts)}}}" if parts else name


def describe_options(kind: type) -> list[str]:
    """A line for each option: name, what it takes, what it has if left out, what it does.

    Args:
        kind: the dataclass; ``choices`` of it lists the values of options that are words, ``bounds``
            the ends of numbers, its docstring and its bases' say under "Options:" what each does.
    """
    lines = []
    explained: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        explained |= _explanations(each.__doc__ or "")
    choices: Mapping[str, tuple[str, ...]] = getattr(kind, "choices", {})
    bounds: Mapping[str, Bounds] = getattr(kind, "bounds", {})
    for option, hint in options(kind).items():
        field = option.replace("-", "_")
        takes = KINDS.get(hint, hint.__name__)
        if hint is bool:
            takes = "true | false"
        elif field in choices:
            takes = " | ".join(choices[field])
        elif field in bounds:
            takes = str(bounds[field]).removeprefix("a ")
        default = getattr(kind(), field)
        text = shown_option(default)
        unset = "unset" if default is None else text
        lines.append(f"{option}: {takes}; default {unset}; {explained.get(field, '')}")
    recipes: Mapping[str, Mapping[str, Any]] = getattr(kind, "recipes", {})
    for recipe, given in recipes.items():
        text = ", ".join(f"{field.replace('_', '-')}={shown_option(v)}" for field, v in given.items())
        lines.append(f"recipe: {recipe}; default unset; sets {text}; an option that is given too wins")
    return lines


def _explanations(doc: str) -> dict[str, str]:
    """What a docstring says under "Options:", by field, each on one line."""
    found: dict[str, str] = {}
    field = ""
    for line in doc.partition("Options:")[2].splitlines():
        start = re.match(r" {8}(\w+): (.*)", line)
        if start is not None:
            field = start.group(1)
            found[field] = start.group(2)
        elif field and line.strip():
            found[field] += " " + line.strip()
    return {field: text.replace("``", "") for field, text in found.items()}
