"""The target ``reference`` in the conformance suite."""

from __future__ import annotations

from typing import ClassVar

from snnc.conformance import Conformance


class ReferenceConformance(Conformance):
    """Everything: it is the program itself."""

    target: ClassVar[str] = "reference"
