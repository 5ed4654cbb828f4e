"""The source gh: against a gh of our own that prints help in gh's format, and against the gh of this machine."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Piece, Relation, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing, Source
from knowledgegraph.sources.gh import Gh
from knowledgegraph.sources.gh_help import read_flags, read_help, read_reference, read_variables

_ROOT = """\
Do things with a forge.

USAGE
  gh <command> <subcommand> [flags]

CORE COMMANDS
  box:          Look after boxes
  weigh:        Tell what a box weighs

EXTENSION COMMANDS
  stranger:     Extension stranger

HELP TOPICS
  environment: What the surroundings may set
  layout:      How output is laid out
  reference:   All of it

FLAGS
  --help      Show help for command
  --version   Show gh version

EXAMPLES
  $ gh box open
  $ gh weigh 3
"""

_REFERENCE = """\

# gh reference

## `gh box <command>`

Look after boxes

### `gh box open [<number> | <name>] [flags]`

Open a box

  -f, --force          Open it although it is locked
      --label strings  Open those with this label,
                       whatever their number
  -R, --room [FLOOR/]ROOM   Choose another room (default "cellar")

### `gh box shut {<number> | <name>}`

Shut a box

## `gh weigh <number> [flags]`

Tell what a box weighs

```
-u, --unit string   The unit: {kg|lb}
````

Aliases


gh heft, gh mass

"""

_HELP = {
    "box": "Boxes hold things.\n\nARGUMENTS\n  A box is a number or a name.\n\nLEARN MORE\n  Ask `gh help box`.\n",
    "box open": (
        "Open a box so that one can look into it.\n\nTo know what it weighs first, use `gh weigh`; "
        'for tables see "gh help layout".\n\n'
        "USAGE\n  gh box open [flags]\n\nFLAGS\n  -f, --force   Open it although it is locked\n\n"
        "INHERITED FLAGS\n      --help    Show help for command\n      --floor   Choose the floor\n\n"
        "EXAMPLES\n  # the third one\n  $ gh box open 3\n"
    ),
    "box shut": "Shut a box again.\n\nUSAGE\n  gh box shut\n",
    "weigh": "Put a box on the scales.\n\nALIASES\n  gh heft, gh mass\n",
    "environment": (
        "BOX_TOKEN, BOXES_TOKEN (in order of precedence): opens what is locked.\nKeep it secret.\n\n"
        "`BOX_DEBUG`: tells more.\n\nNot a variable: this.\n"
    ),
    "layout": "Output comes in lines.\n\nEXAMPLES\n  $ gh box open --force\n",
}


def _fake(folder: Path, texts: dict[str, str], version: str = "gh version 9.8.7 (2031-01-02)") -> Machine:
    """A machine whose gh prints these texts; it fails for all others, and writes down how it was called."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for words, text in texts.items():
        (programs / f"said-{words.replace(' ', '-')}").write_text(text, encoding="utf-8")
    script = programs / "gh"
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$*|$GH_TOKEN|$GH_CONFIG_DIR" >>"{folder}/calls"\n'
        f'if [ "$1" = --version ]; then echo "{version}"; exit 0; fi\n'
        '[ "$1" = help ] || exit 3\nshift\n'
        f'name="$*"; name="{programs}/said-$(echo "$name" | /usr/bin/tr " " -)"\n'
        '[ -f "$name" ] && exec /bin/cat "$name"\nexit 1\n'
    )
    script.chmod(0o755)
    return Machine(programs=(programs,))


def _found(source: Source) -> Found:
    found = source.detect()
    assert isinstance(found, Found)
    return found


def _read(machine: Machine) -> tuple[dict[str, Entry], list[Piece]]:
    source: Source = Gh(machine)
    pieces = list(source.read(_found(source)))
    entries = [piece for piece in pieces if isinstance(piece, Entry)]
    assert max(Counter(entry.id for entry in entries).values()) == 1, "an id is given twice"
    seen: set[str] = set()
    for entry in entries:
        assert entry.parent in seen or entry.form is Form.BOOK, f"{entry.id} comes before what it is a part of"
        assert "\n" not in entry.summary and len(entry.summary) <= 300
        seen.add(entry.id)
    return {entry.ref: entry for entry in entries}, pieces


_ALL = {"": _ROOT, "reference": _REFERENCE, **_HELP}


def test_no_gh_says_where_it_comes_from(tmp_path: Path) -> None:
    missing = Gh(Machine(programs=(tmp_path,))).detect()
    assert isinstance(missing, Missing)
    assert "gh" in missing.why and "cli.github.com" in missing.how_to_get


def test_a_gh_that_fails_is_missing_too(tmp_path: Path) -> None:
    (tmp_path / "gh").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "gh").chmod(0o755)
    assert isinstance(Gh(Machine(programs=(tmp_path,))).detect(), Missing)


def test_the_fingerprint_is_the_version(tmp_path: Path) -> None:
    one = _found(Gh(_fake(tmp_path / "one", _ALL)))
    assert one.version == "9.8.7"
    machine = _fake(tmp_path / "two", _ALL, "gh version 9.8.8 (2031-02-03)")
    assert _found(Gh(machine)).fingerprint != one.fingerprint


def test_commands_groups_and_flags(tmp_path: Path) -> None:
    entries, _ = _read(_fake(tmp_path, _ALL))
    assert entries["gh"].form is Form.BOOK and entries["gh"].parent == ""
    assert {ref for ref, entry in entries.items() if entry.form is Form.COMMAND} == {
        "gh box", "gh box open", "gh box shut", "gh weigh"
    }  # fmt: skip
    opening = entries["gh box open"]
    assert opening.parent == "gh:gh box" and opening.summary == "Open a box" and opening.headline
    assert "gh box open [<number> | <name>] [flags]" in opening.text
    assert "look into it" in opening.text and "```sh\n# the third one\n$ gh box open 3\n```" in opening.text
    assert "LEARN" not in entries["gh box"].text and "**Arguments**\n\nA box is a number" in entries["gh box"].text
    force = entries["gh box open --force"]
    assert force.names == ("gh box open -f",) and not force.headline and force.parent == opening.id
    assert force.summary == "Open it although it is locked"
    assert entries["gh box open --label"].summary == "Open those with this label, whatever their number"
    assert "`-R, --room [FLOOR/]ROOM`" in entries["gh box open --room"].text
    assert "gh box open --floor" in entries, "inherited flags can be looked up too"
    assert "gh box open --help" not in entries
    assert entries["gh weigh"].names == ("gh heft", "gh mass")
    assert entries["gh weigh --unit"].summary == "The unit: {kg|lb}"
    assert not any("stranger" in ref for ref in entries), "an extension is not a part of gh"


