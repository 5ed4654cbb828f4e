"""Every shell example runs to its end in a scratch folder, with the real git and coreutils; gh's at least parse."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from knowledgegraph.concepts import Concept, default_folder, load_concepts

SHELL = [concept for concept in load_concepts(default_folder()).values() if concept.domain != "rust"]
RUNNABLE = [concept for concept in SHELL if concept.domain in ("git", "linux")]

# The commands and the first options that gh 2.23 has, for what the lessons name.
GH = {
    "alias set", "api", "auth login", "auth refresh", "auth setup-git", "auth status", "browse", "config set", "help",
    "issue", "issue close", "issue create", "issue list", "issue view", "label", "mine", "pr checkout", "pr checks",
    "pr create", "pr diff", "pr edit", "pr list", "pr merge", "pr review", "pr status", "pr view", "release create",
    "release delete", "release download", "release upload", "repo", "repo clone", "repo create", "repo delete",
    "repo fork", "repo list", "repo sync", "repo view", "run", "run download", "run list", "run rerun", "run view",
    "run watch", "search prs", "secret", "secret set", "ssh-key add", "gist", "workflow", "workflow run",
}  # fmt: skip


def environment(home: Path) -> dict[str, str]:
    """The least that the examples need: nothing of the machine's own Git settings."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "init.defaultBranch",
        "GIT_CONFIG_VALUE_0": "main",
        "GIT_EDITOR": "false",
        "GIT_PAGER": "cat",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
    }


@pytest.mark.parametrize("concept", RUNNABLE, ids=lambda concept: concept.id)
def test_example_runs(concept: Concept, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    script = f"set -e\n{concept.setup}\nset -eu\n{concept.example}\n"
    run = subprocess.run(
        ["bash", "-c", script], cwd=scratch, env=environment(tmp_path), capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("concept", SHELL, ids=lambda concept: concept.id)
def test_example_parses(concept: Concept) -> None:
    assert concept.example, "a shell concept needs an example too"
    run = subprocess.run(["bash", "-n", "-c", concept.example], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_git_commands_in_lessons_exist() -> None:
    known = subprocess.run(
        ["git", "--list-cmds=main,others"], capture_output=True, text=True, check=True
    ).stdout.split()
    wanted = {
        (concept.id, word)
        for concept in load_concepts(default_folder()).values()
        for text in re.findall(r"`([^`]+)`", concept.lesson) + concept.example.splitlines() * (concept.language == "sh")
        for word in re.findall(r"(?:^|[;&|] *)git ([a-z][a-z-]+)", text)
    }
    assert len(wanted) > 60
    assert not {(concept, word) for concept, word in wanted if word not in known}


def test_gh_commands_in_lessons_exist() -> None:
    found = set()
    for concept in SHELL:
        for text in re.findall(r"`([^`]+)`", concept.lesson) + concept.example.splitlines():
            for words in re.findall(r"(?:^|[;&|] *)gh ([a-z][a-z -]*)", text):
                found.add(" ".join([word for word in words.split() if not word.startswith("-")][:2]))
    unknown = {name for name in found if name not in GH and name.split()[0] not in GH}
    assert found
    assert not unknown
