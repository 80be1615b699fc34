"""Options that ask for two values of the same thing, or for what their pass does not take: refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from snnc.choices import refuse_other
from snnc.errors import Diagnostic, UserError
from snnc.passes import parse_change, pipeline_parts, registered

SHORT = {
    "steps_per_frame": ("match-delays", "steps_per_frame", "--steps-per-frame"),
    "weight_bits": ("quantize-weights", "bits", "--weight-bits"),
    "code": ("choose-code", "code", "--code"),
}
"""By name of the short option: pass and option that it sets, and how the user writes it."""

AUTO = "auto"
"""The code that leaves the choice of a code to the compiler; no pass has it."""

OVERFLOW = ("quantize-weights", "ranges", "--allow-overflow")


def refuse_contradictions(
    passes: str | None, changes: Iterable[str], short: Mapping[str, Any], allow_overflow: bool
) -> None:
    """Make sure that no option of a pass is given two values; the same value twice is none.

    Args:
        passes: the user's own pipeline, in which a pass may stand twice with different options.
        changes: texts of ``--set``.
        short: values of the options in ``SHORT``, None where left out.
        allow_overflow: ``--allow-overflow``.

    Raises:
        UserError: D320, every contradiction; D308 a text cannot be read.
    """
    asked: list[tuple[str, str, Any, str]] = []
    inside: list[tuple[str, str, Any, str]] = []
    for part in [] if passes is None else pipeline_parts(passes):
        name, values = parse_change(part)
        inside += ((name, option, value, "--passes") for option, value in values.items())
    for text in changes:
        name, values = parse_change(text)
        asked += ((name, option, value, f"--set {text}") for option, value in values.items())
    for key, value in short.items():
        if value is not None:
            name, option, written = SHORT[key]
            asked.append((name, option, value, f"{written} {value}"))
    if allow_overflow:
        asked.append((*OVERFLOW[:2], False, OVERFLOW[2]))
    found: dict[Diagnostic, None] = {}
    for number, mine in enumerate(asked):
        for other in (*inside, *asked[:number]):
            if other[:2] == mine[:2] and other[2] != mine[2]:
                found[_contradiction(other, mine)] = None
    if found:
        raise UserError(*found)


def refuse_short(short: Mapping[str, Any]) -> None:
    """Make sure that a short option's number or word is one that its pass takes.

    Args:
        short: as for :func:`refuse_contradictions`.

    Raises:
        UserError: D305 a number, D326 a word, by the name that the user wrote.
    """
    for key, value in short.items():
        name, option, written = SHORT[key]
        bounds = registered()[name].bounds.get(option)
        if bounds is not None:
            bounds.check(value, written)
        words = registered()[name].choices.get(option)
        if words is not None and key == "code":
            words = (AUTO, *words)
        if words is not None and value is not None and value not in words:
            refuse_other(value, key, words, written)


def _contradiction(first: tuple[str, str, Any, str], second: tuple[str, str, Any, str]) -> Diagnostic:
    name, option = first[0], first[1].replace("_", "-")
    one, other = (str(v).lower() if isinstance(v, bool) else str(v) for v in (first[2], second[2]))
    return Diagnostic(
        "D320",
        f"{name}{{{option}}} is set to both {one} and {other}",
        f"{first[3]} and {second[3]}",
        "both set the same option of the same pass, and nothing says which is meant",
        "leave one of them out",
    )
