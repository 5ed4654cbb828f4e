"""What the words of a question say: names, signs, the domain it is about, and what is worth searching for."""

from __future__ import annotations

import re

_TERM = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"`([^`]+)`")
_CODE = re.compile(r"\bE\d{4}\b", re.IGNORECASE)
_EDGE = " \t\n`'\"“”‘’.,;:!?()[]"

# Words that ask, not words that are asked about.
_STOP_TEXT = """
a about above actually after again all already also always am an and another any anybody anyone anything appropriate
are aren around as ask at away bad be because been before being best better between both but by came can cannot cant
come comes complain complains correct correctly could couldn did didn difference different do does doesn doing don
done down due during each either else entire equivalent error errors ever every everything exactly example explain
far few fine first fix for from fully gave get gets getting give gives go goes going gone good got had happen
happening happens has have haven having he help her here hers hey hi him his how however i idea if in instead into
is isn it its itself just keep keeps kind know later least less let lets life like ll long look looks made make
makes making many may maybe me mean meaning means message might mine mistake more most much multiple must my myself
need needed needs never no nor not nothing now of off often ok okay on once one ones only onto or other others our
out over own particular people please possible problem proper properly purpose purposes question quite rather re
really right s said same say saying says see seem seems shall she should shouldn show since so some somehow someone
something somewhat sort specific still such sure t take tell tells than thank thanks that the their them then there
these they thing things think this those though through thus to together told too trouble try trying two understand
until up upon us use used useful uses using various ve versa versus very via vice vs want wanted wants was wasn way
ways we well went were weren what whatever when where whether which while who whole whom whose why will with within
without won wont work working works world would wouldn wrong yes yet you your yours
"""
_STOP = frozenset(_STOP_TEXT.split())

# Words that name one of our domains. They steer; what they name is not what is asked about it.
_DOMAIN_WORDS = {
    "rust": "rust", "rustlang": "rust", "cargo": "rust", "rustc": "rust", "clippy": "rust", "crate": "rust",
    "git": "git", "gh": "gh", "github": "gh",
    "linux": "linux", "unix": "linux", "ubuntu": "linux", "debian": "linux", "bash": "linux", "shell": "linux",
    "terminal": "linux", "sudo": "linux",
}  # fmt: skip
_ONLY_STEERING = frozenset({"rust", "rustlang", "git", "gh", "linux", "unix", "ubuntu", "debian"})

# Other languages and crafts, where the word means nothing else. A question that names one, and none of our domains,
# is about that.
_ELSEWHERE_TEXT = """python javascript typescript java kotlin haskell golang ruby php perl scala css html sql mysql
postgres postgresql angular vue django nodejs npm numpy pandas powershell matlab wordpress android kubernetes mongodb
jquery cobol fortran goroutine goroutines svn mercurial perforce react redux svelte tailwind bootstrap excel powerpoint
photoshop iphone ipad ios macos xcode swiftui flutter dart elixir erlang clojure lua julia delphi vba dotnet pytorch
tensorflow django flask laravel symfony rails nextjs electron unity godot minecraft arduino"""
_ELSEWHERE = frozenset(_ELSEWHERE_TEXT.split())
# ... and those whose names mean something else, too.
_ELSEWHERE_NAMED = re.compile(
    r"\b(?:in|using|with|for) (?:Go|Swift|R|C#|Java|Word|Windows|Basic)(?!\w)|\bC#(?!\w)|\.NET\b"
)


