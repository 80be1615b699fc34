"""Dataclasses whose fields are options on the command line: ``name{option=value,option=value}``.

Passes and targets are such dataclasses. An option's name is its field's with dashes; every option has a
default and is text, a number or true/false.
"""

from __future__ import annotations

import re
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any

from .errors import fail


def split(text: str) -> tuple[str, dict[str, str]]:
    """``name{option=value,...}`` as the name and its options' texts.

    Raises:
        UserError: D308 the text has another form, or gives an option twice.
    """
    match = re.fullmatch(r"([a-z0-9-]+)(?:\{(.*)\})?", text.strip())
    if match is None:
        raise fail("D308", f"cannot read {text!r}", help="write name{option=value,...}")
    parts = [part for part in (match.group(2) or "").split(",") if part]
    found: dict[str, str] = {}
    for part in parts:
        option, _, value = (piece.strip() for piece in part.partition("="))
        if option in found:
            what = f"{option} is given twice: {found[option]} and {value}"
            raise fail("D308", what, where=text.strip(), help="give each option once")
        found[option] = value
    return match.group(1), found


def options(kind: type) -> dict[str, type]:
    """The options of a dataclass by their command-line name, with the type that their text becomes."""
    if not is_dataclass(kind):
        return {}
    hints = typing.get_type_hints(kind)
    found = {}
    for field in fields(kind):
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
        UserError: D308 no such option, or a value of another type.
    """
    known = options(kind)
    found = {}
    for option, text in texts.items():
        if option not in known:
            raise fail(
                "D308",
                f"{called} has no option {option!r}",
                help=f"it has {', '.join(known)}" if known else "it has none",
            )
        where = f"{called.split()[-1]}{{{option}}}"
        found[option.replace("-", "_")] = _value(text, known[option], where)
    return found


def _value(text: str, kind: type, where: str) -> object:
    if kind is bool and text in ("true", "false"):
        return text == "true"
    try:
        if kind is not bool:
            return kind(text)
    except ValueError:
        pass
    raise fail("D308", f"{text!r} is not a {kind.__name__}", where=where)


def text_of(name: str, instance: object) -> str:
    """The text form with every option that is set, defaults included."""
    parts = []
    for option in options(type(instance)):
        value = getattr(instance, option.replace("-", "_"))
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            parts.append(f"{option}={text}")
    return f"{name}{{{','.join(parts)}}}" if parts else name
