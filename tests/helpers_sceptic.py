"""What the sceptic's tests share: exact fingerprints, a raw terminal, a hostile repository, a kill at a named step."""

from __future__ import annotations

import hashlib
import os
import pty
import re
import signal
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.helpers_cli import TUTOR, git

BROKEN = b"""\
fn main() {
    let names = vec![String::from("Ada")];
    let mine = names;
    println!("{} and {}", names.len(), mine.len());
}
"""
WORD, FIXED_WORD = b"let mine = names;", b"let mine = names.clone();"
FIXED = BROKEN.replace(WORD, FIXED_WORD)
FIX = ("fix", "--yes", "--commit", "--no-model")

# What may reach a terminal: our colours, and going back to clear the line of the progress report.
# colours, a line begun anew, and links to places (OSC 8) whose address is printable ASCII
_OURS = re.compile(rb"\x1b\[[0-9;]*m|\r\x1b\[K|\r+\n|\x1b\]8;;[!-~]*\x1b\\")
_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]")

EVIL_TEXT = "\x1b]0;pwned\x07\x1b[31m\u202e[/b][red]\x9b2J\x08\x7f\u2066"
"""Escapes, bidirectional controls, C1 and other controls, and markup, without a newline."""


def fingerprint(folder: Path) -> dict[str, tuple[int, str]]:
    """Everything below a folder: mode, and the content's digest or the link's target."""
    found = {}
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        content = b""
        if stat.S_ISLNK(mode):
            content = os.fsencode(path.readlink())
        elif stat.S_ISREG(mode):
            content = path.read_bytes()
        found[str(path)] = (mode, hashlib.sha256(content).hexdigest())
    return found


def in_terminal(*arguments: str | bytes | Path, cwd: Path, env: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Runs ``tutor`` on a terminal of its own; its exit code, and every byte that the terminal got."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(TUTOR), *map(os.fsencode, arguments)],
        cwd=cwd,
        env={**os.environ, "TERM": "xterm-256color", **(env or {})},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        got = bytearray()
        try:
            while data := os.read(ours, 65_536):
                got += data
        except OSError:  # Linux's way to say that the other end is closed
            pass
        os.close(ours)
    return process.returncode, bytes(got)


def acting(output: bytes) -> list[str]:
    """The characters in a terminal's input that act and are not ours, or that are no text; [] when all is inert."""
    return _ACTING.findall(_OURS.sub(b"\n", output).decode("utf-8", "replace"))


def committed(folder: Path, files: Mapping[str | bytes, bytes]) -> Path:
    """A repository with these files in one commit."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "A Tester")
    git(folder, "config", "user.email", "tester@example.invalid")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Start")
    return folder


def commits(folder: Path) -> int:
    """How many commits HEAD has."""
    return int(git(folder, "rev-list", "--count", "HEAD"))


def leftovers(folder: Path) -> list[str]:
    """What of ours, or of Git's locks, still lies in a user's folder or in its repository."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*"))
    return [name for name in names if re.search(r"(^|/)(\.?tutor-[^/]*|[^/]*\.lock)$", name)]


# A kill at a named step.

_SHIM = """\
import os, signal, subprocess
call, _, word = os.environ["SCEPTIC_AT"].partition(":")
number = int(os.environ["SCEPTIC_SIGNAL"])
def reached(name, arguments):
    global call
    if name == call and any(word in os.fsdecode(a) for a in arguments if isinstance(a, (str, bytes, os.PathLike))):
        call = ""
        os.kill(os.getpid(), number)
def watched(name, function):
    def wrapper(*arguments, **named):
        reached(name, arguments)
        return function(*arguments, **named)
    return wrapper
for name in ("replace", "link", "unlink"):
    setattr(os, name, watched(name, getattr(os, name)))
start = subprocess.Popen.__init__
def started(self, *arguments, **named):
    words = arguments[0] if arguments else named["args"]
    reached("start", words)
    start(self, *arguments, **named)
    reached("started", words)
subprocess.Popen.__init__ = started
"""


