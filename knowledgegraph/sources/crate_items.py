"""What one file of Rust source declares: items with their documentation, modules, and re-exports.

What a macro would generate is not seen, with one exception: a macro call with braces where an item may stand, whose
inside is items and nothing else, is read as those items. So crates declare what depends on a feature
(``cfg_net! { pub mod tcp; }``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from knowledgegraph.rust_syntax import Node, Syntax, TooMuch, parse

Path = tuple[str, ...]

_KINDS = {
    "struct_item": "struct",
    "enum_item": "enum",
    "union_item": "union",
    "trait_item": "trait",
    "function_item": "fn",
    "function_signature_item": "fn",
    "const_item": "const",
    "static_item": "static",
    "type_item": "type",
    "associated_type": "type",
    "enum_variant": "variant",
}
_MOST_SIGNATURE = 600
_MOST_MACROS = 4  # one inside the other


@dataclass(slots=True)
class Item:
    """One item, or a member of one. ``module``: the path of the module that it stands in, from the crate's root;
    ``owner``: of a member, the name of its type or trait. ``doc``: Markdown. Lines count from 1."""

    kind: str
    name: str
    module: Path
    line: int
    end_line: int
    public: bool
    signature: str
    doc: str = ""
    owner: str = ""
    exported: bool = False  # a macro that the whole crate gives away at its root


@dataclass(frozen=True, slots=True)
class Submodule:
    """``mod name;`` or ``mod name { … }``. ``path``: of its ``#[path]``. ``inline``: its body is in this file."""

    name: str
    module: Path
    public: bool
    doc: str
    line: int
    path: str = ""
    inline: bool = False
    tests: bool = False

    @property
    def full(self) -> Path:
        return (*self.module, self.name)


@dataclass(frozen=True, slots=True)
class Import:
    """One name of a ``use``: ``name`` stands for ``target`` in ``module``; "*" for all of it."""

    module: Path
    target: Path
    name: str
    public: bool


@dataclass(slots=True)
class Declared:
    """All that one file declares. ``doc``: of the module that the file is."""

    items: list[Item] = field(default_factory=list)
    members: list[Item] = field(default_factory=list)
    submodules: list[Submodule] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    doc: str = ""


@dataclass(slots=True)
class _Before:
    """Documentation and attributes on the way to the item that they belong to."""

    doc: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)

    @property
    def markdown(self) -> str:
        return tidy("\n".join(self.doc))

    @property
    def hidden(self) -> bool:
        return any(re.match(r"doc\s*\(\s*hidden", text) for text in self.attributes)


def declared(syntax: Syntax, module: Path) -> Declared:
    """What a file declares that is the module at ``module``."""
    found = Declared()
    top = syntax.root
    waiting: list[tuple[Syntax, Node, Path, int]] = [(syntax, top, module, 0)]
    while waiting:
        source, container, here, macros = waiting.pop()
        for node, before in _with_what_is_before(source, container, found if container == top else None):
            kind = node.type
            if before.hidden:
                continue
            if kind in _KINDS:
                _add_item(found, source, node, here, before)
            elif kind == "mod_item":
                if inside := _add_module(found, source, node, here, before):
                    waiting.append((source, inside[0], inside[1], macros))
            elif kind == "use_declaration":
                found.imports.extend(_imports(source, node, here))
            elif kind == "impl_item" and node.child_by_field_name("trait") is None:
                _add_methods(found, source, node, here)
            elif kind == "macro_definition":
                _add_macro(found, source, node, here, before)
            elif kind == "foreign_mod_item" and (body := node.child_by_field_name("body")) is not None:
                waiting.append((source, body, here, macros))
            elif macros < _MOST_MACROS:
                waiting.extend((inner, inner.root, here, macros + 1) for inner in _inside_macro(source, node))
    return found


def _with_what_is_before(syntax: Syntax, container: Node, top: Declared | None) -> Iterator[tuple[Node, _Before]]:
    """The children of a container, each with the documentation and attributes before it; ``top`` gets its own."""
    before = _Before()
    inner: list[str] = []
    for child in container.named_children:
        kind = child.type
        if kind in ("line_comment", "block_comment"):
            doc = child.child_by_field_name("doc")
            if doc is not None:
                inside = child.child_by_field_name("inner") is not None
                (inner if inside else before.doc).append(_comment(syntax, doc, kind))
        elif kind == "attribute_item":
            text = _text(syntax, child)[2:-1].strip()
            before.attributes.append(text)
            if quoted := re.match(r'doc\s*=\s*"((?:[^"\\]|\\.)*)"', text, re.DOTALL):
                before.doc.append(quoted[1].replace('\\"', '"').replace("\\n", "\n"))
        elif kind != "inner_attribute_item":
            yield child, before
            before = _Before()
    if top is not None:
        top.doc = tidy("\n".join(inner))