def test_topics_and_variables(tmp_path: Path) -> None:
    entries, _ = _read(_fake(tmp_path, _ALL))
    layout = entries["gh layout"]
    assert layout.form is Form.PAGE and layout.names == ("gh help layout",) and layout.parent == "gh:gh"
    assert "Output comes in lines." in layout.text and "$ gh box open --force" in layout.text
    token = entries["gh environment -- BOX_TOKEN"]
    assert token.form is Form.VARIABLE and token.names == ("BOX_TOKEN", "BOXES_TOKEN")
    assert token.summary == "opens what is locked. Keep it secret." and token.parent == "gh:gh environment"
    assert entries["gh environment -- BOX_DEBUG"].summary == "tells more."
    assert len([entry for entry in entries.values() if entry.form is Form.VARIABLE]) == 2


def test_what_a_text_names_is_linked(tmp_path: Path) -> None:
    _, pieces = _read(_fake(tmp_path, _ALL))
    relations = {piece for piece in pieces if isinstance(piece, Relation)}
    assert Relation("gh:gh box open", "gh:gh weigh", Kind.LINKS_TO) in relations
    assert Relation("gh:gh box open", "gh:gh layout", Kind.RELATED) in relations
    assert Relation("gh:gh layout", "gh:gh box open", Kind.LINKS_TO) in relations
    assert not any(relation.target == "gh:gh box" for relation in relations), "the parent says that already"


def test_the_count_is_against_the_headings(tmp_path: Path) -> None:
    _, pieces = _read(_fake(tmp_path, _ALL))
    assert Coverage("gh_commands", 4, 4) in pieces and Coverage("gh_topics", 2, 2) in pieces
    assert not [piece for piece in pieces if isinstance(piece, Trouble)]


