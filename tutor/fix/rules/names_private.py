"""Rules for what is there and may not be seen: an item, a method, a field, a re-export that lacks ``pub``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from knowledgegraph.rust_syntax import Node, TooMuch, parse
from tutor.diagnostics import Span
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_scope import ITEMS, is_public, name_of, names_of

_SEES_LESS: Final = re.compile(rb"(?:\(|\bin\b)")


def _make_public(case: Case, file: str, root: Node, source: bytes, start: int) -> Edit | None:
    """The edit that writes ``pub`` before the item, field or method that begins at or around ``start``."""
    node = root.named_descendant_for_byte_range(start, start)
    while node is not None and node.type not in ITEMS | {"field_declaration", "use_declaration"}:
        node = node.parent
    if node is None:
        return None
    for child in node.children:
        if child.type == "visibility_modifier":
            written = source[child.start_byte : child.end_byte]
            if _SEES_LESS.search(written) and b"crate" not in written:
                return Edit(file, child.start_byte, child.end_byte, b"pub(crate)")
            return None
    head = next((child for child in node.children if child.type not in {"attribute_item", "line_comment"}), None)
    at = head.start_byte if head is not None else node.start_byte
    return Edit(file, at, at, b"pub ")


def _public_at(case: Case, place: Span) -> Edit | None:
    """The same for a place in any file of the program."""
    source = case.sources.get(place.file)
    if source is None or place.end > len(source) or place.from_macro:
        return None
    if place.file == case.file:
        return _make_public(case, place.file, case.root, source, place.start)
    try:
        return _make_public(case, place.file, parse(source).root, source, place.start)
    except TooMuch:
        return None


def _defined(case: Case) -> Sequence[Span]:
    """Where the compiler says that the thing is defined, in the order of its notes."""
    notes = [
        part for part in case.diagnostic.walk() if "defined here" in part.message or "consider marking" in part.message
    ]
    return [span for part in notes for span in part.spans if span.primary and span.replacement is None]


@rule("E0603")
def private_item(case: Case) -> Iterator[Fix]:
    """Items are private to their module and the modules in it unless they say ``pub``. The program itself wants this
    one from outside, so its module has to let it out. A re-export that is private is made public too; the thing behind
    it stays as it is."""
    found = re.match(r"(.+) `(.+)` is private", case.message)
    if found is None:
        return
    for place in _defined(case)[:1]:
        edit = _public_at(case, place)
        if edit is not None:
            yield Fix((edit,), f"make the {found.group(1)} `{found.group(2)}` public", 0.64)


@rule("E0624")
def private_method(case: Case) -> Iterator[Fix]:
    """A method is private to the module of its ``impl`` block unless it says ``pub``; the caller is outside."""
    found = re.match(r"(.+) `(.+)` is private", case.message)
    if found is None:
        return
    for part in case.diagnostic.walk():
        for span in part.spans:
            if "defined here" in span.label or ("defined here" in part.message and span.primary):
                edit = _public_at(case, span)
                if edit is not None:
                    yield Fix((edit,), f"make the {found.group(1)} `{found.group(2)}` public", 0.64)
                    return


@rule("E0616", "E0451")
def private_field(case: Case) -> Iterator[Fix]:
    """Fields are private to the module of their type. Where the type has a method of the field's name, that is the way
    in (the compiler offers it); where it has none, the field is part of what the program shares and says ``pub``."""
    found = re.match(r"field `(.+)` of (?:struct|union|variant|enum) `(?:.*::)?(\w+).*` is private", case.message)
    if found is None:
        return
    name, owner = found.groups()
    members = names_of(case.syntax).types.get(owner)
    declared = members.fields.get(name) if members is not None else None
    if members is None or declared is None or is_public(declared):
        return
    likelihood = 0.5 if name in members.methods or f"get_{name}" in members.methods else 0.62
    yield Fix((case.insert(declared.start_byte, "pub "),), f"make the field `{name}` of `{owner}` public", likelihood)


@rule("E0364", "E0365")
def private_reexport(case: Case) -> Iterator[Fix]:
    """``pub use`` can hand out no more than the item itself allows: the item has to be ``pub`` first."""
    found = re.match(r"`(.+)` is (?:private|only public)", case.message)
    if found is None:
        return
    name = found.group(1).rsplit("::", 1)[-1]
    places = [edit for span in _defined(case)[:1] if (edit := _public_at(case, span)) is not None]
    if not places:
        for item in names_of(case.syntax).items.get(name, ())[:1]:
            edit = _make_public(case, case.file, case.root, case.source, item.node.start_byte)
            places = [] if edit is None else [edit]
    for edit in places:
        yield Fix((edit,), f"make `{name}` public, so that it can be re-exported", 0.6)


@rule("E0425", "E0412", "E0433", "E0405")
def inaccessible_item(case: Case) -> Iterator[Fix]:
    """The name exists in another module of this program, where it is private: it has to be made public and named by
    its path. The compiler only notes where it is."""
    found = next(
        (m for note in case.notes if (m := re.search(r"`(crate::.+)` exists but is inaccessible", note))), None
    )
    if found is None or case.place.from_macro:
        return
    path = found.group(1)
    name = path.rsplit("::", 1)[-1]
    owners = [
        item for item in names_of(case.syntax).items.get(name, ()) if "::".join(("crate", *item.module, name)) == path
    ]
    if len(owners) != 1 or case.text(case.place) != name or name_of(case.syntax, owners[0].node) != name:
        return
    edit = _make_public(case, case.file, case.root, case.source, owners[0].node.start_byte)
    if edit is not None:
        yield Fix((edit, case.replace(case.place, path)), f"make `{name}` public and name it by its path", 0.45)