def _comment(syntax: Syntax, doc: Node, kind: str) -> str:
    lines = _text(syntax, doc).rstrip("\n").split("\n")
    if kind == "block_comment":
        lines = [re.sub(r"^\s*\*(?!\*) ?", "", line) for line in lines]
        return "\n".join(lines).removesuffix("*/")
    return "\n".join(lines)


def _text(syntax: Syntax, node: Node) -> str:
    return syntax.text(node).decode("utf-8", "replace")


def _name(syntax: Syntax, node: Node) -> str:
    name = node.child_by_field_name("name")
    return _text(syntax, name).removeprefix("r#") if name is not None else ""


def _is_public(syntax: Syntax, node: Node) -> bool:
    return any(child.type == "visibility_modifier" and syntax.text(child) == b"pub" for child in node.named_children)


def _item(syntax: Syntax, node: Node, module: Path, before: _Before) -> Item:
    return Item(
        _KINDS[node.type],
        _name(syntax, node),
        module,
        node.start_point.row + 1,
        node.end_point.row + 1,
        _is_public(syntax, node),
        signature(syntax, node),
        before.markdown,
    )


def _add_item(found: Declared, syntax: Syntax, node: Node, module: Path, before: _Before) -> None:
    item = _item(syntax, node, module, before)
    if not item.name:
        return
    found.items.append(item)
    body = node.child_by_field_name("body")
    if body is not None and node.type in ("trait_item", "enum_item"):
        _add_members(found, syntax, body, item.module, item.name, everything=True)


def _add_methods(found: Declared, syntax: Syntax, node: Node, module: Path) -> None:
    subject, body = node.child_by_field_name("type"), node.child_by_field_name("body")
    if subject is not None and subject.type == "generic_type":
        subject = subject.child_by_field_name("type")
    if subject is not None and body is not None and subject.type in ("type_identifier", "scoped_type_identifier"):
        owner = _text(syntax, subject).rpartition("::")[2].strip()
        _add_members(found, syntax, body, module, owner, everything=False)


def _add_members(found: Declared, syntax: Syntax, body: Node, module: Path, owner: str, *, everything: bool) -> None:
    waiting = [(syntax, body, 0)]
    while waiting:
        source, container, macros = waiting.pop()
        for child, before in _with_what_is_before(source, container, None):
            if macros < _MOST_MACROS:
                waiting.extend((inner, inner.root, macros + 1) for inner in _inside_macro(source, child))
            if child.type not in _KINDS or before.hidden:
                continue
            member = _item(source, child, module, before)
            member.owner = owner
            member.public = member.public or everything
            if member.public and member.name:
                found.members.append(member)


def _add_module(found: Declared, syntax: Syntax, node: Node, module: Path, before: _Before) -> tuple[Node, Path] | None:
    """Notes a module; gives its body and path where the body is here."""
    path = next((quoted[1] for text in before.attributes if (quoted := re.match(r'path\s*=\s*"([^"]*)"', text))), "")
    body = node.child_by_field_name("body")
    tests = any(re.sub(r"\s", "", text) == "cfg(test)" for text in before.attributes)
    one = Submodule(
        _name(syntax, node),
        module,
        _is_public(syntax, node),
        _with_inner(syntax, body, before.markdown),
        node.start_point.row + 1,
        path,
        body is not None,
        tests,
    )
    if not one.name:
        return None
    found.submodules.append(one)
    return (body, one.full) if body is not None and not tests else None


def _with_inner(syntax: Syntax, body: Node | None, doc: str) -> str:
    """The documentation of a module: before it, and inside of it."""
    if body is None:
        return doc
    inside = Declared()
    for _ in _with_what_is_before(syntax, body, inside):
        pass
    return "\n\n".join(filter(None, (doc, inside.doc)))


def _add_macro(found: Declared, syntax: Syntax, node: Node, module: Path, before: _Before) -> None:
    name = _name(syntax, node)
    exported = any(text.startswith("macro_export") for text in before.attributes)
    if name and exported:
        start, end = node.start_point.row + 1, node.end_point.row + 1
        found.items.append(
            Item("macro", name, (), start, end, True, f"macro_rules! {name}", before.markdown, exported=True)
        )


