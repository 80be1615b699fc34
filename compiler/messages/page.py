"""``docs/messages.md``: the messages of snnc as a page."""

from __future__ import annotations

from .catalogue import our_groups
from .record import Group, Message

HEAD = """# Messages

Written by `python -m snnc.messages docs/messages.md`; a test compares.

Everything that snnc has to tell has a code, and a code has one meaning. `snnc explain D402` prints the
same text. Codes that begin with D are errors, or warnings of the same fact. Codes that begin with N
name what changed the meaning of the network, or what a result does not show. Packages that bring a
target have codes of their own; `snnc explain` lists them, too.
"""


def page() -> str:
    """The page's text."""
    groups = our_groups()
    contents = "".join(f"- [{group.title}](#{_anchor(group.title)})\n" for group in groups)
    return f"{HEAD}\n{contents}" + "".join(_group(group) for group in groups)


def _anchor(title: str) -> str:
    """As GitHub makes them of headings."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


def _group(group: Group) -> str:
    about = f"{group.about}\n\n" if group.about else ""
    return f"\n## {group.title}\n\n{about}" + "".join(_message(message) for message in group.messages)


def _message(message: Message) -> str:
    how = ", ".join(severity.value for severity in message.severities)
    text = f"### {message.code}\n\n**{message.title}** ({how}). {message.meaning}\n\n"
    text += _items("Causes", message.causes) + _items("What to do", message.cures)
    if message.example:
        text += f"```\n{message.example}\n```\n"
    return text


def _items(name: str, items: tuple[str, ...]) -> str:
    return f"{name}:\n" + "".join(f"- {_plain(item)}\n" for item in items) + "\n" if items else ""


def _plain(text: str) -> str:
    """Without characters that Markdown would take for its own."""
    return text.replace("<", r"\<").replace("*", r"\*").replace("_", r"\_")
