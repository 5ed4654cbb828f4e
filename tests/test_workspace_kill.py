"""kill -9 and Ctrl+C at every step of writing, committing and undoing: files old or new, the index intact, no locks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", ["SIGKILL", "SIGINT"])
@pytest.mark.parametrize("scenario", ["apply and commit", "undo", "revert"])
def test_stopped_at_every_step(tmp_path: Path, project_root: Path, scenario: str, number: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers_kill", str(tmp_path), scenario, number],
        cwd=project_root, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    report = json.loads(done.stdout)
    assert report["wrong"] == {}
    assert report["steps"] > 40
