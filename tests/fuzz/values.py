"""Values that nobody expects: what a number, a text or a container of a file can be turned into."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 3, 7, 8, 31, 32, 33, 62, 63, 64, 70, 127, 128, 255, 256, 4095, 4096),
    *(2**15 - 1, 2**15, 2**16, -(2**15), 2**23 - 1, 2**23, -(2**23), 2**24, 10**9, -(10**9)),
    *(2**31 - 1, 2**31, -(2**31), 2**32, 2**53 + 1, 2**62, 2**63 - 1, 2**63, -(2**63), 2**64, 10**400),
    *(0.0, -0.0, 0.5, 1e-320, 1e300, -1e300, float("nan"), float("inf"), float("-inf")),
)

TEXTS = (
    *("", " ", ".", "..", "/", "../x", "x/../y", "/etc/passwd", "a/b", "\\", "~", "-", "--help"),
    *("\0", "a\0b", "\n", "\r", "\x1b[31m", "\ud800", "\udcff", "\u202e", "\ufeff", "é", "e\u0301"),
    *("x" * 300, "x" * 100_000, "__class__", "__init__", "forward", "_modules", "self", "None", "NaN"),
    *("[bold]", "[/]", "{0}", "{x}", "%s", "%n", "$HOME", "0", "1e999", "true", "input", "answer"),
    *("con", "manifest.json", "program.json", "weights.npz", "__pycache__", "relu", "<lambda>"),
)


def strange_values() -> st.SearchStrategy[Any]:
    """JSON values, most of them simple; some nested."""
    scalar = st.one_of(
        st.sampled_from(NUMBERS),
        st.sampled_from(TEXTS),
        st.sampled_from((None, True, False, [], {}, [[]], {"": None})),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
    )
    nested = st.recursive(
        scalar,
        lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=4), s, max_size=3),
        max_leaves=5,
    )
    return st.one_of(scalar, scalar, scalar, nested)
