"""Text from outside on a real terminal, byte by byte: no escape that is not ours, no control, no bidi override."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers_cli import git
from tests.helpers_sceptic import BROKEN, EVIL_TEXT, FIX, acting, commits, committed, in_terminal
from tests.ollama_server import running
from tutor.paths import Home


def test_the_detector_detects() -> None:
    assert acting(b"\x1b[1mours\x1b[0m\r\n\r\x1b[K") == []
    for evil in ("\x1b[2J", "\x1b]0;t\x07", "\u202e", "\x9b", "a\rb", "\x7f"):
        assert acting(evil.encode()), evil
    assert acting(b"\xff")


@pytest.mark.parametrize(
    "name", ["a b.rs", "a\nb.rs", "\x1b[31mred.rs", "\u202eabc.rs", "[b]x[", "a\rb.rs", "$(touch x);'\".rs", b"\xff.rs"]
)
def test_names_and_code(tmp_path: Path, name: str | bytes) -> None:
    # The evil text makes the compiler repeat it: in an unknown name, and in a lint's snippet.
    source = BROKEN + f'// {EVIL_TEXT}\nfn other() {{ let _ = "{EVIL_TEXT}"; }}\n'.encode()
    source = b"#![allow(text_direction_codepoint_in_comment, text_direction_codepoint_in_literal)]\n" + source
    name = name if name[-3:] in (".rs", b".rs") else f"{name!s}.rs"
    root = committed(tmp_path / "p", {name: source})
    code, shown = in_terminal(*FIX, name, cwd=root)
    assert acting(shown) == []
    assert b"Traceback" not in shown
    assert (code, commits(root), git(root, "status", "--porcelain")) == (0, 2, "")


def test_branch_author_and_hooks(tmp_path: Path) -> None:
    root = committed(tmp_path / "p", {"m.rs": BROKEN})
    git(root, "checkout", "-q", "-b", "x\u202eb;(y)")
    git(root, "config", "user.name", f"A {EVIL_TEXT}")
    hook = root / ".git/hooks/post-commit"
    hook.write_bytes(b"#!/bin/sh\nprintf 'said \\033[31m \\033]0;x\\007 \\342\\200\\256 [/b]\\r\\377'\n")
    hook.chmod(0o755)
    code, shown = in_terminal(*FIX, "m.rs", cwd=root)
    assert (code, commits(root), acting(shown)) == (0, 2, [])
    assert b"said " in shown


def test_a_hook_that_says_no(tmp_path: Path) -> None:
    root = committed(tmp_path / "p", {"m.rs": BROKEN})
    hook = root / ".git/hooks/pre-commit"
    hook.write_bytes(b"#!/bin/sh\nprintf 'no \\033[2J\\342\\200\\256\\377' >&2\nexit 1\n")
    hook.chmod(0o755)
    code, shown = in_terminal(*FIX, "m.rs", cwd=root)
    assert (code, commits(root), acting(shown)) == (1, 1, [])
    assert b"no " in shown


def test_a_models_words_and_the_log_that_keeps_them(home: Home, tmp_path: Path) -> None:
    answer = f"{EVIL_TEXT} **\u202eb** `\x1b[2J` [l\x1b](http://x\x07)\n# H\x1b[1m\n```rust\n\x1b[31m\n```\n"
    script = {
        "models": [{"name": "ev\x1b[31mil:4b", "capabilities": ["completion"], "context_length": 8192}],
        "replies": {"/api/chat": [{"unchecked": True, "body": [
            {"text": answer}, {"text": "\x1b"}, {"text": "[31m"}, {"done": "stop", "text": "the end"}]}]},
    }  # fmt: skip
    with running(script) as server:
        code, shown = in_terminal("ask", "what is ownership?", cwd=tmp_path, env={"OLLAMA_HOST": server.host})
        assert (code, acting(shown)) == (0, [])
        assert b"the end" in shown
        code, shown = in_terminal("doctor", cwd=tmp_path, env={"OLLAMA_HOST": server.host})
        assert acting(shown) == []
    (log,) = home.sessions.rglob("*.jsonl")
    code, shown = in_terminal("sessions", "show", log.stem, cwd=tmp_path)
    assert (code, acting(shown)) == (0, [])
    assert b"the end" in shown


@pytest.mark.parametrize("arguments", [("explain",), ("fix",), ("config", "get"), ("--no-model",), ()])
def test_the_callers_own_words(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, shown = in_terminal(*arguments, EVIL_TEXT, cwd=tmp_path)
    assert code in (1, 2)
    assert acting(shown) == []
    assert b"pwned" in shown
