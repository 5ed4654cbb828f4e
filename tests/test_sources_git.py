"""The source git: against a git and manual pages of our own in git's format, and against those of this machine."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Piece, Relation, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing, Source
from knowledgegraph.sources.git import Git
from knowledgegraph.sources.git_config import Variable, with_listed
from knowledgegraph.sources.git_usage import read_usage

# A git of our own: `knot` ties, `fray` is a command of daily work too, `wax` is a helper that it tells nothing about.

_TOLD = {
    "--version": "git version 9.1.2",
    "--list-cmds=main": "fray\nknot\nwax\n",
    "--list-cmds=list-mainporcelain": "knot\nfray\ngitrope\n",
    "--list-cmds=builtins": "fray\nknot\nwax\n",
    "--list-cmds=list-guide": "glossary\n",
    "help -a": "Main Porcelain Commands\n   fray   Take a rope apart\n   knot   Tie two ropes\n",
    "help --config": "knot.tight\nknot.colour.red\nknot.late\nrope.old.end\n\n'git help config' for more information\n",
    "knot -h": (
        "usage: git knot [-t] <rope>\n   or: git knot untie <rope>\n\n    -t, --tight           pull hard\n"
        "    -w, --[no-]wet <n>    wet the rope\n                          for so many minutes\n"
    ),
    "fray -h": "usage: git fray [--all]\n\n    --all                 every rope\n",
}

_HEAD = (
    '\'\\" t\n.\\"     Title: {0}\n.\\" Generator: DocBook XSL Stylesheets\n'
    '.TH "{1}" "{2}" "01/02/2031" "Git 9\\&.1\\&.2" "Git Manual"\n.ie \\n(.g .ds Aq \\(aq\n'
    ".el       .ds Aq '\n.nh\n.ad l\n"
    '.SH "NAME"\n{0} \\- {3}\n.SH "SYNOPSIS"\n.sp\n.nf\n{4}\n.fi\n'
)


def _item(term: str, *text: str) -> str:
    return f".PP\n{term}\n.RS 4\n" + "\n.sp\n".join(text) + "\n.RE\n"


def _page(name: str, section: str, about: str, synopsis: str, *body: str) -> str:
    head = _HEAD.format(name.replace("-", "\\-"), name.upper().replace("-", "\\-"), section, about, synopsis)
    return head + "".join(body) + '.SH "GIT"\n.sp\nPart of the \\fBgit\\fR(1) suite\n'


_KNOT = _page(
    "git-knot", "1", "Tie two ropes",
    "\\fIgit knot\\fR [\\-t] <rope>\n\\fIgit knot\\fR untie <rope>\n\\fIgit knot\\fR cut",
    '.SH "DESCRIPTION"\n.sp\nTies ropes, so that \\fBgit fray\\fR cannot part them\\&.\n',
    '.SH "COMMANDS"\n', _item("untie [\\-\\-slow] <rope>", "Opens the knot\\&."),
    _item("cut, slash", "Opens it for good\\&."), _item("lookup <rope>", "Is said to a running knot\\&."),
    '.SH "OPTIONS"\n', _item("\\-t, \\-\\-tight", "Pulls \\fBhard\\fR\\&.", "Twice\\&."),
    _item("\\-\\-loops=<n>", "So many loops; see \\fBknot\\&.late\\fR\\&."),
    '.SH "EXAMPLES"\n.sp\nA knot that holds:\n.sp\n.if n \\{\\\n.RS 4\n.\\}\n.nf\n$ git knot \\-t hemp\n.fi\n'
    ".if n \\{\\\n.RE\n.\\}\n",
    '.SH "WAYS TO TIE"\n.sp\nOver or under\\&.\n.SS "By hand"\n.sp\nWith both hands\\&.\n',
    '.SH "CONFIGURATION"\n', _item("knot\\&.tight", "Whether to pull\\&."),
    '.SH "ENVIRONMENT"\n', _item("\\fBGIT_ROPE\\fR", "The rope to take\\&."),
    '.SH "SEE ALSO"\n.sp\n\\fBgit-fray\\fR(1), \\fBgitglossary\\fR(7)\n',
)  # fmt: skip
_FRAY = _page(
    "git-fray", "1", "Take a rope apart", "\\fIgit fray\\fR [\\-\\-all]",
    '.SH "DESCRIPTION"\n.sp\nUndoes a rope\\&.\n.SH "WAYS TO TIE"\n.sp\nOver or under\\&.\n',
)  # fmt: skip
_GLOSSARY = _page(
    "gitglossary", "7", "Words of ropes", "*",
    '.SH "DESCRIPTION"\n', _item("bight", "A bend of a rope\\&. See \\fBgit-knot\\fR(1)\\&."),
    _item("knot\\-ish (also knottish)", "What can be tied\\&.", _item("inner", "A part\\&.").strip()),
)  # fmt: skip
_CONFIG = _page(
    "git-config", "1", "Get and set options", "\\fIgit config\\fR <name>",
    '.SH "CONFIGURATION FILE"\n.sp\nA file\\&.\n.SS "Variables"\n.sp\nNot all of them\\&.\n',
    _item("knot\\&.tight", "Pulls hard\\&."),
    _item("knot\\&.colour\\&.<slot>", "A colour\\&."),
    _item("knot\\&.late, knot\\&.later (deprecated)", "Ties later\\&."),
)  # fmt: skip
_ROOT = _page(
    "git", "1", "the knot keeper", "\\fIgit\\fR <command>",
    '.SH "DESCRIPTION"\n.sp\nKeeps ropes\\&.\n.SH "OPTIONS"\n', _item("\\-C <path>", "Begins there\\&."),
    '.SH "ENVIRONMENT VARIABLES"\n.sp\nThese:\n.SS "Ropes"\n', _item("\\fBGIT_DIR\\fR", "Where the ropes are\\&."),
)  # fmt: skip
_FAQ = _page(
    "gitfaq", "7", "Questions", "gitfaq",
    '.SH "DESCRIPTION"\n.sp\nQuestions\\&.\n.SH "TROUBLE"\n', _item("Why is it wet?", "It rained\\&."),
)  # fmt: skip
_PAGES = {
    "man1/git.1": _ROOT,
    "man1/git-knot.1": _KNOT,
    "man1/git-fray.1": _FRAY,
    "man1/git-config.1": _CONFIG,
    "man7/gitglossary.7": _GLOSSARY,
    "man7/gitfaq.7": _FAQ,
}


def _machine(folder: Path, pages: dict[str, str] | None = None, told: dict[str, str] | None = None) -> Machine:
    """A machine with our git, which fails for all it was not told and writes down how it was called."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for words, text in (told or _TOLD).items():
        (programs / f"said-{words.replace(' ', '_')}").write_text(text, encoding="utf-8")
    script = programs / "git"
    script.write_text(
        f'#!/bin/sh\necho "$*|$PWD" >>"{folder}/calls"\nname="$1"; [ -n "$2" ] && name="$1_$2"\n'
        f'[ -f "{programs}/said-$name" ] && /bin/cat "{programs}/said-$name" || exit 1\n'
        '[ "$2" = -h ] && exit 129\nexit 0\n'
    )
    script.chmod(0o755)
    man = folder / "man"
    for name, text in (pages or {}).items():
        path = man / f"{name}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))
    return Machine(programs=(programs,), man_path=(man,))


