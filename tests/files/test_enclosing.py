"""Nothing is written into a bundle but by the compile that makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnc.errors import UserError
from snnc.files.enclosing import MARKS, refuse_inside_bundle


def marked(folder: Path, names: tuple[str, ...] = MARKS) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_text("")
    return folder


def test_inside_however_deep_and_by_whatever_way(tmp_path: Path) -> None:
    bundle = marked(tmp_path / "b")
    (bundle / "payload" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(bundle / "payload")
    (tmp_path / "out.csv").symlink_to(bundle / "new.csv")
    inside = (
        "b/x",
        "b/payload/x",
        "b/payload/deep/x",
        "b/not/there/x",
        "link/x",
        "out.csv",
        "b/../b/x",
    )
    for name in inside:
        with pytest.raises(UserError, match=r"D119.*inside the bundle") as caught:
            refuse_inside_bundle(tmp_path / name)
        assert str(bundle) in caught.value.diagnostics[0].what


@pytest.mark.parametrize("missing", MARKS)
def test_outside_and_other_folders(tmp_path: Path, missing: str) -> None:
    bundle = marked(tmp_path / "b")
    other = marked(tmp_path / "web", tuple(name for name in MARKS if name != missing))
    for path in (bundle, tmp_path / "x", tmp_path / "b2", other / "x", bundle / ".." / "x"):
        refuse_inside_bundle(path)
