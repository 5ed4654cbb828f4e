"""Secrets are found, everything else is left alone, and no text takes long.

``pytest -rP tests/test_sessions_redact.py`` prints the measured recall and precision.
"""

from __future__ import annotations

import base64
import html
import importlib
import json
import random
import re
import string
import subprocess
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions import redact, rules
from sessions.redact import KINDS, Redactor

REDACTOR = Redactor("/home/ann")

_ALNUM = string.ascii_letters + string.digits
_URLSAFE = _ALNUM + "_-"
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"


def draw(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _jwt(rng: random.Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    header, body = {"alg": "HS256", "typ": "JWT"}, {"sub": draw(rng, _ALNUM, 12), "iat": rng.randrange(10**9)}
    return f"{part(header)}.{part(body)}.{draw(rng, _URLSAFE, 43)}"


def _mixed(rng: random.Random, alphabet: str, length: int) -> str:
    """Drawn characters with at least one letter and one digit among them, as any real key has."""
    while True:
        drawn = draw(rng, alphabet, length)
        if any(c.isdigit() for c in drawn) and any(c.isalpha() for c in drawn):
            return drawn


# Secrets with a shape of their own: found wherever they stand.
SHAPED: Mapping[str, tuple[Callable[[random.Random], str], ...]] = {
    "github-token": (
        lambda rng: f"gh{rng.choice('pousr')}_{draw(rng, _ALNUM, 36)}",
        lambda rng: f"github_pat_{draw(rng, _ALNUM, 22)}_{draw(rng, _ALNUM, 59)}",
    ),
    "gitlab-token": (
        lambda rng: f"gl{rng.choice(['pat', 'dt', 'rt', 'oas', 'soat'])}-{_mixed(rng, _URLSAFE, 20)}",
        lambda rng: f"glpat-{_mixed(rng, _URLSAFE, 27)}.01.{draw(rng, _HEX, 9)}",
    ),
    "slack-token": (
        lambda rng: f"xox{rng.choice('abprs')}-{rng.randrange(10**11)}-{rng.randrange(10**12)}-{draw(rng, _ALNUM, 24)}",
        lambda rng: f"xapp-1-A{draw(rng, _UPPER, 10)}-{rng.randrange(10**12)}-{draw(rng, _HEX, 64)}",
    ),
    "aws-access-key": (lambda rng: f"A{rng.choice(['KI', 'SI'])}A{draw(rng, _UPPER, 16)}",),
    "anthropic-key": (lambda rng: f"sk-ant-api03-{draw(rng, _URLSAFE, 93)}AA",),
    "openai-key": (
        lambda rng: f"sk-{draw(rng, _ALNUM, 20)}T3BlbkFJ{draw(rng, _ALNUM, 20)}",
        lambda rng: f"sk-proj-{draw(rng, _URLSAFE, 74)}T3BlbkFJ{draw(rng, _URLSAFE, 74)}",
        lambda rng: f"sk-{_mixed(rng, _HEX, 32)}",
    ),
    "huggingface-token": (lambda rng: f"hf_{draw(rng, _ALNUM, 34)}",),
    "google-key": (
        lambda rng: f"AIza{draw(rng, _URLSAFE, 35)}",
        lambda rng: f"ya29.{draw(rng, _URLSAFE, 120)}",
        lambda rng: f"GOCSPX-{draw(rng, _URLSAFE, 28)}",
    ),
    "stripe-key": (lambda rng: f"{rng.choice('sr')}k_live_{draw(rng, _ALNUM, 24)}",),
    "npm-token": (lambda rng: f"npm_{draw(rng, _ALNUM, 36)}",),
    "pypi-token": (lambda rng: f"pypi-AgEIcHlwaS5vcmc{draw(rng, _URLSAFE, 140)}",),
    "crates-token": (lambda rng: f"cio{_mixed(rng, _ALNUM, 32)}",),
    "docker-token": (lambda rng: f"dckr_pat_{draw(rng, _URLSAFE, 27)}",),
    "age-key": (lambda rng: f"AGE-SECRET-KEY-1{draw(rng, _UPPER, 58)}",),
    "jwt": (_jwt,),
}
CONTEXTS = (
    "{}", "see {}, it works", "one\\n{}\\ntwo", "one\n{}\ntwo", "<{}>", "`{}`", "(key:{})", "x?k={}&y=1", "-{}", "+{}",
    'const KEY: &str = "{}";', '-    let key = "{}";', "export X={}", "export X='{}'", '{{"value": "{}"}}',
    '{{\\"value\\": \\"{}\\"}}',
)  # fmt: skip

# Secrets known by what stands before them: the text with %s where the secret is, and how it is drawn.
NAMED: Mapping[str, tuple[tuple[str, Callable[[random.Random], str]], ...]] = {
    "authorization": (
        ("Authorization: Bearer %s", lambda rng: _mixed(rng, _URLSAFE, 32)),
        ("authorization: token %s", lambda rng: _mixed(rng, _HEX, 40)),
        ('.header("Authorization", "Bearer %s")', lambda rng: _mixed(rng, _URLSAFE, 24)),
        ('"Authorization": "Basic %s"', lambda rng: base64.b64encode(f"ann:{draw(rng, _ALNUM, 9)}".encode()).decode()),
        ("-H 'authorization: bearer %s'", lambda rng: _mixed(rng, _ALNUM, 40)),
        ("then Basic %s was sent", lambda rng: base64.b64encode(f"ann:{draw(rng, _ALNUM, 9)}".encode()).decode()),
        ("it sent Bearer %s", lambda rng: _mixed(rng, _ALNUM, 40)),
    ),
    "password": (
        ("https://ann:%s@example.com/x.git", lambda rng: _mixed(rng, _ALNUM + "!$%&*+,;=.", 12)),
        ("postgres://ann:%s@localhost:5432/db", lambda rng: _mixed(rng, _ALNUM + "@#", 10)),
        ("redis://:%s@cache:6379", lambda rng: draw(rng, _ALNUM, 20)),
        ("machine example.com login ann password %s", lambda rng: _mixed(rng, string.printable[:94], 14)),
        ("machine example.com\n  login ann\n  password %s\n", lambda rng: _mixed(rng, _ALNUM, 14)),
        ("curl -s -u ann:%s https://example.com", lambda rng: _mixed(rng, _ALNUM, 10)),
    ),
    "secret": (
        ('password = "%s"', lambda rng: _mixed(rng, _ALNUM + "!$%&*+-", 10)),
        ('"db_password": "%s",', lambda rng: draw(rng, string.ascii_lowercase, 9)),
        ("let api_key = \"%s\".to_string();", lambda rng: draw(rng, _ALNUM, 20)),
        ('let password: &str = "%s";', lambda rng: draw(rng, _ALNUM, 8)),
        ('const CLIENT_SECRET: &\'static str = "%s";', lambda rng: draw(rng, _HEX, 32)),
        ('let password = String::from("%s");', lambda rng: draw(rng, _ALNUM, 12)),
        ('if password == "%s" {', lambda rng: draw(rng, _ALNUM, 8)),
        ("password: '%s'", lambda rng: draw(rng, _ALNUM, 8)),
        ('{\\"password\\": \\"%s\\"}', lambda rng: draw(rng, _ALNUM, 8)),
        ("DB_PASSWORD=%s", lambda rng: draw(rng, _ALNUM, 10)),
        ("mysql --password=%s db", lambda rng: _mixed(rng, _ALNUM, 10)),
        ("tool --token %s run", lambda rng: _mixed(rng, _ALNUM, 20)),
        ("GITHUB_TOKEN=%s", lambda rng: _mixed(rng, _HEX, 40)),
        ("https://example.com/?access_token=%s&x=1", lambda rng: _mixed(rng, _ALNUM, 24)),
        ("aws_secret_access_key = %s", lambda rng: "h4Xq" + draw(rng, _ALNUM, 36)),
        ('[registry]\ntoken = "%s"', lambda rng: _mixed(rng, _ALNUM, 32)),  # cargo's credentials.toml
        ("//registry.npmjs.org/:_authToken=%s", lambda rng: str(uuid.UUID(int=rng.getrandbits(128)))),
        ("_auth=%s", lambda rng: base64.b64encode(f"ann:{draw(rng, _ALNUM, 11)}7".encode()).decode()),
        ("x-api-key: %s", lambda rng: "h4Xq7Zk2" + draw(rng, _ALNUM, 24)),
    ),
}  # fmt: skip


def armoured(rng: random.Random, label: str, lines: int = 12, newline: str = "\n") -> tuple[str, str]:
    """A private key block, and a line of its body."""
    body = [draw(rng, _ALNUM + "+/", 64) for _ in range(lines)]
    return newline.join([f"-----BEGIN {label}-----", *body, f"-----END {label}-----"]), body[lines // 2]


def test_recall_over_generated_secrets_of_every_kind() -> None:
    rng = random.Random(20)
    missed: list[str] = []
    total = 0
    for kind, makers in SHAPED.items():
        for make in makers:
            for context in CONTEXTS:
                for _ in range(12):
                    secret = make(rng)
                    redacted = REDACTOR.text(context.format(secret))
                    total += 1
                    if secret in redacted or f"[redacted:{kind}]" not in redacted:
                        missed.append(f"{kind}: {context.format(secret)} -> {redacted}")
    for kind, cases in NAMED.items():
        for template, make in cases:
            for _ in range(60):
                secret = make(rng)
                redacted = REDACTOR.text(template.replace("%s", secret))
                total += 1
                if redacted != template.replace("%s", f"[redacted:{kind}]"):
                    missed.append(f"{kind}: {template.replace('%s', secret)} -> {redacted}")
    print(f"recall: {total - len(missed)} of {total} generated secrets redacted")
    assert total > 6000
    assert not missed, f"{len(missed)} of {total} missed: {missed[:10]}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://%s@github.com/a/b", "https://[redacted:github-token]@github.com/a/b"),
        ("https://ann:%s@github.com/a/b", "https://ann:[redacted:github-token]@github.com/a/b"),
        ("https://%s:x-oauth-basic@github.com", "https://[redacted:github-token]:x-oauth-basic@github.com"),
        ("curl -u %s: https://x", "curl -u [redacted:github-token]: https://x"),
        ('token = "%s"', 'token = "[redacted:github-token]"'),
        ('password = "x%s"', 'password = "[redacted:secret]"'),
        ("Authorization: Bearer %s", "Authorization: Bearer [redacted:github-token]"),
    ],
)
def test_a_secret_that_two_rules_know_is_replaced_once(text: str, expected: str) -> None:
    assert REDACTOR.text(text % ("ghp_" + "a1B2" * 9)) == expected