def _found(source: Source) -> Found:
    found = source.detect()
    assert isinstance(found, Found)
    return found


def _read(machine: Machine) -> tuple[dict[str, Entry], list[Piece]]:
    source: Source = Git(machine)
    pieces = list(source.read(_found(source)))
    entries = [piece for piece in pieces if isinstance(piece, Entry)]
    assert max(Counter(entry.id for entry in entries).values()) == 1, "an id is given twice"
    seen: set[str] = set()
    for entry in entries:
        assert entry.parent in seen or (entry.form is Form.BOOK and not entry.parent), entry.id
        assert "\n" not in entry.summary and len(entry.summary) <= 300
        seen.add(entry.id)
    for piece in pieces:
        if isinstance(piece, Relation):
            assert piece.source in seen and piece.target in seen and piece.source != piece.target
    return {entry.ref: entry for entry in entries}, pieces


def _troubles(pieces: list[Piece]) -> list[str]:
    return [piece.sentence for piece in pieces if isinstance(piece, Trouble)]


def test_no_git_is_missing(tmp_path: Path) -> None:
    missing = Git(Machine(programs=(tmp_path,))).detect()
    assert isinstance(missing, Missing) and "git" in missing.how_to_get


def test_a_git_that_fails_is_missing(tmp_path: Path) -> None:
    assert isinstance(Git(_machine(tmp_path, told={"nothing": ""})).detect(), Missing)


