"""Implementations that differ from their trait: signatures, items that are missing or that the trait does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules import traits_tree as tree
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.traits_index import plain

# Types that an implementation has to name and that follow from what one of its functions returns.
_FOLLOWS: Final = {
    "Item": ("next", r"Option<(.*)>"),
    "Target": ("deref", r"&(?:'\w+\s+)?(.*)"),
    "Err": ("from_str", r"(?:[\w:]*::)?Result<.*,\s*([^,]+)>"),
    "Error": ("try_from", r"(?:[\w:]*::)?Result<.*,\s*([^,]+)>"),
    "IntoIter": ("into_iter", r"(.*)"),
    "Future": ("poll", r"(?:[\w:]*::)?Poll<(.*)>"),
}
_OPERATORS: Final = tree.words("add sub mul div rem neg not bitand bitor bitxor shl shr")


def _method(case: Case) -> tuple[Node, Node, Node | None] | None:
    """The function of the implementation that the error is about, the implementation, and the trait's function when
    the trait stands in this file."""
    function = case.above(case.node, "function_item", "function_signature_item")
    block = tree.around(function, "impl_item")
    trait = block.child_by_field_name("trait") if block is not None else None
    if function is None or block is None or trait is None:
        return None
    declared = tree.member(case, tree.local_trait(case, case.text(trait)), tree.name_of(case, function))
    return function, block, declared


@rule("E0185", "E0186")
def with_or_without_self(case: Case) -> Iterator[Fix]:
    """The trait and its implementation have to agree on whether the function is called on a value. It is when a body
    uses `self` or the program calls it with a dot."""
    found = _method(case)
    if found is None:
        return
    function, block, declared = found
    if declared is None:  # a trait of another crate: the message says how it is declared
        told = re.search(r"has a `(&?(?:mut )?self)` declaration in the trait, but not in the impl", case.message)
        if told:
            yield Fix((_add_first(case, function, told.group(1)),), f"take `{told.group(1)}` as the trait does", 0.7)
        return
    name, trait = tree.name_of(case, function), case.text(block.child_by_field_name("trait") or block)
    written = [f for b in tree.impls_of(case, trait) if (f := tree.member(case, b, name)) is not None]
    called = re.search(rf"\.\s*{re.escape(name)}\s*\(".encode(), case.source) is not None
    if case.diagnostic.code == "E0186":
        given = tree.self_parameter(declared)
        if given is not None:
            edit = _add_first(case, function, case.text(given))
            yield Fix((edit,), f"take `{case.text(given)}` as the trait does", 0.7 if called else 0.6)
        if not called and all(tree.self_parameter(f) is None for f in written) and "self" not in _body(case, declared):
            yield Fix((_remove_first(case, declared),), f"declare `{name}` without `self`, as it is written", 0.5)
        return
    taken = tree.self_parameter(function)
    if taken is None:
        return
    needs = called or any(re.search(r"\bself\b", _body(case, f)) for f in written)
    if all(tree.self_parameter(f) is not None for f in written) and needs:
        edits = [_add_first(case, declared, case.text(taken))]
        if not called:
            edits += _calls_on_self(case, name, block)
        yield Fix(tuple(edits), f"declare `{name}` with `{case.text(taken)}` in the trait too", 0.7)
    if not re.search(r"\bself\b", _body(case, function)):
        yield Fix((_remove_first(case, function),), "take no `self`, as the trait does", 0.64)


def _calls_on_self(case: Case, name: str, block: Node) -> Iterator[Edit]:
    """Makes calls of a function by its type's name calls on `self`, in methods that have one."""
    type_ = block.child_by_field_name("type")
    owner = plain(case.text(type_)) if type_ is not None else "Self"
    for found in re.finditer(rf"\b(?:Self|{re.escape(owner)})::{re.escape(name)}\(\)".encode(), case.source):
        function = case.above(case.at((found.start(), found.end())), "function_item")
        if function is not None and tree.self_parameter(function) is not None:
            yield tree.splice(case, found.start(), found.end(), f"self.{name}()")


