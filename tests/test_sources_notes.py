"""Folders of notes: what is read, what is left alone, and hostile files that are only data."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Mention, Piece, Relation, Trouble
from knowledgegraph.sources import note_pdf, notes
from knowledgegraph.sources.base import Found, Machine, Missing, Source
from knowledgegraph.sources.note_text import MOST_HEADINGS, plain, slug, split, without_front_matter
from knowledgegraph.sources.notes import Notes, notes_of

PAGE = """# Gardens

All about *gardens* and `Vec::push`.

## Beds

Dig first. See [the tools](tools/list.md#spade) and E0382.

```sh
# no heading
echo
```

### Roses

Thorns.

## Beds

Again.
"""


def read(source: Source) -> list[Piece]:
    found = source.detect()
    assert isinstance(found, Found), found
    return list(source.read(found))


def entries(pieces: list[Piece]) -> dict[str, Entry]:
    found = {piece.ref: piece for piece in pieces if isinstance(piece, Entry)}
    assert len(found) == sum(isinstance(piece, Entry) for piece in pieces), "two entries have one reference"
    return found


def troubles(pieces: list[Piece]) -> list[str]:
    return [piece.sentence for piece in pieces if isinstance(piece, Trouble)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "my notes"
    (place / "tools").mkdir(parents=True)
    (place / "garden.md").write_text(PAGE, encoding="utf-8")
    (place / "tools" / "list.md").write_text("Spade\n=====\n\nTo dig.\n", encoding="utf-8")
    (place / "plain.txt").write_text("# no heading here\nBuy seeds.\n", encoding="utf-8")
    return place


def test_a_folder_is_pages_and_sections(folder: Path) -> None:
    found = entries(read(Notes(folder, "my notes")))
    assert [(ref, entry.form, entry.title) for ref, entry in found.items()] == [
        ("my notes", Form.BOOK, "my notes"),
        ("my notes/garden.md", Form.PAGE, "Gardens"),
        ("my notes/garden.md#beds", Form.SECTION, "Beds"),
        ("my notes/garden.md#roses", Form.SECTION, "Roses"),
        ("my notes/garden.md#beds-1", Form.SECTION, "Beds"),
        ("my notes/plain.txt", Form.PAGE, "plain"),
        ("my notes/tools/list.md", Form.PAGE, "Spade"),
    ]
    beds = found["my notes/garden.md#beds"]
    assert (beds.kind, beds.domain, beds.headline) == ("note", "", True)
    assert beds.parent == "note:my notes/garden.md"
    assert beds.location == f"{folder}/garden.md#beds"
    assert beds.summary == "Dig first. See the tools and E0382."
    assert "# no heading" in beds.text
    assert found["my notes/garden.md#roses"].parent == beds.id
    assert found["my notes/garden.md#beds-1"].parent == "note:my notes/garden.md"
    assert found["my notes/garden.md"].parent == "note:my notes"
    assert found["my notes/garden.md"].summary == "All about gardens and Vec::push."
    assert found["my notes/plain.txt"].text == "# no heading here\nBuy seeds."


def test_what_notes_name_becomes_relations(folder: Path) -> None:
    pieces = read(Notes(folder, "n"))
    beds = "note:n/garden.md#beds"
    assert [piece for piece in pieces if isinstance(piece, Relation | Mention)] == [
        Mention("note:n/garden.md", "Vec::push"),
        Relation(beds, "note:n/tools/list.md", Kind.LINKS_TO),
        Relation(beds, "error:E0382", Kind.LINKS_TO),
    ]
    assert pieces[-1] == Coverage("notes", 3, 3)


def test_a_file_can_be_added_by_itself(folder: Path) -> None:
    pieces = read(Notes(folder / "garden.md", "garden.md"))
    assert list(entries(pieces))[:2] == ["garden.md", "garden.md#beds"]
    assert pieces[-1] == Coverage("notes", 1, 1)
    (folder / "picture.png").write_bytes(b"x")
    pieces = read(Notes(folder / "picture.png", "picture.png"))
    assert troubles(pieces) == ["picture.png is no Markdown, text or PDF; it was not read."]
    assert pieces[-1] == Coverage("notes", 0, 1)


def test_every_added_path_has_a_label_of_its_own(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "docs", tmp_path / "b" / "docs", tmp_path / "a" / "docs", tmp_path / "docs-2"]
    sources = notes_of(Machine(notes=tuple(paths)))
    assert [source.name for source in sources] == ["notes:docs", "notes:docs-2", "notes:docs-2-2"]
    assert notes_of(Machine()) == []
    assert notes_of(Machine(notes=(Path("/"),)))[0].name == "notes:notes"


def test_build_output_and_hidden_things_are_left_alone(folder: Path) -> None:
    for name in (".git", ".obsidian", "node_modules", "target"):
        (folder / name).mkdir()
        (folder / name / "page.md").write_text("# No", encoding="utf-8")
    (folder / ".secret.md").write_text("# No", encoding="utf-8")
    (folder / "code.rs").write_text("fn main() {}", encoding="utf-8")
    assert len(entries(read(Notes(folder, "n")))) == 7


def test_links_that_lead_out_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("# Secret", encoding="utf-8")
    (folder / "out.md").symlink_to(outside / "secret.md")
    (folder / "away").symlink_to(outside)
    (folder / "round").symlink_to(folder)
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "again.md").symlink_to(folder / "garden.md")
    pieces = read(Notes(folder, "n"))
    found = entries(pieces)
    assert not [ref for ref in found if "secret" in ref or "out" in ref or "round" in ref]
    assert "n/again.md" in found
    assert len(troubles(pieces)) == 2
    assert any(sentence.startswith("n/out.md is a link that leads out") for sentence in troubles(pieces))
    assert any(sentence.startswith("n/loop.md cannot be read") for sentence in troubles(pieces))
    assert pieces[-1] == Coverage("notes", 4, 6)


def test_an_added_link_is_the_folder_it_leads_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(folder)
    assert "n/garden.md#beds" in entries(read(Notes(tmp_path / "short", "n")))


def test_too_large_too_many_and_no_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "huge.md").write_bytes(b"x" * 2_000_001)
    os.mkfifo(folder / "pipe.md")
    pieces = read(Notes(folder, "n"))
    assert troubles(pieces) == [
        "n/huge.md has more than 2 MB; it was not read: split it.",
        "n/pipe.md is no ordinary file; it was not read.",
    ]
    assert pieces[-1] == Coverage("notes", 3, 5)
    monkeypatch.setattr(notes, "MOST_FILES", 2)
    pieces = read(Notes(folder, "n"))
    assert troubles(pieces)[-1].startswith("n holds more than 2 files")
    assert isinstance(pieces[-1], Coverage)
    assert pieces[-1].got == 2
    assert pieces[-1].total == 5


def test_a_tree_without_end_has_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "MOST_FOLDERS", 1)
    pieces = read(Notes(folder, "n"))
    assert troubles(pieces) == ["Only the first 1 folders of my notes were looked into."]
    assert "n/garden.md" in entries(pieces)
    assert "n/tools/list.md" not in entries(pieces)


def test_files_that_are_too_large_together_are_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "MOST_TOGETHER", 10)
    pieces = read(Notes(folder, "n"))
    assert [ref for ref in entries(pieces) if ref.endswith((".md", ".txt"))] == ["n/garden.md"]
    assert "2 files were not read" in troubles(pieces)[0]
    assert pieces[-1] == Coverage("notes", 1, 3)


def test_a_file_that_may_not_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so that the refusal is acted."""
    plain_read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "garden.md":
            raise PermissionError(13, "Permission denied", str(path))
        return plain_read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    pieces = read(Notes(folder, "n"))
    assert troubles(pieces) == ["n/garden.md was not read: Permission denied."]
    assert pieces[-1] == Coverage("notes", 2, 3, ("n/garden.md",))
    assert "n/plain.txt" in entries(pieces)


def test_bytes_that_are_no_text_are_replaced(folder: Path) -> None:
    (folder / "bad.md").write_bytes(b"\xef\xbb\xbf# Caf\xe9\r\n\r\nna\xefve\r## Two\r\n\x00\x1b[31m\x0c# three")
    odd = os.fsdecode(b"odd-\xff.md")
    (folder / odd).write_text("# Odd", encoding="utf-8")
    (folder / os.fsdecode(b"odd-\xfe.md")).write_text("# Even", encoding="utf-8")
    found = entries(read(Notes(folder, "n")))
    assert found["n/bad.md"].title == "Caf�"
    assert found["n/bad.md"].text == "na�ve"
    assert found["n/bad.md#two"].text.endswith("\x0c# three")
    assert {"n/odd-�.md", "n/odd-�.md~"} <= found.keys()
    for entry in found.values():
        str(entry).encode("utf-8")
    assert found["n/odd-�.md"].location == "", "a name that is no text opens nothing"


def test_front_matter_gives_the_title() -> None:
    assert without_front_matter('---\ntitle: "Mine"\ntags: [a]\n---\nBody') == ("Body", "Mine")
    assert without_front_matter("---\nno end") == ("---\nno end", "")
    assert without_front_matter("text\n---\n") == ("text\n---\n", "")


def test_headings() -> None:
    text = (
        "a\n# One #\n  ## Two\n#no\n####### seven\n    # code\n~~~\n# in\n```\n~~~~\nThree\n---\n- x\n---\n| a |\n---\n"
    )
    assert [(piece.level, piece.title) for piece in split(text)] == [(0, ""), (1, "One"), (2, "Two"), (2, "Three")]
    assert [piece.title for piece in split("```\n# a\n")] == [""], "an open fence goes to the end"
    assert slug("The `Vec::push` *method*, now") == "the-vec-push-method-now"
    assert slug("***") == "section"
    assert plain("a [link](x.md) <b>and</b> ![p](q.png)\n```\ncode\n```\n> said __so__ snake_case") == (
        "a link and p said so snake_case"
    )


MARKDOWN = st.lists(
    st.sampled_from(
        ["# a\n", "## b #\n", "```\n", "````rust\n", "~~~\n", "text\n", "===\n", "---\n", "\n", " # c\n", "#"]
    )
    | st.text(max_size=12),
    max_size=40,
).map("".join)


@given(MARKDOWN)
def test_splitting_loses_nothing(text: str) -> None:
    pieces = split(text)
    assert "".join(piece.raw + piece.body for piece in pieces) == text
    assert pieces[0].level == 0
    assert not pieces[0].raw
    assert all(1 <= piece.level <= 6 and piece.raw for piece in pieces[1:])


@given(MARKDOWN, MARKDOWN)
def test_nothing_inside_a_fence_is_a_heading(before: str, inside: str) -> None:
    fence = "`" * 30
    start = f"{before.replace('`', '').replace('~', '')}\n\n"
    assert len(split(f"{start}{fence}\n{inside}\n{fence}\n# after\n")) == len(split(start)) + 1


def test_a_file_of_nothing_but_headings_has_an_end() -> None:
    pieces = split("#\n" * 50_000)
    assert len(pieces) == MOST_HEADINGS + 1
    assert "".join(piece.raw + piece.body for piece in pieces) == "#\n" * 50_000


@pytest.mark.parametrize("line", ["_" * 300_000, "# " + " " * 300_000 + "x", "`" * 300_000 + "x`", "[" * 300_000])
def test_long_lines_are_text(line: str, folder: Path) -> None:
    (folder / "long.md").write_text(f"a{line}a\n{line}\n{line}a", encoding="utf-8")
    assert "n/long.md" in entries(read(Notes(folder, "n")))


def test_the_fingerprint_follows_names_sizes_and_times(folder: Path) -> None:
    source = Notes(folder, "n")
    seen = [source.detect()]
    assert source.detect() == seen[0]
    os.utime(folder / "garden.md", ns=(1, 1))
    seen.append(source.detect())
    (folder / "garden.md").rename(folder / "yard.md")
    seen.append(source.detect())
    (folder / "more.txt").write_text("x", encoding="utf-8")
    seen.append(source.detect())
    assert len({found.fingerprint for found in seen if isinstance(found, Found)}) == 4
    (folder / "code.rs").write_text("x", encoding="utf-8")
    assert source.detect() == seen[-1]


def test_a_folder_that_is_gone_is_missing(tmp_path: Path) -> None:
    missing = Notes(tmp_path / "gone", "gone").detect()
    assert isinstance(missing, Missing)
    assert str(tmp_path / "gone") in missing.why


def pdf(path: Path, *pages: str, title: str = "", password: str = "") -> None:
    """Writes a PDF whose pages show these texts."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(300, 300)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = stream
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    with path.open("wb") as file:
        writer.write(file)


def test_a_pdf_is_read_page_by_page(folder: Path) -> None:
    pdf(folder / "book.pdf", "Mulch is good", "", "See E0382", title="On mulch")
    pieces = read(Notes(folder, "n"))
    found = entries(pieces)
    assert found["n/book.pdf"].title == "On mulch"
    assert [ref for ref in found if ref.startswith("n/book.pdf#")] == ["n/book.pdf#page-1", "n/book.pdf#page-3"]
    first = found["n/book.pdf#page-1"]
    assert (first.text, first.parent, first.location) == (
        "Mulch is good",
        "note:n/book.pdf",
        f"{folder}/book.pdf#page=1",
    )
    assert Relation("note:n/book.pdf#page-3", "error:E0382", Kind.LINKS_TO) in pieces
    assert not troubles(pieces)


def test_broken_and_locked_pdfs_are_named(folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    pdf(folder / "locked.pdf", "secret", password="key")
    pdf(folder / "pictures.pdf", "")
    pieces = read(Notes(folder, "n"))
    broken, locked, pictures = troubles(pieces)
    assert broken.startswith("n/broken.pdf was not read: it is broken or no PDF")
    assert locked == "n/locked.pdf was not read: it is encrypted; save a copy without a password."
    assert pictures.startswith("n/pictures.pdf holds no text")
    assert pieces[-1] == Coverage("notes", 4, 6, ("n/broken.pdf", "n/locked.pdf"))


def test_a_pdf_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    pdf(tmp_path / "slow.pdf", "text")
    with pytest.raises(note_pdf.UnreadablePdf, match="longer than 0 seconds"):
        note_pdf.read_pdf(tmp_path / "slow.pdf", seconds=0)


def test_without_pypdf_the_sentence_says_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pdf(folder / "book.pdf", "Mulch")
    source = Notes(folder, "n")
    before = source.detect()
    monkeypatch.setattr(note_pdf, "is_readable", lambda: False)
    pieces = read(source)
    assert troubles(pieces) == ["n/book.pdf was not read: reading PDFs needs `pip install 'tutor[pdf]'`."]
    assert source.detect() != before, "installing it is a reason to read again"


def test_reading_changes_nothing(folder: Path) -> None:
    def state() -> dict[Path, tuple[int, int]]:
        return {
            path: (path.stat().st_mtime_ns, stat.S_IMODE(path.stat().st_mode)) for path in sorted(folder.rglob("*"))
        }

    before = state()
    read(Notes(folder, "n"))
    assert state() == before