# What a question is most likely about that uses the word, when it names no domain.
_LEANING_TEXT = {
    "git": """commit commits committed uncommitted unpushed branch branches rebase rebasing stash staged unstaged staging
        merge merging remote origin upstream head reflog submodule submodules bisect blame checkout repository
        repositories push pushed pull fetch gitignore hunk cherry pick revert conflicts tag tags""",
    "gh": """pr prs issue issues workflow workflows actions gist gists artifact artifacts codespace codespaces
        organization secrets reviewer reviewers assignee fork forks""",
    "linux": """directory directories folder folders file files disk process processes pid daemon user users sudo root
        permission permissions owner script scripts cron crontab ssh symlink mount partition kernel systemd service
        command commands stdout stderr pipe log logs zip tar archive port ports network memory cpu""",
    "rust": """struct structs enum enums trait traits impl borrow borrowed borrowing borrows lifetime lifetimes vec vector
        closure closures macro macros mut mutable immutable iterator iterators generic generics unwrap option result
        panic async await unsafe crate crates cargo function functions variable variables compile compiler compiles
        string strings str slice slices tuple array arrays hashmap mutex arc rc box boxed pointer pointers type types
        method methods field fields pattern match module modules derive ownership moved integer float enum loop
        println return returns thread threads static const test tests""",
}
_LEANING = {word: domain for domain, text in _LEANING_TEXT.items() for word in text.split()}

# What learners call things, and what the documentation calls them. Both are searched for.
_SAME_TEXT = """
folder directory; folders directories; subfolder subdirectory; delete remove; deleted removed; deleting removing;
erase remove; wipe remove; parameter argument; parameters arguments; null none option; nil none option;
exception panic error; exceptions panic errors; class struct; classes structs; interface trait; interfaces traits;
inheritance trait; constructor new; constructors new; dictionary hashmap; hashtable hashmap; map hashmap; keyboard stdin;
console terminal stdout; initialise initialize; initialisation initialization; initialising initializing;
serialise serialize; organisation organization; colour color; behaviour behavior; cast convert; stringify to_string;
concatenate append push_str; join concat; undo revert reset restore; discard restore; unstage restore; rename mv;
upload push copy; download fetch clone; schedule cron crontab; frozen kill; hang kill; capitalize uppercase;
capitalizing uppercase; capitalization case; capitalisation case; lowercase lower; sleep wait; random rand;
multithreading threads; multithreaded threads; parallel threads; callback closure; callbacks closures; lambda closure;
lambdas closures; overload operator; overloading operator; singleton static; global static; globals static;
immutable mut; mutate mut mutable; char character; int integer; uint unsigned; float floating; bool boolean;
username user; accounts account auth; pr pull; prs pulls; repo repository; repos repositories; dir directory;
dirs directories; config configuration; env environment; executable chmod permission; runnable executable;
symlink symbolic; hardlink hard; args arguments; cli terminal; printf print; logging log; debug debugger;
location which path; space disk usage; size usage; multiple several; shortcut alias; squash rebase; rollback revert;
timeout duration; substring slice; splice slice; sizeof size_of; typeof type_name; instanceof downcast; foreach iter;
enumerate index; iterate iterator; looping loop; ternary if; switch match; async future; promise future; coroutine async;
goroutine thread; destructor drop; finalizer drop; generics generic; template generic; templates generics; polymorphism
dyn; vtable dyn; namespace module; package crate; library crate; import use; include use; header module; subclass trait
"""
_SAME = {
    entry.split()[0]: tuple(entry.split()[1:]) for entry in _SAME_TEXT.replace("\n", " ").split(";") if entry.strip()
}


def leaning(query: str) -> dict[str, float]:
    """Which domains the words of a query point to that names none: shares that add up to 1; nothing where none do."""
    found = [_LEANING[term.lower()] for term in _TERM.findall(query) if term.lower() in _LEANING]
    return {domain: found.count(domain) / len(found) for domain in dict.fromkeys(found)}


_SUFFIX = re.compile(r"(?<=\w{3})(?:ies|ing|ed|es|s|e|y)$")


def stem(term: str) -> str:
    """A word without its commonest endings, so that "commits" and "committed" are about alike."""
    cut = _SUFFIX.sub("", term)
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] else cut


def same(term: str) -> tuple[str, ...]:
    """Other words for a term of :func:`terms`."""
    return _SAME.get(term, ())


def name(text: str) -> str:
    """``text`` as a name is compared: lower case, edges trimmed, hyphens and underscores as spaces."""
    trimmed = text.strip(_EDGE) or text.strip()
    return " ".join(re.sub(r"(?<=\w)[-_](?=\w)", " ", trimmed.lower()).split())