def _body(case: Case, function: Node) -> str:
    body = function.child_by_field_name("body")
    return case.text(body) if body is not None else ""


def _add_first(case: Case, function: Node, parameter: str) -> Edit:
    listed = function.child_by_field_name("parameters") or function
    return case.insert(listed.start_byte + 1, parameter + (", " if tree.parameters(function) else ""))


def _remove_first(case: Case, function: Node) -> Edit:
    given = tree.parameters(function)
    end = given[1].start_byte if len(given) > 1 else given[0].end_byte
    return tree.splice(case, given[0].start_byte, end, "")


@rule("E0050")
def parameters_of_the_trait(case: Case) -> Iterator[Fix]:
    """The implementation takes as many parameters as the trait says: those that are missing are added, those that it
    has too many and does not use are left out."""
    found = _method(case)
    if found is None or found[2] is None:
        return
    function, declared = found[0], found[2]
    given, wanted = tree.parameters(function), tree.parameters(declared)
    listed = function.child_by_field_name("parameters")
    if listed is None:
        return
    if len(given) < len(wanted):
        # Those that are there are the first ones, or those with the same name.
        new = [_unused(case, p, function) for p in wanted[len(given) :]]
        at = given[-1].end_byte if given else listed.start_byte + 1
        text = (", " if given else "") + ", ".join(new)
        yield Fix((case.insert(at, text),), "take the parameters that the trait says", 0.66)
        return
    body, extra = _body(case, function), given[len(wanted) :]
    if not extra:  # the message counts what the tree does not show
        return
    names = [case.text(p.child_by_field_name("pattern") or p) for p in extra]
    if wanted and not any(re.search(rf"\b{re.escape(n)}\b", body) for n in names):
        edit = tree.splice(case, given[len(wanted) - 1].end_byte, extra[-1].end_byte, "")
        yield Fix((edit,), "take no more parameters than the trait says", 0.62)
    elif any(re.search(rf"\b{re.escape(n)}\b", body) for n in names):
        text = ", ".join(case.text(p) for p in extra)
        place = declared.child_by_field_name("parameters")
        if place is not None and wanted:
            edit = case.insert(wanted[-1].end_byte, f", {text}")
            yield Fix((edit,), f"declare {text} in the trait too", 0.55)


def _unused(case: Case, parameter: Node, function: Node) -> str:
    """A parameter of the trait as the implementation takes it: with an underscore where its body has no use for it."""
    text = case.text(parameter)
    pattern = parameter.child_by_field_name("pattern")
    if pattern is None or pattern.type != "identifier":
        return text
    name = case.text(pattern)
    used = re.search(rf"\b{re.escape(name)}\b", _body(case, function))
    return text if used or name.startswith("_") else f"_{text}" if text.startswith(name) else text


@rule("E0049", "E0195", "E0053")
def signature_of_the_trait(case: Case) -> Iterator[Fix]:
    """The signature of the implementation is that of the trait: the same type parameters, types and result. Names of
    parameters stay as they are."""
    found = _method(case)
    if found is None or found[2] is None:
        return
    function, declared = found[0], found[2]
    if (tree.around(declared, "trait_item") or declared).child_by_field_name("type_parameters") is not None:
        return
    edits: list[Edit] = []
    name = function.child_by_field_name("name")
    old, new = function.child_by_field_name("type_parameters"), declared.child_by_field_name("type_parameters")
    if old is not None and (new is None or case.text(old) != case.text(new)):
        edits.append(case.replace(old, case.text(new) if new is not None else ""))
    elif old is None and new is not None and name is not None:
        edits.append(case.insert(name.end_byte, case.text(new)))
    given, wanted = tree.parameters(function), tree.parameters(declared)
    if len(given) != len(wanted):
        return
    for mine, theirs in zip(given, wanted, strict=True):
        if mine.type == "self_parameter" or theirs.type == "self_parameter":
            if case.text(mine) != case.text(theirs):
                edits.append(case.replace(mine, case.text(theirs)))
            continue
        one, other = mine.child_by_field_name("type"), theirs.child_by_field_name("type")
        if one is not None and other is not None and case.text(one) != case.text(other):
            if "Self::" in case.text(other) or case.text(other) == "Self":
                continue
            edits.append(case.replace(one, case.text(other)))
    one, other = function.child_by_field_name("return_type"), declared.child_by_field_name("return_type")
    if one is not None and other is not None and case.text(one) != case.text(other) and "Self" not in case.text(other):
        edits.append(case.replace(one, case.text(other)))
    # One difference in types the compiler mends itself.
    if len(edits) > (1 if any("to match the trait" in note for note in case.notes) else 0):
        yield Fix(tuple(edits), f"write the signature of `{tree.name_of(case, function)}` as the trait does", 0.64)


