"""Names of a payload's files in a manifest: what differs is said, whichever side lacks it."""

from __future__ import annotations

import pytest

from snnc.backends import refuse_other_names
from snnc.errors import UserError


@pytest.mark.parametrize(
    ("told", "meant", "said"),
    [
        ({"code": "a.c"}, {"code": "b.c"}, "the payload's code is 'a.c', the target writes 'b.c'"),
        ({}, {"code": "b.c"}, "the payload has no code, the target writes 'b.c'"),
        ({"code": "a.c"}, {}, "the payload's code is 'a.c', the target has no such file"),
    ],
)
def test_what_differs(told: dict[str, str], meant: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match="D155") as refused:
        refuse_other_names(told, meant)
    assert refused.value.diagnostics[0].what == said


def test_the_same_names_are_fine() -> None:
    refuse_other_names({"b": "2", "a": "1"}, {"a": "1", "b": "2"})