_ASKING = re.compile(
    r"^(?:please )?(?:explain|define|describe|teach me|show me|tell me about|what(?:'s| is| are| does)) +"
)
_ENDINGS = (
    re.compile(r"^(?:the|an?) +"),
    re.compile(r" +(?:mean|do|for)$"),
    re.compile(r" +in +(?:rust|git|linux|bash)$"),
    re.compile(r"(?<=\w\w)s$"),  # several of it
)


def names(query: str) -> list[str]:
    """What the query may be the name of: itself, and itself without the words that ask ("what is a … in git")."""
    found = [name(query)]
    for asking in (_ASKING, *_ENDINGS):
        found.append(asking.sub("", found[-1]).strip())
    return list(dict.fromkeys(entry for entry in (*found, *map(name, found)) if entry))


def codes(query: str) -> list[str]:
    """The error codes of rustc in the query, in capitals."""
    return [code.upper() for code in _CODE.findall(query)]


def signs(query: str) -> list[str]:
    """The names made of signs in a query: ``2>&1``, ``&mut``, ``?``, ``std::mem::take``. A last lone ``?`` asks.

    A path is also given without its first parts: ``mem::take``, ``take``.
    """
    parts = query.split()
    if parts and parts[-1] == "?":
        parts.pop()
    trimmed = [part.strip('`"“”,.;()') for part in parts]
    trimmed = [part.rstrip("?!:") or part for part in trimmed]
    found = [part.lower() for part in trimmed if part and re.search(r"[^\w-]", part)]
    tails = [tail for part in found for tail in re.findall(r"(?=::(\w.*))", part)]
    return list(dict.fromkeys((*found, *tails)))


def terms(query: str) -> list[str]:
    """The words worth searching for, in order, each once. Only letters and digits: safe inside FTS5 quotes."""
    found = (term.lower() for term in _TERM.findall(query.replace("'", " ")))
    kept = [term for term in found if term not in _STOP and term not in _ONLY_STEERING]
    return list(dict.fromkeys(term for term in kept if len(term) > 1 or term.isascii()))


_MENTION = re.compile(
    r"`([^`]{1,80})`|((?:git|gh|cargo)(?: [a-z][\w-]*){1,2})|(\w+(?:::\w+)+!?|\w+!(?=\W|$)|[a-z]\w*_\w+)"
)


def mentions(query: str) -> list[str]:
    """What a query names inside a sentence, in the order of the query: what stands between backticks, paths, names with
    underscores, macros, and the commands of git, gh and cargo, each also without its last word."""
    found: list[str] = []
    for quoted_part, command, path in _MENTION.findall(query):
        found += [part for part in (quoted_part, path) if part]
        parts = (command or (quoted_part if quoted_part.startswith(("git ", "gh ", "cargo ")) else "")).split()
        found += [" ".join(parts[:count]) for count in (3, 2) if len(parts) >= count]
    return list(dict.fromkeys(found))


def quoted(query: str) -> frozenset[str]:
    """The words between backticks: names out of someone's code."""
    return frozenset(term.lower() for part in _QUOTED.findall(query) for term in _TERM.findall(part))


def domains(query: str) -> frozenset[str]:
    """Which of our domains the query names."""
    found = (_DOMAIN_WORDS.get(term.lower()) for term in _TERM.findall(query))
    return frozenset(domain for domain in found if domain)


def is_plainly_ours(query: str) -> bool:
    """Whether the query names a domain by a word that means nothing else: "rust" alone may be the one on iron."""
    return any(term.lower() in _DOMAIN_WORDS and term.lower() != "rust" for term in _TERM.findall(query))


def is_elsewhere(query: str) -> bool:
    """Whether the query names another language or craft and none of our domains."""
    if domains(query):
        return False
    return any(term.lower() in _ELSEWHERE for term in _TERM.findall(query)) or bool(_ELSEWHERE_NAMED.search(query))
