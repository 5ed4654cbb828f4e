"""Manual pages as knowledge: small trees of our own, then those of this machine."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Piece, Relation, Trouble
from knowledgegraph.sources import man_files
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.man import ManPages, manuals
from knowledgegraph.sources.man_entries import cut
from knowledgegraph.sources.program_help import ProgramHelp
from tests import helpers_roff as pages

_SYSTEM = Machine(
    man_path=(Path("/usr/local/share/man"), Path("/usr/share/man")),
    programs=tuple(map(Path, ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"))),
)


def read(machine: Machine) -> list[Piece]:
    source = ManPages(machine)
    found = source.detect()
    assert isinstance(found, Found)
    return list(source.read(found))


def entries(pieces: list[Piece]) -> dict[str, Entry]:
    return {piece.ref: piece for piece in pieces if isinstance(piece, Entry)}


def relations(pieces: list[Piece]) -> set[tuple[str, str, Kind]]:
    return {(piece.source, piece.target, piece.kind) for piece in pieces if isinstance(piece, Relation)}


def troubles(pieces: list[Piece]) -> list[str]:
    return [piece.sentence for piece in pieces if isinstance(piece, Trouble)]


def test_a_command(tmp_path: Path) -> None:
    machine = pages.machine(tmp_path, {"man1/frob.1": pages.MAN})
    found = entries(read(machine))
    command = found["frob"]
    assert (command.kind, command.form, command.domain, command.headline) == ("linux", Form.COMMAND, "linux", True)
    assert command.summary == "twist a thing — or back"
    assert command.names == ("frob(1)", "unfrob")
    assert command.location == str(tmp_path / "man" / "man1" / "frob.1")
    assert command.text.startswith("```\nfrob [OPTION]... THING\nunfrob THING\n```\n\nTwists a `THING`")
    assert command.text.endswith("**Examples**\n\n```\nfrob --all \\\n  /tmp\n```")


def test_options_are_details_of_the_command(tmp_path: Path) -> None:
    found = entries(read(pages.machine(tmp_path, {"man1/frob.1": pages.MAN})))
    option = found["frob --all"]
    assert (option.form, option.parent, option.headline) == (Form.OPTION, "linux:frob", False)
    assert (option.title, option.names, option.text) == ("-a, --all", ("frob -a",), "every `thing`")
    assert option.summary == "every thing"
    assert found["frob --color"].title == "-c, --color[=WHEN]"
    assert found["frob --depth"].title == "-D, --depth N"


def test_one_option_in_two_forms_is_two_entries(tmp_path: Path) -> None:
    body = ".SH OPTIONS\n.TP\n\\-a\none\n.SH MORE\n.TP\n\\-a\ntwo\n"
    found = entries(read(pages.machine(tmp_path, {"man1/x.1": pages.page("x", body=body)})))
    assert (found["x -a"].text, found["x -a (2)"].text) == ("one", "two")


def test_sections_of_files_and_overviews(tmp_path: Path) -> None:
    body = ".SH OPTIONS\n.TP\n.B PermitAll\nyes or no\n.TP\n.B not a name\nx\n"
    files = {"man5/frobrc.5": pages.page("frobrc", "5", body=body), "man7/frobbing.7": pages.page("frobbing", "7")}
    found = entries(read(pages.machine(tmp_path, files)))
    page = found["frobrc(5)"]
    assert (page.form, page.title, page.names) == (Form.PAGE, "frobrc(5)", ("frobrc",))
    assert found["frobbing(7)"].form is Form.PAGE
    setting = found["frobrc(5) PermitAll"]
    assert (setting.form, setting.parent, setting.headline) == (Form.VARIABLE, "linux:frobrc(5)", False)
    assert "PermitAll" in setting.names
    assert "frobrc(5) not a name" not in found


def test_a_name_in_several_sections(tmp_path: Path) -> None:
    files = {f"man{digit}/x.{digit}": pages.page("x", str(digit), f"number {digit}") for digit in (1, 5, 7, 8)}
    files["man1/x.1ssl"] = pages.page("x", "1ssl", "the other")
    found = entries(read(pages.machine(tmp_path, files)))
    summaries = {ref: entry.summary for ref, entry in found.items()}
    assert summaries == {
        "x": "number 1", "x(1ssl)": "the other", "x(8)": "number 8", "x(5)": "number 5", "x(7)": "number 7",
    }  # fmt: skip


def test_links_and_pages_that_point_are_names_of_the_page(tmp_path: Path) -> None:
    machine = pages.machine(
        tmp_path,
        {
            "man1/frob.1.gz": gzip.compress(pages.page("frob").encode()),
            "man1/pointing.1": ".so man1/frob.1\n",
            "man1/again.1": ".so man1/pointing.1\n",
            "man8/far.8": ".so man1/linked.1\n",
            "man1/round.1": ".so man1/about.1\n",
            "man1/about.1": ".so man1/round.1\n",
            "man1/nowhere.1": ".so man1/gone.1\n",
            "man1/user.1": pages.page("user", body=".SH SEE ALSO\n.BR again (1)\n"),
        },
    )
    folder = tmp_path / "man" / "man1"
    (folder / "linked.1.gz").symlink_to("frob.1.gz")
    (folder / "twice.1.gz").symlink_to("linked.1.gz")
    (folder / "loop.1").symlink_to("loop.1")
    (folder / "broken.1").symlink_to("nothing.1")
    pieces = read(machine)
    found = entries(pieces)
    assert set(found) == {"frob", "user"}
    assert set(found["frob"].names) == {"frob(1)", "pointing", "again", "far", "linked", "twice"}
    assert ("linux:user", "linux:frob", Kind.RELATED) in relations(pieces)
    assert troubles(pieces) == []


def test_a_link_out_of_the_folders_is_a_page(tmp_path: Path) -> None:
    machine = pages.machine(tmp_path, {"man1/frob.1": pages.page("frob")})
    outside = tmp_path / "gawk.1"
    outside.write_text(pages.page("gawk"))
    (tmp_path / "man" / "man1" / "awk.1").symlink_to(outside)
    assert set(entries(read(machine))) == {"frob", "awk"}


def test_the_first_folder_wins(tmp_path: Path) -> None:
    first = pages.machine(tmp_path / "a", {"man1/x.1": pages.page("x", summary="the first")})
    second = pages.machine(tmp_path / "b", {"man1/x.1": pages.page("x"), "man1/y.1": pages.page("y")})
    found = entries(read(Machine(man_path=first.man_path + second.man_path + first.man_path)))
    assert {ref: entry.summary for ref, entry in found.items()} == {"x": "the first", "y": "a thing"}


def test_what_other_sources_read_is_left_out(tmp_path: Path) -> None:
    files = {f"man1/{name}.1": pages.page(name) for name in ("git", "git-log", "gh", "gh-pr", "gitk", "ghost")}
    files |= {f"man7/{name}.7": pages.page(name, "7") for name in ("gitglossary", "giteveryday", "hier")}
    pieces = read(pages.machine(tmp_path, files, ("git", "gh", "ghost", "bare")))
    assert set(entries(pieces)) == {"gitk", "ghost", "hier(7)"}
    coverage = next(piece for piece in pieces if isinstance(piece, Coverage))
    assert coverage == Coverage("linux_commands", 3, 4, ("bare",))


def test_relations(tmp_path: Path) -> None:
    body = ".PP\nUses \\fBother\\fR(1), itself x(1), nothing(1) and git-add(1).\n"
    body += ".SH SEE ALSO\n.BR third (5),\n.BR git-log (1),\n"
    body += ".BR gh-pr-create (1),\n.BR gitglossary (7)\n"
    files = {
        "man1/x.1": pages.page("x", body=body),
        "man1/other.1": pages.page("other"),
        "man5/third.5": pages.page("third", "5"),
    }
    assert relations(read(pages.machine(tmp_path, files))) == {
        ("linux:x", "linux:other", Kind.LINKS_TO),
        ("linux:x", "git:git add", Kind.LINKS_TO),
        ("linux:x", "linux:third(5)", Kind.RELATED),
        ("linux:x", "git:git log", Kind.RELATED),
        ("linux:x", "gh:gh pr create", Kind.RELATED),
        ("linux:x", "git:gitglossary", Kind.RELATED),
    }


def test_sections_of_long_pages_are_found_by_words(tmp_path: Path) -> None:
    filler = "Words that fill a line of a long page about nothing. " * 12
    body = "".join(f".SH {title}\n{filler}\n.SS Inside\n{filler}\n" for title in ("NOTES", "QUOTING", "MAGIC"))
    body += "".join(f".SH PART {number}\n{filler}\n" for number in range(50))
    long = entries(read(pages.machine(tmp_path / "long", {"man1/x.1": pages.page("x", body=body)})))
    assert (long["x -- QUOTING"].title, long["x -- QUOTING"].headline) == ("x: Quoting", True)
    assert long["x -- QUOTING"].form is Form.SECTION
    assert not long["x -- NOTES"].headline
    assert long["x -- Inside (MAGIC)"].parent == "linux:x -- MAGIC"
    short = entries(
        read(pages.machine(tmp_path / "short", {"man1/x.1": pages.page("x", body=f".SH QUOTING\n{filler}\n")}))
    )
    assert not short["x -- QUOTING"].headline


def test_subcommands(tmp_path: Path) -> None:
    body = ".SH COMMANDS\n.TP\n\\fBrestart\\fR \\fIUNIT\\fR\nBegins again.\n.TP\n.B Not one\nx\n"
    found = entries(read(pages.machine(tmp_path, {"man1/ctl.1": pages.page("ctl", body=body)})))
    assert found["ctl restart"].text == "`ctl restart UNIT`\n\nBegins again."
    assert (found["ctl restart"].form, found["ctl restart"].parent) == (Form.COMMAND, "linux:ctl")
    assert set(found) == {"ctl", "ctl restart", "ctl -- COMMANDS"}


def test_a_family_of_thousands_is_left_out_and_counted(tmp_path: Path) -> None:
    many = {f"man1/vendor_{number}.1": pages.page(f"vendor_{number}") for number in range(man_files.LARGEST_FAMILY + 5)}
    few = {f"man1/tool-{number}.1": pages.page(f"tool-{number}") for number in range(5)}
    machine = pages.machine(tmp_path, many | few | {"man1/vendor.1": pages.page("vendor")}, ("vendor_3", "tool-1"))
    pieces = read(machine)
    assert set(entries(pieces)) == {"vendor", "vendor_3", *(f"tool-{number}" for number in range(5))}
    assert troubles(pieces) == [
        f"{man_files.LARGEST_FAMILY + 4} manual pages that begin with 'vendor' are left out: so many that are no "
        "programs of this machine would bury the others."
    ]


def test_a_bad_page_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    machine = pages.machine(
        tmp_path,
        {
            "man1/bad.1.gz": gzip.compress(pages.MAN.encode())[:-20],
            "man1/worse.1.gz": b"\x00\x01",
            "man1/empty.1": "",
            "man1/latin.1": ".TH L 1\n.SH NAME\nlatin \\- f\xfcr uns\n".encode("latin-1"),
            "man1/good.1": pages.page("good"),
        },
    )
    os.mkfifo(tmp_path / "man" / "man1" / "pipe.1")
    pieces = read(machine)
    found = entries(pieces)
    assert set(found) == {"good", "latin"}
    assert found["latin"].summary == "für uns"
    told = troubles(pieces)
    assert len(told) == 3
    for name in ("bad.1.gz", "worse.1.gz", "pipe.1"):
        assert any(str(tmp_path / "man" / "man1" / name) in sentence for sentence in told)


def test_odd_names_of_files_are_no_pages(tmp_path: Path) -> None:
    files = {"man1/x.1": pages.page("x"), "man1/README": "r", "man1/x.1.orig~": "o", "man1/y.5": pages.page("y", "5")}
    assert set(entries(read(pages.machine(tmp_path, files)))) == {"x"}


def test_the_fingerprint_changes_with_the_folders(tmp_path: Path) -> None:
    machine = pages.machine(tmp_path, {"man1/x.1": pages.page("x")}, ("x",))
    source = ManPages(machine)
    first = source.detect()
    assert isinstance(first, Found)
    assert source.detect() == first
    pages.machine(tmp_path, {"man8/y.8": pages.page("y", "8")})
    second = source.detect()
    assert isinstance(second, Found)
    assert second.fingerprint != first.fingerprint
    pages.machine(tmp_path, {}, ("x", "z"))
    third = source.detect()
    assert isinstance(third, Found)
    assert third.fingerprint != second.fingerprint


def test_no_pages_at_all(tmp_path: Path) -> None:
    missing = ManPages(Machine(man_path=(tmp_path,))).detect()
    assert isinstance(missing, Missing)
    assert "apt-get install" in missing.how_to_get


@pytest.mark.parametrize("most", [1, 10, 50, 51, 60, 200])
def test_cut_text_is_whole(most: int) -> None:
    text = "First paragraph of it.\n\n```\none\n\ntwo\n```\n\n- a\n- b\n\nLast words."
    shown = cut(text, most)
    assert shown.count("```") % 2 == 0
    assert len(shown) <= max(most, 1) + len("\n```\n\n…")
    assert (shown == text) == (most >= len(text))


# -- what programs say of themselves


def test_help_of_known_programs_where_pages_are_missing(tmp_path: Path) -> None:
    machine = pages.machine(tmp_path, {"man1/cat.1": pages.page("cat")}, ("ls", "cat", "unknown"))
    said = "Usage: ls [OPTION]...\nList things.\n\n  -a, --all      show `all`\n                 of them\n"
    said += "      --size=N   N of it\n"
    program = tmp_path / "usr" / "bin" / "ls"
    program.write_text(f"#!/bin/sh\ntest \"$*\" = --help && /bin/cat <<'END'\n{said}END\n")
    told = tmp_path / "told"
    (tmp_path / "usr" / "bin" / "unknown").write_text(f"#!/bin/sh\necho run > {told}\n")
    machine = Machine(man_path=machine.man_path, programs=(*machine.programs, Path("/usr/bin"), Path("/bin")))
    source = ProgramHelp(Machine(man_path=machine.man_path, programs=machine.programs[:1]))
    assert source.wanted()
    assert [other.name for other in manuals(machine)] == ["man", "bash", "help"]
    reader = ProgramHelp(machine)
    found = reader.detect()
    assert isinstance(found, Found)
    only_ls = {ref: entry for ref, entry in entries(list(reader.read(found))).items() if ref.split()[0] == "ls"}
    assert only_ls["ls"].summary == "List things."
    assert only_ls["ls"].text == f"```\n{said.strip()}\n```"
    assert only_ls["ls --all"].names == ("ls -a",)
    assert only_ls["ls --all"].text == "show \\`all\\` of them"
    assert only_ls["ls --size"].title == "--size N"
    assert not told.exists()


def test_no_help_is_asked_for_where_there_are_pages(tmp_path: Path) -> None:
    machine = pages.machine(tmp_path, {"man1/ls.1": pages.page("ls")}, ("ls", "unknown"))
    assert not ProgramHelp(machine).wanted()
    assert isinstance(ProgramHelp(machine).detect(), Missing)
    assert [source.name for source in manuals(machine)] == ["man", "bash"]


# -- this machine


@pytest.fixture(scope="module")
def of_this_machine() -> list[Piece]:
    if not any((root / "man1").is_dir() for root in _SYSTEM.man_path):
        pytest.skip("no manual pages on this machine")
    return read(_SYSTEM)


def test_ids_are_unique_and_parents_are_there(of_this_machine: list[Piece]) -> None:
    ids = Counter(piece.id for piece in of_this_machine if isinstance(piece, Entry))
    assert [identity for identity, count in ids.items() if count > 1] == []
    parents = {piece.parent for piece in of_this_machine if isinstance(piece, Entry) and piece.parent}
    assert parents <= set(ids)


def test_every_page_file_is_read_or_told(of_this_machine: list[Piece]) -> None:
    files = man_files.page_files(_SYSTEM)
    read_files = {piece.location for piece in of_this_machine if isinstance(piece, Entry)}
    unread = [page for page in files.pages if str(page.path) not in read_files and page.key not in files.links]
    named = " ".join(troubles(of_this_machine))
    silent = [str(page.path) for page in unread if str(page.path) not in named]
    assert len(silent) <= len(files.pages) // 100, silent


def test_what_is_stored_holds_no_control_characters(of_this_machine: list[Piece]) -> None:
    for piece in of_this_machine:
        if isinstance(piece, Entry):
            assert piece.text.isprintable() or not any(ord(char) < 32 and char not in "\n\t" for char in piece.text)
            assert len(piece.summary) <= 300
            assert "\n" not in piece.summary + piece.title + piece.ref


def test_relations_lead_somewhere(of_this_machine: list[Piece]) -> None:
    ids = {piece.id for piece in of_this_machine if isinstance(piece, Entry)}
    for source, target, _ in relations(of_this_machine):
        assert source in ids
        assert target in ids or target.startswith(("git:", "gh:"))


def test_most_programs_are_covered(of_this_machine: list[Piece]) -> None:
    found = entries(of_this_machine)
    coverage = next(piece for piece in of_this_machine if isinstance(piece, Coverage))
    assert 0 < coverage.got <= coverage.total
    assert coverage.total == len(man_files.programs(_SYSTEM))
    assert not set(coverage.missing) & set(found)
