"""What a single name tells: types, functions, methods, macros, traits and attributes, each with the id that it means.

A type that the file defines itself is not the one of the standard library. Imports alone tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from knowledgegraph.recognise.rule import BY_NAME, SURE, Match, Table

Told = Iterator[tuple[str, float]]


def _table(**words: str) -> dict[bytes, str]:
    """From id (with ``_`` for ``-``) and words, a table from word to id."""
    return {word.encode(): name.replace("_", "-") for name, line in words.items() for word in line.split()}


#: One segment of a path.
NAMES = _table(
    manual_future="Poll Waker RawWaker RawWakerVTable",
    pinning="Pin Unpin PhantomPinned",
    maybe_uninit="MaybeUninit",
    box="Box",
    rc="Rc",
    arc="Arc",
    weak="Weak",
    cow="Cow",
    cell="Cell",
    refcell="RefCell",
    mutex="Mutex",
    rwlock="RwLock",
    unsafe_cell="UnsafeCell",
    lazy_init="OnceCell OnceLock LazyCell LazyLock Lazy Once",
    phantom_data="PhantomData",
    option_type="Option Some",
    vec="Vec",
    map_collection="HashMap BTreeMap",
    buffered_io="BufReader BufWriter LineWriter",
    benchmark="Bencher Criterion black_box",
    transmute="transmute transmute_copy",
    size_of="size_of size_of_val align_of align_of_val",
    async_concurrency="FuturesUnordered",
    atomics="AtomicBool AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize AtomicU8 AtomicU16 AtomicU32 AtomicU64 "
    "AtomicUsize AtomicPtr",
)

#: A method that is called, with the number of arguments that it has then ("" : any).
METHODS = _table(
    explicit_clone="clone/0",
    unwrap_expect="unwrap/0 expect/1 unwrap_err/0 expect_err/1",
    option_result_combinator="map_err and_then or_else ok_or ok_or_else unwrap_or unwrap_or_else unwrap_or_default "
    "map_or map_or_else is_some_and is_ok_and transpose ok/0 err/0",
    preallocation="reserve reserve_exact",
    timing="elapsed/0",
    weak="upgrade/0",
    async_runtime="block_on",
    parallel_iterator="par_iter par_iter_mut into_par_iter par_bridge par_chunks par_chunks_mut par_windows par_split "
    "par_sort par_sort_by par_sort_by_key par_sort_unstable par_sort_unstable_by par_extend par_drain",
)

#: The last segments of a function that is called. A single word is enough where no other function is called so.
CALLS = _table(
    explicit_clone="*::clone",
    unwrap_expect="Result::unwrap Option::unwrap Result::expect Option::expect",
    weak="Rc::downgrade Arc::downgrade",
    pinning="*::pin",
    preallocation="*::with_capacity",
    timing="Instant::now SystemTime::now",
    async_runtime="block_on *::block_on Runtime::new Builder::new_multi_thread Builder::new_current_thread",
    async_concurrency="tokio::spawn task::spawn rt::spawn actix_web::spawn actix_rt::spawn async_std::spawn "
    "smol::spawn *::spawn_blocking *::spawn_local "
    "spawn_blocking spawn_local join_all try_join_all *::join_all *::try_join_all "
    "futures::join future::join trpl::join futures::select future::select trpl::select futures::join3 "
    "future::join3 trpl::join3",
    thread_spawn="thread::spawn",
    scoped_thread="thread::scope crossbeam::scope",
    message_channel="channel sync_channel unbounded unbounded_channel mpsc::channel mpsc::sync_channel "
    "mpsc::unbounded_channel oneshot::channel broadcast::channel watch::channel channel::unbounded channel::bounded "
    "crossbeam_channel::unbounded crossbeam_channel::bounded flume::unbounded flume::bounded mpsc::unbounded",
    parallel_iterator="rayon::join rayon::scope rayon::spawn",
    atomics="fence atomic::fence",
)

MACROS = _table(
    vec="vec",
    pinning="pin pin_mut",
    async_concurrency="join try_join select",
    raw_pointer="addr_of addr_of_mut",
    lazy_init="lazy_static",
    compile_time_macro="include include_str include_bytes env option_env concat stringify line file column module_path "
    "compile_error",
    explicit_panic="panic unreachable todo unimplemented",
    assertion="assert assert_eq assert_ne assert_matches debug_assert debug_assert_eq debug_assert_ne "
    "debug_assert_matches",
    proc_macro_definition="quote parse_macro_input",
    conditional_compilation="cfg",
    benchmark="criterion_group criterion_main",
)

#: A lone word as a value or a pattern.
WORDS = _table(option_type="None", phantom_data="PhantomData")

#: ``Outer<Inner<…>>``, or ``Outer::new(Inner::new(…))``.
NESTED = _table(rc_refcell="Rc<RefCell", arc_mutex="Arc<Mutex")

#: A trait that is implemented.
IMPLS = _table(
    operator_overloading="Add Sub Mul Div Rem Neg Not BitAnd BitOr BitXor Shl Shr Index IndexMut AddAssign SubAssign "
    "MulAssign DivAssign RemAssign BitAndAssign BitOrAssign BitXorAssign ShlAssign ShrAssign",
    conversion_impl="From Into TryFrom TryInto FromStr AsRef AsMut",
    manual_future="Future Stream Wake ArcWake",
    deref_impl="Deref DerefMut",
    drop_impl="Drop",
    iterator_impl="Iterator DoubleEndedIterator ExactSizeIterator IntoIterator FromIterator",
    send_sync_bound="Send Sync",
    copy_trait="Copy",
)

#: A trait that is named in a bound.
BOUNDS = _table(
    send_sync_bound="Send Sync", copy_trait="Copy", fn_traits="Fn FnMut FnOnce AsyncFn AsyncFnMut AsyncFnOnce"
)

#: The path of an attribute.
ATTRIBUTES = _table(
    repr_attribute="repr",
    inline_attribute="inline cold",
    lint_attribute="allow warn deny forbid expect",
    proc_macro_definition="proc_macro proc_macro_derive proc_macro_attribute",
    conditional_compilation="cfg_attr",
    benchmark="bench",
    error_from_impl="from",
    doc_comment="doc",
)
STANDARD_DERIVES = frozenset(b"Clone Copy Debug Default Eq Hash Ord PartialEq PartialOrd".split())

#: Attributes that are the language's own, and those that only help a derive: no macro of their own.
_PLAIN = frozenset(
    b"allow warn deny forbid expect cfg cfg_attr derive automatically_derived test ignore should_panic bench repr "
    b"inline cold must_use deprecated doc macro_use macro_export proc_macro "
    b"proc_macro_derive proc_macro_attribute path no_std no_main no_core no_implicit_prelude no_mangle "
    b"export_name link link_name link_section link_ordinal used "
    b"global_allocator target_feature track_caller instruction_set non_exhaustive recursion_limit type_length_limit "
    b"feature crate_type crate_name windows_subsystem panic_handler unsafe default naked optimize coverage "
    b"lang fundamental may_dangle marker track global_asm macro_escape debugger_visualizer "
    b"serde arg command clap value error from source backtrace builder debug group structopt getset diesel sqlx "
    b"transparent pin pin_project strum darling schemars validate deref display as_ref into try_into mul".split()
)
_PLAIN_TOOLS = (b"rustfmt::", b"clippy::", b"diagnostic::", b"rustdoc::", b"miri::", b"rust_analyzer::")
_RUNTIMES = frozenset(b"tokio actix actix_web actix_rt async_std smol ntex rocket futures embassy_executor".split())


def _segment(match: Match) -> Told:
    name = match.text()
    file = match.file
    identity = NAMES.get(name)
    if identity is None and name.endswith((b"Sender", b"Receiver")):
        identity = "message-channel"
    if identity and not file.is_local(name) and not file.in_use(match.at):
        yield identity, BY_NAME


def _word(match: Match) -> Told:
    name = match.text()
    if (identity := WORDS.get(name)) and not match.file.is_local(name):
        yield identity, BY_NAME


def _nested(match: Match) -> Told:
    file = match.file
    outer, inner = file.name_of(match.node("outer")), file.name_of(match.node("inner"))
    if (identity := NESTED.get(outer + b"<" + inner)) and not (file.is_local(outer) or file.is_local(inner)):
        yield identity, BY_NAME


def _method(match: Match) -> Told:
    name = match.text("name")
    arguments = match.node("arguments")
    count = arguments.named_child_count if arguments is not None else 0
    if identity := METHODS.get(name) or METHODS.get(b"%s/%d" % (name, count)):
        yield identity, BY_NAME


def _call(match: Match) -> Told:
    path = match.text("path")
    if len(path) > _LONG:
        return
    if b"<" in path:
        path = re.sub(rb"(::)?<.*?>+(?=::|$)", b"", path, flags=re.DOTALL)
    words = path.split(b"::")
    last = words[-1].strip()
    exact = b"::".join(word.strip() for word in words[-2:])
    identity = CALLS.get(exact) or (CALLS.get(b"*::" + last) if len(words) > 1 else None)
    if identity and not match.file.is_local(words[-2].strip() if len(words) > 1 else b""):
        yield identity, BY_NAME


def _macro(match: Match) -> Told:
    if identity := MACROS.get(match.text("name").rpartition(b"::")[2]):
        yield identity, SURE


def _impl(match: Match) -> Told:
    trait = match.file.name_of(match.node("trait"))
    if (identity := IMPLS.get(trait)) and trait not in match.file.types:
        yield identity, SURE


def _bound(match: Match) -> Told:
    name = match.file.name_of(match.at)
    if (identity := BOUNDS.get(name)) and name not in match.file.types:
        yield identity, SURE


_LONG = 1_000  # bytes that no path and no attribute of a person's has
_INSIDE = re.compile(rb"((?:\w+\s*::\s*)*\w+)\s*(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|=|(?=[,)\]]|$))", re.DOTALL)


def attributes(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(path, arguments) of one attribute's text without its brackets, and of those that ``cfg_attr`` would add."""
    found = re.match(rb"\s*(?:unsafe\s*\(\s*)?((?:\w+\s*::\s*)*\w+)\s*(.*)", text, re.DOTALL)
    if found is None:
        return
    path = re.sub(rb"\s", b"", found[1])
    yield path, found[2]
    if path == b"cfg_attr" and len(found[2]) < _LONG:
        condition, _, rest = found[2].strip()[1:-1].partition(b",")
        while condition.count(b"(") > condition.count(b")") and rest:  # a comma inside any(…)
            more, _, rest = rest.partition(b",")
            condition += b"," + more
        for inner in _INSIDE.finditer(rest):
            yield re.sub(rb"\s", b"", inner[1]), inner[2]


