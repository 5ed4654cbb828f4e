"""What a query cannot say: small questions about one match, asked by :mod:`knowledgegraph.recognise.rules`."""

from __future__ import annotations

import re
from collections.abc import Callable

from knowledgegraph.recognise.names import STANDARD_DERIVES, attributes, derived
from knowledgegraph.recognise.rule import File, Match
from knowledgegraph.rust_syntax import Node, descendants

When = Callable[[Match], bool]

_ERROR_NAME = re.compile(rb"(Error|Err)$")


def text_is(capture: str, *words: bytes) -> When:
    """Whether one of the words stands at the capture."""
    return lambda match: match.text(capture) in words


def no_child(kind: str) -> When:
    """Whether no direct child of ``@at`` is of this kind."""
    return lambda match: all(child.type != kind for child in match.at.children)


def raw(match: Match) -> bool:
    """``&raw const`` or ``&raw mut``, and not a reference to something called ``raw``."""
    return re.match(rb"&\s*raw\s+(const|mut)\b", match.text()) is not None


def not_raw(match: Match) -> bool:
    return not raw(match)


def takes_self(match: Match) -> bool:
    return re.fullmatch(rb"Self|(Box|Rc|Arc)\s*<\s*Self\s*>", match.text("type")) is not None


def bounds_a_trait(match: Match) -> bool:
    """Whether the list of bounds names more than lifetimes."""
    return any(child.type not in ("lifetime", "line_comment", "block_comment") for child in match.at.named_children)


def is_blanket(match: Match) -> bool:
    subject, parameters = match.node("type"), match.node("parameters")
    if subject is not None and subject.type == "reference_type":
        subject = subject.child_by_field_name("type")
    if subject is None or parameters is None or subject.type != "type_identifier":
        return False
    names = (child.child_by_field_name("name") for child in parameters.named_children if child.type == "type_parameter")
    return any(name is not None and match.file.text(name) == match.file.text(subject) for name in names)


def spawns_task(match: Match) -> bool:
    """``set.spawn(future)``: a future is an async block or what a call gives; a thread's or scope's gets a closure."""
    name, what = match.text("name"), match.node("what")
    if name in (b"spawn_blocking", b"spawn_local"):
        return True
    return name == b"spawn" and what is not None and what.type in ("async_block", "call_expression")


def is_recursive(match: Match) -> bool:
    body = match.at.child_by_field_name("body")
    name = match.at.child_by_field_name("name")
    if body is None or name is None:
        return False
    own = (match.file.text(name), b"Self")
    if not any(word in match.file.text(body) for word in own):
        return False
    return any(
        node.type == "type_identifier" and match.file.text(node) in own and not _names_variant(node)
        for node in descendants(body)
    )