@rule("E0046")
def types_that_follow(case: Case) -> Iterator[Fix]:
    """The implementation has to name a type of its trait, and one of its functions says already which it is."""
    found = re.match(r"not all trait items implemented, missing: (.+)$", case.message)
    block = case.above(case.node, "impl_item")
    body = block.child_by_field_name("body") if block is not None else None
    if found is None or block is None or body is None:
        return
    lines = []
    for name in re.findall(r"`(\w+)`", found.group(1)):
        if (written := _type_that_follows(case, block, name)) is None:
            return
        lines.append(f"type {name} = {written};")
    first = body.named_children[0] if body.named_children else None
    if first is None:
        return
    indent, end = case.indentation(first.start_byte), tree.line_end(case)
    text = "".join(f"{line}{end}{indent}" for line in lines)
    yield Fix((case.insert(first.start_byte, text),), f"name the type: `{lines[0]}`", 0.72)


def _type_that_follows(case: Case, block: Node, name: str) -> str | None:
    if name == "Output":
        functions = [f for f in tree.members(block, "function_item") if tree.name_of(case, f) in _OPERATORS]
        pattern = r"(.*)"
        if not functions and (index := tree.member(case, block, "index")) is not None:
            functions, pattern = [index], r"&(?:'\w+\s+)?(.*)"
    elif name in _FOLLOWS:
        function = tree.member(case, block, _FOLLOWS[name][0])
        functions, pattern = [function] if function is not None else [], _FOLLOWS[name][1]
    else:
        return None
    if not functions:
        return None
    result = re.fullmatch(pattern, tree.returns(case, functions[0]).strip(), re.DOTALL)
    written = result.group(1).strip() if result else ""
    return written if written and not re.search(r"\bSelf\s*::", written) else None


@rule("E0407")
def not_a_member(case: Case) -> Iterator[Fix]:
    """The trait has no such function. It is a function of the type itself then, and stands in an `impl` block without
    the trait; or it has one with exactly this signature and another name, which is not implemented yet."""
    function = case.above(case.node, "function_item")
    block = tree.around(function, "impl_item")
    type_ = block.child_by_field_name("type") if block is not None else None
    trait = block.child_by_field_name("trait") if block is not None else None
    if function is None or block is None or type_ is None or trait is None:
        return
    declared = tree.local_trait(case, case.text(trait))
    name = function.child_by_field_name("name")
    done = {tree.name_of(case, f) for f in tree.members(block, "function_item")}
    if declared is not None and name is not None:
        open_ = [f for f in tree.members(declared, "function_signature_item") if tree.name_of(case, f) not in done]
        same = [f for f in open_ if _signature(case, f) == _signature(case, function)]
        if len(open_) == 1 and len(same) == 1:
            new = tree.name_of(case, open_[0])
            yield Fix((case.replace(name, new),), f"call it `{new}` as the trait does", 0.66)
            return
    if tree.local_type(case, case.text(type_)) is not None:
        yield _own_block(case, function, block, type_)


def _signature(case: Case, function: Node) -> tuple[object, ...]:
    types = tuple(case.text(p.child_by_field_name("type") or p) for p in tree.parameters(function))
    return types, tree.returns(case, function)


