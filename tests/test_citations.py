"""How an answer ends: each place once, the one that was told first, with a way to get there."""

from __future__ import annotations

import io
import re
import sys

import pytest

from commands.citations import MOST, has_links, link, listed, place, shortened, without_list
from commands.markdown import folded
from commands.text_face import AnswerPrinter
from tutor.events import AnswerReady, AnswerStarted, Citation

PAGE = Citation("ch01.html#turning", "book", "Turning", 1.0, "/docs/book/ch 01.html#turning")
LESSON = Citation("git-reset", "concept", "Reset", 0.9, "/lessons/git.toml")
MANUAL = Citation("git reset", "git", "git reset", 0.8, "/usr/share/man/man1/git-reset.1.gz")
WEB = Citation("gh api", "gh", "gh api", 0.7, "https://example.org/a b\x1b]8;;")
ANSWER = "## Reset\n\nTakes back.\n\n**See also**\n\n- **Turning** (The Book): It\n- **git reset**: That.\n"


def test_the_one_that_was_told_is_first_and_each_name_stands_once() -> None:
    again = Citation("git reset -- EXAMPLES", "git", "git reset", 0.1)
    assert [cited.title for cited in listed([PAGE, MANUAL, again, LESSON], "git-reset")] == [
        "Reset", "Turning", "git reset",
    ]  # fmt: skip
    many = [Citation(f"{n}", "book", f"Page {n}") for n in range(20)]
    assert [cited.title for cited in listed(many)] == [f"Page {n}" for n in range(MOST)]
    assert listed([Citation("a\x1b[1m", "odd", "")])[0].title.startswith("a")
    assert "\x1b" not in listed([Citation("a\x1b[1m", "odd", "")])[0].title


def test_see_also_is_left_out_where_the_places_are_listed() -> None:
    assert without_list(ANSWER, [PAGE]) == "## Reset\n\nTakes back."
    assert (
        without_list(ANSWER + "\n## More\n\n- **kept**\n", [PAGE]) == "## Reset\n\nTakes back.\n\n## More\n\n- **kept**"
    )
    assert without_list(ANSWER, []) == ANSWER


@pytest.mark.parametrize(
    ("citation", "way"),
    [
        (LESSON, "tutor explain git-reset"),
        (MANUAL, "man git-reset"),
        (Citation("proc", "linux", "proc", 1.0, "/usr/share/man/man5/proc.5"), "man 5 proc"),
        (Citation("x", "concept", "x", 1.0, ""), "tutor explain x"),
        (Citation("a;b", "concept", "x", 1.0, "/a.toml"), "/a.toml"),
        (PAGE, "/docs/book/ch 01.html#turning"),
        (Citation("E0382", "error", "rustc --explain E0382"), ""),
    ],
)
def test_how_to_get_there(citation: Citation, way: str) -> None:
    assert place(citation) == way


def test_links_hold_nothing_that_ends_them() -> None:
    assert link(PAGE) == "file:///docs/book/ch%2001.html#turning"
    assert link(MANUAL) == link(LESSON) == link(Citation("x", "book", "x", 1.0, "javascript:alert(1)")) == ""
    assert re.fullmatch(r"https://[!-~]+", link(WEB))


def test_paths_are_cut_between_their_parts() -> None:
    assert shortened("/a/bb/ccc.html", 40) == "/a/bb/ccc.html"
    assert shortened("/a/bb/ccc.html", 13) == "…/bb/ccc.html"
    assert shortened("/a/bb/ccc.html", 11) == "…/ccc.html"
    assert shortened("/a/bb/ccc.html", 5) == ""
    assert folded("one two", 3) == ["one", "two"]


class Screen(io.StringIO):
    """A terminal to print on."""

    def isatty(self) -> bool:
        return True


def printed(monkeypatch: pytest.MonkeyPatch, out: io.StringIO, **environment: str) -> str:
    """What a person reads of an answer that cites a page and a lesson."""
    for name in ("NO_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", out)
    show = AnswerPrinter()
    for event in (AnswerStarted("knowledge", ""), PAGE, LESSON,
                  AnswerReady("1", "?", ANSWER, "knowledge", (PAGE, LESSON), ("git-reset",))):  # fmt: skip
        show(event)
    return out.getvalue()


def test_a_terminal_gets_links_and_short_places(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, Screen(), TERM="xterm-256color", COLUMNS="40")
    assert has_links()
    assert "\x1b]8;;file:///docs/book/ch%2001.html#turning\x1b\\Turning · The Book\x1b]8;;\x1b\\" in text
    seen = re.sub(r"\x1b\]8;;.*?\x1b\\|\x1b\[\d+m", "", text)
    assert seen == "Reset\n\nTakes back.\n\nFrom:\n 1  Reset · Lessons\n 2  Turning · The Book\n"


def test_what_is_no_terminal_gets_plain_lines_and_whole_places(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, io.StringIO(), TERM="xterm-256color", COLUMNS="40")
    assert text == (
        "Reset\n\nTakes back.\n\nFrom:\n 1  Reset · Lessons  tutor explain git-reset\n"
        " 2  Turning · The Book  /docs/book/ch 01.html#turning\n"
    )


@pytest.mark.parametrize("name", ["dumb", "linux", "screen", ""])
def test_terminals_that_might_print_links_get_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert "\x1b]8" not in printed(monkeypatch, Screen(), TERM=name)


def test_no_colour_is_no_escape_but_the_links(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, Screen(), TERM="xterm-256color", NO_COLOR="1")
    assert "\x1b[" not in text
