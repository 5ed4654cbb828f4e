"""The explanations of rustc's error codes: from their pages (one each, or all on one in older versions), else from
the compiler itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Piece, Relation, Trouble, entry_id, summary_of
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.hrefs import identity
from knowledgegraph.sources.html import children, code_names_of, links_of, markdown_of, parse, read_page, text_of
from knowledgegraph.sources.std_docs import fingerprint_of, mentions_in, version_of, without_buttons

ROOT = "index"  # the ref of the list of all codes

_CODE = re.compile(r"E\d{4}")
_INTRODUCES = re.compile(r"(?:erroneous|incorrect) (?:code )?examples?", re.IGNORECASE)
_GONE = re.compile(r"no longer emitted|never (?:been )?emitted", re.IGNORECASE)
_INTERNAL = re.compile(r"internal to the compiler", re.IGNORECASE)
_OPENING = re.compile(r"This error (?:code )?(?:indicates|suggests|occurs|means) (?:that|when|because) ")
_SENTENCE = re.compile(r"(?<=[^.\s][.!?])\s+(?=[A-Z`\"“(])")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"(?<![\w\])`])\[([^\]\n]+)\](?:\(([^)\s]+)\)|\[[^\]\n]*\])")
_TARGET = re.compile(r"^\[[^\]\n]+\]: *(\S+)", re.MULTILINE)
_MOST_TITLE = 90
_MOST_MISSING = 30
_LAST = 999  # codes are tried up to E0999 where no list says which there are
_THREADS = 4
_WHOLE_LIST = 10_000  # bytes; where each code has its own page, a small page of this name leads there


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is told of one code. ``notes``: headings above the first paragraph; ``first``: what is wrong, plain text;
    ``links``: ids; ``names``: inline code."""

    code: str
    notes: tuple[str, ...]
    first: str
    text: str
    location: str
    links: tuple[str, ...]
    names: tuple[str, ...]


class ErrorCodes:
    """rustc's error codes."""

    name = "error-codes"
    title = "The Rust error codes"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def detect(self) -> Found | Missing:
        """Looks for the pages, then for the compiler."""
        docs = self._machine.rust_docs
        if docs is not None and (docs / "error_codes").is_dir():
            fingerprint = fingerprint_of(docs, "error_codes/error-index.html", "error_codes/toc.html")
            return Found(version_of(docs), fingerprint, str(docs / "error_codes"))
        if docs is not None and _is_one_page(docs / "error-index.html"):
            return Found(version_of(docs), fingerprint_of(docs, "error-index.html"), str(docs / "error-index.html"))
        rustc = self._rustc()
        told = self._machine.tell([rustc, "--version"]) if rustc is not None else None
        if rustc is None or told is None:
            return Missing("Neither Rust's documentation nor its compiler is here.", "rustup component add rust-docs")
        version = told.split()[1] if len(told.split()) > 1 else "unknown"
        return Found(version, told.strip(), str(rustc))

    def read(self, found: Found) -> Iterator[Piece]:
        """The list of codes, each code, then how many of the list there were. Raises OSError where there is nothing."""
        location = Path(found.location)
        if location.is_dir():
            return _read_pages(location)
        if location.suffix == ".html":
            return _read_one_page(location)
        return self._read_compiler(location)

    def _rustc(self) -> Path | None:
        """The compiler itself: rustup's stand-in of the same name takes longer to start."""
        sysroot = self._machine.sysroot
        if sysroot is not None and (sysroot / "bin" / "rustc").is_file():
            return sysroot / "bin" / "rustc"
        return self._machine.find("rustc")

    def _read_compiler(self, rustc: Path) -> Iterator[Piece]:
        from concurrent.futures import ThreadPoolExecutor

        def explain(code: str) -> tuple[str, str | None]:
            return code, self._machine.tell([rustc, "--explain", code])

        yield _root("")
        got = 0
        with ThreadPoolExecutor(_THREADS) as pool:
            for code, told in pool.map(explain, (f"E{number:04}" for number in range(1, _LAST + 1))):
                if told and told.strip():
                    got += 1
                    yield from _pieces(explanation_in_markdown(code, told))
        if not got:
            yield Trouble(f"{rustc} explains no error code.")
        yield Coverage("error_codes", got, got)


def _read_pages(folder: Path) -> Iterator[Piece]:
    index = folder / "error-index.html"
    yield _root(str(index))
    try:
        listed = [link.attributes.get("href") or "" for link in parse(index).css("main a[href]")]
    except OSError as error:
        yield Trouble(f"{index}, the list of error codes, could not be read ({error.strerror}).")
        listed = []
    here = {path.stem for path in folder.glob("E*.html") if _CODE.fullmatch(path.stem)}
    codes = sorted(here.union(code for href in listed if _CODE.fullmatch(code := Path(href).stem)))
    missing: list[str] = []
    for code in codes:
        path = folder / f"{code}.html"
        try:
            content = read_page(path)
        except OSError as error:
            yield Trouble(f"{path} could not be read ({error.strerror}).")
            missing.append(code)
            continue
        main = LexborHTMLParser(content.decode("utf-8", "replace")).css_first("main")
        nodes = [node for node in children(main) if node.tag != "h1"] if main is not None else []
        explained = explanation_in_html(code, nodes, str(path), f"error_codes/{code}.html")
        if not explained.text:
            yield Trouble(f"{path} explains nothing; install rust-docs again.")
            missing.append(code)
            continue
        if not content.rstrip().endswith(b"</html>"):
            yield Trouble(f"{path} ends too early; install rust-docs again.")
        yield from _pieces(explained)
    yield Coverage("error_codes", len(codes) - len(missing), len(codes), tuple(missing[:_MOST_MISSING]))


