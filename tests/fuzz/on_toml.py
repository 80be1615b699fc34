"""Changes of a configuration: its tables and values, and its text."""

from __future__ import annotations

import json
import math
import tomllib
from typing import Any

from . import on_json
from .plan import Change

RAW = (
    *(
        "[" * 3000 + "]" * 3000,
        "1979-05-27T07:32:00Z",
        "07:32:00",
        "0x7fffffffffffffff",
        "1e400",
        "nan",
    ),
    *("'''\n'''", '"\\ud800"', "{a.b.c = 1}", "[1, 'a']", "9" * 5000, "= 1", '"x"\n[data]', "1_000"),
    *("{" + "a = {" * 500 + "}" * 501, "-0", "+inf", '"../../etc/passwd"', '"\\u0000"', "true"),
)


def structure(content: bytes, change: Change, _: bytes) -> bytes:
    """One entry is another."""
    try:
        document = tomllib.loads(content.decode())
    except (ValueError, RecursionError):
        return content
    return written(on_json.edit(document, change)).encode("utf-8", "surrogatepass")


def raw(content: bytes, change: Change, _: bytes) -> bytes:
    """One value's text is another that TOML may or may not have."""
    lines = content.decode("utf-8", "replace").splitlines()
    places = [i for i, line in enumerate(lines) if "=" in line]
    if not places:
        return content
    i = places[change.where % len(places)]
    key = lines[i].partition("=")[0]
    lines[i] = f"{key}= {RAW[change.much % len(RAW)]}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def written(document: Any) -> str:
    """A document as TOML: tables inline, but for those of the first level."""
    if not isinstance(document, dict):
        return _value(document)
    plain, tables = [], []
    for key, value in document.items():
        if isinstance(value, dict):
            tables.append(f"[{_key(key)}]\n" + "".join(_entry(k, v) for k, v in value.items()))
        elif isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
            tables += [
                f"[[{_key(key)}]]\n" + "".join(_entry(k, v) for k, v in t.items()) for t in value
            ]
        else:
            plain.append(_entry(key, value))
    return "".join(plain) + "\n" + "\n".join(tables)


def _key(key: Any) -> str:
    text = str(key)
    return text if text.replace("_", "").isalnum() and text.isascii() else json.dumps(text)


def _entry(key: Any, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, ensure_ascii=True)  # null is no TOML: a case of its own
