"""Runs the compiler on a scratch copy and says, in typed values, what came of it.

Which way depends on what may run here (law 4 of ``docs/architecture.md``):

- a lone file: rustc itself, which runs no code of the program and reads no configuration;
- a package: cargo in the sandbox; without a sandbox, cargo for a workspace that the user trusts;
- else: rustc on the roots of those packages that need nothing but themselves.

All of it blocks and belongs in a worker thread. Raises Failed when the compiler gives no usable answer, Interrupted.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from tutor import process
from tutor.errors import Failed, Interrupted
from tutor.fix.runners import MAX_OUTPUT, MEMORY, Runner, completed_or_failed, last_line
from tutor.inert import inert_line
from tutor.values import Value

# What reads the compiler's answer is imported while the compiler works, or where it is used.
if TYPE_CHECKING:
    from collections import Counter

    from tutor.config import FixSettings
    from tutor.diagnostics import Diagnostic
    from tutor.fix.messages import Key, Message, Messages, Rename
    from tutor.fix.project import Project
    from tutor.fix.scratch import LoneScratch, PackageScratch, Scratch
    from tutor.proposal import Outcome
    from tutor.toolchain import Toolchain

_CRASH: Final = re.compile(
    rb"internal compiler error|thread 'rustc'[^\n]* (?:panicked|has overflowed)|rustc-LLVM ERROR"
    rb"|process didn't exit successfully: `(?:[^`\s]*/)?rustc [^`\n]*` \(signal: \d+"  # not a build script
    rb"|rustc interrupted by SIG"
)
NO_CODE_RUN: Final = "not needed: rustc runs no foreign code"
_TESTED: Final = re.compile(r"^test result: .*$", re.MULTILINE)

Edits = Mapping[str, bytes]


class Checked(Value):
    """What one check found. ``errors`` counts them all; ``messages`` holds them (bounded), warnings included.
    ``reached``: the units that were looked at, a check may stop before the others. ``runs``: compiler processes."""

    passed: bool
    messages: tuple[Message, ...]
    errors: Counter[Key]
    reached: frozenset[str]
    runs: int = 1
    notices: tuple[str, ...] = ()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All messages, errors first, in the compiler's order."""
        found = [message.diagnostic for message in self.messages]
        return tuple(sorted(found, key=lambda d: d.level != "error"))

    @property
    def error_messages(self) -> tuple[Message, ...]:
        """The errors only."""
        return tuple(message for message in self.messages if message.diagnostic.level == "error")

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return sum(message.diagnostic.level == "warning" for message in self.messages)


class Tested(Value):
    """How the tests went, in one word and one line."""

    outcome: Outcome
    detail: str = ""


class Checker(Protocol):
    """One project, ready to be checked with different edits. ``name``: "rustc" or "cargo check"; ``sandbox``: what
    holds while it runs; ``notices``: what the user should know beforehand; ``question``: what to ask the user so that
    more can be checked, or ""; ``checks_anything``: whether there is something that may be checked at all."""

    name: str
    sandbox: str
    notices: list[str]
    question: str

    @property
    def checks_anything(self) -> bool: ...

    @property
    def scratch(self) -> Scratch:
        """The copy that is checked; close it in the end."""
        ...

    def check(self, edits: Edits, cancel: threading.Event) -> Checked:
        """Checks the user's files with ``edits`` (path to content) laid over them."""
        ...

    def test(self, edits: Edits, cancel: threading.Event) -> Tested:
        """Runs the tests likewise, where that is permitted."""
        ...


def checked(messages: Messages, done: process.Completed, program: str, runs: int = 1) -> Checked:
    """The outcome of a run that came to its end. Raises Failed when the compiler broke down without a word."""
    crash = any(m.crash for m in messages.found) or bool(_CRASH.search(done.stderr))
    found, errors = tuple(message for message in messages.found if not message.crash), messages.errors
    notices = []
    if crash and not errors:
        raise Failed(
            "The compiler crashed",
            f"{program} broke down on this code: it is nested too deeply, or the compiler has a mistake of its own.",
            "take out the newest part and check again; a newer toolchain may help: rustup update",
        )
    if crash:
        notices.append(f"{program} broke down half-way; what it said before that is shown.")
    if done.outcome == "too-much-output" and not errors:
        raise Failed("Too much output", f"{program} wrote more than {MAX_OUTPUT >> 20} MiB and was stopped.")
    if done.outcome == "too-much-output":
        notices.append(f"{program} wrote more than {MAX_OUTPUT >> 20} MiB; only the beginning was read.")
    if messages.cut:
        from tutor.fix.messages import MAX_DIAGNOSTICS

        total = f"{messages.number} errors and {messages.others} other messages"
        notices.append(f"There are {total}; the first {MAX_DIAGNOSTICS} of each are shown.")
    passed = done.succeeded and not errors
    return Checked(passed, found, errors, frozenset(messages.reached), runs, tuple(notices))