def test_every_kind_has_generated_secrets() -> None:
    assert set(KINDS) == {*SHAPED, *NAMED, "private-key"}


@pytest.mark.parametrize(
    "label", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
              "PGP PRIVATE KEY BLOCK"],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\\n", "\n+", "\n> ", '\\n"\n    "'])
def test_private_key_blocks(label: str, newline: str) -> None:
    rng = random.Random(3)
    block, line = armoured(rng, label, newline=newline)
    other, other_line = armoured(rng, label, newline=newline)
    redacted = REDACTOR.text(f"before {block} between {other} after")
    assert line not in redacted
    assert other_line not in redacted
    assert redacted == "before [redacted:private-key] between [redacted:private-key] after"
    # The end is missing: what is there of the body goes all the same.
    cut = block[: block.index("-----END")]
    assert REDACTOR.text(f"{cut}\nand prose.").startswith("[redacted:private-key]")
    assert line not in REDACTOR.text(f"{cut}\nand prose.")


def test_a_cut_private_key_with_headers_goes() -> None:
    block, line = armoured(random.Random(1), "RSA PRIVATE KEY")
    headed = block.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n", 1)
    assert line not in REDACTOR.text(headed)
    assert line not in REDACTOR.text(headed[: headed.index("-----END")])


def test_public_keys_certificates_and_talk_about_keys_stay() -> None:
    rng = random.Random(2)
    for label in ("CERTIFICATE", "PUBLIC KEY", "PGP PUBLIC KEY BLOCK"):
        block, _ = armoured(rng, label)
        assert REDACTOR.text(block) == block
    talk = "It starts with `-----BEGIN PRIVATE KEY-----`, then a body, then `-----END PRIVATE KEY-----`."
    assert REDACTOR.text(talk) == talk


