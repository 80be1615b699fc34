"""JSON and TOML have one meaning or none."""

from __future__ import annotations

import pytest

from snnc.errors import UserError
from snnc.files import Kind, memory, parse_json, parse_toml
from snnc.files.documents import DEEPEST

KIND = Kind("D106", "the file is damaged")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"{", "not JSON"),
        (b"\xff", "UnicodeDecodeError"),
        ('{"a": 1}'.encode("utf-16"), "UnicodeDecodeError"),
        (b'{"a": 1, "b": 2, "a": 1}', "'a' occurs twice"),
        (b"[NaN]", "NaN is not a finite number"),
        (b"[-Infinity]", "not a finite number"),
        (b"1e999", "not a finite number"),
        (b"18446744073709551616", "too large"),
        (b"-18446744073709551616", "too large"),
        (b"9" * 5000, "too large"),
        (b'"\\ud800"', "surrogates not allowed"),
        (b'{"\\udc00": 1}', "surrogates not allowed"),
        (b'"\\u0000"', "zero byte"),
        (b"[" * 100_000 + b"]" * 100_000, "RecursionError"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "deeper than 100"),
    ],
)
def test_json_that_is_refused(text: bytes, part: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_json(text, "a: b", KIND)
    assert part in str(caught.value) and "a: b" in str(caught.value)


def test_json_at_the_limits() -> None:
    assert parse_json(b"[18446744073709551615, -18446744073709551615]", "a", KIND) == [
        2**64 - 1,
        1 - 2**64,
    ]
    deep = parse_json(b"[" * DEEPEST + b"]" * DEEPEST, "a", KIND)
    assert str(deep) == "[" * DEEPEST + "]" * DEEPEST
    assert parse_json(b'"\\ud83d\\ude00\\n"', "a", KIND) == "\N{GRINNING FACE}\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"a = ", "not TOML"),
        (b"\xff", "UnicodeDecodeError"),
        (b"a = 18446744073709551616", "too large"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "RecursionError"),
        (b"a = " + b"[" * 101 + b"]" * 101, "deeper than 100"),
        (b".".join([b"a"] * 101) + b" = 1", "deeper than 100"),
    ],
)
def test_toml_that_is_refused(text: bytes, part: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_toml(text, "a.toml", KIND)
    assert part in str(caught.value) and "a.toml" in str(caught.value)


def test_documents_that_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"[" + b"[]," * 20 + b"[]]"
    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * 32 * len(text))
    assert len(parse_json(text, "a", KIND)) == 21
    monkeypatch.setattr(memory, "machine_memory", lambda: 4 * 32 * len(text) - 4)
    with pytest.raises(UserError, match="D107"):
        parse_json(text, "a", KIND)
    with pytest.raises(UserError, match="D107"):
        parse_toml(text, "a", KIND)