class LoneChecker:
    """rustc on one file."""

    name = "rustc"
    question = ""
    checks_anything = True

    def __init__(
        self,
        project: Project,
        scratch: LoneScratch,
        toolchain: Toolchain,
        settings: FixSettings,
        runner: Runner | None,
        holds: Runner | None = None,
    ) -> None:
        """``runner``: how a program made from the file may be run, None when it may not. ``holds``: what rustc itself
        is run in, None when it needs nothing."""
        self.sandbox = holds.what if holds else NO_CODE_RUN
        self._holds = holds
        self.notices: list[str] = []
        self.scratch = scratch
        self._project, self._toolchain, self._settings, self._runner = project, toolchain, settings, runner
        self._env = toolchain.env({"RUSTC_ICE": "0"})
        self._arguments = [f"--edition={project.edition}", "--crate-name=lone", f"./{scratch.name}"]

    def check(self, edits: Edits, cancel: threading.Event) -> Checked:
        self.scratch.lay(edits)
        kind = ["--test"] if self._project.crate_type == "test" else [f"--crate-type={self._project.crate_type}"]
        out = [f"--out-dir={self.scratch.out}", "--emit=metadata", "--error-format=json"]
        done = self._rustc([self._toolchain.rustc, *kind, *out, *self._arguments], cancel)
        completed_or_failed(done, "rustc", self._settings.seconds)
        from tutor.fix.messages import parse

        messages = parse(done.stderr, self._rename())
        messages.reached.add("")
        outcome = checked(messages, done, "rustc")
        if not outcome.passed and not outcome.errors:
            raise Failed("No answer", f"rustc failed without an error message: {last_line(done.stderr)}")
        return outcome

    def _rustc(self, argv: Sequence[str | Path], cancel: threading.Event) -> process.Completed:
        folder = self.scratch.folder
        if self._holds is not None:
            return self._holds.run(argv, self.scratch.out, [folder], folder, self._env, cancel)
        return process.run(
            argv,
            cwd=folder,
            env=self._env,
            timeout=self._settings.seconds,
            max_output=MAX_OUTPUT,
            memory=MEMORY,
            cancel=cancel,
        )

    def _rename(self) -> Rename:
        from tutor.fix.messages import relative_to

        inside, file, copy = relative_to(str(self.scratch.folder)), self._project.file, self.scratch.name
        return lambda name: file if (found := inside(name)) == copy else found

    def test(self, edits: Edits, cancel: threading.Event) -> Tested:
        if self._runner is None:
            return Tested("not-run", "running the tests needs a sandbox or your trust in this folder")
        self.scratch.lay(edits)
        program = self.scratch.out / "tests"
        build: list[str | Path] = [self._toolchain.rustc, "--test", "-o", program, *self._arguments]
        folder = self.scratch.folder
        built = self._runner.run(build, self.scratch.out, [folder], folder, self._env, cancel)
        completed_or_failed(built, "rustc", self._settings.seconds)
        if not built.succeeded:
            return Tested("failed", "the tests do not compile")
        done = self._runner.run([program], self.scratch.out, [folder], folder, self._env, cancel)
        return tested(done, self._settings.seconds)


