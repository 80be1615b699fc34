"""Input codes: the usual one, the one that is asked for, and what a target has none of."""

from __future__ import annotations

import pytest

from snnc.conformance.compile_cases import feed_forward
from snnc.errors import UserError
from snnc.ir import Code, Encoding, Target
from snnc.passes import Context, Pipeline

BINARY = Target("binary", encodings=(Encoding.SPREAD,))
ANY = Target("any", codes=tuple(Code), encodings=tuple(Encoding))


def encoded(target: Target, asked: str = "", code: str = "rate") -> Encoding | None:
    """The input's encoding after the passes up to this one."""
    option = f"{{code={asked}}}" if asked else ""
    text = f"fold-batch-norm,fold-linear-chains,choose-code{{code={code}}},match-delays,encode-input"
    text += option
    return Pipeline.parse(text).run(feed_forward(), Context(target)).input.encoding


def test_what_is_usual() -> None:
    assert encoded(ANY) is Encoding.GRADED
    assert encoded(ANY, code="graded") is Encoding.ONCE
    assert encoded(ANY, code="delta") is Encoding.CHANGE
    assert encoded(BINARY) is Encoding.SPREAD


@pytest.mark.parametrize("asked", [e.value for e in Encoding])
def test_what_is_asked_for(asked: str) -> None:
    assert encoded(ANY, asked, "delta" if asked == "change" else "rate") is Encoding(asked)
    if asked == "spread":
        assert encoded(BINARY, asked) is Encoding.SPREAD
        return
    with pytest.raises(UserError) as refused:
        encoded(BINARY, asked)
    (found,) = refused.value.diagnostics
    assert found.code == "D334" and found.help == "use spread"
    assert found.what == f"binary takes no input of the code {asked}"
