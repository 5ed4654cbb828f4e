"""One page of rustdoc: the item's declaration, its documentation and its own parts (methods, variants, associated
items), without what it gets from traits.

The markup is rustdoc's, from 1.63 (Debian's package) to now: parts are found by the ``id`` that every version gives
them (``method.push``, ``tymethod.next``, ``variant.Some``).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledgegraph.sources.html import text_of
from knowledgegraph.sources.std_docs import without_buttons

# What follows from here on is said of traits and their implementors, on every page again: most of the bytes.
_OF_OTHERS = re.compile(
    rb'<h2 id="?(?:trait-implementations|deref-methods|implementors|foreign-impls|synthetic-implementations'
    rb'|synthetic-implementors|blanket-implementations|object-safety|dyn-compatibility)'
)  # fmt: skip
_MAIN = re.compile(rb'<section id="?main-content')
_DEREF = re.compile(rb'<h2 id="?deref-methods[^>]*>(?:(?!</h2>).){0,1000}?Target = <a [^>]*?href="([^"]+)"', re.DOTALL)
_AFTER_DEREF = re.compile(rb'<h2 id="?(?:deref-methods|trait-implementations|synthetic-impl|blanket-impl)')
_METHOD = re.compile(rb'id="method\.(\w+)"')
_PARTS = ("method", "tymethod", "variant", "associatedtype", "associatedconstant")
_PART_IDS = ",".join(f'[id^="{part}."]' for part in _PARTS)
_PART_ID = re.compile(rf"(?:{'|'.join(_PARTS)})\.([^.]+?)(?:-\d+)?")
_EXPORT = re.compile(r"(?:struct|enum|union|trait|fn|macro|variant) (?:core|alloc|std)::([\w:]+)")
_END = b"</html>"
_RUN = b">Run</a>"
# Blocks inside blocks take the parser time that grows with the square of their depth: 0.4 s for this many. The largest
# real page opens 5,000 elements besides these inline ones.
_MOST_OPENED = 20_000
_HARMLESS = (b"</", b"<span", b"<a ", b"<code")
_SOURCE = re.compile(rb'<a [^>]*href="(?:\.\./)*(src/[^"]+)"')
_NAMED = re.compile(r"(?:[\s(&*]|dyn\b|mut\b|const\b|'\w+)*([A-Za-z_][\w:]*)")

_EXTRAS = ".tooltip, .notable-traits, summary"  # in a declaration: shown on demand, or a label of the browser's
_WHERE = re.compile(r'\s*(?=<(?:span|div) class="where)')
_TAG = re.compile(r"<[^>]+>")
_SIGNS = "\U0001f52c\U0001f44e "  # the microscope and the thumb that remarks begin with
_MOST_LINES = 40  # of a declaration: a trait's lists all its methods, which are entries of their own


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a thing is to be used. ``notes``: what rustdoc remarks, plain text on one line each."""

    unstable: bool = False
    deprecated: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Stable and not deprecated."""
        return not self.unstable and not self.deprecated


@dataclass(frozen=True, slots=True)
class Part:
    """A method, variant or associated item. ``anchor``: the ``id`` on the page; ``owner``: the head of the ``impl``
    block it stands in, "" where there is none; ``docs``: the nodes of its documentation."""

    name: str
    anchor: str
    signature: str
    owner: str
    docs: tuple[LexborNode, ...]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Page:
    """A page as rustdoc wrote it. ``is_whole``: False where the file ends too early."""

    declaration: str
    docs: tuple[LexborNode, ...]
    standing: Standing
    parts: tuple[Part, ...]
    is_whole: bool
    tree: LexborHTMLParser = field(repr=False, compare=False)


def page_of(content: bytes) -> Page | None:
    """The page in these bytes; None where they are no page of rustdoc.

    Raises OSError (EFBIG) where so many elements are opened that the parser could take minutes.
    """
    start = _MAIN.search(content)
    if start is None:
        return None
    end = _OF_OTHERS.search(content, start.end())
    own = content[start.start() : end.start() if end else len(content)]
    if own.count(b"<") - sum(map(own.count, _HARMLESS)) > _MOST_OPENED:
        raise OSError(errno.EFBIG, "nested too deeply for a page of documentation")
    tree = LexborHTMLParser(own.decode("utf-8", "replace"))
    if _RUN in own:
        without_buttons(tree)
    main = tree.css_first("#main-content")
    if main is None:
        return None
    declaration = tree.css_first("pre.item-decl, .item-decl pre")
    return Page(
        declaration=_shortened(signature_of(declaration)) if declaration is not None else "",
        docs=tuple(_own_docs(main)),
        standing=_standing(node for node in _until_docs(main) if _has_class(node, "item-info")),
        parts=tuple(_parts(tree)),
        is_whole=content.rstrip().endswith(_END),
        tree=tree,
    )


def own_type(head: str) -> str:
    """What ``impl<T> Option<&T>`` is for: ``Option``; "" where it starts with no name (a tuple, a slice)."""
    rest = head.removeprefix("unsafe ").removeprefix("impl")
    if rest.startswith("<"):
        rest = rest[_closing(rest) + 1 :]
    found = _NAMED.match(rest)
    return found[1].rpartition("::")[2] if found else ""


def _closing(text: str) -> int:
    """Where the angle bracket that ``text`` starts with is closed; the arrow of a function type closes none."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "<") - (sign == ">" and text[at - 1] != "-")
        if depth == 0:
            return at
    return len(text)


