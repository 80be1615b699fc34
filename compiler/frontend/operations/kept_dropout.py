"""Dropout that stays in the chains, for training; in inference it is nothing."""

from __future__ import annotations

from dataclasses import replace

from snnc.frontend.archives.exported import Exported
from snnc.ir import Dropout

from .call import Call, Rule, Rules, UnsupportedError
from .expression import Signal, Tensor

PREFIX = "snnc."
"""In front of operations that no file has; torch's own name stands for the memory that it takes."""

ALPHA = ("alpha_dropout", "feature_alpha_dropout")


def with_dropout(program: Exported) -> Exported:
    """The program whose dropouts become :class:`snnc.ir.Dropout` when it is read."""
    nodes = (
        replace(node, target=f"{PREFIX}{node.op.rstrip('_')}")
        if f"{PREFIX}{node.op.rstrip('_')}" in KEPT_DROPOUT
        else node
        for node in program.nodes
    )
    return replace(program, nodes=tuple(nodes))


def kept(whole_channels: bool) -> Rule:
    """``dropout`` and ``feature_dropout``."""

    def rule(call: Call) -> Tensor:
        call.flag("train", False)
        share = call.number("p", 0.5)
        found = call.value("input")
        if not isinstance(found, Signal) or share == 0:
            return found  # type: ignore[no-any-return]
        if not 0 <= share < 1:
            raise UnsupportedError(f"dropout of a share of {share:g}", "it must be below 1")
        return call.through(found, Dropout(share, whole_channels))

    return rule


def alpha(call: Call) -> Tensor:
    """``alpha_dropout``: noise in place of zeros, for an activation that a chip does not have.

    Raises:
        UnsupportedError: always.
    """
    raise UnsupportedError(f"training with {call.node.op.removeprefix(PREFIX)}", "use nn.Dropout")


KEPT_DROPOUT: Rules = {
    f"{PREFIX}dropout": kept(False),
    f"{PREFIX}feature_dropout": kept(True),
    **{f"{PREFIX}{name}": alpha for name in ALPHA},
}