def _inside_macro(syntax: Syntax, node: Node) -> Iterator[Syntax]:
    """The inside of ``name! { items }`` as source of its own, on the same lines; nothing where it is anything else.
    ``cfg_if!`` has several such insides, one for each case."""
    call = node.named_child(0) if node.type == "expression_statement" and node.named_child_count else node
    if call is None or call.type != "macro_invocation":
        return
    tokens = next((child for child in call.named_children if child.type == "token_tree"), None)
    if tokens is None:
        return
    name = call.child_by_field_name("macro")
    cases = [tokens]
    if name is not None and syntax.text(name).rpartition(b"::")[2] == b"cfg_if":
        cases = [child for child in tokens.named_children if child.type == "token_tree"]
    for case in cases:
        if syntax.source[case.start_byte : case.start_byte + 1] == b"{":
            try:
                inner = parse(b"\n" * case.start_point.row + syntax.source[case.start_byte + 1 : case.end_byte - 1])
            except TooMuch:
                continue
            if not inner.root.has_error:
                yield inner


def _imports(syntax: Syntax, node: Node, module: Path) -> Iterator[Import]:
    """Each name that a ``use`` brings in."""
    public = _is_public(syntax, node)
    argument = node.child_by_field_name("argument")
    waiting: list[tuple[Node | None, Path]] = [(argument, ())]
    while waiting:
        tree, prefix = waiting.pop()
        if tree is None:
            continue
        if tree.type == "use_list":
            waiting.extend((child, prefix) for child in tree.named_children)
        elif tree.type == "scoped_use_list":
            waiting.append(
                (tree.child_by_field_name("list"), prefix + _words(syntax, tree.child_by_field_name("path")))
            )
        elif tree.type == "use_as_clause":
            target = _words(syntax, tree.child_by_field_name("path"))
            alias = tree.child_by_field_name("alias")
            if target and alias is not None:
                yield Import(module, _ended(prefix + target), _text(syntax, alias), public)
        elif tree.type == "use_wildcard":
            inside = tree.named_child(0) if tree.named_child_count else None
            yield Import(module, prefix + _words(syntax, inside), "*", public)
        elif tree.type in ("identifier", "scoped_identifier", "self", "crate", "super"):
            target = _ended(prefix + _words(syntax, tree))
            if target:
                yield Import(module, target, target[-1], public)


def _words(syntax: Syntax, node: Node | None) -> Path:
    if node is None:
        return ()
    return tuple(word.strip().removeprefix("r#") for word in _text(syntax, node).split("::") if word.strip())


def _ended(path: Path) -> Path:
    """``a::b::{self}`` names ``a::b``."""
    return path[:-1] if len(path) > 1 and path[-1] == "self" else path


def signature(syntax: Syntax, node: Node) -> str:
    """An item as it is declared, without its body; of an enum the names of its variants too."""
    body = node.child_by_field_name("body")
    if node.type == "enum_variant":
        text = _text(syntax, node)
    elif body is None:
        text = _text(syntax, node).rstrip(";")
    else:
        text = syntax.source[node.start_byte : body.start_byte].decode("utf-8", "replace").rstrip()
        if node.type == "enum_item":
            names = [_name(syntax, child) for child in body.named_children if child.type == "enum_variant"]
            text += " { " + ", ".join(names[:20]) + (", …" if len(names) > 20 else "") + " }"
        elif node.type in ("struct_item", "union_item"):
            text += "(…)" if body.type == "ordered_field_declaration_list" else " { … }"
    return text if len(text) <= _MOST_SIGNATURE else text[: _MOST_SIGNATURE - 1] + "…"


def tidy(doc: str) -> str:
    """Documentation as Markdown: the indentation that all lines share gone, and the hidden lines of its examples."""
    lines = doc.split("\n")
    used = [line for line in lines if line.strip()]
    indent = min((len(line) - len(line.lstrip(" ")) for line in used), default=0)
    out, in_code, rust = [], False, False
    for line in lines:
        line = line[indent:] if line[:indent].isspace() or not line[:indent] else line
        bare = line.strip()
        if bare.startswith(("```", "~~~")):
            in_code, rust = (
                not in_code,
                not in_code and not re.match(r"[`~]+\s*(text|ignore|toml|sh|console|json)", bare),
            )
        elif in_code and rust and (bare == "#" or bare.startswith("# ")):
            continue
        out.append(line.rstrip())
    return "\n".join(out).strip()
