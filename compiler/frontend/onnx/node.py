"""One node of an ONNX graph: its attributes and inputs, asked for one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from snnc.frontend.archives.exported import Module
from snnc.frontend.operations.call import UnsupportedError

SCOPES = "pkg.torch.onnx.name_scopes"
"""Where ``torch.onnx.export`` (torch 2.13) writes a node's modules: ``['', 'net.2', 'relu']``."""

QUOTED = re.compile(r"'([^']*)'")
LONGEST = 500

HARMLESS = frozenset({"storage_order"})
"""Attributes that matter for outputs that are refused, if they are used."""


@dataclass(frozen=True)
class OnnxNode:
    """A node.

    Attributes:
        proto: ``onnx.NodeProto``.
        version: of the set of operations that it is from.
        asked: attributes that its rule has taken notice of.
    """

    proto: Any
    version: int
    asked: set[str] = field(default_factory=set)

    @property
    def op(self) -> str:
        """The operation's name: ``Conv``."""
        return str(self.proto.op_type)

    @cached_property
    def domain(self) -> str:
        """The set of operations; empty for ONNX's own."""
        return "" if self.proto.domain == "ai.onnx" else str(self.proto.domain)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of tensors; empty for what is left out."""
        return tuple(self.proto.input)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of tensors; empty for what is left out."""
        return tuple(self.proto.output)

    @cached_property
    def module(self) -> Module:
        """How messages and the graph call it: the user's module, its name, or that of what it gives."""
        for entry in self.proto.metadata_props if hasattr(self.proto, "metadata_props") else ():
            if entry.key == SCOPES and len(entry.value) < LONGEST and entry.value.isprintable():
                scopes = QUOTED.findall(entry.value)
                if len(scopes) > 1 and scopes[-2]:
                    return Module(scopes[-2], self.op)
        return Module(str(self.proto.name) or self.outputs[0], self.op)

    @property
    def where(self) -> str:
        """Name and operation."""
        return f"{self.module.path} ({self.op})"

    @cached_property
    def _attributes(self) -> dict[str, Any]:
        from onnx.helper import get_attribute_value

        found = {}
        for each in self.proto.attribute:
            value = get_attribute_value(each)
            found[each.name] = value.decode(errors="replace") if isinstance(value, bytes) else value
        return found

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default that ONNX gives it."""
        self.asked.add(name)
        value = self._attributes.get(name, default)
        return tuple(value) if isinstance(value, list) else value

    def whole(self, name: str, default: int) -> int:
        """An attribute that is a whole number."""
        return int(self.attribute(name, default))

    def refuse_leftovers(self) -> None:
        """Make sure that the rule has seen every attribute.

        Raises:
            UnsupportedError: there is one that it does not know.
        """
        if left := sorted(self._attributes.keys() - self.asked - HARMLESS):
            raise UnsupportedError(f"{self.op} with {', '.join(left)}")
