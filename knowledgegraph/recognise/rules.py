"""The rules that need the shape of the code: one query each, and a predicate where a query cannot say it.

A new id is one more ``Rule`` here, or a word in a table of :mod:`knowledgegraph.recognise.names`, and its pair of
tests. The ids are those of the pattern vocabulary.
"""

from __future__ import annotations

from knowledgegraph.recognise.predicates import (
    bounds_a_trait,
    chains_iterators,
    declares_module,
    has_error_name,
    is_blanket,
    is_builder_setter,
    is_chained_error,
    is_constructor,
    is_doc_block,
    is_error_type,
    is_extension,
    is_guard,
    is_newtype,
    is_phase,
    is_recursive,
    no_child,
    not_raw,
    opens_example,
    raw,
    repeats,
    spawns_task,
    takes_self,
    text_is,
    uses_built_in,
)
from knowledgegraph.recognise.rule import BY_NAME, BY_SHAPE, Rule

_FUNCTIONS = ["function_item", "function_signature_item"]
_TYPES = ["struct_item", "enum_item", "union_item"]


def _each(kinds: list[str], rest: str) -> str:
    """The same pattern for several kinds of node."""
    return "".join(f"({kind} {rest}) @at\n" for kind in kinds)


_LABELLED = frozenset(["loop_expression", "while_expression", "for_expression", "block"])

_OWNERSHIP = (
    Rule("shared-borrow", "(reference_expression) @at", lambda m: not_raw(m) and no_child("mutable_specifier")(m)),
    Rule(
        "shared-borrow",
        "(parameter pattern: (_) @name type: (reference_type) @at)",
        lambda m: m.text("name") != b"self" and no_child("mutable_specifier")(m),
    ),
    Rule("mutable-borrow", "(reference_expression (mutable_specifier)) @at", not_raw),
    Rule(
        "mutable-borrow",
        "(parameter pattern: (_) @name type: (reference_type (mutable_specifier)) @at)",
        lambda m: m.text("name") != b"self",
    ),
    Rule(
        "lifetime-annotation",
        _each(
            [*_FUNCTIONS, "impl_item", "trait_item", "type_item", "associated_type"],
            "type_parameters: (type_parameters . (lifetime_parameter))",
        ),
    ),
    Rule("struct-lifetime", _each(_TYPES, "type_parameters: (type_parameters . (lifetime_parameter))")),
    Rule("static-lifetime", "(lifetime (identifier) @name) @at", text_is("name", b"static")),
    Rule("lifetime-bound", "(trait_bounds (lifetime) @at) (bounded_type (lifetime) @at)"),
    Rule("slice-range", "(index_expression (_) (range_expression)) @at"),
    Rule("ref-binding", '(ref_pattern) @at (field_pattern "ref") @at'),
    Rule("consuming-self", "(self_parameter) @at", no_child("&")),
    Rule("consuming-self", "(parameter pattern: (self) type: (_) @type) @at", takes_self),
)

_TRAITS = (
    Rule("trait-definition", "(trait_item) @at"),
    Rule("trait-impl", "(impl_item trait: (_)) @at"),
    Rule("default-method", "(trait_item body: (declaration_list (function_item) @at))"),
    Rule("generic-function", _each(_FUNCTIONS, "type_parameters: (type_parameters (type_parameter))")),
    Rule("generic-type", _each(_TYPES, "type_parameters: (type_parameters (type_parameter))")),
    Rule(
        "trait-bound",
        "(type_parameter bounds: (trait_bounds) @at) (where_predicate bounds: (trait_bounds) @at)",
        bounds_a_trait,
    ),
    Rule("where-clause", "(where_clause) @at"),
    Rule("impl-trait", "(abstract_type) @at"),
    Rule("trait-object", "(dynamic_type) @at"),
    Rule(
        "associated-type",
        """(trait_item body: (declaration_list (associated_type) @at))
           (trait_item body: (declaration_list (type_item) @at))
           (impl_item body: (declaration_list (type_item) @at))""",
    ),
    Rule(
        "gat",
        """(associated_type type_parameters: (_)) @at
           (impl_item body: (declaration_list (type_item type_parameters: (_)) @at))""",
    ),
    Rule("supertrait", "(trait_item bounds: (trait_bounds) @at)", bounds_a_trait),
    Rule("blanket-impl", "(impl_item type_parameters: (_) @parameters trait: (_) type: (_) @type) @at", is_blanket),
    Rule(
        "higher-ranked-bound",
        "(higher_ranked_trait_bound) @at (for_lifetimes) @at (function_type (for_lifetimes)) @at",
    ),
)

