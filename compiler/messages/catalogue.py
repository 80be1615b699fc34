"""All messages: those of snnc, and those that other packages bring."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from snnc.errors import fail
from snnc.ir.plugins import plugins

from .record import CODE, Group, Message, read_group

ENTRY_POINTS = "snnc.messages"
"""Each names a :class:`Group`, or a function that makes one."""

FILES = (
    "model_files",
    "bundles",
    "programs",
    "network",
    "options",
    "limits",
    "target_limits",
    "data",
    "recordings",
    "engines",
    "effects",
    "weight_effects",
    "target_effects",
    "checks",
)
"""Of ``records``, in the order in which they are shown."""


@dataclass(frozen=True)
class Catalogue:
    """Groups of messages; ``problems`` says which package's messages cannot be used, and why."""

    groups: tuple[Group, ...]
    problems: tuple[str, ...] = ()

    @property
    def by_code(self) -> dict[str, Message]:
        """Every message by its code."""
        return {message.code: message for group in self.groups for message in group.messages}

    def find(self, text: str) -> Message:
        """The message of a code.

        Args:
            text: the code, in upper or lower case, or a text that contains it, such as ``error[D402]``.

        Raises:
            UserError: D335 no message has this code.
        """
        known = self.by_code
        found = CODE.search(text.upper())
        if found is not None and found.group() in known:
            return known[found.group()]
        near = _nearest(text.upper(), tuple(known))
        raise fail(
            "D335",
            f"no message has the code {text!r}",
            help=f"did you mean {' or '.join(near)}? snnc explain lists all codes"
            if near
            else "codes are a letter and three digits, such as D402; snnc explain lists all of them",
        )


def _nearest(text: str, codes: tuple[str, ...]) -> list[str]:
    """The codes that look most alike, or whose numbers are nearest, below the same letter."""
    found = CODE.search(text)
    if found is None:
        return []
    letter, number = found.group()[0], int(found.group()[1:])
    same = sorted((c for c in codes if c[0] == letter), key=lambda c: abs(int(c[1:]) - number))
    alike = difflib.get_close_matches(found.group(), codes, 2, 0.7)
    return list(dict.fromkeys([*alike, *same]))[:3]


@cache
def our_groups() -> tuple[Group, ...]:
    """The messages of snnc itself."""
    folder = files(__package__).joinpath("records")
    return tuple(read_group(folder.joinpath(f"{name}.toml").read_text()) for name in FILES)


@cache
def catalogue() -> Catalogue:
    """All messages. Of a package's, those that cannot be used, or take a code of ours, are left out."""
    groups, problems = list(our_groups()), []
    for plugin in plugins(ENTRY_POINTS):
        problem, group = plugin.problem, None
        if not problem:
            try:
                group = plugin.loaded()
            except Exception as raised:  # of a package that is not ours
                problem = f"{type(raised).__name__}: {raised}"
        if group is not None:
            problem = _unusable(group, groups)
        if problem:
            problems.append(
                f"messages {plugin.name} of {plugin.distribution} cannot be used: {problem}"
            )
        elif group is not None:
            groups.append(group)
    return Catalogue(tuple(groups), tuple(problems))


def _unusable(group: object, groups: list[Group]) -> str:
    if not isinstance(group, Group):
        return f"it is a {type(group).__name__}, not a group of messages"
    taken = {message.code for each in groups for message in each.messages}
    twice = [message.code for message in group.messages if message.code in taken]
    return f"{', '.join(twice)} mean something else" if twice else ""
