"""Names that come from a file, and what is inside a stranger's folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from snnc.files.inside import look, open_inside
from snnc.files.names import colliding, why_not_plain


@pytest.mark.parametrize(
    "name",
    [
        *("", "/etc/passwd", "..", "../x", "a/../b", "a/./b", "./a", "a//b", "a/", "C:x", "c:/x"),
        *("a\\b", "a\0b", "a\nb", "a\x1b[31m", "a\u202eb", "a\ud800", "a\u2028b", "\ufeffa", "x" * 256),
    ],
)
def test_names_that_are_not_plain(name: str) -> None:
    assert why_not_plain(name)


@pytest.mark.parametrize(
    "name", ["a", "payload/weights.npz", "a b/c-d_e.f", "...", "ü/日本.json", "x" * 255, ".hidden"]
)
def test_plain_names(name: str) -> None:
    assert why_not_plain(name) == ""


@pytest.mark.parametrize(
    "names",
    [
        *(("a", "A"), ("x/readme", "x/README"), ("é", "e\u0301"), ("ß", "SS")),
        *(("a", "a/b"), ("A/b", "a"), ("a/b/c", "a/B"), ("x/one", "X/two")),
    ],
)
def test_names_that_are_one_somewhere(names: tuple[str, str]) -> None:
    assert set(colliding(names) or ()) & {*names, "x", "X"}
    assert colliding(("a/b", "a/c", "ab", "b")) is None


def test_only_what_is_expected_is_entered(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "file").write_text("")
    (tmp_path / "in" / "deep" / "file").write_text("")
    (tmp_path / "out").symlink_to("in")
    os.mkfifo(tmp_path / "in" / "pipe")
    assert look(tmp_path, ["in/file", "out/file"]) == {
        "in/deep": "a folder",
        "in/file": "a file",
        "in/pipe": "a named pipe",
        "out": "a symbolic link",
    }


def test_a_link_on_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("x")
    (tmp_path / "out").symlink_to("in")
    (tmp_path / "in" / "link").symlink_to("file")
    os.mkfifo(tmp_path / "in" / "pipe")
    with os.fdopen(open_inside(tmp_path, "in/file")) as file:
        assert file.read() == "x"
    for name in ("out/file", "in/link", "in/pipe", "in", "in/no"):
        with pytest.raises(OSError):
            open_inside(tmp_path, name)
