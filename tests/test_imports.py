"""What is imported when: starting is cheap only as long as nobody imports the heavy packages by the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import repl
from commands.registry import COMMANDS, find, offered
from tests.helpers_cli import BROKEN

HEAVY = (
    "numpy",
    "onnxruntime",
    "tokenizers",
    "selectolax",
    "tree_sitter",
    "textual",
    "networkx",
    "prompt_toolkit",
    "git",
    "ollama",
    "httpx",
    "tomlkit",
    "chromadb",
    "sqlite3",
    "pygments",
)


def _imported(code: str, cwd: Path, *arguments: str) -> set[str]:
    """The top-level modules that a process has imported after ``code``."""
    told = f"import sys\n{code}\nprint('IMPORTED', *{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", told, *arguments], cwd=cwd, env=os.environ, capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


WITHOUT_TREES = tuple(name for name in HEAVY if name != "tree_sitter")
OTHERS = tuple(name for name in HEAVY if name not in ("networkx", "sqlite3"))
RUN = "from commands.cli import main; main(sys.argv[1:])"


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--version"], (*HEAVY, "asyncio", "argparse", "tutor.engine", "sessions", "knowledgegraph")),
        # our own rules read the syntax tree, while the compiler looks at the program
        (["fix", "--no-model", "main.rs"], (*WITHOUT_TREES, "asyncio")),
        (["fix", "--no-model", "--json", "main.rs"], (*WITHOUT_TREES, "asyncio")),
        # networkx holds the graph that an answer's neighbours come from, sqlite3 the full text that is searched
        (["ask", "--no-model", "what is a lifetime"], OTHERS),
        (["explain", "E0382"], OTHERS),
        (["sessions", "list"], (*HEAVY, "asyncio", "knowledgegraph")),
        (["config", "get"], (*HEAVY, "asyncio", "knowledgegraph", "sessions")),
        (["chat"], HEAVY),  # its input is no terminal, and nothing is asked
    ],
)
def test_a_call_imports_only_what_it_needs(arguments: list[str], unwanted: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN)
    imported = _imported(RUN, tmp_path, *arguments)
    assert sorted(imported & set(unwanted)) == []


def test_the_app_imports_textual_and_no_other_heavy_package(tmp_path: Path) -> None:
    imported = _imported("import tui.app", tmp_path)
    assert "textual" in imported
    # textual itself brings pygments only with its editor
    assert not imported & {"networkx", "prompt_toolkit", "git", "ollama", "httpx", "tomlkit", "chromadb", "sqlite3"}


@pytest.mark.parametrize("package", ["commands", "knowledgegraph", "sessions", "tutor"])
def test_nothing_below_the_app_brings_textual_by_the_way(package: str, tmp_path: Path, project_root: Path) -> None:
    names = sorted(
        ".".join(path.relative_to(project_root).with_suffix("").parts)
        for path in (project_root / package).rglob("*.py")
        if path.name != "__init__.py"
    )
    imported = _imported("\n".join(f"import {name}" for name in names), tmp_path)
    assert not imported & {"textual", "prompt_toolkit", "tomlkit"}


def test_the_import_contracts_hold(project_root: Path) -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=project_root,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout


# The registry: one list, and every face handles what is marked for it.


def test_names_are_unique_and_found() -> None:
    names = [command.name for command in COMMANDS]
    assert len(set(names)) == len(names)
    assert all(find(name) is command for name, command in zip(names, COMMANDS, strict=True))
    assert find("no-such-command") is None


def test_the_command_line_runs_what_is_marked_for_it(project_root: Path) -> None:
    from commands import parser

    for command in offered("cli"):
        module = parser._MODULES.get(command.name, command.name)
        assert command.name in parser._ADD
        assert (project_root / f"commands/{module}.py").is_file()
    assert set(parser._ADD) == {command.name for command in offered("cli")}
    assert not parser._LATER & {command.name for command in COMMANDS}


def test_the_chat_handles_what_is_marked_for_it() -> None:
    import argparse
    import asyncio

    from tutor.engine import Tutor

    with asyncio.Runner() as runner:
        chat = repl.Chat(Tutor(Path()), runner, argparse.Namespace(), iter(()))
        assert chat.handled == {command.name for command in offered("chat")}


# Before the compiler is started for the first time nothing is imported that only its answer needs: everything that
# is imported before adds to the time of the whole call, what is imported while the compiler works does not.

SHOW_AND_STOP = """
import os, subprocess, sys
def stop(*ignored, **settings):
    os.write(1, " ".join(sys.modules).encode())
    os._exit(0)
subprocess.Popen.__init__ = stop
"""


def test_little_is_imported_before_the_compiler_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "home"))  # without settings, as nearly everybody
    (tmp_path / "main.rs").write_text(BROKEN)
    call = "from commands.cli import main; main(['fix', '--no-model', 'main.rs'])"
    _imported(call, tmp_path)  # from here on it is known where the toolchain is, without asking it
    done = subprocess.run([sys.executable, "-c", SHOW_AND_STOP + call], cwd=tmp_path, env=os.environ,
                          capture_output=True, stdin=subprocess.DEVNULL, text=True, check=True)  # fmt: skip
    before = set(done.stdout.split())
    # what describes and finds fixes, shows them, knows lessons, and keeps the log
    ours = {"tutor.proposal", "tutor.hunks", "tutor.diagnostics", "tutor.review", "tutor.fix.messages",
            "tutor.fix.solver", "tutor.fix.explore", "tutor.fix.explain", "commands.markdown", "sessions",
            "knowledgegraph", "tree_sitter"}  # fmt: skip
    # dear parts of the standard library
    theirs = {"dataclasses", "inspect", "shutil", "lzma", "hashlib", "difflib", "tomllib", "datetime", "ctypes",
              "textwrap", "importlib.resources"}  # fmt: skip
    assert sorted(before & (ours | theirs)) == []
    assert "tutor.fix.compiler" in before