def generics_of(declaration: str, name: str) -> str:
    """The parameters that a type is always written with: ``<K, V>`` of ``pub struct HashMap<K, V, S = RandomState>``;
    "" where it has none."""
    start = declaration.find(f" {name}<")
    if start < 0:
        return ""
    inside = declaration[start + len(name) + 1 :]
    inside = inside[1 : _closing(inside)]
    parameters = [part.strip() for part in inside.split(",")] if "<" not in inside else []
    kept = [part.removeprefix("const ").split(":")[0].strip() for part in parameters if part and "=" not in part]
    return f"<{', '.join(kept)}>" if kept else ""


def borrowed_in(content: bytes) -> Iterator[tuple[str, list[str]]]:
    """What a type has through ``Deref``: the ``href`` of the other type's page, and the methods that it does not have
    itself."""
    for head in _DEREF.finditer(content):
        end = _AFTER_DEREF.search(content, head.end())
        methods = _METHOD.findall(content, head.end(), end.start() if end else len(content))
        yield head[1].decode("utf-8", "replace"), [method.decode("ascii", "replace") for method in methods]


def source_of(content: bytes) -> bytes:
    """Where the item's source is, as the page links it: the same for a page that shows one item under another path."""
    start = _MAIN.search(content)
    found = _SOURCE.search(content, start.end()) if start else None
    return found[1] if found else b""


def prelude_of(content: bytes) -> set[tuple[str, ...]]:
    """What a module of the prelude exports, as paths of ``std``: ``("std", "vec", "Vec")``; without derive macros,
    which share their path with a trait."""
    tree = LexborHTMLParser(content.decode("utf-8", "replace"))
    exports: set[tuple[str, ...]] = set()
    for link in tree.css('[id^="reexport."] code a'):
        found = _EXPORT.fullmatch(link.attributes.get("title") or "")
        if found:
            path = ("std", *found[1].split("::"))
            shown = text_of(link)
            exports.add(path if shown == path[-1] else (*path, shown))  # a variant links to its enum
    return exports


def part_of(anchor: str) -> str:
    """The name of the method, variant or associated item with this ``id``; "" where it is none."""
    found = _PART_ID.fullmatch(anchor)
    return found[1] if found else ""


def redirect_of(content: bytes) -> str | None:
    """Where a page sends its reader; None where it does not."""
    found = re.search(rb'http-equiv="refresh" content="0;\s*URL=([^"]+)"', content[:1000])
    return unescape(found[1].decode("utf-8", "replace")) if found else None


def signature_of(node: LexborNode) -> str:
    """Rust as it is written in a node, lines kept, without what only a browser shows."""
    for extra in node.css(_EXTRAS):
        extra.decompose()
    html = _WHERE.sub("\n", node.html or "").replace("<br>", "\n")
    lines = unescape(_TAG.sub("", html)).replace("\xa0", " ").split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _shortened(declaration: str) -> str:
    lines = declaration.split("\n")
    if len(lines) <= _MOST_LINES:
        return declaration
    return "\n".join([*lines[: _MOST_LINES - 2], "    // …", lines[-1]])


def _until_docs(main: LexborNode) -> Iterator[LexborNode]:
    """What stands at the top of a page, before the documentation and the first section."""
    for node in _elements(main.first_child):
        if node.tag == "h2" or _has_class(node, "top-doc"):
            return
        yield node


def _own_docs(main: LexborNode) -> Iterator[LexborNode]:
    """The documentation at the top of a page, and what its fields are."""
    top = main.css_first("details.top-doc .docblock")
    if top is not None:
        yield top
    for node in main.css('[id^="structfield."]'):
        docs = _following(node, "docblock")
        if docs:
            yield node
            yield from docs


def _parts(tree: LexborHTMLParser) -> Iterator[Part]:
    for node in tree.css(_PART_IDS):
        anchor = node.attributes.get("id") or ""
        name = part_of(anchor)
        if not name:  # a field of a variant: variant.Name.field.x
            continue
        head = node.css_first(".code-header, code")
        yield Part(
            name=name,
            anchor=anchor,
            signature=signature_of(head) if head is not None else name,
            owner=_owner(node),
            docs=tuple(_following(node, "docblock")),
            standing=_standing(_following(node, "item-info")),
        )


def _following(node: LexborNode, name: str) -> list[LexborNode]:
    """The siblings of this class that belong to a heading: those up to the next thing with an ``id``. A heading inside
    a ``<summary>`` also has what follows that."""
    found = [inner for inner in _until_next(node.next) if _has_class(inner, name)]
    if node.parent is not None and node.parent.tag == "summary":
        found += [inner for inner in _until_next(node.parent.next) if _has_class(inner, name)]
    return found


def _until_next(node: LexborNode | None) -> Iterator[LexborNode]:
    for inner in _elements(node):
        if inner.attributes.get("id") or inner.css_first("summary") is not None:
            return
        yield inner


def _elements(node: LexborNode | None) -> Iterator[LexborNode]:
    """This node and those after it on its level, elements only."""
    while node is not None:
        if node.tag is not None and not node.tag.startswith("-"):
            yield node
        node = node.next


def _owner(node: LexborNode) -> str:
    """The head of the ``impl`` block around a part."""
    around = node.parent
    while around is not None and not _has_class(around, "impl-items"):
        around = around.parent
    block = around.parent if around is not None else None
    head = block.css_first("summary .code-header") if block is not None else None
    return signature_of(head) if head is not None else ""


def _standing(remarks: Iterable[LexborNode]) -> Standing:
    unstable = deprecated = False
    notes: list[str] = []
    for remark in remarks:
        for stab in remark.css(".stab"):
            unstable = unstable or _has_class(stab, "unstable")
            deprecated = deprecated or _has_class(stab, "deprecated")
            notes.append(" ".join(text_of(stab).lstrip(_SIGNS).split()))
    return Standing(unstable, deprecated, tuple(notes))


def _has_class(node: LexborNode, name: str) -> bool:
    return name in (node.attributes.get("class") or "").split()