def test_the_fingerprint_changes_with_version_and_pages(tmp_path: Path) -> None:
    machine = _machine(tmp_path / "one", _PAGES)
    first = _found(Git(machine))
    assert first.version == "9.1.2" and first.fingerprint == _found(Git(machine)).fingerprint
    newer = _machine(tmp_path / "two", _PAGES, {**_TOLD, "--version": "git version 9.1.3"})
    assert _found(Git(newer)).fingerprint != first.fingerprint
    page = tmp_path / "one" / "man" / "man1" / "git-config.1.gz"
    page.write_bytes(gzip.compress(_CONFIG.replace("hard", "softly").encode() + b".sp\nMore\n"))
    assert _found(Git(machine)).fingerprint != first.fingerprint


def test_commands_and_options(tmp_path: Path) -> None:
    entries, pieces = _read(_machine(tmp_path, _PAGES))
    assert not _troubles(pieces)
    assert entries["git"].form is Form.BOOK and entries["git"].summary == "the knot keeper"
    knot = entries["git knot"]
    assert knot.form is Form.COMMAND and knot.parent == "git:git" and knot.headline and knot.summary == "Tie two ropes"
    assert "git knot untie <rope>" in knot.text and "cannot part them" in knot.text and "Twice" not in knot.text
    assert knot.location.endswith("man1/git-knot.1.gz")
    tight = entries["git knot --tight"]
    assert tight.names == ("git knot -t",) and not tight.headline and tight.parent == knot.id
    assert tight.summary == "Pulls hard. Twice." and tight.text.startswith("`-t, --tight`\n\n")
    assert "`--loops <n>`" in entries["git knot --loops"].text
    assert entries["git -C"].parent == "git:git"


def test_what_only_the_short_help_tells_is_added(tmp_path: Path) -> None:
    entries, _ = _read(_machine(tmp_path, _PAGES))
    wet = entries["git knot --wet"]
    assert wet.names == ("git knot -w", "git knot --no-wet") and wet.summary == "wet the rope for so many minutes"
    assert entries["git fray --all"].summary == "every rope"


def test_subcommands(tmp_path: Path) -> None:
    entries, _ = _read(_machine(tmp_path, _PAGES))
    untie = entries["git knot -- untie"]
    assert untie.form is Form.COMMAND and untie.title == "git knot untie" and untie.summary == "Opens the knot."
    assert "```\ngit knot untie [--slow] <rope>\n```" in untie.text
    assert entries["git knot -- cut"].names == ("git knot slash",)
    assert "git knot -- lookup" not in entries, "the synopsis does not have it: it is not typed"
    assert "lookup" in entries["git knot -- COMMANDS"].text, "what is no entry stays in the section"


def test_sections(tmp_path: Path) -> None:
    entries, _ = _read(_machine(tmp_path, _PAGES))
    examples = entries["git knot -- EXAMPLES"]
    assert examples.form is Form.SECTION and examples.headline and examples.title == "git knot: Examples"
    assert "git knot -t hemp" in examples.text
    assert entries["git knot -- By hand"].parent == "git:git knot -- WAYS TO TIE"
    assert entries["git knot -- WAYS TO TIE"].headline
    assert not entries["git fray -- WAYS TO TIE"].headline, "the same text as that of git knot"
    assert all(
        entry.ref.split(" --")[0] == "git knot" for entry in entries.values() if entry.location == examples.location
    )
    for title in ("NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO", "GIT", "CONFIGURATION"):
        assert f"git knot -- {title}" not in entries


def test_glossary_questions_and_variables(tmp_path: Path) -> None:
    entries, pieces = _read(_machine(tmp_path, _PAGES))
    glossary = entries["gitglossary"]
    assert glossary.form is Form.PAGE and glossary.names == ("git help glossary",) and "bend" not in glossary.text
    bight = entries["gitglossary -- bight"]
    assert bight.form is Form.TERM and bight.headline and bight.summary.startswith("A bend of a rope.")
    assert entries["gitglossary -- knot-ish"].names == ("knottish",)
    question = entries["gitfaq -- Why is it wet?"]
    assert question.headline and question.title == "Why is it wet?" and question.text == "It rained."
    rope = entries["git knot -- GIT_ROPE"]
    assert rope.form is Form.VARIABLE and rope.title == "GIT_ROPE" and not rope.headline
    assert entries["git -- GIT_DIR"].summary == "Where the ropes are."
    tight = entries["git config -- knot.tight"]
    assert tight.form is Form.VARIABLE and tight.title == "knot.tight" and tight.text == "`knot.tight`\n\nPulls hard."
    assert entries["git config -- knot.colour.<slot>"].names == ("knot.colour.red",)
    assert entries["git config -- knot.late"].names == ("knot.later",)
    assert Coverage("git_config_variables", 3, 4, ("rope.old.end",)) in pieces
    assert Coverage("git_glossary", 2, 2) in pieces