_ASYNC_AND_UNSAFE = (
    Rule("async-fn", _each(_FUNCTIONS, '(function_modifiers "async")')),
    Rule("await-expression", "(await_expression) @at"),
    Rule("async-block", '(async_block) @at (closure_expression "async") @at'),
    Rule(
        "async-concurrency",
        """(call_expression function: (field_expression field: (field_identifier) @name)
             arguments: (arguments . (_) @what)) @at""",
        spawns_task,
        BY_NAME,
    ),
    Rule("unsafe-block", "(unsafe_block) @at"),
    Rule("unsafe-fn", _each(_FUNCTIONS, '(function_modifiers "unsafe")')),
    Rule("unsafe-trait-impl", '(trait_item "unsafe") @at (impl_item "unsafe") @at'),
    Rule("raw-pointer", "(pointer_type) @at"),
    Rule("raw-pointer", '(reference_expression "raw") @at', raw),
    Rule(
        "ffi-extern",
        "(foreign_mod_item) @at (function_type (function_modifiers (extern_modifier))) @at"
        + _each(_FUNCTIONS, "(function_modifiers (extern_modifier))"),
    ),
    Rule("union-type", "(union_item) @at"),
    Rule("static-mut", "(static_item (mutable_specifier)) @at"),
)

_POINTERS = (
    Rule("recursive-type", "(struct_item) @at (enum_item) @at", is_recursive),
    Rule(
        "atomics",
        "(arguments (scoped_identifier name: (identifier) @at)) (arguments (identifier) @at)",
        text_is("at", b"Relaxed", b"Acquire", b"Release", b"AcqRel", b"SeqCst"),
    ),
)

_MACROS = (
    Rule("macro-rules", "(macro_definition) @at"),
    Rule("macro-repetition", "(macro_definition) @at", repeats),
    Rule(
        "compile-time-macro",
        "(macro_definition (macro_rule right: (token_tree))) @at",
        uses_built_in,
    ),
    Rule(
        "proc-macro-definition",
        "(parameter type: (_) @type) @at (function_item return_type: (_) @type) @at",
        lambda m: m.file.name_of(m.node("type")) in (b"TokenStream", b"TokenStream1", b"TokenStream2"),
        BY_NAME,
    ),
)

_ERRORS = (
    Rule(
        "result-return",
        _each([*_FUNCTIONS, "closure_expression", "function_type"], "return_type: (_) @type"),
        lambda m: m.file.name_of(m.node("type")) == b"Result" and m.at.type != "function_type",
    ),
    Rule("question-mark", "(try_expression) @at"),
    Rule(
        "unwrap-expect",
        "(arguments (scoped_identifier path: (identifier) @type name: (identifier) @name) @at)",
        lambda m: m.text("type") in (b"Option", b"Result") and m.text("name") in (b"unwrap", b"expect", b"unwrap_err"),
        BY_NAME,
    ),
    Rule("custom-error-type", "(struct_item) @at (enum_item) @at", is_error_type),
    Rule("error-from-impl", "(impl_item trait: (generic_type) @trait type: (_) @type) @at", is_chained_error),
    Rule(
        "boxed-error",
        """(generic_type type: (_) @box type_arguments: (type_arguments
             [(dynamic_type trait: (_) @error) (bounded_type (dynamic_type trait: (_) @error))
              (bounded_type (bounded_type (dynamic_type trait: (_) @error)))
              (bounded_type (bounded_type (bounded_type (dynamic_type trait: (_) @error))))])) @at""",
        has_error_name,
    ),
    Rule(
        "match-on-result",
        "(tuple_struct_pattern type: [(identifier) (scoped_identifier)] @name) @at",
        lambda m: m.file.name_of(m.node("name")) in (b"Ok", b"Err"),
    ),
)