def stopped_at(step: str, number: signal.Signals, folder: Path, env: Mapping[str, str], what: Sequence[str]) -> int:
    """Runs ``tutor`` with a signal to itself before the first call that ``step`` names; its exit code.

    ``step``: ``CALL:WORD``, where CALL is ``replace``, ``link``, ``unlink`` (of module os) or ``start`` and
    ``started`` (before and after a process is started), and WORD is part of one of its arguments.
    """
    shim = folder / "shim"
    shim.mkdir(exist_ok=True)
    (shim / "sitecustomize.py").write_text(_SHIM)
    done = subprocess.run(
        [str(TUTOR), *what],
        cwd=folder,
        env={**os.environ, **env, "PYTHONPATH": str(shim), "SCEPTIC_AT": step, "SCEPTIC_SIGNAL": str(int(number))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode


def wait_for_end(pid: int) -> None:
    """Returns when the process, which need not be a child, is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        import select

        ready, _, _ = select.select([descriptor], [], [], 60)
        assert ready, f"process {pid} is still there"
    finally:
        os.close(descriptor)


# A hostile repository.

_ATTACK = """
fn attack(who: &str) {
    use std::io::Write;
    if let Ok(out) = std::env::var("OUT_DIR") {
        std::fs::write(format!("{out}/attack-ran-{who}"), "x").unwrap();
    }
    for path in ["@OUTSIDE@/new", "@OUTSIDE@/old", "@ROOT@/src/main.rs", "@ROOT@/.git/config", "@ROOT@/new"] {
        if let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
            let _ = writeln!(file, "{who} was here");
        }
    }
    if let Ok(secret) = std::fs::read_to_string("@OUTSIDE@/old") {
        println!("cargo:warning={who} read {secret}");
    }
    let _ = std::net::TcpStream::connect("127.0.0.1:@PORT@");
    let _ = std::os::unix::net::UnixStream::connect("@OUTSIDE@/socket");
    let _ = std::process::Command::new("sh").args(["-c", "sleep 600 >/dev/null 2>&1 </dev/null &"]).spawn();
    for (name, value) in std::env::vars() {
        if value.contains("hunter2") { println!("cargo:warning={who} saw {name}"); }
    }
}
"""
_PROGRAMS = (
    "wrapper", "rustc", "fsmonitor", "filter", "diff", "textconv", "gpg", "ssh", "pager", "askpass", "editor", "proxy",
)  # fmt: skip
_HOOKS = ("pre-commit", "post-index-change", "reference-transaction", "post-checkout", "post-commit", "commit-msg")
_SETTINGS = {
    "core.fsmonitor": "fsmonitor", "filter.evil.clean": "filter", "filter.evil.smudge": "filter",
    "filter.evil.process": "filter", "diff.external": "diff", "diff.evil.command": "diff",
    "diff.evil.textconv": "textconv", "gpg.program": "gpg", "core.sshCommand": "ssh", "core.pager": "pager",
    "core.askPass": "askpass", "core.editor": "editor", "core.gitProxy": "proxy", "core.alternateRefsCommand": "filter",
    "credential.helper": "askpass", "sequence.editor": "editor",
}  # fmt: skip


def hostile_repository(root: Path, outside: Path, port: int) -> None:
    """A repository whose every setting names a program of its own, with a build script and a macro that attack.

    What runs of those programs writes its name into ``outside/ran``; ``outside/old`` is a secret.
    """
    outside.mkdir()
    (outside / "old").write_text("TOP-SECRET-WORD\n")
    attack = _ATTACK.replace("@OUTSIDE@", str(outside)).replace("@ROOT@", str(root)).replace("@PORT@", str(port))
    manifest = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
    committed(root, {
        "Cargo.toml": (manifest.format("evil") + '[dependencies]\nevilmac.path = "evilmac"\n[workspace]\n').encode(),
        "evilmac/Cargo.toml": (manifest.format("evilmac") + "[lib]\nproc-macro = true\n").encode(),
        "evilmac/src/lib.rs": (
            "use proc_macro::TokenStream;\n"
            '#[proc_macro] pub fn go(_: TokenStream) -> TokenStream { attack("macro"); TokenStream::new() }\n' + attack
        ).encode(),
        "build.rs": ('fn main() { attack("build"); }\n' + attack).encode(),
        "src/main.rs": b"evilmac::go!();\n" + BROKEN,
        ".cargo/config.toml": (
            f'[build]\nrustc = "{root}/bin/rustc"\nrustc-wrapper = "{root}/bin/wrapper"\n'
            f'rustc-workspace-wrapper = "{root}/bin/wrapper"\ntarget-dir = "{outside}/target"\n'
        ).encode(),
        "rust-toolchain.toml": f'[toolchain]\npath = "{root}/bin"\n'.encode(),
        ".gitattributes": b"*.rs diff=evil\n*.txt filter=evil\n",
        "notes.txt": b"clean\n",
    })  # fmt: skip
    for name in (*_PROGRAMS, *_HOOKS):
        kind = "hook" if name in _HOOKS else "program"
        program = root / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "{kind} {name}" >> {outside}/ran\nexit {int(kind == "program")}\n')
        program.chmod(0o755)
    for key, name in _SETTINGS.items():
        git(root, "config", key, str(root / "bin" / name))
    git(root, "config", "core.hooksPath", str(root / "bin"))
    (root / "notes.txt").write_text("the user's own work\n")
    (outside / "ran").unlink(missing_ok=True)
