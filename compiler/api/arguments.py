"""Arguments of the Python API: numbers of numpy are numbers, and anything else says what it is."""

from __future__ import annotations

import errno
import functools
import inspect
import numbers
import operator
import os
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np

from snnc.errors import Diagnostic, UserError, fail

P = ParamSpec("P")
R = TypeVar("R")


def _truth(value: Any) -> bool | None:
    return bool(value) if isinstance(value, bool | np.bool_) else None


def _whole(value: Any) -> int | None:
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return None


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) else None


def _path(value: Any) -> Any:
    return value if isinstance(value, str | os.PathLike) else None


def several(values: Any) -> tuple[Any, ...]:
    """What can be iterated over as a tuple; anything else, arrays without an axis too, alone."""
    try:
        return tuple(values)
    except TypeError:
        return (values.item() if hasattr(values, "item") else values,)


def each_text(name: str, values: Any) -> tuple[str, ...]:
    """A text, or several, as a tuple.

    Raises:
        UserError: D339 something else.
    """
    if isinstance(values, str):
        return (values,)
    found = several(values)
    for value in found:
        if not isinstance(value, str):
            raise other_type(name, value, "a text, or texts")
    return found


KINDS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "bool": (_truth, "True or False"),
    "int": (_whole, "a whole number"),
    "float": (_number, "a number"),
    "str": (_text, "a text"),
    "str | os.PathLike[str]": (_path, "a path"),
}
"""By annotation: what turns an argument into that type, or gives None; and what messages call it."""


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function's arguments have the plain types that it says.

    Args:
        function: with annotations; those that are ``bool``, ``int``, ``float``, ``str`` or a path,
            perhaps ``| None``, are looked at. Scalars of numpy become Python's.

    Returns:
        The function, which raises UserError D339 where an argument is of another type, and D145 where
        the system can have no file of a name.
    """
    signature = inspect.signature(function)
    kinds: dict[str, tuple[str, bool]] = {}
    for name, parameter in signature.parameters.items():
        kind, optional = str(parameter.annotation).removesuffix(" | None"), parameter.annotation
        if kind in KINDS and parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            kinds[name] = kind, str(optional).endswith(" | None")

    @functools.wraps(function)
    def with_plain_types(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs)
        for name, value in given.arguments.items():
            if name in kinds and not (value is None and kinds[name][1]):
                given.arguments[name] = _plain(name, value, kinds[name][0])
        try:
            return function(*given.args, **given.kwargs)
        except OSError as problem:
            if problem.errno in NAMES:
                raise UserError(impossible_name(problem)) from None
            raise

    return with_plain_types


NAMES = frozenset({errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR})
"""A name that is too long, or leads in a circle or through a file."""


def impossible_name(problem: OSError) -> Diagnostic:
    """D145, for what the system says of a name (``NAMES``)."""
    what = f"no file can be found under this name: {problem.strerror}"
    return Diagnostic("D145", what, str(problem.filename or ""))


def _plain(name: str, value: Any, kind: str) -> Any:
    turned, called = KINDS[kind]
    found = turned(value)
    if found is None:
        raise other_type(name, value, called)
    return found


def other_type(name: str, value: Any, wanted: str) -> UserError:
    """D339: an argument has a type that it cannot have."""
    try:
        shown = f"{value!r:.40}"
    except Exception:  # whatever the object's own repr raises; an int of 5,000 digits has none
        shown = "one that cannot be shown"
    return fail(
        "D339",
        f"{name} is {shown} ({type(value).__name__}); it has to be {wanted}",
        where=name,
        help=f"give {wanted}",
    )