# Ordinary text that looks a little like secrets.
ORDINARY = [
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8\nAuthor: Ann <ann@example.com>",
    "index 9fceb02..4b825dc 100644\n--- a/src/token.rs\n+++ b/src/secret.rs\n@@ -1,3 +1,3 @@ fn next_token()",
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904  e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "id = 7f3b8f0e-3d1a-4c38-9f4d-0a1b2c3d4e5f",
    'checksum = "4a4ae5f7f6a5e0c6d7a3b1a2d8b4a1c9c9b2d7f4ef1b3f8a0f4c9a1e9bd0c8f3"',
    "let token: TokenStream = input.parse::<TokenStream>()?;",
    "struct Login { user: String, password: String, token: Option<u64>, secret: Secret32Bytes }",
    "fn check(password: &'a str, token: &'static str) -> bool { password == token }",
    "let secret_number = rand::thread_rng().gen_range(1..=100);",
    "let token = self.tokens2.next_token2();",
    "let password = read_password2(&mut stdin)?;",
    "let api_key = std::env::var(\"API_KEY\")?;",
    'let password = format!("{user}:{password}");',
    "let token = Token2::new(span0, kind1);",
    "Token::Ident => TokenKind::Keyword, token => panic!(),",
    'println!("the secret number is: {secret_number}");',
    'error[E0308]: expected token: `,`, found token: `;`',
    "git clone https://github.com/rust-lang/rust.git && git push -u origin main:main",
    "ssh://git@github.com:22/rust-lang/rust, http://localhost:8080/@id, http://[::1]:80/a@b",
    "gh auth login --with-token < mytoken.txt; gh secret set NAME --body \"$VALUE\"",
    "curl -H \"Authorization: Bearer $TOKEN\" -u \"$USER:$PASS\" https://example.com",
    "https://${USER}:${PASSWORD}@example.com and https://<user>:<password>@example.com",
    "password=$PASSWORD token=${TOKEN} secret=<secret> api_key={key} PASSWORD=xxxxxx",
    "PWD=/srv/project2/src OLDPWD=/tmp/a1b2c3",
    "impl fmt::Display for bearer::Token; a basic understanding of ownership; the Bearer of good news",
    "risk-free disk-usage-of-the-whole-filesystem-2024 task-0123456789abcdef0123456789abcdef",
    "max_tokens=4096 token_count: 1234567890123456789 tokens: [1, 2, 3]",
    "cargo login --registry my-registry; tool --token TOKEN --password PASSWORD",
    "the login and password management; a machine of password rules",
    "let x = &key[..]; key: value; map.insert(key, value); primary_key: i64; PublicKey(12)",
    "mail ann@example.com about /home/anna and /home/annex",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str) -> None:
    assert REDACTOR.text(text) == text