def _attribute(match: Match) -> Told:
    file = match.file
    for path, arguments in attributes(file.text(match.at)):
        head, _, _ = path.partition(b"::")
        last = path.rpartition(b"::")[2]
        if (identity := ATTRIBUTES.get(path)) and (path, arguments[:1]) != (b"doc", b"("):
            yield identity, SURE
        if path == b"cfg" and arguments.strip(b"() \n\t") != b"test":
            yield "conditional-compilation", SURE
        if last == b"test":
            yield "unit-test", SURE
        if last in (b"main", b"test") and head in _RUNTIMES:
            yield "async-runtime", SURE
        if path == b"derive":
            yield from _told_by_derive(derived(arguments))
        elif head not in _PLAIN and not path.startswith(_PLAIN_TOOLS):
            yield "attribute-macro", BY_NAME


def derived(arguments: bytes) -> set[bytes]:
    """The names in ``(Debug, serde::Serialize)``, each without its path."""
    names = (name.rpartition(b"::")[2].strip() for name in arguments.strip().strip(b"()").split(b","))
    return set(filter(None, names))


def _told_by_derive(names: set[bytes]) -> Told:
    if names & STANDARD_DERIVES:
        yield "std-derive", SURE
    if names - STANDARD_DERIVES:
        yield "third-party-derive", SURE
    if b"Copy" in names:
        yield "copy-trait", SURE
    if b"Builder" in names:
        yield "builder", BY_NAME