def _read_one_page(page: Path) -> Iterator[Piece]:
    """The one page of older versions: a heading for each code, with a class of its own where there is no text."""
    yield _root(str(page))
    total = 0
    missing: list[str] = []
    tree = parse(page)
    without_buttons(tree)
    for block in tree.css(".error-described"):
        heading = block.css_first("h2[id]")
        code = (heading.attributes.get("id") or "") if heading is not None else ""
        if not _CODE.fullmatch(code):
            continue
        total += 1
        nodes = [node for node in children(block) if node.tag != "h2"]
        explained = explanation_in_html(code, nodes, f"{page}#{code}", page.name)
        if explained.text:
            # These pages say that code is meant to fail, not with which error.
            text = re.sub(r"^```rust,compile_fail$", rf"\g<0>,{code}", explained.text, flags=re.MULTILINE)
            yield from _pieces(replace(explained, text=text))
        else:
            missing.append(code)
    if not total:
        yield Trouble(f"{page} explains no error code; install rust-docs again.")
    yield Coverage("error_codes", total - len(missing), total, tuple(missing[:_MOST_MISSING]))


def explanation_in_html(code: str, nodes: list[LexborNode], location: str, page: str) -> Explanation:
    """What the nodes of a page below its title explain. ``page``: its path inside the documentation's folder."""
    paragraphs = [text_of(node) for node in nodes if node.tag == "p"]
    notes = [text_of(node) for node in nodes if node.tag == "h4"]
    targets = (identity(href, page) for href in links_of(nodes))
    return Explanation(
        code=code,
        notes=tuple(notes),
        first=_first_of(paragraphs),
        text=markdown_of(nodes),
        location=location,
        links=tuple(target for target in targets if target is not None),
        names=tuple(code_names_of(nodes)),
    )


def explanation_in_markdown(code: str, told: str) -> Explanation:
    """What ``rustc --explain`` printed. It leaves out how code blocks are marked: one that is introduced as an
    erroneous example is marked again."""
    blocks, links = _without_links(told)
    prose = [block for block in blocks if not block.startswith("```")]
    paragraphs = [" ".join(block.replace("`", "").split()) for block in prose if not block.startswith("#")]
    targets = (identity(href, f"error_codes/{code}.html") for href in links)
    return Explanation(
        code=code,
        notes=tuple(block.lstrip("# ") for block in prose if block.startswith("####")),
        first=_first_of(paragraphs),
        text="\n\n".join(_marked(blocks, code)),
        location="",
        links=tuple(dict.fromkeys(target for target in targets if target is not None)),
        names=tuple(dict.fromkeys(_INLINE.findall("\n\n".join(prose)))),
    )


def _without_links(told: str) -> tuple[list[str], list[str]]:
    """The blocks of a Markdown text, links as their text, and where the links lead."""
    links: list[str] = []
    blocks: list[str] = []
    for at, part in enumerate(re.split(r"^```", told, flags=re.MULTILINE)):
        if at % 2:
            blocks.append(f"```{part}```")
            continue
        links += [found[2] for found in _LINK.finditer(part)] + _TARGET.findall(part)
        prose = _LINK.sub(r"\1", _TARGET.sub("", part))
        blocks += [block.strip() for block in re.split(r"\n\s*\n", prose) if block.strip()]
    return blocks, [link for link in links if link]


def _marked(blocks: Iterable[str], code: str) -> Iterator[str]:
    before = ""
    for block in blocks:
        if block.startswith("```\n"):
            label = f"rust,compile_fail,{code}" if _INTRODUCES.match(before) else "rust"
            yield f"```{label}{block[3:]}"
        else:
            yield block
        before = block


def _first_of(paragraphs: Iterable[str]) -> str:
    """The paragraph that says what is wrong: not one that only introduces an example."""
    paragraphs = [paragraph for paragraph in paragraphs if paragraph]
    telling = (paragraph for paragraph in paragraphs if not _INTRODUCES.match(paragraph))
    return next(telling, paragraphs[0] if paragraphs else "")


def _root(location: str) -> Entry:
    return Entry("error", ROOT, ErrorCodes.title, Form.BOOK, "rust", location=location, names=("error codes",))


def _pieces(explained: Explanation) -> Iterator[Piece]:
    code = explained.code
    is_gone = any(_GONE.search(note) for note in explained.notes)
    is_internal = any(_INTERNAL.search(note) for note in explained.notes)
    remark = "No longer emitted" if is_gone else "Internal to the compiler" if is_internal else ""
    sentence = _SENTENCE.split(explained.first, maxsplit=1)[0]
    short = _OPENING.sub("", sentence).rstrip(".:")
    entry = Entry(
        kind="error",
        ref=code,
        title=f"{code}: {summary_of(short[:1].upper() + short[1:], _MOST_TITLE)}" if short else code,
        form=Form.CODE,
        domain="rust",
        summary=summary_of(": ".join(part for part in (remark, sentence) if part)),
        text=explained.text,
        location=explained.location,
        parent=entry_id("error", ROOT),
        names=(code, f"error {code}", f"error[{code}]"),
        codes=(code,),
        leads=(code,),
        headline=not is_gone and not is_internal,
    )
    yield entry
    for target in explained.links:
        if target != entry.id:
            yield Relation(entry.id, target, Kind.LINKS_TO)
    yield from mentions_in(entry.id, entry.title, explained.names)


def _is_one_page(page: Path) -> bool:
    try:
        return page.stat().st_size > _WHOLE_LIST
    except OSError:
        return False
