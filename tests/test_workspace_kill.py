"""kill -9 at every step of writing, committing and undoing: files old or new, the index intact, nothing stuck."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("scenario", ["apply and commit", "undo", "revert"])
def test_killed_at_every_step(tmp_path: Path, project_root: Path, scenario: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers_kill", str(tmp_path), scenario],
        cwd=project_root, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    report = json.loads(done.stdout)
    assert report["wrong"] == {}
    assert report["steps"] > 40
