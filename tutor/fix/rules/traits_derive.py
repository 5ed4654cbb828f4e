"""Traits that a type lacks: derives, bounds on type parameters, and what stands in the way of a derive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.rules import traits_tree as tree
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.traits_index import plain
from tutor.fix.source import code_only

_DERIVABLE: Final = tree.words("Debug Clone Copy PartialEq Eq Hash PartialOrd Ord Default")
_HAS: Final = {
    "clone": "Clone", "eq": "PartialEq", "ne": "PartialEq", "cmp": "Ord", "partial_cmp": "PartialOrd", "hash": "Hash",
    "default": "Default",
}  # fmt: skip
_UNMET: Final = re.compile(r"`([^`\n]+?): ([^`\n]+)`")
_COUNTED: Final = re.compile(rb"\bRc\b|\brc(?=::)")
_GUARDED: Final = re.compile(rb"\bRc\b|\brc(?=::)|\bcell(?=::RefCell\b)|\bRefCell\b|(?<=\.)borrow(?:_mut)?(?=\(\))")
_SHARED: Final = {
    b"Rc": "Arc", b"rc": "sync", b"cell": "sync", b"RefCell": "Mutex", b"borrow": "lock().unwrap",
    b"borrow_mut": "lock().unwrap",
}  # fmt: skip


@rule("E0277", "E0369", "E0599")
def derive_in_one_list(case: Case) -> Iterator[Fix]:
    """The compiler offers a derive of its own line, even where some of the traits are derived already, which would
    then be implemented twice. The traits that are missing go into the list that is there."""
    for part in case.diagnostic.walk():
        found = re.search(r"consider annotating `.+` with `#\[derive\(([\w, ]+)\)\]`", part.message)
        place = next((s for s in part.spans if s.replacement is not None and s.file == case.file), None)
        if found is None or place is None:
            continue
        item = case.above(case.at((place.start, place.start)), *tree.TYPES)
        if item is None or not tree.derives(case, item)[1]:
            continue
        if (edit := tree.derive(case, item, found.group(1).split(", "))) is not None:
            yield Fix((edit,), f"derive {found.group(1)} for `{tree.name_of(case, item)}`", 0.62)


@rule("E0599", "E0277")
def meet_unmet_bounds(case: Case) -> Iterator[Fix]:
    """A method exists only for types that keep its bounds. Each bound on a type parameter in scope is asked for where
    the parameter is declared; each bound on a type of this file is derived, where it can be."""
    unmet = [
        (kept.group(1), kept.group(2))
        for note in case.notes
        if "trait bounds were not satisfied" in note
        for line in note.splitlines()[1:]
        if (kept := _UNMET.search(line))
    ]
    wanted: dict[str, list[str]] = {}
    for subject, trait in unmet:
        wanted.setdefault(tree.unboxed(subject), []).append(trait)
    edits = []
    for subject, traits in wanted.items():
        item = tree.local_type(case, subject)
        if item is not None and {plain(t) for t in traits} <= _DERIVABLE:
            edit = tree.derive(case, item, [plain(t) for t in traits])
        else:
            edit = tree.add_bounds(case, subject, traits, case.place.start)
        if edit is None:
            return
        edits.append(edit)
    if edits:
        names = " and ".join(f"`{subject}`" for subject in wanted)
        asked = ", ".join(f"`{plain(trait)}`" for traits in wanted.values() for trait in traits)
        yield Fix(tuple(edits), f"ask {names} for {asked}, which this call needs", 0.65)


@rule("E0599")
def derive_what_has_the_method(case: Case) -> Iterator[Fix]:
    """The method, or the function, is one of a trait that can be derived for the type."""
    found = re.match(r"no (?:method|function or associated item) named `(\w+)` found for \w+ `(.+)` in", case.message)
    item = tree.local_type(case, found.group(2)) if found else None
    trait = _HAS.get(found.group(1)) if found else None
    if found is None or item is None or trait is None or found.group(2).startswith("&"):
        return
    if (edit := tree.derive(case, item, [trait])) is not None:
        yield Fix((edit,), f"derive {trait} for `{tree.name_of(case, item)}`", 0.66)


@rule("E0277")
def order_of_floats(case: Case) -> Iterator[Fix]:
    """Floating-point numbers have no order of their own, as one of them is no number at all; `total_cmp` gives one."""
    found = re.match(r"the trait bound `&*(f32|f64|\{float\}): (?:[\w:]*)Ord` is not satisfied", case.message)
    end = case.place.end
    if found is None or case.source[end : end + 2] != b"()":
        return
    kind, name = found.group(1).replace("{float}", "f64"), case.text(case.place)
    if name in ("sort", "sort_unstable"):
        text = f"{name}_by({kind}::total_cmp)"
        yield Fix((tree.splice(case, case.place.start, end + 2, text),), "sort by `total_cmp`", 0.66)
    elif name in ("max", "min"):
        text = f"{name}_by(|a, b| {kind}::total_cmp(a, b))"
        yield Fix((tree.splice(case, case.place.start, end + 2, text),), "compare by `total_cmp`", 0.66)


@rule("E0204")
def copy_needs_copies_inside(case: Case) -> Iterator[Fix]:
    """A type is `Copy` only when all that it holds is. Either what it holds may be `Copy` too, or the type is no
    `Copy` and stays with `Clone`."""
    item = case.above(case.node, *tree.TYPES)
    if item is None:
        return
    for place, _ in case.labelled("does not implement `Copy`"):
        field = case.at(place)
        typed = field.child_by_field_name("type") if field is not None else None
        inner = tree.local_type(case, case.text(typed if typed is not None else place).split(":")[-1])
        if inner is not None and inner != item and (edit := tree.derive(case, inner, ["Copy"])) is not None:
            yield Fix((edit,), f"derive Copy for `{tree.name_of(case, inner)}` too", 0.6)
    yield from _without_copy(case, item, 0.5)


@rule("E0184")
def no_copy_with_a_destructor(case: Case) -> Iterator[Fix]:
    """A type with a destructor cannot be copied bit by bit: it would be destroyed twice. It can be cloned."""
    item = case.above(case.node, *tree.TYPES)
    if item is not None:
        yield from _without_copy(case, item, 0.6)


def _without_copy(case: Case, item: Node, likelihood: float) -> Iterator[Fix]:
    attribute, given = tree.derives(case, item)
    if attribute is None:
        return
    written = case.text(attribute)
    if "Clone" in given:
        shorter = re.sub(r",\s*Copy\b|\bCopy\s*,\s*", "", written, count=1)
        words = "derive no Copy: the type stays with Clone"
    else:
        shorter = re.sub(r"\bCopy\b", "Clone", written, count=1)
        words = "derive Clone instead of Copy"
    if shorter != written:
        yield Fix((case.replace(attribute, shorter),), words, likelihood)


@rule("E0119")
def derived_and_written(case: Case) -> Iterator[Fix]:
    """The trait is both derived and implemented by hand, or derived twice. The implementation that somebody wrote says
    more than the derive, which goes."""
    found = re.search(r"trait `([\w:]+)(?:<.*>)?` for type `(.+)`", case.message)
    item = tree.local_type(case, found.group(2)) if found else None
    if item is None or found is None:
        return
    trait = plain(found.group(1))
    attribute, given = tree.derives(case, item)
    if attribute is None or given.count(trait) < 2:
        return
    before: Node | None = attribute
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        written = case.text(before)
        if "derive" in written and re.search(rf"\b{trait}\b", written):
            shorter = re.sub(rf",\s*{trait}\b|\b{trait}\s*,\s*", "", written, count=1)
            if shorter != written:
                yield Fix((case.replace(before, shorter),), f"derive no {trait}: it is implemented by hand", 0.65)
                return
        before = before.prev_named_sibling


@rule("E0277")
def threads_need_atomic_counts(case: Case) -> Iterator[Fix]:
    """`Rc` counts its owners without care for other threads; `Arc` is the same with a count that threads may share.
    What is changed inside has to be guarded as well: `RefCell` becomes `Mutex`, and each borrow a lock."""
    if not re.match(r"`Rc<.*>` cannot be (?:sent|shared) between threads safely", case.message):
        return
    guarded = "RefCell<" in case.message
    edits = [
        tree.splice(case, found.start(), found.end(), _SHARED[found.group()])
        for found in (_GUARDED if guarded else _COUNTED).finditer(code_only(case.source))
    ]
    yield Fix(tuple(edits), "share between threads with `Arc`" + (" and `Mutex`" if guarded else ""), 0.7)
