"""Options that take one of a few words, and options that do not go together."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import UserError, fail, nearest


def refuse_other(value: str, option: str, allowed: Iterable[str], where: str) -> None:
    """Make sure that an option has one of its words.

    Args:
        value: as the user wrote it.
        option: what messages call it.
        allowed: the words.
        where: its place, as the user writes it.

    Raises:
        UserError: D326, with all of the words.
    """
    words = tuple(allowed)
    if value not in words:
        use = " or ".join(words) if len(words) < 3 else f"one of {', '.join(words)}"
        near = nearest(value, words) if value[:1].isalpha() else ""  # not of numbers
        cure = near or f"use {use}"
        raise fail("D326", f"no {option} {value!r}", where=where, help=cure)


def not_together(what: str, *, where: str, help: str, why: str = "") -> UserError:
    """D327, for options that do not go together, or not with what they are given for.

    Args:
        what: which, and what each is for.
        where: the option to leave out.
        help: what to do.
        why: the reason, where that is not plain.
    """
    return fail("D327", what, where=where, why=why, help=help)
