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
jquery cobol fortran goroutine goroutines svn mercurial perforce"""
_ELSEWHERE = frozenset(_ELSEWHERE_TEXT.split())


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
    return not domains(query) and any(term.lower() in _ELSEWHERE for term in _TERM.findall(query))
