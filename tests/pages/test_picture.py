"""The README's picture: small, complete in itself, and of what runs now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from samples.moving_digits import picture

README = (picture.PICTURE.parents[1] / "README.md").read_text()
BYTES = 150_000


def test_it_is_small_and_needs_no_other_file() -> None:
    text = picture.PICTURE.read_text()
    assert len(text) < BYTES
    links = re.findall(r'(?:href|src)="([^"#][^"]{0,30})|url\((?!#)|@import', text)
    assert {link[:14] for link in links} <= {"data:image/png"}


def test_its_ground_is_white() -> None:
    """GitHub shows it on light and on dark: its letters are black."""
    first = picture.PICTURE.read_text().partition('id="patch_1"')[2][:300]
    assert "fill: #ffffff" in first


def test_the_readme_describes_it() -> None:
    found = re.search(r"!\[([^\]]+)\]\(docs/first-look\.svg\)", README)
    assert found is not None and len(found[1]) > 100


@pytest.mark.slow
@pytest.mark.lava
def test_it_shows_what_runs(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="make setup")
    shown = picture.run(tmp_path)
    assert shown.digest() == picture.digest_of(picture.PICTURE), (
        "python -m samples.moving_digits.picture"
    )
    assert f"events of a moving {shown.digit};" in README
    right = [frame for frame, each in enumerate(shown.potential, 1) if each.argmax() == shown.digit]
    assert right == list(range(3, len(shown.events) + 1)) and "from the third frame on" in README
    picture.write(shown, tmp_path / "again.svg")
    assert picture.digest_of(tmp_path / "again.svg") == shown.digest()