def test_a_heading_that_is_not_understood_is_counted_as_missing(tmp_path: Path) -> None:
    broken = _REFERENCE.replace("### `gh box shut {<number> | <name>}`", "### gh `box shut`")
    _, pieces = _read(_fake(tmp_path, {**_ALL, "reference": broken}))
    (coverage,) = [piece for piece in pieces if isinstance(piece, Coverage) and piece.name == "gh_commands"]
    assert (coverage.got, coverage.total, len(coverage.missing)) == (3, 4, 1)


def test_a_reference_that_breaks_off_is_completed_from_the_list(tmp_path: Path) -> None:
    cut = _REFERENCE[: _REFERENCE.index("## `gh weigh")]
    entries, pieces = _read(_fake(tmp_path, {**_ALL, "reference": cut}))
    assert entries["gh weigh"].summary == "Tell what a box weighs" and "on the scales" in entries["gh weigh"].text
    assert Coverage("gh_commands", 4, 4) in pieces
    (trouble,) = [piece for piece in pieces if isinstance(piece, Trouble)]
    assert "gh weigh" in trouble.sentence


def test_no_reference_at_all_leaves_the_list_of_gh_help(tmp_path: Path) -> None:
    texts = {name: text for name, text in _ALL.items() if name != "reference"}
    entries, pieces = _read(_fake(tmp_path, texts))
    assert {"gh box", "gh weigh"} <= set(entries)
    assert Coverage("gh_commands", 2, 2) in pieces
    assert any(isinstance(piece, Trouble) and "gh help reference" in piece.sentence for piece in pieces)


def test_without_the_reference_man_pages_tell_the_commands(tmp_path: Path) -> None:
    texts = {name: text for name, text in _ALL.items() if name != "reference"}
    machine = _fake(tmp_path, texts)
    pages = _pages(tmp_path)
    machine = Machine(programs=machine.programs, man_path=(pages,))
    entries, _ = _read(machine)
    assert entries["gh box open"].parent == "gh:gh box"
    assert entries["gh box open --quiet"].names == ("gh box open -q",)


def test_a_man_page_tells_description_and_examples(tmp_path: Path) -> None:
    machine = _fake(tmp_path, _ALL)
    pages = _pages(tmp_path)
    entries, _ = _read(Machine(programs=machine.programs, man_path=(pages,)))
    opening = entries["gh box open"]
    assert "Lift the lid" in opening.text and "gh box open 7" in opening.text
    assert opening.location == str(pages / "man1" / "gh-box-open.1")
    assert {"gh box open --quiet", "gh box open --force", "gh box open --floor"} <= set(entries)
    assert "help box open" not in (tmp_path / "calls").read_text(), "what has a page need not be asked"


def test_a_broken_man_page_is_named_and_the_help_is_used(tmp_path: Path) -> None:
    machine = _fake(tmp_path, _ALL)
    pages = tmp_path / "man"
    (pages / "man1").mkdir(parents=True)
    (pages / "man1" / "gh-weigh.1.gz").write_bytes(b"\x1f\x8b not really gzip")
    entries, pieces = _read(Machine(programs=machine.programs, man_path=(pages,)))
    assert "on the scales" in entries["gh weigh"].text
    assert any(isinstance(piece, Trouble) and "gh-weigh.1.gz" in piece.sentence for piece in pieces)


def test_gh_is_only_asked_for_help_without_tokens_or_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GH_TOKEN", "a secret")
    monkeypatch.setenv("GH_CONFIG_DIR", str(tmp_path / "mine"))
    _read(_fake(tmp_path, _ALL))
    for call in (tmp_path / "calls").read_text().splitlines():
        words, token, folder = call.split("|")
        assert words == "--version" or words.split()[0] == "help"
        assert token == "" and folder != str(tmp_path / "mine") and not Path(folder).exists()


def test_help_that_prints_nothing_is_an_error(tmp_path: Path) -> None:
    source = Gh(_fake(tmp_path, {}))
    with pytest.raises(OSError, match="gh help printed nothing"):
        list(source.read(_found(source)))


def test_text_with_fences_and_escapes_stays_data(tmp_path: Path) -> None:
    nasty = _HELP["box open"].replace("# the third one", "```\n  # \x1b[31mred")
    entries, _ = _read(_fake(tmp_path, {**_ALL, "box open": nasty}))
    assert "````sh\n```\n" in entries["gh box open"].text


