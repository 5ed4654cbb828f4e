"""Rules for paths that lead nowhere: a misspelt module, one named from the wrong place, a macro defined late."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_near import near
from tutor.fix.rules.names_scope import Members, Names, Path, module_at, name_of, names_of

_STD: Final = (
    *("alloc", "any", "array", "ascii", "borrow", "boxed", "cell", "char", "clone", "cmp", "collections", "convert"),
    *("default", "env", "error", "ffi", "fmt", "fs", "future", "hash", "hint", "io", "iter", "marker", "mem", "net"),
    *(
        "num",
        "ops",
        "option",
        "os",
        "panic",
        "path",
        "pin",
        "prelude",
        "process",
        "ptr",
        "rc",
        "result",
        "slice",
        "str",
    ),
    *("string", "sync", "task", "thread", "time", "vec"),
)


def _segments(case: Case) -> tuple[list[str], int] | None:
    """The names of the path around the primary span, and which of them the span is."""
    node = case.node
    if node is None:
        return None
    head = case.source[: case.place.start].decode("utf-8", "replace")[-200:]
    before = re.search(r"((?:\w+\s*::\s*)*)$", head)
    after = re.match(
        r"((?:\s*::\s*\w+)*)", case.source[case.place.end : case.place.end + 200].decode("utf-8", "replace")
    )
    left = re.findall(r"\w+", before.group(1)) if before else []
    right = re.findall(r"\w+", after.group(1)) if after else []
    written = case.text(case.place)
    return ([*left, written, *right], len(left)) if written.isidentifier() else None


def _module_of(case: Case, names: Names, before: list[str]) -> Path | None:
    """The inline module that ``before`` leads to from here; None where it leads elsewhere."""
    here = module_at(case.syntax, case.node)
    if not before:
        return here
    first, *rest = before
    if first == "crate":
        here = ()
    elif first == "super":
        here = here[:-1]
    elif first != "self":
        here = (*here, first)
    for name in rest:
        here = here[:-1] if name == "super" else (*here, name)
    return here if here in names.modules else None


@rule("E0433", "E0432", "E0425", "E0412")
def misspelt_segment(case: Case) -> Iterator[Fix]:
    """The module that the path leads to has an item of nearly this name."""
    if case.place.from_macro or any(span.replacement for part in case.diagnostic.walk() for span in part.spans):
        return
    path = _segments(case)
    if path is None:
        return
    parts, at = path
    names = names_of(case.syntax)
    known = _known_modules(case, parts, at)
    for option, likelihood in near(parts[at], known):
        yield Fix((case.replace(case.place, option),), f"use the module `{option}`", likelihood)
    module = _module_of(case, names, parts[:at])
    if known or module is None or (at == 0 and len(parts) == 1):
        return
    last = at == len(parts) - 1
    options = [
        item.name for item in names.inside(module) if last or item.node.type not in {"function_item", "const_item"}
    ]
    for option, likelihood in near(parts[at], options):
        yield Fix((case.replace(case.place, option),), f"use `{option}`, which is there", likelihood)


def _known_modules(case: Case, parts: list[str], at: int) -> Sequence[str]:
    """The modules of the standard library where the path is in it; those that are imported where it begins."""
    if at == 1 and parts[0] in {"std", "core", "alloc"}:
        return _STD
    if at == 0 and len(parts) > 1:
        imported = re.findall(rb"\buse\s[^;]*?\b(\w+)(?:::self)?\s*;", case.source)
        return [name for name in _STD if name.encode() in imported]
    return ()


@rule("E0432", "E0433")
def path_from_elsewhere(case: Case) -> Iterator[Fix]:
    """A path begins in the module that it is written in. The module that it names stands elsewhere in the crate, and
    everything behind it is there: ``crate::`` leads to it from anywhere."""
    path = _segments(case)
    if path is None or case.place.from_macro:
        return
    parts, at = path
    if at > 0 and parts[0] not in {"crate", "self", "super"}:
        return
    names = names_of(case.syntax)
    wanted = [part for part in parts[at:] if part not in {"self", "super", "crate"}]
    found = [item for item in names.items.get(wanted[0], ()) if _leads_on(names, (*item.module, wanted[0]), wanted[1:])]
    if len(found) != 1 or (len(wanted) == 1 and at == 0 and "use" not in _statement(case)):
        return
    start = case.place.start
    if at > 0:
        head = case.source[:start].decode("utf-8", "replace")[-200:]
        before = re.search(r"((?:\w+\s*::\s*)*)$", head)
        start -= len(before.group(1).encode()) if before else 0
    right = "::".join(("crate", *found[0].module, wanted[0]))
    if found[0].node.type == "mod_item" or len(wanted) == 1:
        edit = Edit(case.file, start, case.place.end, right.encode())
        yield Fix((edit,), f"begin at the crate: `{right}`", 0.58)


def _statement(case: Case) -> str:
    return "use" if case.above(case.node, "use_declaration") is not None else ""


def _leads_on(names: Names, module: Path, rest: list[str]) -> bool:
    for name in rest:
        if not any(item.module == module for item in names.items.get(name, ())):
            return module[-1] in names.types and name in _all_of(names.types[module[-1]])
        module = (*module, name)
    return True


def _all_of(members: Members) -> set[str]:
    return {*members.variants, *members.methods}


@rule(message=r"^cannot find macro `\w+` in this scope")
def macro_defined_later(case: Case) -> Iterator[Fix]:
    """A macro is known from its definition on, not before. It moves up, before the item that uses it."""
    name = case.text(case.place)
    if "before this call" not in " ".join(span.label for span in case.labels):
        return
    use = _top(case.node)
    for item in names_of(case.syntax).items.get(name, ()):
        definition = item.node
        if use is None or definition.type != "macro_definition" or definition.parent != use.parent:
            continue
        if definition.start_byte < use.end_byte:
            continue
        while use.prev_sibling is not None and use.prev_sibling.type in {"attribute_item", "line_comment"}:
            above = use.prev_sibling
            if above.type == "line_comment" and not case.text(above).startswith("///"):
                break
            use = above
        first = definition
        while first.prev_sibling is not None and first.prev_sibling.type == "attribute_item":
            first = first.prev_sibling
        made = case.source[first.start_byte : definition.end_byte]
        line_end = b"\r\n" if b"\r\n" in case.source else b"\n"
        between = case.source[use.start_byte : first.start_byte].rstrip()
        edit = Edit(case.file, use.start_byte, definition.end_byte, made + line_end * 2 + between)
        yield Fix((edit,), f"define the macro `{name}` before it is used", 0.68)
        return


def _top(node: Node | None) -> Node | None:
    """The item of the file or of a module that ``node`` is in."""
    while node is not None and node.parent is not None and node.parent.parent is not None:
        if node.parent.type == "declaration_list" and node.parent.parent.type == "mod_item":
            break
        node = node.parent
    return node


@rule(message=r"^cannot find macro `\w+` in this scope")
def macro_in_module(case: Case) -> Iterator[Fix]:
    """A macro stays in the module that defines it, unless the module says ``#[macro_use]``: then it is known in what
    follows the module."""
    name = case.text(case.place)
    for item in names_of(case.syntax).items.get(name, ()):
        module = item.node.parent.parent if item.node.parent is not None else None
        if item.node.type != "macro_definition" or module is None or module.type != "mod_item":
            continue
        if module.end_byte <= case.place.start and name_of(case.syntax, module):
            insert = case.insert(
                module.start_byte, f"#[macro_use]{_line_end(case)}{case.indentation(module.start_byte)}"
            )
            yield Fix((insert,), f"let the macros of `{name_of(case.syntax, module)}` out with `#[macro_use]`", 0.66)


def _line_end(case: Case) -> str:
    return "\r\n" if b"\r\n" in case.source else "\n"