def test_relations(tmp_path: Path) -> None:
    _, pieces = _read(_machine(tmp_path, _PAGES))
    relations = {piece for piece in pieces if isinstance(piece, Relation)}
    for source, target, kind in (
        ("git knot", "git fray", Kind.RELATED),
        ("git knot", "gitglossary", Kind.RELATED),
        ("git knot", "git config -- knot.tight", Kind.RELATED),
        ("gitglossary -- bight", "git knot", Kind.LINKS_TO),
        ("git knot --loops", "git config -- knot.late", Kind.LINKS_TO),
    ):
        assert Relation(f"git:{source}", f"git:{target}", kind) in relations
    assert not any(relation.target == "git:git" for relation in relations)


def test_the_account(tmp_path: Path) -> None:
    _, pieces = _read(_machine(tmp_path, _PAGES))
    assert Coverage("git_commands", 2, 2) in pieces, "a helper that git says nothing about does not count"
    assert Coverage("git_pages", 3, 3) in pieces
    assert Coverage("git_options", 3, 3) in pieces
    without = {name: text for name, text in _PAGES.items() if "gitglossary" not in name and "fray" not in name}
    _, pieces = _read(_machine(tmp_path / "less", without))
    assert Coverage("git_commands", 2, 2) in pieces
    assert Coverage("git_pages", 1, 3, ("git fray", "gitglossary")) in pieces


def test_without_pages_the_short_help_serves(tmp_path: Path) -> None:
    entries, pieces = _read(_machine(tmp_path))
    assert any("manual pages of git are not here" in sentence for sentence in _troubles(pieces))
    assert entries["git knot"].summary == "Tie two ropes" and "git knot untie <rope>" in entries["git knot"].text
    assert entries["git knot --tight"].summary == "pull hard" and entries["git knot --tight"].names == ("git knot -t",)
    assert Coverage("git_pages", 0, 3, ("git knot", "git fray", "gitglossary")) in pieces
    calls = (tmp_path / "calls").read_text().splitlines()
    assert all(call.split("|")[0].startswith(("--version", "--list-cmds", "help")) or "-h" in call for call in calls)
    assert {call.split("|")[1] for call in calls} == {"/"}
    assert not any("wax" in call for call in calls), "nobody knows what an undocumented helper does with -h"


def test_pages_of_other_programs_are_left_to_them(tmp_path: Path) -> None:
    other = _page("git-large", "1", "Something else", "git large").replace("Git Manual", "Large")
    entries, _ = _read(_machine(tmp_path, {**_PAGES, "man1/git-large.1": other}))
    assert "git large" not in entries


