"""What ``snnc explain`` says of this package's own messages."""

from __future__ import annotations

from importlib.resources import files

from snnc.messages import Group, read_group


def messages() -> Group:
    """The messages that only this target has."""
    return read_group(files(__package__).joinpath("messages.toml").read_text())
