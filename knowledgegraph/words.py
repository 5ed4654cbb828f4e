"""What the words of a question say: names, signs, the domain it is about, and what is worth searching for."""

from __future__ import annotations

import re

from knowledgegraph import vocabulary

_TERM = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"`([^`]+)`")
_CODE = re.compile(r"\bE\d{4}\b", re.IGNORECASE)
_NO_WORD = re.compile(r"'|\\x[0-9a-f]{2}", re.IGNORECASE)  # nor is what stands for a byte that is no text
_EDGE = " \t\n`'\"“”‘’.,;:!?()[]"


def pointers(query: str) -> frozenset[str]:
    """The words of a query that are most likely about one of our domains."""
    return frozenset(term.lower() for term in _TERM.findall(query) if term.lower() in vocabulary.LEANING)


def leaning(query: str) -> dict[str, float]:
    """Which domains the words of a query point to that names none: shares that add up to 1; nothing where none do."""
    found = [vocabulary.LEANING[term] for term in pointers(query)]
    return {domain: found.count(domain) / len(found) for domain in sorted(set(found))}


_SUFFIX = re.compile(r"(?<=\w{3})(?:ies|ing|ed|es|s|e|y)$")


def stem(term: str) -> str:
    """A word without its commonest endings, so that "commits" and "committed" are about alike."""
    cut = _SUFFIX.sub("", term)
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] else cut


def same(term: str) -> tuple[str, ...]:
    """Other words for a term of :func:`terms`."""
    return vocabulary.SAME.get(term, ())


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
    found = (term.lower() for term in _TERM.findall(_NO_WORD.sub(" ", query)))
    kept = [term for term in found if term not in vocabulary.STOP and term not in vocabulary.ONLY_STEERING]
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
    found = (vocabulary.DOMAIN_WORDS.get(term.lower()) for term in _TERM.findall(query))
    return frozenset(domain for domain in found if domain)


def is_plainly_ours(query: str) -> bool:
    """Whether the query names a domain by a word that means nothing else: "rust" alone may be the one on iron."""
    return any(term.lower() in vocabulary.DOMAIN_WORDS and term.lower() != "rust" for term in _TERM.findall(query))


def is_elsewhere(query: str) -> bool:
    """Whether the query names another language or craft and none of our domains."""
    if domains(query):
        return False
    return any(term.lower() in vocabulary.ELSEWHERE for term in _TERM.findall(query)) or bool(
        vocabulary.ELSEWHERE_NAMED.search(query)
    )
