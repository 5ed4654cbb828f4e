"""What every test shares: a home of its own, and property tests that are bounded by counts, not by time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tutor.paths import Home, find_home

settings.register_profile(
    "tutor", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tutor")


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reads or writes the developer's own settings, sessions or Git configuration, or finds their Ollama."""
    world = tmp_path_factory.mktemp("world")
    monkeypatch.setenv("TUTOR_HOME", str(world / "tutor"))
    # The lessons alone answer; a test that wants the machine's documentation builds it.
    config = world / "tutor" / "config" / "config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text('[knowledge]\nbuild = "never"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(world / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    # A closed port: nothing answers there, at once.
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "NO_COLOR", "EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    yield


@pytest.fixture
def home() -> Home:
    """The folders of this test's own tutor."""
    return find_home()


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The project's own folder."""
    return Path(__file__).resolve().parent.parent