_TAG = re.compile(r"<[^<>]*>")
# The documentation itself shows three made-up credentials, which must be taken for real ones.
_SHOWN = ('password: "password123"', 'password = b"hunter2', 'token = "854DvwSlUwEHtIo3kWy6x7UCPKHfzCmy"')


def test_the_documentation_of_rust_stays() -> None:
    """Books, error codes and the sources of alloc as text: nothing is taken for a secret but what is shown as one."""
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    folder = Path(sysroot, "share/doc/rust/html")
    rooms = ("book", "reference", "cargo", "error_codes", "src/alloc", "src/core/stdarch/crates/core_arch/src/x86")
    pages = [page for room in rooms for page in sorted((folder / room).rglob("*.html"))]
    pages += sorted((folder / "rust-by-example").glob("[a-z]*/*.html"))
    characters, changed, shown = 0, [], 0
    for page in pages:
        text = html.unescape(_TAG.sub("", page.read_text("utf-8")))
        characters += len(text)
        if any(example in text for example in _SHOWN):
            shown += 1
            assert REDACTOR.text(text) != text, page
        for example in _SHOWN:
            text = text.replace(example, "…")
        if REDACTOR.text(text) != text:
            changed.append(str(page))
    print(f"precision: {len(changed)} of {len(pages)} pages ({characters} characters) changed wrongly")
    assert len(pages) > 800
    assert characters > 10_000_000
    assert shown >= 3
    assert changed == []