_ABSTRACTIONS = (
    Rule("const-generics", "(const_parameter) @at"),
    Rule("const-fn", _each(_FUNCTIONS, '(function_modifiers "const")')),
    Rule(
        "iterator-chain",
        "(call_expression function: (field_expression value: (_) @value field: (field_identifier) @name)) @at",
        chains_iterators,
        BY_NAME,
    ),
)

_TOOLING = (
    Rule("doc-comment", "(line_comment doc: (_)) @at (block_comment doc: (_)) @at", is_doc_block),
    Rule("doc-test", "(line_comment doc: (_)) @at (block_comment doc: (_)) @at", opens_example),
)

_ARCHITECTURE = (
    Rule("newtype", "(struct_item body: (ordered_field_declaration_list) @fields) @at", is_newtype),
    Rule(
        "builder",
        """(impl_item !trait type: (_) @type body: (declaration_list (function_item name: (_) @name
             parameters: (parameters) @parameters return_type: (_) @return) @at))""",
        is_builder_setter,
        BY_SHAPE,
    ),
    Rule(
        "typestate",
        """(impl_item !trait type: (_) @type body: (declaration_list (function_item name: (_) @name
             parameters: (parameters) @parameters return_type: (_) @return) @at))""",
        is_phase,
        BY_SHAPE,
    ),
    Rule(
        "raii-guard",
        """(impl_item trait: (_) @trait type: (_) @type
             body: (declaration_list (function_item body: (block) @body))) @at""",
        is_guard,
        BY_SHAPE,
    ),
    Rule(
        "constructor-fn",
        """(impl_item !trait type: (_) @type body: (declaration_list (function_item name: (_) @name
             parameters: (parameters) @parameters return_type: (_) @return) @at))""",
        is_constructor,
    ),
    Rule("extension-trait", "(impl_item trait: (_) @trait type: (_) @type) @at", is_extension),
    Rule("struct-update", "(base_field_initializer) @at"),
    Rule("module-declaration", "(mod_item) @at", declares_module),
    Rule("restricted-visibility", "(visibility_modifier [(crate) (super) (self)]) @at"),
    Rule("restricted-visibility", '(visibility_modifier "in") @at'),
    Rule("reexport", "(use_declaration (visibility_modifier)) @at"),
)

_BASICS = (
    Rule("match-expression", "(match_expression) @at"),
    Rule("match-guard", "(match_pattern condition: (_)) @at"),
    Rule(
        "match-guard",
        '(macro_invocation macro: (identifier) @name (token_tree "if")) @at',
        text_is("name", b"matches"),
    ),
    Rule(
        "if-let",
        "(if_expression condition: (let_condition)) @at (if_expression condition: (let_chain (let_condition))) @at",
    ),
    Rule("let-else", "(let_declaration alternative: (block)) @at"),
    Rule(
        "while-let",
        """(while_expression condition: (let_condition)) @at
           (while_expression condition: (let_chain (let_condition))) @at""",
    ),
    Rule("slice-pattern", "(slice_pattern) @at"),
    Rule("struct-pattern", "(struct_pattern) @at"),
    Rule("at-binding", "(captured_pattern) @at"),
    Rule("range-pattern", "(range_pattern) @at"),
    Rule("or-pattern", "(or_pattern) @at"),
    Rule(
        "enum-with-data",
        """(enum_item body: (enum_variant_list (enum_variant
             body: [(ordered_field_declaration_list) (field_declaration_list)]))) @at""",
    ),
    Rule("never-type", "(never_type) @at"),
    Rule("labeled-loop", "(_ . (label) @at)", lambda m: m.at.parent is not None and m.at.parent.type in _LABELLED),
    Rule("closure", "(closure_expression) @at"),
    Rule("move-closure", '(closure_expression "move") @at'),
    Rule("fn-pointer", '(function_type "fn") @at'),
)

RULES: tuple[Rule, ...] = (
    *_OWNERSHIP,
    *_TRAITS,
    *_ASYNC_AND_UNSAFE,
    *_POINTERS,
    *_MACROS,
    *_ERRORS,
    *_ABSTRACTIONS,
    *_TOOLING,
    *_ARCHITECTURE,
    *_BASICS,
)
