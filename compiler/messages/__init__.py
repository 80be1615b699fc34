"""The catalogue of messages: what each code means, what causes it, and what to do.

Records are in ``records/*.toml``, one table a code. ``snnc explain CODE`` and ``docs/messages.md`` show
them. Packages that bring a target add their own by the entry-point group ``snnc.messages``.
"""

from __future__ import annotations

from .catalogue import Catalogue, catalogue
from .record import Group, Message, read_group

__all__ = ["Catalogue", "Group", "Message", "catalogue", "read_group"]