def _own_block(case: Case, function: Node, block: Node, type_: Node) -> Fix:
    """Moves a function of a trait's implementation into one of the type's own."""
    end, indent = tree.line_end(case), case.indentation(block.start_byte)
    generics = block.child_by_field_name("type_parameters")
    where = next((child for child in block.named_children if child.type == "where_clause"), None)
    head = f"impl{case.text(generics) if generics is not None else ''} {case.text(type_)}"
    head += f" {case.text(where)}" if where is not None else ""
    start, stop = function.start_byte, function.end_byte
    kept = case.source[stop : block.end_byte].decode("utf-8", "replace")
    words = f"move `{tree.name_of(case, function)}` to what `{case.text(type_)}` has of its own"
    line = case.source.rfind(b"\n", 0, start) + 1
    inner = case.indentation(start)
    opening = f"{indent}}}{end}{end}{indent}{head} {{{end}{inner}"
    if kept.strip() == "}":
        at = line if not case.source[line:start].strip() else start
        return Fix((tree.splice(case, at, start, opening),), words, 0.55)
    moved = f"{end}{end}{indent}{head} {{{end}{inner}{case.text(function)}{end}{indent}}}"
    return Fix((tree.splice(case, start, block.end_byte, kept.lstrip() + moved),), words, 0.55)


@rule("E0437", "E0438")
def declare_in_the_trait(case: Case) -> Iterator[Fix]:
    """The implementation gives a type or a constant that its trait does not ask for. With a trait of this file it is
    declared there."""
    item = case.above(case.node, "type_item", "associated_type", "const_item")
    block = tree.around(item, "impl_item")
    trait = block.child_by_field_name("trait") if block is not None else None
    declared = tree.local_trait(case, case.text(trait)) if trait is not None else None
    body = declared.child_by_field_name("body") if declared is not None else None
    if item is None or declared is None or body is None or item.child_by_field_name("type_parameters") is not None:
        return
    name, typed = tree.name_of(case, item), item.child_by_field_name("type")
    line = f"const {name}: {case.text(typed or item)};" if item.type == "const_item" else f"type {name};"
    first = body.named_children[0] if body.named_children else None
    end, indent = tree.line_end(case), case.indentation(declared.start_byte)
    if first is not None:
        edit = case.insert(first.start_byte, f"{line}{end}{case.indentation(first.start_byte)}")
    else:
        edit = tree.splice(case, body.start_byte, body.end_byte, f"{{{end}{indent}    {line}{end}{indent}}}")
    yield Fix((edit,), f"declare `{name}` in `{tree.name_of(case, declared)}`", 0.5)


@rule("E0323", "E0325")
def kind_of_the_item(case: Case) -> Iterator[Fix]:
    """The trait asks for a type where the only implementation has a constant, or the other way round."""
    item = case.above(case.node, "type_item", "const_item")
    block = tree.around(item, "impl_item")
    trait = block.child_by_field_name("trait") if block is not None else None
    if item is None or trait is None:
        return
    declared = tree.member(case, tree.local_trait(case, case.text(trait)), tree.name_of(case, item))
    if declared is None or len(list(tree.impls_of(case, case.text(trait)))) != 1:
        return
    name, typed = tree.name_of(case, item), item.child_by_field_name("type")
    line = f"const {name}: {case.text(typed or item)};" if item.type == "const_item" else f"type {name};"
    yield Fix((case.replace(declared, line),), f"declare `{line}` in the trait", 0.5)


@rule("E0404")
def trait_for_type(case: Case) -> Iterator[Fix]:
    """`impl` names the trait first and then the type that has it; here they stand the other way round."""
    block = case.above(case.node, "impl_item")
    trait, type_ = (block.child_by_field_name(f) if block is not None else None for f in ("trait", "type"))
    if trait is None or type_ is None or not (trait.start_byte <= case.place.start < trait.end_byte):
        return
    if tree.local_trait(case, case.text(type_)) is not None and tree.local_type(case, case.text(trait)) is not None:
        name = re.sub(r"^dyn\s+", "", case.text(type_))
        edits = (case.replace(trait, name), case.replace(type_, case.text(trait)))
        yield Fix(edits, f"implement `{name}` for `{case.text(trait)}`", 0.75)
