"""The catalogue of messages: well-formed, shown by ``snnc explain``, and written on its page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from snnc.commands.app import app
from snnc.errors import Severity, UserError
from snnc.messages import Message, catalogue, read_group
from snnc.messages.catalogue import our_groups
from snnc.messages.page import page
from snnc.messages.text import explanation, listing

from .examples import LEAST, covered

ROOT = Path(__file__).resolve().parents[2]
ALL = [message for group in our_groups() for message in group.messages]
LONGEST_TITLE = 80


def test_each_code_has_one_record() -> None:
    assert [code for code, count in Counter(m.code for m in ALL).items() if count > 1] == []


def test_codes_are_in_order() -> None:
    for group in our_groups():
        codes = [message.code for message in group.messages]
        assert codes == sorted(codes), group.title


@pytest.mark.parametrize("message", ALL, ids=[m.code for m in ALL])
def test_records_are_well_formed(message: Message) -> None:
    assert len(message.title) <= LONGEST_TITLE and not message.title.endswith(".")
    assert message.meaning.endswith(".")
    assert message.causes and message.cures
    assert message.severities
    # Effects never stop a compile; what can stop it is no effect.
    assert (message.code[0] == "N") == (Severity.ERROR not in message.severities)


def test_titles_are_different() -> None:
    assert [title for title, count in Counter(m.title for m in ALL).items() if count > 1] == []


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "messages.md").read_text()
    assert written == page(), "run: python -m snnc.messages docs/messages.md"


@pytest.mark.parametrize("text", ["D402", "d402", "error[D402]", "error[D402]: number of synapses"])
def test_explain_finds_a_code_as_it_is_pasted(text: str) -> None:
    done = CliRunner().invoke(app, ["explain", text])
    assert done.exit_code == 0
    assert done.stdout.startswith("D402  Too many synapses (error)\n")


@pytest.mark.parametrize(
    ("text", "near"), [("D999", "D791"), ("D4O2", "a letter and three digits"), ("D400", "D401")]
)
def test_explain_of_an_unknown_code_says_what_is_near(text: str, near: str) -> None:
    with pytest.raises(UserError) as refused:
        catalogue().find(text)
    (told,) = refused.value.diagnostics
    assert told.code == "D335" and text in told.what
    if near.startswith("D"):
        assert told.help.startswith("did you mean D")
    else:
        assert near in told.help
    done = CliRunner().invoke(app, ["explain", text])
    assert done.exit_code == 2 and done.stdout == ""


def test_explain_without_a_code_lists_all_by_group() -> None:
    done = CliRunner().invoke(app, ["explain"])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    for group in our_groups():
        at = lines.index(group.title)
        shown = [line.split()[0] for line in lines[at + 1 : at + 1 + len(group.messages)]]
        assert shown == [message.code for message in group.messages]


def test_explanations_fit_the_width() -> None:
    for message in ALL:
        text = explanation(message, 60).partition("Example")[0]
        for line in text.splitlines()[1:]:
            # A command is never cut: it could not be copied.
            assert len(line) <= 60 or len(line[12:].removeprefix("- ").split()) == 1, message.code


def test_examples_keep_their_lines() -> None:
    group = read_group(
        "group = 'g'\n[X101]\ntitle='t'\nmeaning='''m\n m.'''\ncauses=['c']\ncures=['c']\n"
        "example = '''\nerror[X101]: a\n  at   b\n'''"
    )
    (message,) = group.messages
    assert message.meaning == "m m."
    assert explanation(message).splitlines()[-2:] == [
        "Example     error[X101]: a",
        "              at   b",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[Q1]\ntitle='t'", "not a code"),
        ("[X101]\ntitle='t'\nmeaning='m'", "lacks causes, cures"),
        ("[X101]\ntitle='t'\nmeaning='m'\ncauses=[]\ncures=[]\ncure=''", "unknown keys: cure"),
    ],
)
def test_records_of_another_form_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_group(f"group = 'g'\n{text}")


def test_the_list_ends_with_how_to_go_on() -> None:
    assert listing(catalogue()).endswith("snnc explain CODE says what a message means, and what to do")


WITH_EXAMPLES = [message for message in ALL if message.example]


def test_every_message_has_an_example() -> None:
    assert [message.code for message in ALL if not message.example] == []


@pytest.mark.parametrize("message", WITH_EXAMPLES, ids=[m.code for m in WITH_EXAMPLES])
def test_examples_are_worded_as_the_sources_word_them(message: Message) -> None:
    """See ``tests/messages/examples.py``, which writes them."""
    severity, _, code = message.example.partition(":")[0].partition(" ")[0].partition("[")
    assert code == f"{message.code}]" and Severity(severity) in message.severities
    assert covered(message.example) >= LEAST