def test_this_projects_own_code_stays(project_root: Path) -> None:
    rooms = ("commands", "knowledgegraph", "tutor", "tui")
    sources = [path for room in rooms for path in (project_root / room).rglob("*.py")]
    assert len(sources) > 10
    for path in sources:
        text = path.read_text("utf-8")
        assert REDACTOR.text(text) == text, path


@pytest.mark.parametrize(
    ("home", "text", "expected"),
    [
        ("/home/ann", "/home/ann/src/main.rs", "~/src/main.rs"),
        ("/home/ann/", "in /home/ann.", "in ~."),
        ("/home/ann", "/home/anna/x /home/ann-b", "/home/anna/x /home/ann-b"),
        ("/home/ann", "/home/ann.d/x /home/ann_2", "/home/ann.d/x /home/ann_2"),
        ("/home/ann", "-L/home/ann/lib file:///home/ann/x\\n/home/ann", "-L~/lib file://~/x\\n~"),
        ("/root", "/root/x /rootfs /mnt/root/y -I=/root", "~/x /rootfs /mnt/root/y -I=~"),
        ("/", "/usr/bin", "/usr/bin"),
        ("", "/usr/bin", "/usr/bin"),
        ("/home/an(n", "/home/an(n/x", "~/x"),
    ],
)  # fmt: skip
def test_home_becomes_a_tilde(home: str, text: str, expected: str) -> None:
    assert Redactor(home).text(text) == expected


def test_the_users_own_home_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert Redactor().text("/home/somebody/x") == "~/x"


def test_values_inside_json_and_keys_are_kept() -> None:
    token = f"ghp_{'a1B2' * 9}"
    value = {
        "path": "/home/ann/x", "list": [1, None, True, 2.5, [token, "plain"]],
        "settings": {"password": "swordfish", "token": "let", "api-key": "k" * 3 + "q9", "password_hint": "blue"},
        token: "under a secret", "count": 3, "token": 12,
    }  # fmt: skip
    assert REDACTOR.members(value) == {
        "path": "~/x", "list": [1, None, True, 2.5, ["[redacted:github-token]", "plain"]],
        "settings": {
            "password": "[redacted:secret]", "token": "let", "api-key": "[redacted:secret]", "password_hint": "blue",
        },
        "[redacted:github-token]": "under a secret", "count": 3, "token": 12,
    }  # fmt: skip
    assert value["count"] == 3
    assert token in value, "the caller's value is not touched"


def test_keys_that_differ_in_secrets_only_both_stay() -> None:
    first, second = (f"ghp_{c * 4}{'a1B2' * 8}" for c in "xy")
    redacted = REDACTOR.members({first: 1, second: 2})
    assert sorted(redacted.values(), key=str) == [1, 2]
    assert not any(secret in key for key in redacted for secret in (first, second))


# Texts that are likely to hold, halve and join secrets.
_FRAGMENTS = st.sampled_from(
    [
        "password", "token", "secret", "api_key", "=", ": ", " = ", '"', "'", "\\", "\n", " ", "/home/ann", "/", "-",
        "--", "@", "://", ":", "Bearer ", "Basic ", "Authorization: ", "machine h login l password ", "curl -u a:",
        "[redacted:jwt]", "[redacted:", "]", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9, "sk-ant-" + "x9" * 15,
        "hunter2", "abcdefgh12345678", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "eyJhbGciOiJI.eyJzdWIiOiIx.sig", "{", "}", "<", ">", "$", "~",
    ]
)  # fmt: skip
_TEXTS = st.lists(_FRAGMENTS | st.text(max_size=6), max_size=12).map("".join)


