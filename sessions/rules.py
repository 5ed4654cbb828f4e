"""The sorts of secret and how each is recognised: the table that :mod:`sessions.redact` works through.

Patterns follow what the issuers publish about their tokens (prefixes, alphabets, least lengths), a little generously.
No pattern has an unbounded repeat with something after it, and no repeat inside a repeat can share its work in more
than one way: the time is linear in the length of any text.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sessions.likely import is_mixed, is_placeholder, is_secret

_Match = re.Match[str]


def _always(_: _Match) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """One sort of secret. ``needles``: lower case, at least one is in every text that ``pattern`` can match.
    ``pattern``: its group ``secret`` is what is replaced, or the whole match when it has none; compiled when a needle
    is first met, because compiling all of them would cost every start some milliseconds.
    ``accept``: a last look at a match."""

    kind: str
    needles: tuple[str, ...]
    pattern: str
    accept: Callable[[_Match], bool] = _always

    def concerns(self, lowered: str) -> bool:
        """Whether it can match at all. ``lowered``: the text in lower case."""
        return any(map(lowered.__contains__, self.needles))

    def apply(self, text: str) -> str:
        """``text`` without the secrets of this sort."""
        return _compiled(self.pattern).sub(self._replace, text)

    def _replace(self, match: _Match) -> str:
        whole = match.group()
        if not self.accept(match):
            return whole
        groups = [name for name in match.re.groupindex if name.startswith("secret") and match[name] is not None]
        if not groups:
            return f"[redacted:{self.kind}]"
        start, end = (at - match.start() for at in match.span(groups[0]))
        return f"{whole[:start]}[redacted:{self.kind}]{whole[end:]}"


_compiled = cache(re.compile)

# Where a word begins: also behind an escape such as \n in a string literal.
_B = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))"


def _shaped(kind: str, needles: str, pattern: str) -> Rule:
    return Rule(kind, tuple(needles.split()), pattern)


# A repeat at the very end of a pattern takes all there is; one in the middle is bounded and gives nothing back.
_SHAPED: tuple[Rule, ...] = (
    _shaped(
        "github-token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"gh[pousr]_[A-Za-z0-9]{30,}+|github_pat_[A-Za-z0-9_]{30,}+",
    ),
    _shaped(
        "gitlab-token", "glpat- gloas- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- glsoat- glffct-",
        _B + r"gl(?:pat|oas|dt|rtr?|cbt|ptt|ft|imt|agent|soat|ffct)-(?=[a-z_-]{0,20}+[A-Z0-9])"
        r"[A-Za-z0-9_-]{20,}+(?:\.[A-Za-z0-9_-]{2,64}+){0,3}",
    ),
    _shaped(
        "slack-token", "xox xapp- hooks.slack.com",
        r"xox[a-z]-[A-Za-z0-9-]{10,}+|xapp-[0-9]-[A-Za-z0-9-]{10,}+|hooks\.slack\.com/services/(?P<secret>[A-Za-z0-9/_+-]{20,}+)",
    ),
    _shaped("aws-access-key", "akia asia", _B + r"A(?:KI|SI)A[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _shaped("anthropic-key", "sk-ant-", _B + r"sk-ant-[A-Za-z0-9_-]{20,}+"),
    _shaped(
        "openai-key", "sk-",
        _B + r"sk-(?:(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{20,}+|(?=[a-z]{0,31}+[A-Z0-9])[A-Za-z0-9]{32,}+)",
    ),
    _shaped("huggingface-token", "hf_ api_org_", _B + r"(?:hf|api_org)_[A-Za-z0-9]{30,}+"),
    _shaped(
        "google-key", "aiza ya29. gocspx-",
        _B + r"(?:AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}+|GOCSPX-[A-Za-z0-9_-]{20,}+)",
    ),
    _shaped("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_", _B + r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}+"),
    _shaped("npm-token", "npm_", _B + r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _shaped("pypi-token", "pypi-age", _B + r"pypi-AgE[A-Za-z0-9_-]{50,}+"),
    _shaped("crates-token", "cio", _B + r"cio(?=[a-z]{0,31}+[A-Z0-9])[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    _shaped("docker-token", "dckr_", r"dckr_[a-z]{3}_[A-Za-z0-9_-]{20,}+"),
    _shaped("age-key", "age-secret-key-1", r"AGE-SECRET-KEY-1[A-Z0-9]{40,}+"),
    # Both parts are base64 of an object, and so begin with '{"'.
    _shaped(
        "jwt", "eyj",
        r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=^-)|(?<=\n-))"
        r"eyJ[A-Za-z0-9_-]{8,2000}+\.eyJ[A-Za-z0-9_-]{8,8000}+(?:\.[A-Za-z0-9_-]*+)?",
    ),
)  # fmt: skip


def _is_basic(match: _Match) -> bool:
    """Whether what stands after "Basic" is really base64 of ``name:password``."""
    try:
        return b":" in binascii.a2b_base64(match["secret"], strict_mode=True)
    except binascii.Error:
        return False


def _is_value(match: _Match) -> bool:
    return not is_placeholder(match["secret"])


def _is_flag_value(match: _Match) -> bool:
    return is_mixed(match["secret"]) and not is_placeholder(match["secret"])


def _is_assigned_secret(match: _Match) -> bool:
    quoted = next((match[name] for name in ("secret1", "secret2", "secret3") if match[name] is not None), None)
    tight = match["sep"] == "=" and not match["close"]
    return is_secret(match["name"], quoted or match["secret4"], quoted=quoted is not None, tight=tight)


# The telling end of a name: of DB_PASSWORD, secret_access_key, :_authToken. The look at its first letter makes the
# search some three times faster.
NAME = (
    r"(?=[acempst_])(?P<name>passphrase|passwd|password|pwd"
    r"|(?:api|access|secret|private|client|auth|account|signing|encryption|master)[_-]?(?:key|token|secret)"
    r"|_auth|secret|token)"
)
_QUOTED = (
    r'(?:"(?P<secret1>(?:[^"\\\n]|\\.){3,512}+)"'
    r"|'(?P<secret2>(?:[^'\\\n]|\\.){3,512}+)'"
    r'|\\"(?P<secret3>[^"\\\n]{3,512}+)\\")'
)
_BARE = r"(?P<secret4>[A-Za-z0-9+/_.~$!@#%^*=-]{6,512}+)(?![(:<{!\[])"

_NAMED: tuple[Rule, ...] = (
    Rule(
        "authorization", ("authorization",),
        r"(?i)authorization\\?[\"']?\s{0,4}[:=,]\s{0,4}\\?[\"']?(?:bearer|basic|token|digest|negotiate)\s{1,4}"
        r"(?P<secret>[A-Za-z0-9+/=._~-]{6,}+)",
        _is_value,
    ),
    Rule(
        "authorization", ("bearer",),
        r"(?i)(?<![A-Za-z])bearer\s{1,4}(?P<secret>[A-Za-z0-9+/=._~-]{16,}+)",
        lambda match: is_mixed(match["secret"]),
    ),
    Rule(
        "authorization", ("basic",),
        r"(?i)(?<![A-Za-z])basic\s{1,4}(?P<secret>[A-Za-z0-9+/]{6,2000}+={0,2})",
        _is_basic,
    ),
    Rule(
        "password", ("://",),
        r"://(?!\[redacted:)[^\s:/@\"'<>\\]{0,100}+:(?P<secret>[^\s/\"'<>\\]{1,200})@(?=[\w\[])",
        _is_value,
    ),
    Rule(
        "password", ("password",),  # .netrc
        r"(?:\bmachine\s{1,8}(?=[\w-]{0,63}[.\d]|localhost)\S{1,255}+\s{1,8}(?:login\s{1,8}\S{1,255}+\s{1,8})?"
        r"|(?m:^)[+ -]{0,8}login\s{1,8}\S{1,255}+\s{1,8})"
        r"password\s{1,8}(?P<secret>\S{1,512}+)",
        _is_value,
    ),
    Rule(
        "password", ("curl",),
        r"\bcurl\s[^\n]{0,200}?(?<=\s)(?:-u|--user)[ =]{0,2}[\"']?(?!\[redacted:)[^\s:\"']{1,64}:"
        r"(?P<secret>[^\s\"']{3,255}+)",
        _is_value,
    ),
    Rule(
        "secret", ("--",),
        r"(?i)--(?:[a-z]{1,20}-){0,3}" + NAME + r"\s{1,4}(?P<secret>[^\s\"'`<>|;&-][^\s\"'`<>|;&]{5,512}+)",
        _is_flag_value,
    ),
    Rule(
        "secret", ("pass", "pwd", "secret", "token", "key", "_auth"),
        r"(?i)" + NAME + r"(?P<close>\\?[\"'`]?)"
        # let password: &'static str = …
        r"(?:\s{0,4}:\s{0,4}&?(?:'static\s)?[A-Za-z<>]{1,30}\s{0,4}(?==))?"
        r"(?P<sep>\s{0,8}(?:=>|:=|[!=]?=|:)\s{0,8})"
        r"(?:(?:(?:String::from|Some)\(|&|b(?=[\"'])|r#{0,2}(?=\"))?" + _QUOTED + "|" + _BARE + ")",
        _is_assigned_secret,
    ),
)  # fmt: skip

RULES: tuple[Rule, ...] = (*_SHAPED, *_NAMED)
SHORTEST = 7  # no rule matches less than "://:a@b"