class CargoChecker:
    """cargo on a package or workspace, wherever ``runner`` lets it run."""

    name = "cargo check"
    question = ""
    checks_anything = True

    def __init__(
        self, project: Project, scratch: PackageScratch, cargo: Path, env: dict[str, str], runner: Runner
    ) -> None:
        self.notices: list[str] = []
        self.sandbox = runner.what
        self.scratch = scratch
        self._project, self._cargo, self._runner = project, cargo, runner
        self._env = env | {
            "CARGO_TARGET_DIR": str(scratch.target),
            "CARGO_TERM_COLOR": "never",
            "CARGO_NET_OFFLINE": "true",
            "RUSTC_ICE": "0",
        }
        self._which = ["--workspace"] if project.whole_workspace else []
        manifest = project.manifest or project.root / "Cargo.toml"
        self._cwd = scratch.place_of(manifest.parent)
        self._lock_is_old = not (scratch.folder / "Cargo.lock").is_file() or any(
            path.endswith(("/Cargo.toml", "/Cargo.lock")) for path in scratch.changed
        )
        from tutor.fix.messages import relative_to

        inside, tree = relative_to(str(scratch.folder)), str(scratch.tree)
        self._rename: Rename = lambda name: inside(name).removeprefix(tree)

    def check(self, edits: Edits, cancel: threading.Event) -> Checked:
        self.scratch.lay(edits)
        self._bring_lock_up_to_date(cancel)
        messages, done = self._check([], "", cancel)
        outcome = checked(messages, done, "cargo check")
        if not outcome.errors and not outcome.passed:
            from tutor.fix.cargo_errors import explain_failure

            raise explain_failure(done, self.scratch.tree)
        return self._with_tests(messages, outcome, cancel) if outcome.passed else outcome

    def _with_tests(self, messages: Messages, outcome: Checked, cancel: threading.Event) -> Checked:
        """What is only compiled for tests and examples, once all else is right."""
        more, done = self._check(["--bins", "--examples", "--tests"], "tests: ", cancel)
        if not done.succeeded and not more.errors:
            from tutor.fix.cargo_errors import explain_failure

            why = explain_failure(done, self.scratch.tree).msg
            note = f"The tests and examples could not be checked: {why}"
            return Checked(True, outcome.messages, outcome.errors, outcome.reached, 2, (*outcome.notices, note))
        messages.add(more)
        return checked(messages, done, "cargo check", runs=2)

    def _check(
        self, targets: Sequence[str], prefix: str, cancel: threading.Event
    ) -> tuple[Messages, process.Completed]:
        words = ["check", "--offline", "--keep-going", "--message-format=json", *self._which, *targets]
        done = self._run([self._cargo, *words], cancel)
        from tutor.fix.messages import parse

        return parse(done.stdout, self._rename, prefix), done

    def _bring_lock_up_to_date(self, cancel: threading.Event) -> None:
        """Cargo.lock is made or mended before the check: in the check itself the sources cannot be written."""
        if not self._lock_is_old:
            return
        words: list[str | Path] = [self._cargo, "update", "--workspace", "--offline", "--quiet"]
        done = self._runner.run(words, self.scratch.tree, [], self._cwd, self._env, cancel)
        completed_or_failed(done, "cargo", self._runner.seconds)
        if not done.succeeded:
            from tutor.fix.cargo_errors import explain_failure

            raise explain_failure(done, self.scratch.tree)
        self._lock_is_old = False

    def test(self, edits: Edits, cancel: threading.Event) -> Tested:
        self.scratch.lay(edits)
        self._bring_lock_up_to_date(cancel)
        return tested(
            self._run([self._cargo, "test", "--offline", "--quiet", *self._which], cancel), self._runner.seconds
        )

    def _run(self, argv: Sequence[str | Path], cancel: threading.Event) -> process.Completed:
        done = self._runner.run(argv, self.scratch.target, [self.scratch.tree], self._cwd, self._env, cancel)
        completed_or_failed(done, "cargo", self._runner.seconds)
        return done


def tested(done: process.Completed, seconds: float) -> Tested:
    """The outcome of a run of the test harness."""
    if done.outcome == "cancelled":
        raise Interrupted("Stopped", "The tests were stopped.")
    if done.outcome != "ok":
        return Tested("failed", f"the tests were stopped ({done.outcome.replace('-', ' ')}, {seconds:g} s at most)")
    results = _TESTED.findall(done.stdout.decode("utf-8", "replace"))
    said = "; ".join(inert_line(line.removeprefix("test result: ")) for line in results[:3])
    return Tested("passed" if done.succeeded else "failed", said or last_line(done.stderr))