@given(_TEXTS)
def test_redacting_again_changes_nothing(text: str) -> None:
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXTS, _JSON, max_size=4))
def test_redacting_json_again_changes_nothing(value: dict[str, Any]) -> None:
    once = REDACTOR.members(value)
    assert REDACTOR.members(once) == once
    assert len(once) == len(value)


@given(st.randoms(use_true_random=False), st.sampled_from(sorted(SHAPED)), _TEXTS, _TEXTS)
def test_a_shaped_secret_never_survives_whole_between_any_texts(
    rng: random.Random, kind: str, before: str, after: str
) -> None:
    secret = rng.choice(SHAPED[kind])(rng)
    assert secret not in REDACTOR.text(f"{before} {secret} {after}")


# Hostile texts: the patterns are built so that no text makes them work more than in proportion to its length.


def _repeats(parsed: Any, last: bool, inside: int = 1) -> Iterable[tuple[str, int, bool, int]]:
    """(kind, most, whether nothing follows, in how many ways the repeats around it can share) of each repeat."""
    for at, (op, argument) in enumerate(parsed):
        name, ends = str(op), last and parsed[at + 1 :].getwidth()[0] == 0
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, body = argument
            yield name, int(most), ends, inside
            ways = 1 if name == "POSSESSIVE_REPEAT" else int(most) - int(least) + 1
            yield from _repeats(body, ends and int(most) == 1, inside * ways)
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from _repeats(branch, ends, inside)
        elif name == "SUBPATTERN":
            yield from _repeats(argument[3], ends, inside)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _repeats(argument[1], False, inside)
        elif name == "ATOMIC_GROUP":
            yield from _repeats(argument, ends, 1)


def _all_patterns() -> list[str]:
    return [rule.pattern for rule in rules.RULES] + [p.pattern for p in (redact._ARMOUR, redact._BODY, redact._BASE64)]


@pytest.mark.parametrize("pattern", _all_patterns())
def test_patterns_cannot_run_away(pattern: str) -> None:
    parser = importlib.import_module("re._parser")
    for kind, most, ends, inside in _repeats(parser.parse(pattern), last=True):
        if most >= int(parser.MAXREPEAT):
            assert kind == "POSSESSIVE_REPEAT", "an unbounded repeat must not give back"
            assert ends or pattern == redact._BODY.pattern, "an unbounded repeat must be the last thing"
        elif kind != "POSSESSIVE_REPEAT":
            assert most <= 512
            assert inside * most <= 1024, "repeats inside repeats multiply"


class _Counting(Redactor):
    passes = 0

    def _once(self, text: str, among: Any) -> str:
        self.passes += 1
        return super()._once(text, among)


_HOSTILE = [
    "a", " ", "\n", "-", '"', "\\", "=", "eyJ", "-eyJ", "eyJa.", "eyJaaaaaaaaa.eyJ", "ghp_", "github_pat_", "glpat-",
    "xoxb-", "AKIA", "sk-", "sk-ant-", "hf_", "AIza", "npm_", "cio", "pypi-AgE", "://", "://a:", "://a:b@ ",
    "password", "password=", "password: ", 'password="', 'password = "a', "token: a =", "--token ", "--a-", "curl ",
    "curl -u ", "curl -u a:", "login ", "machine a ", "machine a login b ", "Authorization: ",
    "Authorization: Bearer ", "bearer ", "basic ", "basic YTpi ", "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nA: b\n", "/home/ann", "PRIVATE KEY", "[redacted:jwt]",
    "x_auth=", "secret:=", "pwd='", 'pwd=\\"',
]  # fmt: skip


@pytest.mark.parametrize("piece", _HOSTILE)
def test_a_megabyte_of_a_hostile_text_takes_few_passes(piece: str) -> None:
    redactor = _Counting("/home/ann")
    redacted = redactor.text(piece * (1_000_000 // len(piece)))
    assert redactor.passes <= 3
    assert redactor.text(redacted) == redacted
