"""``tutor demo``: the main job on a bundled broken project, in a scratch repository of its own.

In a terminal the app opens on it with a guide; without one the same steps run as text, to the end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from importlib.resources import as_file, files
from pathlib import Path

from commands import json_face
from commands.fix import Writer
from commands.run import consume, drive, open_tutor
from commands.terminal import is_interactive
from commands.text_face import AnswerPrinter, Printer, list_diagnostics, show_proposal
from tutor import events, process
from tutor.engine import Tutor
from tutor.errors import Failed, MissingTool
from tutor.events import Event
from tutor.fix.search import FixRequest
from tutor.inert import inert_line
from tutor.paths import find_home
from tutor.review import Review

SAMPLE = "harbour-office"
_DAY = 24 * 3600
_QUESTION = "why can I not use a value after I moved it?"


def run(options: argparse.Namespace) -> int:
    """Runs the demonstration; 0 when it came to its end."""
    _require_home(options)
    folder = scratch_project(find_home(options.home).cache)
    if is_interactive() and not options.json:
        from commands.cli import open_app

        return open_app(folder, options, guided=True)
    tutor = open_tutor(options, "demo", folder)
    tutor.trust.grant(folder, keep=False)  # the project is the tutor's own: it may be built without a sandbox, too
    try:
        with asyncio.Runner() as runner:
            return _TextDemo(tutor, folder, runner, as_json=options.json).run()
    finally:
        tutor.close()


def _require_home(options: argparse.Namespace) -> None:
    """Where the tutor's own folders cannot be written the demonstration has its own, among the temporary files."""
    home = find_home(options.home)
    try:
        home.ensure(home.cache)
    except OSError as error:
        options.home = tempfile.mkdtemp(prefix="tutor-")
        sys.stderr.write(f"note: {inert_line(str(home.cache))} cannot be written ({error.strerror}); "
                         f"the demo keeps its files in {options.home}.\n")  # fmt: skip


def scratch_project(cache: Path) -> Path:
    """A fresh copy of the broken project as a Git repository with one commit. Without Git, just the copy.

    Raises :class:`Failed` when it cannot be made.
    """
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        demos = cache / "demo"
        demos.mkdir(mode=0o700, exist_ok=True)
        _forget_old(demos)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=demos)) / SAMPLE
        with as_file(files("assets") / "samples" / SAMPLE) as sample:
            shutil.copytree(sample, folder, ignore=shutil.ignore_patterns("target"))
    except OSError as error:
        raise Failed("No demo", f"The demo's project could not be copied to {cache}: {error.strerror}.") from error
    if _has_git():
        _make_repository(folder)
    return folder


def _forget_old(demos: Path) -> None:
    """Removes the projects of demos that were run more than a day ago."""
    for run_folder in demos.iterdir():
        with suppress(FileNotFoundError):  # another demo removed it
            if time.time() - run_folder.stat().st_mtime > _DAY:
                shutil.rmtree(run_folder, ignore_errors=True)


def _has_git() -> bool:
    return shutil.which("git", path=process.clean_env()["PATH"]) is not None


def _make_repository(folder: Path) -> None:
    """The demo's repository is our own: it needs nobody's consent, and nobody's identity, hooks or templates."""
    env = process.clean_env({"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"})
    for words in (
        ("init", "-q", "-b", "main"),
        ("config", "user.name", "Tutor Demo"),
        ("config", "user.email", "demo@example.invalid"),
        ("config", "commit.gpgsign", "false"),
        ("add", "."),
        ("commit", "-q", "-m", "Start the harbour office (it does not compile yet)"),
    ):
        done = process.run(["git", *words], cwd=folder, env=env, timeout=30, max_output=64 * 1024)
        if not done.succeeded:
            text = done.stderr.decode(errors="replace").strip()
            raise Failed("No demo", f"The demo's repository could not be made: {text}")


class _TextDemo:
    """The same steps as in the app, as text."""

    def __init__(self, tutor: Tutor, folder: Path, runner: asyncio.Runner, *, as_json: bool) -> None:
        self._tutor = tutor
        self._folder = folder
        self._runner = runner
        self._as_json = as_json
        self._printer = Printer()
        self._result: dict[str, object] = {"folder": str(folder)}

    def run(self) -> int:
        self._say(f"A broken Rust project lies in {self._folder}")
        try:
            good = self._fix()
        except MissingTool as error:
            self._say(error.msg)
            good = True
        self._ask()
        self._say(
            "That was the main job. In a terminal, `tutor demo` does the same in the app; `tutor` opens your own."
        )
        if self._as_json:
            json_face.write(self._result)
        return 0 if good else 1

    def _fix(self) -> bool:
        self._step(1, "What does the compiler say?")
        happened: list[Event] = []
        last = drive(self._tutor.fix(FixRequest(self._folder)), happened.append)
        found = next((e for e in happened if isinstance(e, events.DiagnosticsFound)), None)
        if found is None:
            return self._no_compiler(happened, last)
        if not self._as_json:
            list_diagnostics(self._printer, found.diagnostics, found.checker)
        proposals = json_face.best_first(happened)
        self._result["fix"] = json_face.fix(str(self._folder), happened)
        if not proposals:
            self._say("No fix was found.")
            return False
        self._step(2, "A fix, proven in a scratch copy before it is shown:")
        if not self._as_json:
            show_proposal(self._printer, proposals[0])
        self._step(3, "You decide, hunk by hunk; the demo accepts all of them.")
        review = Review(proposals[0])
        review.decide_all("accepted")
        self._step(4, "Only now is anything written, and exactly that is committed:")
        writer = Writer(self._tutor, lambda event: None)
        paths, commit = writer.write(review, "--yes", commit=_has_git(), message=None)
        self._result |= {"applied": paths, "commit": commit}
        if writer.failed is not None:
            self._say(writer.failed.message)
            return False
        self._say(f"Written: {', '.join(paths)}")
        if commit:
            self._show_commit(commit)
        return True

    def _no_compiler(self, happened: list[Event], last: Event) -> bool:
        """Without Rust the demo still shows what works without it."""
        for event in happened:
            if isinstance(event, events.Notice):
                self._say(event.text)
        if isinstance(last, events.Failed):
            self._say(f"{last.message} {last.hint}".strip())
            return last.exit_code == MissingTool.exit_code
        return False

    def _show_commit(self, commit: str) -> None:
        done = process.run(["git", "--no-pager", "show", "--stat", "--format=%h %s%n%n%b", commit], cwd=self._folder,
                           env=process.clean_env(), timeout=30, max_output=64 * 1024)  # fmt: skip
        self._result["show"] = done.stdout.decode(errors="replace")
        for line in done.stdout.decode(errors="replace").splitlines():
            self._say(f"    {line}".rstrip())

    def _ask(self) -> None:
        self._step(5, f"And why was that wrong? Asked: {_QUESTION}")
        happened: list[Event] = []
        show = happened.append if self._as_json else AnswerPrinter()
        self._runner.run(consume(self._tutor.ask(_QUESTION), show))
        if self._as_json:
            self._result["answer"] = json_face.answer(_QUESTION, happened)

    def _step(self, number: int, text: str) -> None:
        self._say()
        self._say(f"{number}. {text}", "bold")

    def _say(self, text: str = "", style: str = "") -> None:
        if not self._as_json:
            self._printer.say(inert_line(text), style)