def _ids(*tables: dict[bytes, str]) -> frozenset[str]:
    return frozenset(chain.from_iterable(table.values() for table in tables))


#: A lone name as a value or pattern. There is no single kind of node for it, and every word anywhere is too many.
_BARE_WORDS = """
(match_pattern (identifier) @at) (let_condition pattern: (identifier) @at) (block (identifier) @at)
(arguments (identifier) @at) (return_expression (identifier) @at) (match_arm value: (identifier) @at)
(let_declaration value: (identifier) @at) (field_initializer value: (identifier) @at)
(assignment_expression right: (identifier) @at) (binary_expression (identifier) @at)
(or_pattern (identifier) @at) (tuple_pattern (identifier) @at) (tuple_expression (identifier) @at)
(tuple_struct_pattern (identifier) @at) (for_expression pattern: (identifier) @at)
(closure_expression body: (identifier) @at) (array_expression (identifier) @at)
(static_item value: (identifier) @at) (const_item value: (identifier) @at)
"""
_NESTED = """
(generic_type type: (_) @outer type_arguments: (type_arguments . (generic_type type: (_) @inner))) @at
(call_expression function: (scoped_identifier path: (_) @outer)
  arguments: (arguments . (call_expression function: (scoped_identifier path: (_) @inner)))) @at
"""
_PATH_SEGMENTS = """
(type_identifier) @at
(scoped_identifier path: (identifier) @at)
(scoped_identifier path: (scoped_identifier name: (identifier) @at))
(scoped_identifier name: (identifier) @at)
(scoped_type_identifier path: (identifier) @at)
(scoped_type_identifier path: (scoped_identifier name: (identifier) @at))
(call_expression function: (identifier) @at)
(generic_function function: (identifier) @at)
(tuple_struct_pattern type: (identifier) @at)
"""
TABLES: tuple[Table, ...] = (
    Table(_ids(NAMES) | {"message-channel"}, _PATH_SEGMENTS, _segment),
    Table(_ids(WORDS), _BARE_WORDS, _word),
    Table(_ids(NESTED), _NESTED, _nested),
    Table(
        _ids(METHODS),
        """(call_expression function: (field_expression field: (field_identifier) @name)
             arguments: (arguments) @arguments) @at
           (call_expression function: (generic_function function: (field_expression field: (field_identifier) @name))
             arguments: (arguments) @arguments) @at""",
        _method,
    ),
    Table(
        _ids(CALLS),
        "(call_expression function: [(identifier) (scoped_identifier) (generic_function)] @path) @at",
        _call,
    ),
    Table(_ids(MACROS), "(macro_invocation macro: (_) @name) @at", _macro),
    Table(_ids(IMPLS), "(impl_item trait: (_) @trait) @at", _impl),
    Table(
        _ids(BOUNDS),
        """(trait_bounds (_) @at)
           (trait_bounds (higher_ranked_trait_bound type: (_) @at))
           (bounded_type [(type_identifier) (scoped_type_identifier) (generic_type) (function_type)] @at)
           (abstract_type trait: (_) @at) (dynamic_type trait: (_) @at)
           (dynamic_type trait: (higher_ranked_trait_bound type: (_) @at))""",
        _bound,
    ),
    Table(
        _ids(ATTRIBUTES)
        | {
            "unit-test",
            "async-runtime",
            "std-derive",
            "third-party-derive",
            "copy-trait",
            "builder",
            "attribute-macro",
        },
        "(attribute) @at",
        _attribute,
    ),
)
