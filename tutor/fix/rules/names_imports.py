"""Rules for what is not imported, imported twice, or imported from the wrong place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_scope import module_at, names_of, text

# Names that several things of the standard library have; the path of the one that people mean.
_MEANT: Final = {
    "Error": "std::error::Error", "Ordering": "std::cmp::Ordering", "Duration": "std::time::Duration",
    "Debug": "std::fmt::Debug", "Display": "std::fmt::Display", "Mutex": "std::sync::Mutex", "Arc": "std::sync::Arc",
    "RwLock": "std::sync::RwLock", "Condvar": "std::sync::Condvar", "Rc": "std::rc::Rc", "Weak": "std::rc::Weak",
    "HashMap": "std::collections::HashMap", "HashSet": "std::collections::HashSet", "Hash": "std::hash::Hash",
    "BTreeMap": "std::collections::BTreeMap", "BTreeSet": "std::collections::BTreeSet", "Path": "std::path::Path",
    "BinaryHeap": "std::collections::BinaryHeap", "VecDeque": "std::collections::VecDeque", "File": "std::fs::File",
    "Entry": "std::collections::hash_map::Entry", "FromStr": "std::str::FromStr", "Cell": "std::cell::Cell",
    "RefCell": "std::cell::RefCell", "fmt": "std::fmt", "io": "std::io", "fs": "std::fs", "env": "std::env",
    "mem": "std::mem", "thread": "std::thread", "process": "std::process", "mpsc": "std::sync::mpsc", "cmp": "std::cmp",
    "time": "std::time", "collections": "std::collections", "rc": "std::rc", "sync": "std::sync", "path": "std::path",
    "net": "std::net", "iter": "std::iter", "ops": "std::ops", "ptr": "std::ptr", "error": "std::error",
    "Read": "std::io::Read", "Add": "std::ops::Add", "Deref": "std::ops::Deref", "Index": "std::ops::Index",
    "Instant": "std::time::Instant", "Cow": "std::borrow::Cow", "PI": "std::f64::consts::PI", "Pin": "std::pin::Pin",
    "max": "std::cmp::max", "min": "std::cmp::min", "swap": "std::mem::swap", "replace": "std::mem::replace",
    "take": "std::mem::take", "sleep": "std::thread::sleep", "spawn": "std::thread::spawn",
    "exit": "std::process::exit",
    "channel": "std::sync::mpsc::channel", "stdin": "std::io::stdin", "args": "std::env::args",
    "AtomicUsize": "std::sync::atomic::AtomicUsize", "PhantomData": "std::marker::PhantomData",
}  # fmt: skip
_ATOMIC: Final = frozenset({"SeqCst", "Relaxed", "Acquire", "Release", "AcqRel"})
_IMPORT: Final = re.compile(r"^use ([\w:]+);")


def import_edit(case: Case, node: Node | None, path: str) -> Edit:
    """The edit that imports ``path`` for the module around ``node``, below the imports that are there."""
    syntax = case.syntax
    module = module_at(syntax, node)
    body = names_of(syntax).modules.get(module, syntax.root)
    imports = [child for child in body.named_children if child.type == "use_declaration"]
    line_end = "\r\n" if b"\r\n" in case.source else "\n"
    if imports:
        before = imports[0]
        return case.insert(before.start_byte, f"use {path};{line_end}{case.indentation(before.start_byte)}")
    first = next((child for child in body.named_children if not _stays_on_top(case, child)), None)
    at = first.start_byte if first is not None else case.place.start
    return case.insert(at, f"use {path};{line_end}{line_end}{case.indentation(at)}")


def _stays_on_top(case: Case, node: Node) -> bool:
    """Whether imports come after this: what speaks of the whole module, a heading; not an item's own documentation."""
    if node.type in {"line_comment", "block_comment"}:
        return not case.text(node).startswith(("///", "/**"))
    return node.type in {"inner_attribute_item", "shebang"}


@rule("E0425", "E0412", "E0433", "E0405", "E0404")
def meant_import(case: Case) -> Iterator[Fix]:
    """Several things of the standard library bear this name, and the compiler lists them by their paths. People nearly
    always mean the same one of them; ``Ordering`` is told apart by what is used of it."""
    offered = [m.group(1) for part in case.diagnostic.walk() for span in part.spans
               if span.replacement and (m := _IMPORT.match(span.replacement))]  # fmt: skip
    if not offered or case.place.from_macro:
        return
    name = offered[0].rsplit("::", 1)[-1]
    path = _MEANT.get(name, "")
    if name == "Ordering":
        following = case.source[case.place.end : case.place.end + 20].decode("utf-8", "replace")
        variant = re.match(r"::(\w+)", following)
        path = "std::sync::atomic::Ordering" if variant and variant.group(1) in _ATOMIC else path
    if name == "PI" and b"f32" in case.source and b"f64" not in case.source:
        path = "std::f32::consts::PI"
    if path in offered[1:]:
        yield Fix((import_edit(case, case.node, path),), f"import `{path}`", 0.63)


@rule("E0425", "E0412", "E0433", "E0422", "E0405", "E0423", "E0531", "E0574")
def test_module(case: Case) -> Iterator[Fix]:
    """A module sees nothing of the module around it unless it is imported; a module of tests wants all of what it
    tests."""
    module = case.above(case.node, "mod_item")
    found = re.search(r"`(\w+)`", case.message)
    if module is None or found is None or "in this scope" not in case.message:
        return
    above = module.prev_named_sibling
    body = module.child_by_field_name("body")
    if above is None or body is None or case.text(above).replace(" ", "") != "#[cfg(test)]":
        return
    path = module_at(case.syntax, case.node)
    there = any(item.module == path[:-1] for item in names_of(case.syntax).items.get(found.group(1), ()))
    if there and not re.search(rb"\buse\s+super::\*", case.syntax.text(body)):
        yield Fix((import_edit(case, case.node, "super::*"),), "import what the module around the tests has", 0.7)


@rule("E0252", "E0254")
def imported_twice(case: Case) -> Iterator[Fix]:
    """The same import stands there twice, one right after the other: once is enough."""
    node = case.above(case.node, "use_declaration")
    before = node.prev_named_sibling if node is not None else None
    if node is None or before is None or before.type != "use_declaration":
        return
    if text(case.syntax, before).split() != text(case.syntax, node).split():
        return
    if case.source[before.end_byte : node.start_byte].strip():
        return
    edit = Edit(case.file, before.start_byte, node.end_byte, case.syntax.text(node))
    yield Fix((edit,), "import it once", 0.7)