def test_broken_pages_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    machine = _machine(tmp_path, _PAGES)
    folder = machine.man_path[0]
    whole = (folder / "man1" / "git-fray.1.gz").read_bytes()
    (folder / "man1" / "git-fray.1.gz").write_bytes(whole[: len(whole) // 2])
    (folder / "man7" / "gitglossary.7.gz").write_bytes(gzip.compress(b'.TH "GITGLOSSARY" "7" "" "" "Git Manual"\n'))
    (folder / "man1" / "git-gone.1").symlink_to(tmp_path / "nowhere")
    entries, pieces = _read(machine)
    troubles = " ".join(_troubles(pieces))
    assert "git-fray.1.gz" in troubles and "gitglossary.7.gz" in troubles and "git-gone.1" in troubles
    assert "git knot --tight" in entries
    assert entries["git fray"].summary == "Take a rope apart", "the short help serves for it"


def test_a_page_cut_short_keeps_its_beginning(tmp_path: Path) -> None:
    cut = _KNOT[: _KNOT.index('.SH "EXAMPLES"')] + ".PP\n\\-\\-half"
    entries, _ = _read(_machine(tmp_path, {**_PAGES, "man1/git-knot.1": cut}))
    assert "git knot --tight" in entries and "git knot -- EXAMPLES" not in entries


def test_hostile_text_stays_data(tmp_path: Path) -> None:
    nasty = _KNOT.replace("Ties ropes", "\\*[x]`````\n.so /etc/passwd\n.sy touch /tmp/no\n.pso id\nTies ropes")
    entries, _ = _read(_machine(tmp_path, {**_PAGES, "man1/git-knot.1": nasty}))
    assert "root:" not in entries["git knot"].text and "Ties ropes" in entries["git knot"].text


def test_a_listed_name_belongs_to_the_most_exact_pattern() -> None:
    variables = [Variable(("url.<base>.end",), ""), Variable(("url.*",), ""), Variable(("a.b", "a.c"), "")]
    named, missing = with_listed(variables, ["url.x.end", "url.other", "A.B", "b.a", "url.<it>.end"])
    assert [variable.names[1:] for variable in named] == [("url.x.end",), ("url.other",), ("a.c",)]
    assert missing == ["b.a"]


@given(st.text(alphabet=st.sampled_from("abh -[]<>=,|\n:no"), max_size=200))
def test_any_short_help_is_read(text: str) -> None:
    usage = read_usage("usage: git x\n" + text)
    assert all(option.spellings and all(word.startswith("-") for word in option.spellings) for option in usage.options)


# The git of this machine.


@pytest.fixture(scope="module")
def real() -> tuple[Machine, dict[str, Entry], list[Piece]]:
    programs = tuple(map(Path, os.environ["PATH"].split(os.pathsep)))
    machine = Machine(programs=programs, man_path=(Path("/usr/share/man"),))
    if not (Path("/usr/share/man/man1/git-reset.1.gz")).exists():
        pytest.skip("git's manual pages are not here")
    return (machine, *_read(machine))


def test_all_of_the_real_git(real: tuple[Machine, dict[str, Entry], list[Piece]]) -> None:
    _, entries, pieces = real
    assert not _troubles(pieces)
    coverage = {piece.name: piece for piece in pieces if isinstance(piece, Coverage)}
    for name in ("git_commands", "git_pages", "git_options", "git_glossary"):
        assert coverage[name].got == coverage[name].total > 50, coverage[name]
    assert coverage["git_config_variables"].got > 0.95 * coverage["git_config_variables"].total
    assert entries["git reset --hard"].summary.startswith("Resets the index and working tree.")
    assert {"git stash -- pop", "gitglossary -- detached HEAD", "git config -- core.autocrlf"} <= set(entries)
    assert {"gitignore", "gitrevisions", "giteveryday", "git rebase -- SPLITTING COMMITS"} <= set(entries)
    assert all(entry.summary for entry in entries.values() if entry.headline)
    assert all(entry.text for entry in entries.values() if entry.form is not Form.PAGE)
    assert all(Path(entry.location).is_file() for entry in entries.values())


def test_every_documented_command_has_a_page(real: tuple[Machine, dict[str, Entry], list[Piece]]) -> None:
    _, entries, _ = real
    for path in Path("/usr/share/man/man1").glob("git-*.1.gz"):
        text = gzip.decompress(path.read_bytes())[:8000]
        if b"Git Manual" in text:
            assert f"git {path.name.removeprefix('git-').removesuffix('.1.gz')}" in entries


def test_every_flag_of_the_short_help_is_found(real: tuple[Machine, dict[str, Entry], list[Piece]]) -> None:
    machine, entries, _ = real
    names = {name for entry in entries.values() if entry.form is Form.OPTION for name in (entry.ref, *entry.names)}
    git = machine.find("git")
    assert git is not None

    def asked(*words: str) -> str:
        done = subprocess.run([git, *words], cwd="/", capture_output=True, text=True, check=False, timeout=60)
        return done.stdout

    builtins = set(asked("--list-cmds=builtins").split())
    flags = 0
    for command in asked("--list-cmds=list-mainporcelain").split():
        if command in builtins:
            for spelled in re.findall(r"^    (-\S.*?)(?:  |$)", asked(command, "-h"), re.MULTILINE):
                for flag in re.findall(r"(?:^|, )(--?[\w-]+)", spelled):
                    flags += 1
                    assert f"git {command} {flag}" in names
    assert flags > 800
