"""Manual pages in every dialect, read without a program; hostile ones too."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledgegraph.sources import roff
from knowledgegraph.sources.roff import ManOption, ManPage, ManSection, read_file, read_page
from knowledgegraph.sources.roff_blocks import escaped
from knowledgegraph.sources.roff_input import glyph
from knowledgegraph.sources.roff_options import option
from tests import helpers_roff as pages

_SYSTEM = Path("/usr/share/man")


def section(page: ManPage, title: str) -> ManSection:
    return next(part for part in page.sections if part.title == title)


def options(page: ManPage) -> dict[tuple[str, ...], ManOption]:
    return {found.spellings: found for part in page.sections for found in part.options}


# -- man(7)


def test_names_and_summary() -> None:
    page = read_page(pages.MAN)
    assert (page.name, page.section) == ("frob", "1")
    assert page.names == ("frob", "unfrob")
    assert page.summary == "twist a thing — or back"
    assert [part.title for part in page.sections] == [
        "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "Size options", "EXAMPLES", "SEE ALSO",
    ]  # fmt: skip
    assert section(page, "Size options").level == 2


def test_synopsis_is_code() -> None:
    assert section(read_page(pages.MAN), "SYNOPSIS").text == "```\nfrob [OPTION]... THING\nunfrob THING\n```"


def test_text_is_markdown() -> None:
    text = section(read_page(pages.MAN), "DESCRIPTION").text
    assert text.startswith("Twists a `THING` in place. It is not`hing` more than that; see `twist`(1) and ")
    assert r"\*stars\* in \<angle> brackets." in text
    assert "\n\nSecond paragraph.\n\n- first point\n- second point" in text


def test_options_of_man() -> None:
    found = options(read_page(pages.MAN))
    assert set(found) == {("-a", "--all"), ("-c", "--color"), ("-D", "--depth"), ("--inner",), ("-x",), ("-s",)}
    assert found["-a", "--all"].text == "every `thing`"
    assert found["-c", "--color"].argument == "[=WHEN]"
    assert found["-D", "--depth"].argument == "N"
    assert "how deep" in found["-D", "--depth"].text
    assert "`shallow`: one level" in found["-D", "--depth"].text
    assert found["--inner",].under == ""
    assert found["-x",].argument == "file"
    assert found["-x",].text == "leave *file* out on a terminal"
    assert found["-s",].argument == "size"


def test_options_are_not_in_the_text_of_their_section() -> None:
    assert section(read_page(pages.MAN), "OPTIONS").text == ""


def test_examples_keep_their_lines() -> None:
    assert section(read_page(pages.MAN), "EXAMPLES").text == "```\nfrob --all \\\n  /tmp\n```"


def test_references_and_links() -> None:
    page = read_page(pages.MAN)
    assert section(page, "SEE ALSO").references == ("ls(1)", "git-log(1)")
    assert section(page, "DESCRIPTION").references == ("twist(1)",)
    assert "<https://example.org>." in section(page, "SEE ALSO").text


def test_macros_of_the_page_are_carried_out() -> None:
    page = read_page(".TH X 1\n.de ITEM\n.TP\n.B \\\\$1\n..\n.SH OPTIONS\n.ITEM \\-z\nzap\n")
    assert options(page)["-z",].text == "zap"


@pytest.mark.parametrize(
    ("roff_text", "shown"),
    [
        (r"a\(emb \(co \[u00E9] \(:o \['e] \[rs] \e", "a—b © é ö é \\ \\"),
        (r"\s-1small\s0 \m[red]red\m[] \h'1i'x\v'2'y", "small red xy"),
        (r"a\ b\~c\0d\|e\^f\&g\:h", "a b c defgh"),
        (r"\*(lqquoted\*(rq \*[Tm]", "“quoted” ™"),
        (r"``old'' `quotes`", "“old” ‘quotes‘"),
        ("\\fBbold words stay strong here\\fP", "**bold words stay strong here**"),
        (r"\fB-x\fR=\fIn\fR", "`-x=n`"),
        (r"\fBNote:\fR well", "**Note:** well"),
        (r"text \" comment", "text"),
    ],
)
def test_escapes(roff_text: str, shown: str) -> None:
    assert section(read_page(f".TH X 1\n.SH D\n{roff_text}\n"), "D").text == shown


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("n", True), ("t", False), ("!t", True), ("!n", False), (r"\n(.g", True), (r"\nF", False), (r"\nF>0", False),
        (r"\n(.g==1", True), ("'a'a'", True), ("'a'b'", False), ("!'a'b'", True), ("d lq", True), ("d nothing", False),
        (r"(\n(rF:(\n(.g==0))", False), ("1<2", True), ("2<=1", False),
    ],
)  # fmt: skip
def test_conditions(condition: str, holds: bool) -> None:
    page = read_page(f".TH X 1\n.SH D\n.ie {condition} yes\n.el no\n.if {condition} \\{{\\\nblock\n.\\}}\nend\n")
    assert section(page, "D").text == ("yes block end" if holds else "no end")


# -- the other dialects


def test_docbook() -> None:
    page = read_page(pages.DOCBOOK)
    assert (page.name, page.section) == ("turnip", "8")
    assert section(page, "SYNOPSIS").text == "```\nturnip dig [-q]\n```"
    found = options(page)
    assert set(found) == {("-q", "--quiet"), ("--wash", "--no-wash"), ("-C", "--context")}
    assert found["-q", "--quiet"].text == "Say nothing. It isn't loud.\n\nMore on it."
    assert found["-C", "--context"].argument == "[<n>]"
    assert "```\nturnip -C3\n```" in found["-C", "--context"].text


def test_terms_of_docbook() -> None:
    terms = section(read_page(pages.DOCBOOK), "OPTIONS").terms
    assert [term.name for term in terms] == ["garden.bed"]
    assert terms[0].text == "Where it grows. One of:\n\n- north\n- south"


def test_pod2man() -> None:
    page = read_page(pages.POD)
    assert (page.name, page.section, page.summary) == ("carrot", "1ssl", "an orange root")
    found = options(page)
    assert set(found) == {("-peel",), ("-g", "--grate")}
    assert found["-peel",].text == 'Takes "the skin" off.\n\nTwice if need be.'
    assert found["-g", "--grate"].argument == "size"
    assert section(page, "EXAMPLES").text == "```\n carrot -peel\n   now\n```"


def test_help2man() -> None:
    found = options(read_page(pages.HELP2MAN))
    assert set(found) == {
        ("-T", "--thickness"), ("--thin",), ("-w", "--wash"), ("-q", "--quiet"), ("-t", "--tidy"), ("-1",),
    }  # fmt: skip
    assert found["-t", "--tidy"].text == "not yet"
    assert found["-T", "--thickness"].argument == "COLS"
    assert found["-w", "--wash"].text == "wash it first"


def test_mdoc() -> None:
    page = read_page(pages.MDOC)
    assert (page.name, page.section, page.names, page.summary) == (
        "BEAN".lower(),
        "1",
        ("bean", "beanctl"),
        "grow a bean",
    )
    assert section(page, "SYNOPSIS").text == "```\nbean [-av] [-D [host:]port] plot\nbeanctl [--help]\n```"
    text = section(page, "DESCRIPTION").text
    assert text.startswith(
        "`bean` grows a *plot*. See `hoe`(1), `BEAN_HOME` and */etc/bean.conf*. It is “fast” (mostly)."
    )
    assert "```\n$ bean  -a\n```\n\n```\nbean -v\n```" in text
    assert "| `key` | `what` |\n| --- | --- |\n| x | leaves |" in text
    assert section(page, "SEE ALSO").references == ("pea(1)", "soil(5)")


def test_options_of_mdoc() -> None:
    page = read_page(pages.MDOC)
    found = options(page)
    assert set(found) == {("-a",), ("-D",), ("-v", "--verbose"), ("-L",)}
    assert found["-D",].argument == "[host:]port"
    assert found["-L",].argument == "from:to"
    assert [term.name for term in section(page, "DESCRIPTION").terms] == ["grow"]


def test_a_table() -> None:
    text = section(read_page(pages.TBL), "TABLES").text
    assert text == "| Key | Meaning |\n| --- | --- |\n| a | first |\n| b | second \\| and `bold` |\n\nAfter it."


@pytest.mark.parametrize(
    ("tag", "spellings", "argument"),
    [
        ("-a, --all", ("-a", "--all"), ""),
        ("--[no-]edit", ("--edit", "--no-edit"), ""),
        ("-C[<n>]", ("-C",), "[<n>]"),
        ("--color[=<when>]", ("--color",), "[=<when>]"),
        ("-n <num>, --max-count=<num>", ("-n", "--max-count"), "<num>"),
        ("-<number>", ("-<number>",), ""),
        ("-h | --help", ("-h", "--help"), ""),
        ("-h or --help", ("-h", "--help"), ""),
        ("{-i|--ignore-case}", ("-i", "--ignore-case"), ""),
        ("--stat[=<width>[,<name-width>]]", ("--stat",), "[=<width>[,<name-width>]]"),
        ("--", ("--",), ""),
        ("+x", ("+x",), ""),
        ("--reference[-if-able] <repo>", ("--reference", "--reference-if-able"), "<repo>"),
        ("-?", ("-?",), ""),
        ("\x01-s\x02size\x03", ("-s",), "size"),
        ("\x01--no-\x03\x01x\x03", ("--no-x",), ""),
        ("--format=<a>, -F <a>", ("--format", "-F"), "<a>"),
        ("-v...", ("-v",), "..."),
    ],
)
def test_spellings(tag: str, spellings: tuple[str, ...], argument: str) -> None:
    assert option(tag) == (spellings, argument)


@pytest.mark.parametrize("tag", ["-", "•", "", "word -x", "a-b", "— dash", "1.", "- x", "--- a", "x=-1"])
def test_what_is_no_option(tag: str) -> None:
    assert option(tag) is None


# -- odd and hostile input


def test_a_page_that_points_to_another() -> None:
    assert read_page('.\\" by hand\n.so man1/frob.1\n').alias == "man1/frob.1"
    assert read_page(pages.MAN).alias == ""


def test_other_files_are_never_read() -> None:
    page = read_page(".TH X 1\n.SH D\nbefore\n.so /etc/passwd\n.mso /etc/passwd\n.sy touch /tmp/x\n.pso id\nafter\n")
    assert section(page, "D").text == "before after"


def test_bytes_that_are_not_utf_8_are_latin_1() -> None:
    page = read_page(".TH X 1\n.SH NAME\nx \\- ein Gerät\n".encode("latin-1"))
    assert page.summary == "ein Gerät"


def test_control_characters_do_not_come_through() -> None:
    page = read_page(".TH X 1\n.SH D\n\x1b]0;title\x07 \x01a\x02b \\[u001B] \\N'27'\n")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", section(page, "D").text)


@pytest.mark.parametrize("name", ["u110000", "uD800", "uZZZZ", "unknown glyph", "u00000000041"])
def test_characters_that_are_none(name: str) -> None:
    assert glyph(name) == ""


_LINES = r""".TP|.TQ|.IP a 4|.IP|.RS|.RE|.PP|.HP|.nf|.fi|.EX|.EE|.TS|l l.|a b|T{|T}|.TE|.SH|.SH A|.SS B|.B|.B -x
.BR -a b|.PD 0|.de X|..|.X|.ig|.if n \{|.\}|.ie t \{|.el \{|.ds a \*b|.ds b \*a|\*a|.so x|.Dd|.Dt A 1|.Sh C
.Sm off|.Bd -literal|.Bl -tag|.Bl -column a|.Bl -enum|.It Fl x|.It Xo|.Xc|.El|.Oo|.Oc|.Op Fl a Ns
.Fl|.Nm|.Ed|.ft B|.UR u|.UE|\fB-a\fR|\fI|\c
\|\[|\f[|.TH|'\" t|.OP a|.SY x|.EQ|.\" c|.Xr a 1|.Nd x|.Dl|.D1 a""".replace("\n", "|").split("|")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(_LINES),
            st.text(max_size=30),
        ),
        max_size=40,
    )
)
def test_any_page_is_read(lines: list[str]) -> None:
    page = read_page("\n".join(lines))
    for part in page.sections:
        assert not re.search("[\x00-\x08\x0b-\x1f]", part.text + part.title)
        for found in part.options:
            assert all(spelling.startswith(("-", "+")) and " " not in spelling for spelling in found.spellings)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    assert isinstance(read_page(data), ManPage)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab *_`<>\\&;~#-"), max_size=40))
def test_escaped_text_shows_as_it_is(text: str) -> None:
    """Where no quotes are made typographic, taking the backslashes away gives the text again."""
    if "`" not in text:
        assert re.sub(r"\\([^\w\s]|_)", r"\1", escaped(text)) == text


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "\\",
        "\\[",
        "\\*(ab",
        '"',
        "\\fB",
        "- ",
        "-a, ",
        "`",
        "(1)",
        "a(1) ",
        "\\h'",
        "\\fBa\\fI-",
        "_",
        "Dq ",
        ".if n ",
        "a - ",
    ],
)
@pytest.mark.parametrize(
    "head", [".TH X 1\n.SH NAME\n", ".TH X 1\n.SH OPTIONS\n.TP\n", ".TH X 1\n.SH O\n.BR ", ".Dd\n.Sh A\n.Fl "]
)
def test_a_line_of_five_million_characters(head: str, unit: str) -> None:
    """It ends; the time limit of the test run would stop what is not in proportion."""
    size = 5_000_000 if unit in ("a", "- ") and "Fl" not in head else 300_000
    assert read_page(head + unit * (size // len(unit))).sections


def test_macros_and_strings_that_grow_have_a_budget() -> None:
    doubling = ".de X\n.X\n.X\n..\n.X\n" + "".join(f".ds s{n} \\*(s{n + 1}\\*(s{n + 1}\n" for n in range(10, 99))
    wide = '.de Y\n.Y "\\$1\\$1"\n..\n.Y ' + "a" * 100 + "\n"
    page = read_page(".TH X 1\n.SH D\n" + doubling + "\\*(s10\n" * 50 + wide + "end\n")
    assert section(page, "D").text.endswith("end")


def test_deep_nesting() -> None:
    page = read_page(".TH X 1\n.SH D\n" + ".RS\n.IP a\n" * 5_000 + "end\n")
    assert "end" in section(page, "D").text


# -- files


@pytest.mark.parametrize(
    ("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)]
)
def test_packed_files(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    file = tmp_path / f"x.1{suffix}"
    file.write_bytes(pack(b"hello\n" * 100))
    assert read_file(file) == b"hello\n" * 100


def test_two_gzip_members(tmp_path: Path) -> None:
    file = tmp_path / "x.1.gz"
    file.write_bytes(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0")
    assert read_file(file) == b"one two"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.1.gz", gzip.compress(b"hello" * 100)[:-9]),
        ("b.1.gz", b"no gzip at all"),
        ("c.1.xz", lzma.compress(b"hello" * 100)[:-9]),
        ("d.1.bz2", bz2.compress(b"hello" * 100)[:-9]),
        ("e.1.bz2", b"nothing"),
        ("f.1.gz", gzip.compress(b"x" * 100)[:-6] + b"abcdef"),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(str(file))):
        read_file(file)


def test_a_bomb(tmp_path: Path) -> None:
    bombs: dict[str, Callable[[bytes], bytes]] = {
        "x.1.gz": gzip.compress,
        "x.1.bz2": bz2.compress,
        "x.1.xz": lzma.compress,
    }
    for name, pack in bombs.items():
        file = tmp_path / name
        file.write_bytes(pack(b"\0" * (roff.LONGEST_PAGE + 5_000)))
        with pytest.raises(ValueError, match="longer than a manual page"):
            read_file(file)


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.1")
    with pytest.raises(ValueError, match="not a regular file"):
        read_file(tmp_path / "x.1")
    with pytest.raises(ValueError, match="not a regular file"):
        read_file(Path("/dev/zero"))
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "nothing.1")


def test_zstd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.1.zst"
    program = shutil.which("zstd")
    if program:
        file.write_bytes(subprocess.run([program, "-c"], input=b"hello\n" * 9, capture_output=True, check=True).stdout)
        assert read_file(file) == b"hello\n" * 9
        file.write_bytes(file.read_bytes()[:-4])
        with pytest.raises(ValueError, match="damaged"):
            read_file(file)
        zeros = b"\0" * (roff.LONGEST_PAGE * 2)
        file.write_bytes(subprocess.run([program, "-c"], input=zeros, capture_output=True, check=True).stdout)
        with pytest.raises(ValueError, match="longer than"):
            read_file(file)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="zstd is not installed"):
        read_file(file)


# -- this machine's own pages


def _system_pages(most: int) -> list[Path]:
    """Evenly spread over man1 and man8, links and one vendor's thousands aside."""
    files = [
        file
        for folder in ("man1", "man8")
        for file in sorted((_SYSTEM / folder).glob("*"))
        if not file.is_symlink() and not file.name.startswith("gcloud")
    ]
    return files[:: max(1, len(files) // most)]


@pytest.mark.skipif(not (_SYSTEM / "man1" / "ls.1.gz").exists(), reason="no manual pages of coreutils here")
@pytest.mark.parametrize("name", ["ls", "cp", "sort", "du", "stat", "date", "grep", "tar", "find", "lsblk", "flock"])
def test_every_long_option_that_help_prints_is_on_the_page(name: str) -> None:
    page = _SYSTEM / "man1" / f"{name}.1.gz"
    page = page if page.exists() else _SYSTEM / "man8" / f"{name}.8.gz"
    told = subprocess.run([name, "--help"], capture_output=True, text=True, check=False).stdout
    listed = {
        word
        for line in told.splitlines()
        if (found := re.match(r"\s{1,8}(-[^\s]+(?:,? +-\S+)*)", line))
        for word in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", found[1])
    }
    known = {spelling for found in options(read_page(read_file(page))) for spelling in found}
    assert listed - known <= {"--help", "--version", "--show-snapshot-field-ranges"}  # which the pages do not tell


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_option_lists_agree_with_mandoc() -> None:
    """Every tag of a list that mandoc shows as an option is one here: at least 98 in 100, on a sample."""
    both = only = 0
    for file in _system_pages(60):
        data = read_file(file)
        shown = subprocess.run(["mandoc", "-T", "html"], input=data, capture_output=True, check=False).stdout.decode()
        tags = [" ".join(re.sub(r"<[^>]+>", "", tag).split()) for tag in re.findall(r"(?s)<dt[^>]*>(.*?)</dt>", shown)]
        wanted = {long for tag in tags if tag.startswith("-") for long in re.findall(r"(?<![\w-])--[a-z][\w-]+", tag)}
        got = {spelling for found in options(read_page(data)) for spelling in found}
        both += len(wanted & got)
        only += len(wanted - got)
    assert both >= 98 * (both + only) / 100


@pytest.mark.skipif(not _SYSTEM.is_dir(), reason="no manual pages here")
def test_every_page_of_this_machine_has_a_name() -> None:
    files = _system_pages(250)
    read = [read_page(read_file(file)) for file in files]
    without = [str(file) for file, page in zip(files, read, strict=True) if not page.alias and not page.names]
    assert len(without) <= len(files) // 50, without


def test_gzip_errors_are_those_of_zlib() -> None:
    """What read_file catches is what the library raises."""
    with pytest.raises(zlib.error):
        zlib.decompressobj(wbits=31).decompress(b"no gzip")