def test_flags_of_odd_shapes() -> None:
    (first, second) = read_flags("      --a-b   About it\n                on two lines\n  -c, --cc N\n")
    assert (first.spellings, first.argument, first.text) == (("--a-b",), "", "About it on two lines")
    assert (second.spellings, second.argument, second.text) == (("--cc", "-c"), "N", "")


def test_nothing_is_read_from_nothing() -> None:
    assert read_reference("") == [] and read_flags("") == () and read_variables("") == []
    assert read_help("").sections == {}


@given(st.text(alphabet=st.sampled_from("#`-gh aA:\n ,="), max_size=300))
def test_any_text_is_read(text: str) -> None:
    for command in read_reference(text):
        assert command.path.startswith("gh") or not command.path
    for flag in read_flags(text):
        assert flag.spellings[0].startswith("--")
    read_help(text)
    read_variables(text)


def _pages(folder: Path) -> Path:
    """Man pages in the format of cobra: ``gh-box`` and ``gh-box-open``."""
    pages = folder / "man"
    (pages / "man1").mkdir(parents=True)
    (pages / "man1" / "gh-box.1").write_text(
        '.nh\n.TH "GH-BOX" "1" "Jan 2031" "" "Manual"\n\n.SH NAME\n.PP\ngh-box - Look after boxes\n\n'
        ".SH SYNOPSIS\n.PP\n\\fB\\fCgh box <command> [flags]\\fR\n\n.SH DESCRIPTION\n.PP\nBoxes.\n"
    )
    (pages / "man1" / "gh-box-open.1").write_text(
        '.nh\n.TH "GH-BOX-OPEN" "1" "Jan 2031" "" "Manual"\n\n.SH NAME\n.PP\ngh-box-open - Open a box\n\n'
        ".SH SYNOPSIS\n.PP\n\\fB\\fCgh box open [flags]\\fR\n\n.SH DESCRIPTION\n.PP\nLift the lid.\n\n"
        ".SH OPTIONS\n.TP\n\\fB\\fC-q\\fR, \\fB\\fC--quiet\\fR\nWithout a sound\n\n"
        ".SH OPTIONS INHERITED FROM PARENT COMMANDS\n.TP\n\\fB\\fC--floor\\fR\nChoose the floor\n\n"
        ".SH EXAMPLE\n.PP\n.RS\n\n.nf\n$ gh box open 7\n\n.fi\n.RE\n\n.SH SEE ALSO\n.PP\n\\fB\\fCgh-box(1)\\fR\n"
    )
    return pages


# The gh of this machine.


def _real() -> Machine:
    programs = tuple(map(Path, os.environ["PATH"].split(os.pathsep)))
    machine = Machine(programs=programs, man_path=(Path("/usr/share/man"),))
    if machine.find("gh") is None:
        pytest.skip("gh is not installed here")
    return machine


def test_every_command_flag_and_topic_of_the_real_gh() -> None:
    machine = _real()
    entries, pieces = _read(machine)
    assert not [piece for piece in pieces if isinstance(piece, Trouble)]
    for piece in pieces:
        if isinstance(piece, Coverage):
            assert piece.got == piece.total > 0 and not piece.missing
    told = machine.tell(["gh", "help", "reference"])
    assert told is not None
    flags = len(re.findall(r"^ *(?:-\w, )?--\w", told, re.MULTILINE))
    options = [entry for entry in entries.values() if entry.form is Form.OPTION]
    assert len(options) >= flags > 400
    assert all(entry.text and entry.summary for entry in options)
    commands = [entry for entry in entries.values() if entry.form is Form.COMMAND]
    assert len(commands) > 100 and all(entry.summary and entry.text for entry in commands)
    assert entries["gh pr create --draft"].names == ("gh pr create -d",)
    assert "gh pr create --repo" in entries and "gh environment -- GH_TOKEN" in entries
    assert "gh pr create" in entries["gh pr create"].text.partition("**Example")[2]
    ids = {entry.id for entry in entries.values()}
    relations = [piece for piece in pieces if isinstance(piece, Relation)]
    assert len(relations) > 20 and all({relation.source, relation.target} <= ids for relation in relations)
