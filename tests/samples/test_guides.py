"""The guides for plug-ins: every piece of code in them is from the file that stands above it."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from samples.moving_digits.demo import MODEL

from .plugin import SAMPLE, Shell, install

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("writing-a-backend.md", "writing-a-pass.md")
BLOCK = re.compile(r"(?:^<!-- (?P<file>\S+) -->\n)?^```(?P<kind>\w*)\n(?P<code>.*?)^```$", re.M | re.S)


def lines_of(text: str) -> list[str]:
    alike = textwrap.dedent(text).replace("'''", '"""')  # as ruff formats code in pages
    return [line.strip() for line in alike.splitlines() if line.strip()]


def contains(whole: list[str], part: list[str], begin: int) -> int:
    """Where ``part`` ends in ``whole`` from ``begin`` on; -1 where it is not in it."""
    places = range(begin, len(whole) - len(part) + 1)
    return next((i + len(part) for i in places if whole[i : i + len(part)] == part), -1)


@pytest.mark.parametrize("guide", GUIDES)
def test_code_is_real(guide: str) -> None:
    blocks = list(BLOCK.finditer((ROOT / "docs" / guide).read_text()))
    assert len(blocks) >= 5
    for block in blocks:
        assert block["file"], f"no file above: {block['code'][:60]}"
        whole, at = lines_of((ROOT / block["file"]).read_text()), 0
        for part in re.split(r"^\.\.\.$", block["code"], flags=re.M):
            at = contains(whole, lines_of(part), at)
            assert at >= 0, f"not in {block['file']}:\n{part}"


@pytest.mark.parametrize("guide", [*(f"docs/{g}" for g in GUIDES), "samples/c_backend/README.md"])
def test_links_lead_somewhere(guide: str) -> None:
    page = ROOT / guide
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert links and [link for link in links if not (page.parent / link).exists()] == []


def test_every_member_of_the_protocol_is_explained() -> None:
    from snnc.backends.registry import MEMBERS

    page = (ROOT / "docs" / "writing-a-backend.md").read_text()
    assert [member for member in MEMBERS if f"\n| `{member}" not in page] == []


def test_every_code_of_the_sample_is_in_its_readme() -> None:
    sample = ROOT / "samples" / "c_backend"
    texts = [path.read_text() for path in (sample / "snnc_c").glob("*.py")]
    used = {int(code) for text in texts for code in re.findall(r'"C(\d{3})"', text)}
    told = (sample / "README.md").read_text()
    ranges = re.findall(r"C(\d{3})(?: to C(\d{3}))?", told.partition("Messages:")[2])
    known = {n for low, high in ranges for n in range(int(low), int(high or low) + 1)}
    assert used == known


def test_a_copy_under_other_names_works(tmp_path: Path) -> None:
    """What the guide tells a newcomer to do first."""
    copy = tmp_path / "snnc-my-chip"
    shutil.copytree(SAMPLE, copy, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    page = (ROOT / "docs" / "writing-a-backend.md").read_text()
    (command,) = re.findall(r"^    cd snnc-my-chip && (.*) && cd \.\.$", page, re.M)
    subprocess.run(command, shell=True, cwd=copy, check=True)
    for name, old, new in (
        ("my_chip/target.py", 'NAME = "c"', 'NAME = "my-chip"'),
        ("pyproject.toml", '"snnc-c"', '"my-chip"'),
        ("pyproject.toml", "\nc = ", "\nmy-chip = "),
    ):
        text = (copy / name).read_text()
        assert old in text
        (copy / name).write_text(text.replace(old, new))
    install(tmp_path / "site", tmp_path / "work", copy)
    shell = Shell(tmp_path / "site", tmp_path)
    assert "my-chip 1.0.0" in shell.snnc("targets").stdout
    assert shell.snnc("compile", MODEL, "--target", "my-chip", "-o", "digits").returncode == 0
    if shutil.which("cc"):
        assert shell.snnc("verify", "digits", "--samples", "2").returncode == 0
        rows = shell.python(
            "-m", "pytest", "-q", copy / "tests", "-k", "reset", "-p", "no:cacheprovider"
        )
        assert rows.returncode == 0 and "passed" in rows.stdout, rows.stdout