def _names_variant(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "enum_variant"


_REPETITION = re.compile(rb"\$\(")
_BUILT_IN = re.compile(
    rb"\b(include|include_str|include_bytes|env|option_env|concat|stringify|line|file|column|module_path|compile_error)!\s*[(\[{]"
)


def repeats(match: Match) -> bool:
    return _REPETITION.search(match.text()) is not None and any(
        node.type in ("token_repetition", "token_repetition_pattern") for node in descendants(match.at)
    )


def uses_built_in(match: Match) -> bool:
    return _BUILT_IN.search(match.text()) is not None


# --- errors


def is_error_type(match: Match) -> bool:
    name = match.at.child_by_field_name("name")
    if name is None:
        return False
    word = match.file.text(name)
    return bool(_ERROR_NAME.search(word)) or (b"Error", word) in match.file.impls or b"Error" in _derives(match)


def _derives(match: Match) -> set[bytes]:
    """What the item derives beyond the standard traits."""
    names: set[bytes] = set()
    for text in match.file.attributes_of(match.at):
        for path, arguments in attributes(text):
            if path == b"derive":
                names |= derived(arguments)
    return names - STANDARD_DERIVES


def is_chained_error(match: Match) -> bool:
    subject = match.file.name_of(match.node("type"))
    if match.file.name_of(match.node("trait")) != b"From":
        return False
    return bool(_ERROR_NAME.search(subject)) or (b"Error", subject) in match.file.impls


def has_error_name(match: Match) -> bool:
    file = match.file
    return file.name_of(match.node("box")) == b"Box" and file.name_of(match.node("error")).endswith(b"Error")


# --- iterators

_ADAPTORS = frozenset(
    b"enumerate zip chain filter filter_map flat_map flatten skip skip_while step_by take_while map_while peekable rev "
    b"scan inspect cloned copied cycle".split()
)
_SOURCES = frozenset(
    b"iter iter_mut into_iter par_iter par_iter_mut into_par_iter chars char_indices bytes lines split "
    b"split_whitespace split_terminator splitn rsplit rsplitn split_ascii_whitespace keys values values_mut "
    b"into_keys into_values drain "
    b"windows chunks chunks_exact matches match_indices args vars read_dir by_ref range successors from_fn repeat "
    b"repeat_with once combinations sorted tuple_windows into_iter_sorted".split()
)
_ONE = frozenset(  # what gives an Option or a Result, whose methods have some of the same names
    b"get get_mut first last first_mut last_mut next next_back peek as_ref as_mut as_deref ok err max min max_by "
    b"min_by max_by_key min_by_key nth find find_map position pop pop_front pop_back checked_add checked_sub "
    b"checked_mul ok_or front back parse get_or_insert strip_prefix strip_suffix reduce to_str parent file_name "
    b"extension".split()
)
_ON_BOTH = frozenset(b"map filter cloned copied flatten zip inspect take".split())


def chains_iterators(match: Match) -> bool:
    """An adaptor, once for each chain: the last one of it."""
    name, value = match.text("name"), match.node("value")
    if value is None or not _adapts(match.file, name, value):
        return False
    over = match.at.parent
    if over is None or over.type != "field_expression":
        return True
    field = over.child_by_field_name("field")
    above = over.parent
    called = above is not None and above.type == "call_expression" and field is not None
    return not (called and field is not None and _adapts(match.file, match.file.text(field), match.at))


def _adapts(file: File, name: bytes, value: Node) -> bool:
    if name in (b"map", b"take"):
        return _from_source(file, value)
    if name not in _ADAPTORS:
        return False
    return not _gives_one(file, value)


def _gives_one(file: File, value: Node | None) -> bool:
    """Whether the chain below visibly begins with an Option or a Result: ``map.get(key).map(f)``."""
    while value is not None:
        method = _method_of(file, value)
        if method in _ONE:
            return True
        if method not in _ON_BOTH:
            return False
        value = _receiver(value)
    return False


def _method_of(file: File, node: Node) -> bytes:
    """The method that a call calls last; empty for anything else."""
    if node.type == "call_expression" and (function := node.child_by_field_name("function")) is not None:
        if function.type == "field_expression" and (field := function.child_by_field_name("field")) is not None:
            return file.text(field)
        return file.name_of(function)
    return b""


def _from_source(file: File, value: Node | None) -> bool:
    """Whether the chain below begins with what visibly gives an iterator."""
    for _ in range(64):
        if value is None:
            return False
        if value.type in ("parenthesized_expression", "try_expression") and value.named_child_count:
            value = value.named_child(0)
            continue
        if value.type == "range_expression":
            return True
        name = _method_of(file, value)
        if name in _SOURCES or name in _ADAPTORS:
            return not _gives_one(file, value)
        if name not in (b"map", b"take"):
            return False
        value = _receiver(value)
    return False


def _receiver(call: Node) -> Node | None:
    function = call.child_by_field_name("function")
    return function.child_by_field_name("value") if function is not None else None


# --- documentation


def is_doc_block(match: Match) -> bool:
    """The first line of a block of documentation, so that each block counts once."""
    return match.at.start_byte in match.file.docs.blocks


def opens_example(match: Match) -> bool:
    return match.at.start_byte in match.file.docs.examples


# --- shapes of a design


def is_newtype(match: Match) -> bool:
    fields = match.node("fields")
    types = fields.children_by_field_name("type") if fields is not None else []
    if len(types) != 1:
        return False
    return types[0].type != "unit_type" and match.file.name_of(types[0]) != b"PhantomData"


def _receiver_text(match: Match) -> bytes:
    parameters = match.node("parameters")
    first = parameters.named_children[0] if parameters is not None and parameters.named_children else None
    return match.file.text(first) if first is not None and first.type == "self_parameter" else b""


def _gives_self(match: Match) -> bool:
    gives = match.node("return")
    own = match.file.name_of(match.node("type"))
    if gives is not None and gives.type == "reference_type":
        gives = gives.child_by_field_name("type")
    return match.file.name_of(gives) in (b"Self", own)


def is_builder_setter(match: Match) -> bool:
    """A setter that can be chained, of a type that is called a builder or has a method that finishes."""
    parameters = match.node("parameters")
    receiver = re.sub(rb"\s", b"", _receiver_text(match))
    if receiver not in (b"self", b"mutself", b"&mutself") or parameters is None or parameters.named_child_count < 2:
        return False
    if not _gives_self(match):
        return False
    own = match.file.name_of(match.node("type"))
    if own.endswith(b"Builder"):
        return True
    known = match.file.remembered
    if own not in known:
        known[own] = any(_finishes(match.file, block, own) for block in match.file.inherent.get(own, ()))
    return known[own]


def _finishes(file: File, block: Node, own: bytes) -> bool:
    """Whether an impl block has a method such as ``build`` that gives something else."""
    body = block.child_by_field_name("body")
    for item in body.named_children if body is not None else ():
        name = item.child_by_field_name("name")
        gives = item.child_by_field_name("return_type")
        if item.type == "function_item" and name is not None and gives is not None:
            word = file.text(name)
            if word in (b"build", b"finish", b"create", b"done", b"try_build") or word.startswith(b"build_"):
                return file.name_of(gives) not in (b"Self", own)
    return False


def is_phase(match: Match) -> bool:
    """A method that consumes one state and gives another: ``Door<Open>`` to ``Door<Closed>``."""
    if re.sub(rb"\s|\bmut\b", b"", _receiver_text(match)) != b"self":
        return False
    own, gives = match.node("type"), match.node("return")
    if own is None or gives is None or own.type != "generic_type" or gives.type != "generic_type":
        return False
    file = match.file
    if file.name_of(own) != file.name_of(gives) or file.text(own) == file.text(gives):
        return False
    arguments = gives.child_by_field_name("type_arguments")
    given = arguments.named_children if arguments is not None else []
    free = _parameters(file, match.at) | _parameters(file, own.parent) | _ORDINARY
    return any(node.type == "type_identifier" and file.text(node) not in free for node in given)


_ORDINARY = frozenset(b"String Vec Box Self Rc Arc Option Result".split())


def _parameters(file: File, item: Node | None) -> frozenset[bytes]:
    """The names of an item's type parameters."""
    listed = item.child_by_field_name("type_parameters") if item is not None else None
    names = [child.child_by_field_name("name") for child in listed.named_children] if listed is not None else []
    return frozenset(file.text(name) for name in names if name is not None)


_LONG = 4_000  # bytes of a body that does more than print
_PRINTS = re.compile(rb"(?:e?println?|log|trace|debug|info|warn|error)!\s*\([^;]*\)\s*;?|//[^\n]*", re.DOTALL)


def is_guard(match: Match) -> bool:
    file = match.file
    if file.name_of(match.node("trait")) != b"Drop":
        return False
    subject = file.name_of(match.node("type"))
    if subject.endswith(b"Guard") or (b"Deref", subject) in file.impls:
        return True
    body = match.text("body").strip()[1:-1]
    return len(body) > _LONG or bool(_PRINTS.sub(b"", body).strip())


def is_constructor(match: Match) -> bool:
    name = match.text("name")
    if not (name == b"new" or name.startswith((b"new_", b"with_", b"from_"))):
        return False
    parameters, gives = match.node("parameters"), match.node("return")
    if parameters is None or gives is None or b"self" in match.file.text(parameters).split(b":")[0].split():
        return False
    if any(child.type == "self_parameter" for child in parameters.named_children):
        return False
    own = match.file.name_of(match.node("type"))
    return any(match.file.name_of(node) in (b"Self", own) for node in (gives, *descendants(gives)))


def is_extension(match: Match) -> bool:
    file = match.file
    trait = file.types.get(file.name_of(match.node("trait")))
    if trait is None or trait.type != "trait_item" or not _has_method(trait):
        return False
    subject = match.node("type")
    while subject is not None and subject.type in ("reference_type", "slice_type"):
        subject = subject.child_by_field_name("type") or subject.named_child(0)
    return file.name_of(subject) not in file.types


def _has_method(trait: Node) -> bool:
    body = trait.child_by_field_name("body")
    members = body.named_children if body is not None else []
    return any(member.type in ("function_item", "function_signature_item") for member in members)


def declares_module(match: Match) -> bool:
    """Any module but the one for tests."""
    return all(re.sub(rb"\s", b"", text) != b"cfg(test)" for text in match.file.attributes_of(match.at))
