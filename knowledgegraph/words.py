"""What the words of a question say: names, signs, the domain it is about, and what is worth searching for."""

from __future__ import annotations

import re

_TERM = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"`([^`]+)`")
_EDGE = " \t\n`'\"“”‘’.,;:!?()[]"

# Words that ask, not words that are asked about.
_STOP = frozenset(
    """a about above actually after again all already also always am an and another any anybody anyone anything
    are aren around as ask at away be because been before being best better between both but by came can cannot cant
    come comes could couldn did didn do does doesn doing don done down due each either else ever every everything
    exactly example explain far few first fix for from get gets getting give gives go goes going gone good got had
    happen happening happens has have haven having he help her here hers hey hi him his how however i idea if in
    instead into is isn it its itself kind know later least less let lets like ll long look looks made make makes
    making many may maybe me mean meaning means might mine more most much must my myself need needed needs never no
    nor not nothing now of off often ok okay on once one ones only onto or other others our out over own people
    please possible problem question quite rather re really right s said same say says see seem seems shall she
    should shouldn show since so some somehow someone something somewhat sort still such sure t take tell than
    thank thanks that the their them then there these they thing things think this those though through thus to
    together told too trouble try trying two understand until up upon us use used useful uses using ve very via
    vs want wanted wants was wasn way ways we well went were weren what whatever when where whether which while who
    whole whom whose why will with within without won wont work working works would wouldn wrong yes yet you your
    yours difference different don't proper properly correct correctly purpose purposes bad fine again anymore
    keep keeps getting gives gave says saying tells error errors message mistake""".split()
)

# Words that name one of our domains. They steer; they do not count as covered or missed.
_DOMAIN_WORDS = {
    "rust": "rust", "cargo": "rust", "rustc": "rust", "clippy": "rust", "crate": "rust", "rustlang": "rust",
    "git": "git", "gh": "gh", "github": "gh",
    "linux": "linux", "bash": "linux", "shell": "linux", "terminal": "linux", "unix": "linux", "ubuntu": "linux",
    "debian": "linux",
}  # fmt: skip
_ONLY_STEERING = frozenset({"rust", "git", "gh", "linux", "rustlang", "unix", "ubuntu", "debian"})

# Other languages and crafts. A question that names one, and none of ours, is about that.
_ELSEWHERE = frozenset(
    """python javascript typescript java kotlin haskell golang ruby php perl swift scala css html sql mysql postgres
    postgresql react angular vue django flask spring node nodejs npm numpy pandas excel powershell matlab latex
    wordpress android ios docker kubernetes mongodb jquery cobol fortran goroutine goroutines svn mercurial
    perforce""".split()
)


def name(text: str) -> str:
    """``text`` as a name is compared: lower case, edges trimmed, hyphens and underscores as spaces."""
    trimmed = text.strip(_EDGE) or text.strip()
    return " ".join(re.sub(r"(?<=\w)[-_](?=\w)", " ", trimmed.lower()).split())


def names(query: str) -> list[str]:
    """What the query may be the name of: itself, and itself without the words that ask ("what is a …")."""
    whole = name(query)
    asked = re.sub(
        r"^(?:(?:please )?(?:explain|define|describe|teach me|show me|tell me about|what(?:'s| is| are)|what does)) +"
        r"(?:(?:the|a|an) +)?",
        "",
        whole,
    )
    asked = re.sub(r" +(?:mean|do|does|is|are|work|for)$", "", asked)
    asked = re.sub(r" +(?:in|with) +(?:rust|git|linux|gh|bash)$", "", asked)
    return list(dict.fromkeys(entry for entry in (whole, name(asked)) if entry))


def signs(query: str) -> list[str]:
    """The names made of signs in a query: ``2>&1``, ``&mut``, ``?``, ``'static``. A last lone ``?`` asks."""
    parts = query.split()
    if parts and parts[-1] == "?":
        parts.pop()
    trimmed = [part.strip('`"“”,.;()') for part in parts]
    trimmed = [part.rstrip("?!:") or part for part in trimmed]
    return [part.lower() for part in trimmed if part and re.search(r"[^\w-]", part)]


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


def is_elsewhere(query: str) -> bool:
    """Whether the query names another language or craft and none of our domains."""
    return not domains(query) and any(term.lower() in _ELSEWHERE for term in _TERM.findall(query))
