"""The methods by name, as the command line has them: ``name{option=value,...}``."""

from __future__ import annotations

from collections.abc import Mapping

from snnc import settings
from snnc.errors import fail, nearest

from .base import Method
from .stdb import Stdb
from .streaming import Streaming
from .threshold import Threshold
from .weights import Weights

METHODS: dict[str, type[Method]] = {m.name: m for m in (Stdb, Streaming, Threshold, Weights)}


def parse_method(text: str, short: Mapping[str, object] | None = None) -> Method:
    """A method from its text form; ``recipe=NAME`` sets a paper's options, of which given ones win.

    Args:
        text: ``name`` or ``name{option=value,...}``.
        short: by option's name what an option of the command line says; None says nothing.

    Raises:
        UserError: D330 no such method, D329 no such option, D326 no such recipe, D308 a value of
            another type; D320 two values for one.
    """
    name, texts = settings.split(text)
    kind = METHODS.get(name)
    if kind is None:
        cure = nearest(name, METHODS) or f"there are {', '.join(METHODS)}"
        raise fail("D330", f"no method {name!r}", help=cure)
    for option, value in (short or {}).items():
        if value is None:
            continue
        if texts.get(option, str(value)) != str(value):
            raise fail(
                "D320",
                f"{option} is given twice: {texts[option]} and {value}",
                where=f"{text}, --{option}",
                help="give it once",
            )
        texts[option] = str(value)
    recipe = texts.pop("recipe", None) if kind.recipes else None
    found = settings.values(kind, texts, f"method {name}")
    return kind(**found) if recipe is None else kind.published(recipe, **found)


def method_text(method: Method) -> str:
    """The text form with every option."""
    return settings.text_of(method.name, method)
